//! One flight for all callers who want the same (design, "First call of the day"). The flight is spawned, so a caller who is
//! dropped hurts nobody. It departs inside the call that starts it: there a window may open in the user's click.

use crate::Env;
use std::{
    cell::RefCell,
    future::Future,
    mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Flights under way, each under its key.
pub(crate) struct Flights<K, T>(Rc<RefCell<Vec<Flight<K, T>>>>);

type Flight<K, T> = (K, Rc<Slot<T>>);

/// The wait for a flight's result, of which everybody gets a clone.
pub(crate) struct Landing<T>(Rc<Slot<T>>);

type Slot<T> = RefCell<State<T>>;

enum State<T> {
    Flying(Vec<Waker>),
    Landed(T),
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<K: PartialEq + 'static, T: Clone + 'static> Flights<K, T> {
    /// Waits for the flight under this key. If there is none, `depart` starts it, before this returns.
    pub(crate) fn join<F: Future<Output = T> + 'static>(
        &self,
        env: &impl Env,
        key: K,
        depart: impl FnOnce() -> F,
    ) -> Landing<T> {
        let under_way = self.0.borrow().iter().find(|flight| flight.0 == key).map(|flight| flight.1.clone());
        if let Some(slot) = under_way {
            return Landing(slot);
        }
        let slot = Rc::new(RefCell::new(State::Flying(Vec::new())));
        self.0.borrow_mut().push((key, slot.clone()));
        let (flight, flights, own) = (depart(), self.0.clone(), slot.clone());
        env.spawn(async move {
            let result = flight.await;
            flights.borrow_mut().retain(|flight| !Rc::ptr_eq(&flight.1, &own));
            let before = own.replace(State::Landed(result));
            if let State::Flying(waiting) = before {
                waiting.into_iter().for_each(Waker::wake);
            }
        });
        Landing(slot)
    }

    /// Whether a flight is under way under this key.
    pub(crate) fn is_open(&self, key: &K) -> bool {
        self.0.borrow().iter().any(|flight| flight.0 == *key)
    }

    /// Lets nobody join the flights that are under way. Those who wait for them still get their results.
    pub(crate) fn close(&self) {
        drop(mem::take(&mut *self.0.borrow_mut()));
    }
}

impl<T> Landing<T> {
    /// A result that is there already.
    pub(crate) fn ready(result: T) -> Self {
        Self(Rc::new(RefCell::new(State::Landed(result))))
    }
}

impl<T: Clone> Future for Landing<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match &mut *self.0.borrow_mut() {
            State::Landed(result) => Poll::Ready(result.clone()),
            State::Flying(waiting) => {
                if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    waiting.push(context.waker().clone());
                }
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
        flights: Flights<u8, u32>,
        departed: Rc<Cell<u32>>,
    }

    impl Airport {
        fn new() -> Self {
            Self { env: FakeEnv::new(), flights: Flights::default(), departed: Rc::default() }
        }

        /// A flight of one second whose result is how many have departed.
        fn join(&self, key: u8) -> Landing<u32> {
            let (env, departed) = (self.env.clone(), self.departed.clone());
            self.flights.join(&self.env, key, || {
                departed.set(departed.get() + 1);
                let number = departed.get();
                async move {
                    env.sleep(1_000).await;
                    number
                }
            })
        }
    }

    #[test]
    fn equal_keys_share_a_flight_and_other_keys_do_not() {
        let airport = Airport::new();
        let all = [1, 1, 2, 1].map(|key| airport.env.start(airport.join(key)));
        assert_eq!(airport.departed.get(), 2);
        airport.env.advance(1_000);
        assert_eq!(all.map(|call| call.take()), [Some(1), Some(1), Some(2), Some(1)]);
    }

    #[test]
    fn a_caller_who_leaves_takes_nobody_along() {
        let airport = Airport::new();
        drop(airport.join(1));
        let other = airport.env.start(airport.join(1));
        airport.env.advance(1_000);
        assert_eq!((other.take(), airport.departed.get()), (Some(1), 1));
    }

    #[test]
    fn after_landing_and_after_closing_a_new_flight_departs() {
        let airport = Airport::new();
        let first = airport.env.start(airport.join(1));
        airport.flights.close();
        let second = airport.env.start(airport.join(1));
        airport.env.advance(1_000);
        assert_eq!((first.take(), second.take()), (Some(1), Some(2)));
        let third = airport.env.start(airport.join(1));
        airport.env.advance(1_000);
        assert_eq!(third.take(), Some(3));
    }
}
