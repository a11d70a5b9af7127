//! What goes wrong on purpose: throttling, outages, broken answers. Bad weather is a list of rules that a test sets up.

use crate::{Aadsts, errors::THROTTLED};
use serde::{Deserialize, Serialize};

/// A rule: what happens to which requests, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weather {
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// Only for this client (`appId`); at /token and /authorize.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Only for this user (sign-in name); in on-behalf-of requests.
    #[serde(default)]
    pub user: Option<String>,
    /// What.
    pub trouble: Trouble,
    /// How many times; none: until the weather is cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

/// Where the weather is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// /token.
    #[default]
    Token,
    /// /authorize.
    Authorize,
    /// Discovery and keys.
    Metadata,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// 429 with `Retry-After`.
    Throttle {
        /// Seconds.
        retry_after: u32,
    },
    /// This error of the table.
    Refuse {
        /// Its AADSTS number.
        aadsts: u32,
    },
    /// This status with an HTML body, as a proxy in front of Entra answers.
    Html {
        /// The status.
        status: u16,
    },
    /// The connection ends without an answer.
    Drop,
    /// The connection ends in the middle of the right answer.
    Cut,
    /// The answer is right, but late.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
}

impl Trouble {
    /// The error that it answers with, if it answers in JSON.
    pub(crate) fn aadsts(self) -> Option<&'static Aadsts> {
        match self {
            Self::Throttle { .. } => Some(&THROTTLED),
            Self::Refuse { aadsts } => Aadsts::find(aadsts),
            _ => None,
        }
    }
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Forecast(Vec<Weather>);

impl Forecast {
    pub(crate) fn add(&mut self, weather: Weather) {
        self.0.push(weather);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this request. A rule that is used up is gone.
    pub(crate) fn strike(
        &mut self,
        place: Place,
        client_id: Option<&str>,
        user: Option<&str>,
    ) -> Option<Trouble> {
        let fits = |rule: &Weather| {
            rule.place == place
                && rule.times != Some(0)
                && rule.client_id.as_deref().is_none_or(|client| client_id == Some(client))
                && rule.user.as_deref().is_none_or(|name| user == Some(name))
        };
        let rule = self.0.iter_mut().find(|rule| fits(rule))?;
        let trouble = rule.trouble;
        rule.times = rule.times.map(|times| times - 1);
        self.0.retain(|rule| rule.times != Some(0));
        Some(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_its_client_as_often_as_it_says() {
        let mut forecast = Forecast::default();
        let rule = Weather {
            place: Place::Token,
            client_id: Some("a".into()),
            user: None,
            trouble: Trouble::Drop,
            times: Some(2),
        };
        forecast.add(rule);
        assert_eq!(forecast.strike(Place::Token, Some("b"), None), None);
        assert_eq!(forecast.strike(Place::Authorize, Some("a"), None), None);
        assert_eq!(forecast.strike(Place::Token, Some("a"), None), Some(Trouble::Drop));
        assert_eq!(forecast.strike(Place::Token, Some("a"), None), Some(Trouble::Drop));
        assert_eq!(forecast.strike(Place::Token, Some("a"), None), None);
    }
}
