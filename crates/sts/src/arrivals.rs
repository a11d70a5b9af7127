//! What bodies on their way may hold of memory, because nothing is known yet of who sends them.
//!
//! Each is charged by the page for what came of it, and a page for itself. One caller has at most as many pages as are free,
//! so that few cannot fill it all; whoever would have more loses the oldest of his own. Honest bodies come with their head or
//! right after it: what is old is a stranger's half, and not a colleague's request from behind the same address.

use crate::share::Network;
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;
/// Pages of all bodies: 32 MB.
pub(crate) const PAGES: usize = 8192;

/// The bodies that are on their way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    pages: usize,
    number: u64,
    callers: HashMap<Network, Caller>,
}

#[derive(Debug, Default)]
struct Caller {
    pages: usize,
    /// By their number: the first is the oldest.
    bodies: BTreeMap<u64, Charge>,
}

#[derive(Debug)]
struct Charge {
    pages: usize,
    /// Held, not sent: its end is the word to give up.
    _kept: oneshot::Sender<()>,
}

/// A body on its way. Dropped, it gives back what it holds.
pub(crate) struct Arrival {
    arrivals: Arrivals,
    caller: Network,
    number: u64,
    kept: oneshot::Receiver<()>,
}

impl Arrivals {
    /// One more body of this caller.
    pub(crate) fn enter(&self, caller: IpAddr) -> Arrival {
        let (charge, kept) = oneshot::channel();
        let caller = Network::from(caller);
        let mut held = self.held();
        held.number += 1;
        let number = held.number;
        held.callers.entry(caller).or_default().bodies.insert(number, Charge { pages: 0, _kept: charge });
        held.take(caller, number, 1);
        Arrival { arrivals: self.clone(), caller, number, kept }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrival {
    /// Holds so many pages more.
    pub(crate) fn take(&self, pages: usize) {
        self.arrivals.held().take(self.caller, self.number, pages);
    }

    /// Waits until it must give up.
    pub(crate) async fn given_up(&mut self) {
        (&mut self.kept).await.ok();
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.arrivals.held().remove(self.caller, Some(self.number));
    }
}

impl Held {
    fn take(&mut self, network: Network, number: u64, pages: usize) {
        let Some(caller) = self.callers.get_mut(&network) else { return };
        let Some(charge) = caller.bodies.get_mut(&number) else { return };
        charge.pages += pages;
        caller.pages += pages;
        self.pages += pages;
        while self.callers.get(&network).is_some_and(|caller| caller.pages + self.pages > PAGES) {
            self.remove(network, None);
        }
    }

    /// Removes a body of this caller, the oldest unless one is named.
    fn remove(&mut self, network: Network, number: Option<u64>) {
        let Some(caller) = self.callers.get_mut(&network) else { return };
        let number = number.or_else(|| caller.bodies.keys().next().copied());
        let pages = number.and_then(|number| caller.bodies.remove(&number)).map_or(0, |charge| charge.pages);
        caller.pages -= pages;
        self.pages -= pages;
        if caller.bodies.is_empty() {
            self.callers.remove(&network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: usize) -> IpAddr {
        IpAddr::from(u32::try_from(number).unwrap().to_be_bytes())
    }

    fn fill(arrivals: &Arrivals, caller: usize, each: usize) -> Vec<Arrival> {
        let bodies = (0..PAGES).map(|_| {
            let body = arrivals.enter(address(caller));
            body.take(each - 1);
            body
        });
        bodies.collect()
    }

    fn kept(bodies: &mut [Arrival]) -> usize {
        let kept = |body: &mut Arrival| body.kept.try_recv() == Err(oneshot::error::TryRecvError::Empty);
        bodies.iter_mut().map(kept).filter(|kept| *kept).count()
    }

    #[test]
    fn a_caller_has_at_most_as_many_pages_as_are_free_and_loses_the_oldest_beyond() {
        let arrivals = Arrivals::default();
        let mut first = fill(&arrivals, 1, 9);
        assert_eq!(kept(&mut first), PAGES / 2 / 9);
        assert_eq!(kept(&mut first[..PAGES / 2]), 0, "these are the oldest");
        let mut second = fill(&arrivals, 2, 1);
        assert_eq!(kept(&mut second), (PAGES - PAGES / 2 / 9 * 9) / 2);
        assert_eq!(kept(&mut first), PAGES / 2 / 9, "nobody loses what another takes");
        drop((first, second));
        assert_eq!(arrivals.held().pages, 0);
        assert!(arrivals.held().callers.is_empty(), "and nothing is remembered");
    }

    #[test]
    fn beyond_all_pages_the_newcomer_has_to_go() {
        let arrivals = Arrivals::default();
        let mut bodies: Vec<_> = (0..PAGES).map(|caller| arrivals.enter(address(caller))).collect();
        assert_eq!(kept(&mut bodies), PAGES - 1);
        assert_eq!(kept(&mut [arrivals.enter(address(PAGES))]), 0);
        bodies.truncate(PAGES / 2);
        assert_eq!(kept(&mut [arrivals.enter(address(PAGES))]), 1);
    }
}
