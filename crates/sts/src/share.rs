//! Whose share something counts in, and how much of it may be held at once.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// What one caller can be told by: an IPv4 address, also where it is written as IPv6, or the /64 that one line has in IPv6.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            address => address,
        })
    }
}

/// What callers hold, counted for each.
#[derive(Debug, Default)]
pub(crate) struct Shares(Mutex<HashMap<Network, usize>>);

impl Shares {
    /// One more for this caller, until it is dropped, unless it has as many as this.
    pub(crate) fn take(self: &Arc<Self>, caller: IpAddr, most: usize) -> Option<Share> {
        let network = Network::from(caller);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Share { of: Arc::clone(self), network })
    }
}

/// One that counts.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    network: Network,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_one_share_however_its_address_is_written() {
        let same = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| Network::from(text.parse::<IpAddr>().unwrap()));
            one == other
        };
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("203.0.113.7", "::ffff:203.0.113.7"));
        assert!(!same("203.0.113.7", "203.0.113.8") && !same("::ffff:203.0.113.7", "::ffff:203.0.113.8"));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_nothing_is_remembered() {
        let shares = Arc::new(Shares::default());
        let take = |address: &str| shares.take(address.parse().unwrap(), 2);
        let held = [take("2001:db8::1"), take("2001:db8::2")];
        assert!(held.iter().all(Option::is_some) && take("2001:db8::3").is_none());
        assert!(take("203.0.113.7").is_some());
        drop(held);
        assert!(take("2001:db8::3").is_some());
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
