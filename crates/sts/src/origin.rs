//! A web origin (RFC 6454): scheme, host and port, written exactly as a browser writes it in the `Origin` header.
//!
//! https only, and http where it cannot leave the machine. No wildcards: an origin is listed or it is not.

use std::{borrow::Borrow, fmt, net::IpAddr, str::FromStr};

/// An origin that may be talked to or listened to.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Origin(String);

/// Why a text is not such an origin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NotAnOrigin;

impl Origin {
    /// Whether nothing sent to it is protected by TLS; then it is on this machine.
    pub(crate) fn is_plain_loopback(&self) -> bool {
        self.0.starts_with("http:")
    }
}

/// An origin hashes and compares as its text does: so a set of them is asked for a header's text as it is.
impl Borrow<str> for Origin {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url: reqwest::Url = text.parse().map_err(|_| NotAnOrigin)?;
        let secure =
            url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_loopback));
        let exact = !text.contains('*') && url.origin().ascii_serialization() == text;
        if secure && exact { Ok(Self(text.to_owned())) } else { Err(NotAnOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a host is this machine by its very name: a loopback address, `localhost`, or a name below it (RFC 6761 §6.3).
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_only_as_a_browser_writes_it() {
        for good in [
            "https://contoso.crm4.dynamics.com",
            "https://a.example:8443",
            "http://app.localhost:1",
            "http://[::1]:1",
        ] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "https://contoso.crm4.dynamics.com/",
            "https://a.example:443",
            "https://A.example",
            "https://*.dynamics.com",
            "https://u@a.example",
            "http://a.example",
            "http://notlocalhost",
            "null",
            "*",
            "",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
