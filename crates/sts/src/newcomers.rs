//! How many client tokens of an address may be false: each of them costs a signature check before that is known.
//!
//! A check is counted before it is made and given back when the token was good, so that an office behind one address may be
//! as large as it likes. An address that has used up its share takes from a reserve that all of them have in common, so that
//! the colleagues of whoever forges are served too; they are not only while the reserve is empty, and others never notice.

use crate::{clock::Clock, error::ApiError, share::Network};
use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Checks per minute beyond the addresses' own shares: they take about a twentieth of a processor.
const RESERVE: u64 = 120_000;
/// What a check counts, so that whole parts of it come back each second.
const CHECK: u64 = 60;

/// The counts.
pub(crate) struct Newcomers {
    spent: Mutex<Spent>,
    /// Checks per minute of one address.
    share: u64,
    clock: Clock,
}

#[derive(Default)]
struct Spent {
    addresses: HashMap<Network, Level>,
    reserve: Level,
}

/// How much is spent, in parts of a check, at a time in seconds.
#[derive(Default)]
struct Level {
    parts: u64,
    at: u64,
}

/// A check that counts.
pub(crate) struct Check {
    /// In whose share; none: in the reserve.
    of: Option<Network>,
}

impl Newcomers {
    pub(crate) fn new(share: NonZeroU32, clock: &Clock) -> Self {
        Self { spent: Mutex::default(), share: share.get().into(), clock: clock.clone() }
    }

    /// Counts a token that was not seen before, and that will now be checked.
    pub(crate) fn count(&self, address: IpAddr) -> Result<Check, ApiError> {
        let (network, now) = (Network::from(address), self.clock.now());
        let mut spent = self.spent();
        let Err(own) = spent.addresses.entry(network).or_default().take(self.share, now) else {
            return Ok(Check { of: Some(network) });
        };
        match spent.reserve.take(RESERVE, now) {
            Ok(()) => Ok(Check { of: None }),
            Err(common) => Err(ApiError::Limited { whose: "address", retry_after: own.min(common) }),
        }
    }

    /// The token was not false.
    pub(crate) fn give_back(&self, check: &Check) {
        let mut spent = self.spent();
        match check.of {
            None => spent.reserve.give_back(),
            Some(network) => {
                spent.addresses.get_mut(&network).map(Level::give_back);
            }
        }
    }

    /// Forgets addresses that have spent nothing.
    pub(crate) fn sweep(&self) {
        let now = self.clock.now();
        self.spent().addresses.retain(|_, level| level.left(self.share, now) > 0);
    }

    #[cfg(test)]
    pub(crate) fn counts_anybody(&self) -> bool {
        self.sweep();
        !self.spent().addresses.is_empty()
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    /// What is still spent now: as many parts come back each second as there are checks per minute.
    fn left(&self, per_minute: u64, now: u64) -> u64 {
        self.parts.saturating_sub(now.saturating_sub(self.at).saturating_mul(per_minute))
    }

    /// One check more, or the seconds until there is one.
    fn take(&mut self, per_minute: u64, now: u64) -> Result<(), u64> {
        let parts = self.left(per_minute, now) + CHECK;
        let over = parts.saturating_sub(per_minute * CHECK);
        if over > 0 {
            return Err(over.div_ceil(per_minute));
        }
        *self = Self { parts, at: now };
        Ok(())
    }

    fn give_back(&mut self) {
        self.parts = self.parts.saturating_sub(CHECK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    };

    fn newcomers(share: u32) -> (Newcomers, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(NOW));
        let clock = Clock::from_fn({
            let time = Arc::clone(&time);
            move || time.load(SeqCst)
        });
        (Newcomers::new(NonZeroU32::new(share).unwrap(), &clock), time)
    }

    impl Newcomers {
        fn ask(&self, address: &str) -> Result<Check, u64> {
            self.count(address.parse().unwrap()).map_err(|error| match error {
                ApiError::Limited { whose: "address", retry_after } => retry_after,
                error => panic!("{error}"),
            })
        }

        fn use_up_the_reserve(&self) {
            let mut spent = self.spent();
            while spent.reserve.take(RESERVE, self.clock.now()).is_ok() {}
        }
    }

    #[test]
    fn an_address_is_limited_for_false_tokens_once_the_common_reserve_is_empty() {
        let (newcomers, time) = newcomers(2);
        newcomers.use_up_the_reserve();
        let ask = |address| newcomers.ask(address).map(|_| ());
        assert_eq!([ask("203.0.113.7"), ask("203.0.113.7")], [Ok(()), Ok(())]);
        // The reserve's next check is there within a second, but somebody else may have it.
        assert_eq!([ask("203.0.113.7"), ask("::ffff:203.0.113.7")], [Err(1), Err(1)], "the same one");
        assert_eq!(ask("203.0.113.8"), Ok(()), "others have shares of their own");
        assert_eq!([ask("2001:db8::1"), ask("2001:db8::2"), ask("2001:db8::3")], [Ok(()), Ok(()), Err(1)]);
        time.fetch_add(30, SeqCst);
        newcomers.use_up_the_reserve();
        assert_eq!([ask("203.0.113.7"), ask("203.0.113.7")], [Ok(()), Err(1)]);
    }

    #[test]
    fn a_good_token_is_given_back_to_whom_it_was_counted_for() {
        let (newcomers, _) = newcomers(1);
        for _ in 0..10 {
            let check = newcomers.ask("203.0.113.7").unwrap();
            assert!(check.of.is_some());
            newcomers.give_back(&check);
        }
        newcomers.ask("203.0.113.7").unwrap();
        for _ in 0..10 {
            let check = newcomers.ask("203.0.113.7").unwrap();
            assert!(check.of.is_none());
            newcomers.give_back(&check);
        }
        assert_eq!(newcomers.spent().reserve.parts, 0);
    }

    #[test]
    fn the_reserve_outlasts_a_thousand_false_tokens_a_second() {
        let (newcomers, time) = newcomers(6_000);
        for _ in 0..120 {
            for _ in 0..1_000 {
                newcomers.ask("203.0.113.7").unwrap();
            }
            time.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn whoever_has_spent_nothing_is_forgotten() {
        let (newcomers, time) = newcomers(60);
        newcomers.ask("203.0.113.7").unwrap();
        let good = newcomers.ask("203.0.113.8").unwrap();
        newcomers.give_back(&good);
        newcomers.sweep();
        assert_eq!(newcomers.spent().addresses.len(), 1);
        time.fetch_add(1, SeqCst);
        assert!(!newcomers.counts_anybody());
    }
}
