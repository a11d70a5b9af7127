//! The exchange request: built by the broker, read by the STS, from the same list of names (contract §4).

use crate::{ACCESS_TOKEN_TYPE, GRANT_TYPE, MAX_CLAIMS, MAX_SUBJECT_TOKEN};
use std::fmt;

/// One exchange. Holds a token, so it has no `Debug`.
pub struct ExchangeRequest<'a> {
    /// The client token.
    pub subject_token: &'a str,
    /// Backend scopes of one resource, space separated.
    pub scope: &'a str,
    /// The broker registration.
    pub client_id: &'a str,
    /// A claims challenge, JSON text.
    pub claims: Option<&'a str>,
    /// `client-request-id`, a GUID.
    pub correlation_id: Option<&'a str>,
}

/// Why a request cannot be read. The text names the parameter and never repeats its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// A parameter is missing or empty.
    Missing(&'static str),
    /// A parameter is there twice (RFC 6749 §3.2).
    Repeated(&'static str),
    /// A parameter is longer than allowed.
    TooLong(&'static str),
    /// A parameter has a value that this endpoint does not take.
    Unsupported(&'static str),
    /// `grant_type` is another grant.
    UnsupportedGrantType,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "The parameter {name} is missing."),
            Self::Repeated(name) => write!(f, "The parameter {name} may be given only once."),
            Self::TooLong(name) => write!(f, "The parameter {name} is too long."),
            Self::Unsupported(name) => {
                write!(f, "The parameter {name} has a value that is not supported here.")
            }
            Self::UnsupportedGrantType => write!(f, "The grant_type must be {GRANT_TYPE}."),
        }
    }
}

impl<'a> ExchangeRequest<'a> {
    /// The form fields, in the order of the contract. An empty one is not to be sent.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &'a str); 7] {
        [
            ("grant_type", GRANT_TYPE),
            ("subject_token", self.subject_token),
            ("subject_token_type", ACCESS_TOKEN_TYPE),
            ("scope", self.scope),
            ("client_id", self.client_id),
            ("claims", self.claims.unwrap_or_default()),
            ("client-request-id", self.correlation_id.unwrap_or_default()),
        ]
    }

    /// Reads the form fields of a request. Unknown parameters are ignored (RFC 6749 §3.2); known ones may not repeat.
    ///
    /// # Errors
    /// The first rule that the fields break.
    pub fn read<N: AsRef<str>, V: AsRef<str>>(fields: &'a [(N, V)]) -> Result<Self, RequestError> {
        let take = |name: &'static str| {
            let mut values =
                fields.iter().filter(|field| field.0.as_ref() == name).map(|field| field.1.as_ref());
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(RequestError::Repeated(name)),
                (value, None) => Ok(value.filter(|value| !value.is_empty())),
            }
        };
        let need = |name| take(name)?.ok_or(RequestError::Missing(name));
        let short = |name, value: &'a str, limit| {
            if value.len() <= limit { Ok(value) } else { Err(RequestError::TooLong(name)) }
        };
        if need("grant_type")? != GRANT_TYPE {
            return Err(RequestError::UnsupportedGrantType);
        }
        if need("subject_token_type")? != ACCESS_TOKEN_TYPE {
            return Err(RequestError::Unsupported("subject_token_type"));
        }
        if take("requested_token_type")?.is_some_and(|value| value != ACCESS_TOKEN_TYPE) {
            return Err(RequestError::Unsupported("requested_token_type"));
        }
        let correlation_id = take("client-request-id")?;
        if correlation_id.is_some_and(|id| !is_guid(id)) {
            return Err(RequestError::Unsupported("client-request-id"));
        }
        Ok(Self {
            subject_token: short("subject_token", need("subject_token")?, MAX_SUBJECT_TOKEN)?,
            scope: need("scope")?,
            client_id: need("client_id")?,
            claims: take("claims")?.map(|claims| short("claims", claims, MAX_CLAIMS)).transpose()?,
            correlation_id,
        })
    }
}

/// Eight-four-four-four-twelve hexadecimal digits.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: ExchangeRequest<'_> = ExchangeRequest {
        subject_token: "t.t.t",
        scope: "https://graph.microsoft.com/User.Read",
        client_id: "b",
        claims: Some("{}"),
        correlation_id: Some("00000000-0000-4000-8000-000000000000"),
    };

    fn refused(change: impl FnOnce(&mut Vec<(&'static str, &'static str)>)) -> Option<RequestError> {
        let mut fields = REQUEST.fields().to_vec();
        change(&mut fields);
        ExchangeRequest::read(&fields).err()
    }

    #[test]
    fn what_the_broker_writes_the_sts_reads() {
        let fields = REQUEST.fields();
        let again = ExchangeRequest::read(&fields).map(|request| request.fields());
        assert_eq!(again, Ok(fields));
    }

    #[test]
    fn a_repeated_subject_token_is_refused_even_when_equal() {
        assert_eq!(
            refused(|f| f.push(("subject_token", "t.t.t"))),
            Some(RequestError::Repeated("subject_token"))
        );
    }

    #[test]
    fn a_missing_or_empty_parameter_is_named() {
        assert_eq!(refused(|f| f.retain(|field| field.0 != "scope")), Some(RequestError::Missing("scope")));
        assert_eq!(
            refused(|f| f.iter_mut().filter(|field| field.0 == "scope").for_each(|field| field.1 = "")),
            Some(RequestError::Missing("scope"))
        );
    }

    #[test]
    fn another_grant_is_not_taken() {
        assert_eq!(
            refused(|f| f.iter_mut().take(1).for_each(|field| field.1 = "password")),
            Some(RequestError::UnsupportedGrantType)
        );
    }

    #[test]
    fn an_unknown_parameter_is_ignored() {
        assert_eq!(refused(|f| f.push(("x-client-SKU", "x"))), None);
    }
}
