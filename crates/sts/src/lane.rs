//! A lane to Entra for each tenant and control client: how many requests may be on it (a bulkhead), and when it is closed (a circuit breaker).
//!
//! One throttled or broken lane takes nothing from the others: it has places of its own, and after a run of failures it is
//! closed for a while, so that callers hear at once when to come back and Entra is left in peace. Only failures of the
//! lane itself count; that Entra refuses a user is an answer like any other. One user's throttle closes it for nobody else.

use crate::{
    error::ApiError,
    ids::{ClientId, TenantId},
    refusal::Refusal,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use sts_wire::ErrorCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests that may be under way on one lane.
const PLACES: usize = 128;
/// The longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many failures in a row close a lane.
const RUN: u32 = 5;
/// For how long, in seconds, where Entra does not say.
const CLOSED: u64 = 5;
/// The longest that Entra's word closes a lane, in seconds.
const LONGEST: u64 = 300;
/// Lanes that are kept; beyond, the idle ones are given up.
const MOST: usize = 4096;

/// All lanes.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<(TenantId, ClientId), Arc<Lane>>>);

struct Lane {
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    closed_until: u64,
    /// Whether the closing was for too many requests.
    throttled: bool,
}

/// A place on a lane.
pub(crate) struct Pass {
    lane: Arc<Lane>,
    _place: OwnedSemaphorePermit,
}

impl Lanes {
    /// A place on the lane, at once or within a short wait.
    pub(crate) async fn enter(&self, tenant: TenantId, client: ClientId, now: u64) -> Result<Pass, ApiError> {
        let lane = self.lane(tenant, client);
        lane.open(now)?;
        let place = timeout(PATIENCE, Arc::clone(&lane.places).acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or(Refusal::Crowded)?;
        Ok(Pass { lane, _place: place })
    }

    /// How many lanes are closed.
    pub(crate) fn closed(&self, now: u64) -> usize {
        lock(&self.0).values().filter(|lane| now < lock(&lane.state).closed_until).count()
    }

    fn lane(&self, tenant: TenantId, client: ClientId) -> Arc<Lane> {
        let mut lanes = lock(&self.0);
        if lanes.len() >= MOST {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || lock(&lane.state).failures > 0);
        }
        let new = || Arc::new(Lane { places: Arc::new(Semaphore::new(PLACES)), state: Mutex::default() });
        Arc::clone(lanes.entry((tenant, client)).or_insert_with(new))
    }
}

impl Lane {
    /// Whether the lane is open. After a closing one request at a time finds out whether it may stay so.
    fn open(&self, now: u64) -> Result<(), ApiError> {
        let mut state = lock(&self.state);
        if state.failures < RUN {
            return Ok(());
        }
        if now < state.closed_until {
            let retry_after = state.closed_until - now;
            return Err(ApiError::Closed { throttled: state.throttled, retry_after });
        }
        state.closed_until = now + CLOSED;
        Ok(())
    }
}

impl Pass {
    /// Gives the place back and tells the lane how it went.
    pub(crate) fn leave<T>(self, outcome: &Result<T, ApiError>, now: u64) {
        let mut state = lock(&self.lane.state);
        match failure(outcome) {
            None => *state = State::default(),
            Some((throttled, retry_after)) => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= RUN {
                    state.closed_until = now + retry_after.unwrap_or(CLOSED).clamp(1, LONGEST);
                    state.throttled = throttled;
                }
            }
        }
    }
}

/// Whether an outcome is the lane's failure: whether it is a throttle, and when to come back.
fn failure<T>(outcome: &Result<T, ApiError>) -> Option<(bool, Option<u64>)> {
    match outcome {
        Err(ApiError::Refused(Refusal::EntraUnreachable)) => Some((false, None)),
        Err(ApiError::Entra(error)) if error.code == ErrorCode::TemporarilyUnavailable => {
            Some((error.throttled, error.retry_after))
        }
        _ => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::Answer,
        judge::judge,
        testing::{CLIENT, NOW, TENANT},
    };

    const OTHER: &str = "70000000-0000-4000-8000-000000000002";

    async fn enter(lanes: &Lanes, tenant: &str, now: u64) -> Result<Pass, ApiError> {
        lanes.enter(tenant.parse().unwrap(), CLIENT.parse().unwrap(), now).await
    }

    /// The next request on the lane is answered by Entra in this way.
    async fn answered(lanes: &Lanes, now: u64, status: u16, retry_after: Option<u64>, body: &str) {
        let outcome = judge(&Answer { status, retry_after, body: body.into() }).map_err(ApiError::Entra);
        enter(lanes, TENANT, now).await.ok().unwrap().leave(&outcome, now);
    }

    #[tokio::test]
    async fn a_run_of_failures_closes_the_lane_and_no_other() {
        let lanes = Lanes::default();
        for _ in 0..RUN {
            answered(&lanes, NOW, 429, Some(17), "").await;
        }
        let refused = enter(&lanes, TENANT, NOW + 7).await.err().unwrap();
        assert!(matches!(refused, ApiError::Closed { throttled: true, retry_after: 10 }));
        assert!(enter(&lanes, OTHER, NOW).await.is_ok());
        assert_eq!((lanes.closed(NOW), lanes.closed(NOW + 17)), (1, 0));
    }

    #[tokio::test]
    async fn after_a_closing_one_request_finds_out_for_the_others() {
        let lanes = Lanes::default();
        for _ in 0..RUN {
            answered(&lanes, NOW, 503, None, "").await;
        }
        let later = NOW + CLOSED;
        let first = enter(&lanes, TENANT, later).await.ok().unwrap();
        assert!(enter(&lanes, TENANT, later).await.is_err(), "the others wait for its news");
        first.leave(&Ok(()), later);
        assert!(enter(&lanes, TENANT, later).await.is_ok());
    }

    #[tokio::test]
    async fn refusals_of_users_are_answers_and_end_a_run() {
        let lanes = Lanes::default();
        let refused = r#"{"error":"invalid_grant","error_codes":[65001]}"#;
        for _ in 0..3 * RUN {
            answered(&lanes, NOW, 400, None, refused).await;
        }
        for _ in 0..RUN - 1 {
            answered(&lanes, NOW, 503, None, "").await;
        }
        answered(&lanes, NOW, 400, None, refused).await;
        answered(&lanes, NOW, 503, None, "").await;
        assert!(enter(&lanes, TENANT, NOW).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_lane_is_waited_for_only_so_long_and_leaves_the_others_room() {
        let lanes = Lanes::default();
        let mut held = Vec::new();
        for _ in 0..PLACES {
            held.push(enter(&lanes, TENANT, NOW).await.ok().unwrap());
        }
        let refused = enter(&lanes, TENANT, NOW).await.err();
        assert!(matches!(refused, Some(ApiError::Refused(Refusal::Crowded))));
        assert!(enter(&lanes, OTHER, NOW).await.is_ok());
        held.pop();
        assert!(enter(&lanes, TENANT, NOW).await.is_ok());
    }
}
