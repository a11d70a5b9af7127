//! One flight for all callers who want the same (design, "First call of the day"). The flight is spawned, so a caller who is
//! dropped hurts nobody. It departs inside the call that starts it: there a window may open in the user's click. It leaves
//! what it brings in the broker's state, and tells those who wait only whether it came.

use crate::{Env, Result};
use std::{
    cell::RefCell,
    future::Future,
    mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Flights under way, each under a key.
#[derive(Default)]
pub(crate) struct Flights(Rc<RefCell<Vec<(String, Slot)>>>);

/// The wait for a flight, of whose result everybody gets a clone.
pub(crate) struct Landing(Slot);

/// What a flight does. In a box, so that the code around it exists once for all flights.
pub(crate) type Flight = Pin<Box<dyn Future<Output = Result<()>>>>;

type Slot = Rc<RefCell<State>>;

enum State {
    Flying(Vec<Waker>),
    Landed(Result<()>),
}

impl Flights {
    /// Waits for the flight under this key. If there is none, `depart` starts it, before this returns.
    pub(crate) fn join(&self, env: &impl Env, key: String, depart: &dyn Fn() -> Flight) -> Landing {
        let under_way = self.0.borrow().iter().find(|flight| flight.0 == key).map(|flight| flight.1.clone());
        if let Some(slot) = under_way {
            return Landing(slot);
        }
        let slot = Rc::new(RefCell::new(State::Flying(Vec::new())));
        self.0.borrow_mut().push((key, slot.clone()));
        let (flight, flights, own) = (depart(), Self(self.0.clone()), slot.clone());
        env.spawn(async move { flights.land(&own, flight.await) });
        Landing(slot)
    }

    /// Whether no flight is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Lets nobody join the flights that are under way. Those who wait for them still get their results.
    pub(crate) fn close(&self) {
        drop(mem::take(&mut *self.0.borrow_mut()));
    }

    fn land(&self, slot: &Slot, result: Result<()>) {
        self.0.borrow_mut().retain(|flight| !Rc::ptr_eq(&flight.1, slot));
        if let State::Flying(waiting) = slot.replace(State::Landed(result)) {
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

impl Landing {
    /// A result that is there already.
    pub(crate) fn ready(result: Result<()>) -> Self {
        Self(Rc::new(RefCell::new(State::Landed(result))))
    }
}

impl Future for Landing {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut *self.0.borrow_mut() {
            State::Landed(result) => Poll::Ready(result.clone()),
            State::Flying(waiting) => {
                waiting.push(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeEnv;
    use std::cell::Cell;

    struct Airport {
        env: FakeEnv,
        flights: Flights,
        departed: Rc<Cell<usize>>,
        landed: Rc<Cell<usize>>,
    }

    impl Airport {
        fn new() -> Self {
            Self {
                env: FakeEnv::new(),
                flights: Flights::default(),
                departed: Rc::default(),
                landed: Rc::default(),
            }
        }

        /// A flight of one second.
        fn join(&self, key: u8) -> Landing {
            let (env, departed, landed) = (self.env.clone(), self.departed.clone(), self.landed.clone());
            self.flights.join(&self.env, key.to_string(), &|| {
                departed.set(departed.get() + 1);
                let (env, landed) = (env.clone(), landed.clone());
                Box::pin(async move {
                    env.sleep(1_000).await;
                    landed.set(landed.get() + 1);
                    Ok(())
                })
            })
        }

        fn counts(&self) -> (usize, usize) {
            (self.departed.get(), self.landed.get())
        }
    }

    #[test]
    fn equal_keys_share_a_flight_and_other_keys_do_not() {
        let airport = Airport::new();
        let all = [1, 1, 2, 1].map(|key| airport.env.start(airport.join(key)));
        assert_eq!(airport.counts(), (2, 0));
        airport.env.advance(1_000);
        assert!(all.iter().all(|call| call.take().is_some()));
        assert_eq!(airport.counts(), (2, 2));
    }

    #[test]
    fn a_caller_who_leaves_takes_nobody_along() {
        let airport = Airport::new();
        drop(airport.join(1));
        let other = airport.env.start(airport.join(1));
        airport.env.advance(1_000);
        assert!(other.take().is_some());
        assert_eq!(airport.counts(), (1, 1));
    }

    #[test]
    fn after_landing_and_after_closing_a_new_flight_departs() {
        let airport = Airport::new();
        drop(airport.join(1));
        airport.flights.close();
        drop(airport.join(1));
        assert_eq!(airport.counts(), (2, 0));
        airport.env.advance(1_000);
        assert!(airport.flights.is_empty());
        drop(airport.join(1));
        assert_eq!(airport.counts(), (3, 2));
    }

    #[test]
    fn an_old_flight_that_lands_leaves_a_newer_one_under_the_same_key_alone() {
        let airport = Airport::new();
        drop(airport.join(1));
        airport.flights.close();
        airport.env.advance(500);
        drop(airport.join(1));
        airport.env.advance(500);
        drop(airport.join(1));
        assert_eq!(airport.counts(), (2, 1));
    }
}
