//! Whose address a request came from, where proxies stand in front of this service.
//!
//! `X-Forwarded-For` is read from its end, and only as far as the hops are trusted proxies: what a stranger wrote into it
//! stands further to the left and counts for nothing.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The trusted proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a peer is one of them.
    pub(crate) fn trust(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&peer.to_canonical()))
    }

    /// The address of whoever asked, as far as it can be known.
    pub(crate) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let named = headers.get_all("x-forwarded-for").into_iter().rev();
        let hops = named.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        let mut last = peer;
        for hop in hops {
            let Some(hop) = read(hop.trim()) else { return last };
            last = hop;
            if !self.trust(hop) {
                break;
            }
        }
        last
    }
}

/// An address, with its port where a proxy adds one (Azure Application Gateway does) and in brackets if it is IPv6.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().or_else(|_| hop.parse().map(|address: SocketAddr| address.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_who_he_is_whatever_he_writes() {
        assert_eq!(caller("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_hop_is_the_caller() {
        assert_eq!(caller("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(caller("10.0.0.1", &["198.51.100.1, 203.0.113.7, 10.2.3.4"]), "203.0.113.7");
        assert_eq!(caller("10.0.0.1", &["198.51.100.1, 203.0.113.7", "10.2.3.4"]), "203.0.113.7");
        assert_eq!(caller("::ffff:10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn a_hop_may_have_its_port() {
        assert_eq!(caller("10.0.0.1", &["198.51.100.1:80, 203.0.113.7:54321"]), "203.0.113.7");
        assert_eq!(caller("10.0.0.1", &["203.0.113.7:54321, 10.2.3.4:443"]), "203.0.113.7");
        for hop in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:54321"] {
            assert_eq!(caller("10.0.0.1", &[hop]), "2001:db8::1", "{hop}");
        }
        for hop in ["[203.0.113.7", "203.0.113.7]", "203.0.113.7:", ":80", "[]"] {
            assert_eq!(caller("10.0.0.1", &[hop]), "10.0.0.1", "{hop}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_ends_at_the_proxy_that_sent_it() {
        assert_eq!(caller("10.0.0.1", &["203.0.113.7, unknown, 10.2.3.4"]), "10.2.3.4");
        assert_eq!(caller("10.0.0.1", &[]), "10.0.0.1");
    }
}
