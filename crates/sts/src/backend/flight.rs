//! Single flight: equal questions that come while one is under way wait for its answer.
//!
//! The work runs on a task of its own, so a caller who hangs up takes nothing away from the others. Work that panics
//! lands without an answer, and the next caller starts afresh.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// What is under way.
pub(crate) struct Flights<K, V>(Arc<Mutex<Open<K, V>>>);

type Open<K, V> = HashMap<K, watch::Receiver<Option<V>>>;

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The answer to this question, from the flight under way or from `work`. None if the work panicked.
    pub(crate) async fn join<F>(&self, key: K, work: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut landing = self.board(key, work);
        landing.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Starts the work unless the question is already under way; nobody waits for it.
    pub(crate) fn launch<F>(&self, key: K, work: impl FnOnce() -> F)
    where
        F: Future<Output = V> + Send + 'static,
    {
        drop(self.board(key, work));
    }

    fn board<F>(&self, key: K, work: impl FnOnce() -> F) -> watch::Receiver<Option<V>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut open = lock(&self.0);
        if let Some(landing) = open.get(&key) {
            return landing.clone();
        }
        let (land, landing) = watch::channel(None);
        open.insert(key.clone(), landing.clone());
        let departed = Departed { open: Arc::clone(&self.0), key };
        let work = work();
        tokio::spawn(async move {
            let answer = work.await;
            drop(departed);
            land.send_replace(Some(answer));
        });
        landing
    }
}

/// A flight that is on the board, and is taken off it even by a panic.
struct Departed<K: Eq + Hash, V> {
    open: Arc<Mutex<Open<K, V>>>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for Departed<K, V> {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn equal_questions_have_one_answer_and_others_their_own() {
        let (flights, runs) = (Flights::default(), Arc::new(AtomicU32::new(0)));
        let ask = |key: &'static str| {
            let runs = Arc::clone(&runs);
            flights.join(key, move || async move { runs.fetch_add(1, SeqCst) })
        };
        let (a, b, c) = tokio::join!(ask("same"), ask("same"), ask("other"));
        assert_eq!((a, b, c), (Some(0), Some(0), Some(1)));
        assert_eq!(ask("same").await, Some(2), "a flight that has landed is over");
    }

    #[tokio::test]
    async fn whoever_started_it_may_leave_and_the_others_still_get_the_answer() {
        let flights = Arc::new(Flights::default());
        let (gate, runs) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
        let ask = || {
            let (flights, gate, runs) = (Arc::clone(&flights), Arc::clone(&gate), Arc::clone(&runs));
            tokio::spawn(async move {
                let work = || async move {
                    runs.fetch_add(1, SeqCst);
                    gate.acquire().await.unwrap().forget();
                    7
                };
                flights.join("key", work).await
            })
        };
        let first = ask();
        while runs.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let second = ask();
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.is_err());
        gate.add_permits(1);
        assert_eq!((second.await.unwrap(), runs.load(SeqCst)), (Some(7), 1));
    }

    #[tokio::test]
    async fn work_that_panics_is_no_answer_and_does_not_stay_under_way() {
        let flights = Flights::default();
        let panics = flights.join("key", || async { panic!("this test's work") });
        assert_eq!(panics.await, None::<u32>);
        assert_eq!(flights.join("key", || async { 1 }).await, Some(1));
    }
}
