//! A lane to Entra for each tenant and control client: how many requests may be on it (a bulkhead), and when it is closed (a circuit breaker).
//!
//! One throttled or broken lane takes nothing from the others: it has places of its own, and after a run of failures it is
//! closed for a while, so that callers hear at once when to come back and Entra is left in peace. Only failures of the
//! lane itself count; that Entra refuses a user is an answer like any other, also where it takes him for a loop, and an outage
//! that a caller's own claims may have brought about says nothing. So one user closes it for nobody else.

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
    /// Gives the place back and tells the lane how it went; `plain`: nothing that was asked is a caller's own making.
    pub(crate) fn leave<T>(self, outcome: &Result<T, ApiError>, plain: bool, now: u64) {
        let mut state = lock(&self.lane.state);
        match failure(outcome) {
            None => *state = State::default(),
            Some((false, _)) if !plain => {}
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
        Err(ApiError::Entra(error)) if error.of_everybody => Some((error.throttled, error.retry_after)),
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
        enter(lanes, TENANT, now).await.ok().unwrap().leave(&outcome, true, now);
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
        first.leave(&Ok(()), true, later);
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

    #[tokio::test]
    async fn one_users_loop_is_never_the_lanes_failure() {
        let lanes = Lanes::default();
        let looping = r#"{"error":"invalid_grant","error_codes":[50196]}"#;
        for status in [400, 429] {
            for _ in 0..RUN {
                answered(&lanes, NOW, status, Some(30), looping).await;
            }
            assert!(enter(&lanes, TENANT, NOW).await.is_ok(), "{status}");
        }
    }

    #[tokio::test]
    async fn an_outage_that_ones_own_claims_may_bring_about_does_not_count_but_a_throttle_does() {
        let lanes = Lanes::default();
        let asked = async |status| {
            for _ in 0..RUN {
                let answer = Answer { status, retry_after: None, body: Vec::new() };
                let outcome = judge(&answer).map_err(ApiError::Entra);
                enter(&lanes, TENANT, NOW).await.ok().unwrap().leave(&outcome, false, NOW);
            }
            enter(&lanes, TENANT, NOW).await.is_ok()
        };
        assert!(asked(500).await);
        assert!(!asked(429).await);
    }

    #[tokio::test]
    async fn a_page_that_turns_one_request_away_is_not_the_lanes_failure_but_an_outage_is() {
        let lanes = Lanes::default();
        for status in [200, 302, 400, 403, 413] {
            for _ in 0..RUN {
                answered(&lanes, NOW, status, None, "<html>").await;
            }
            assert!(enter(&lanes, TENANT, NOW).await.is_ok(), "{status}");
        }
        for _ in 0..RUN {
            answered(&lanes, NOW, 502, None, "<html>").await;
        }
        assert!(enter(&lanes, TENANT, NOW).await.is_err());
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
