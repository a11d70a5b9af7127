//! How often a user, a tenant and a control client may ask. Counted after the token was verified, so that nobody can use up
//! somebody else's share with forged tokens.

use crate::{
    clock::Clock,
    error::ApiError,
    ids::{ClientId, ObjectId, TenantId},
    verify::Subject,
};
use governor::{
    NotUntil, Quota, RateLimiter, clock::Clock as GovernorClock, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use std::{hash::Hash, num::NonZeroU32, time::Duration};

/// Requests per minute; each may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerMinute {
    pub(crate) user: NonZeroU32,
    pub(crate) tenant: NonZeroU32,
    /// A control client within one tenant.
    pub(crate) client: NonZeroU32,
}

/// The limits.
pub(crate) struct Limits {
    users: Limiter<(TenantId, ObjectId)>,
    tenants: Limiter<TenantId>,
    clients: Limiter<(TenantId, ClientId)>,
    clock: Clock,
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Seconds, NoOpMiddleware<Nanos>>;

impl Limits {
    pub(crate) fn new(limits: PerMinute, clock: &Clock) -> Self {
        Self {
            users: limiter(limits.user, clock),
            tenants: limiter(limits.tenant, clock),
            clients: limiter(limits.client, clock),
            clock: clock.clone(),
        }
    }

    /// Counts a request with a verified token.
    pub(crate) fn check(&self, subject: &Subject) -> Result<(), ApiError> {
        let user = (subject.tenant(), subject.user());
        self.users.check_key(&user).map_err(|until| self.limited("user", &until))?;
        self.tenants.check_key(&subject.tenant()).map_err(|until| self.limited("tenant", &until))?;
        let client = (subject.tenant(), subject.client());
        self.clients.check_key(&client).map_err(|until| self.limited("control client", &until))
    }

    fn limited(&self, whose: &'static str, until: &NotUntil<Nanos>) -> ApiError {
        let wait = until.wait_time_from(Seconds(self.clock.clone()).now());
        // Rounded up: whoever comes back then must not be early.
        ApiError::Limited { whose, retry_after: wait.as_secs() + u64::from(wait.subsec_nanos() > 0) }
    }

    /// Forgets whoever has been quiet.
    pub(crate) fn sweep(&self) {
        self.users.retain_recent();
        self.tenants.retain_recent();
        self.clients.retain_recent();
    }
}

fn limiter<K: Clone + Eq + Hash>(limit: NonZeroU32, clock: &Clock) -> Limiter<K> {
    RateLimiter::new(Quota::per_minute(limit), DashMapStateStore::default(), Seconds(clock.clone()))
}

/// This service's clock in the limiter's words.
#[derive(Clone)]
struct Seconds(Clock);

impl GovernorClock for Seconds {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Duration::from_secs(self.0.now()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BROKER, CLIENT, NOW, TENANT, USER};
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    };

    const OTHER: &str = "00000000-0000-4000-8000-000000000009";

    fn limits(user: u32, tenant: u32, client: u32) -> (Limits, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(NOW));
        let clock = Clock::from_fn({
            let time = Arc::clone(&time);
            move || time.load(SeqCst)
        });
        let [user, tenant, client] = [user, tenant, client].map(|limit| NonZeroU32::new(limit).unwrap());
        (Limits::new(PerMinute { user, tenant, client }, &clock), time)
    }

    fn ask(limits: &Limits, client: &str, tenant: &str, user: &str) -> Option<(&'static str, u64)> {
        match limits.check(&Subject::for_test(client, tenant, user, BROKER, "t")) {
            Err(ApiError::Limited { whose, retry_after }) => Some((whose, retry_after)),
            _ => None,
        }
    }

    #[test]
    fn a_user_over_the_limit_is_told_when_to_come_back_and_others_are_not_held_up() {
        let (limits, time) = limits(2, 100, 100);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), None);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), None);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), Some(("user", 30)));
        assert_eq!(ask(&limits, CLIENT, TENANT, OTHER), None);
        assert_eq!(ask(&limits, CLIENT, OTHER, USER), None, "the same oid in another tenant is another user");
        time.fetch_add(30, SeqCst);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), None);
    }

    #[test]
    fn a_tenant_and_a_client_have_limits_of_their_own() {
        let (limits, _) = limits(100, 1, 1);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), None);
        assert_eq!(ask(&limits, CLIENT, TENANT, OTHER).map(|one| one.0), Some("tenant"));
        assert_eq!(ask(&limits, CLIENT, OTHER, USER), None);
    }

    #[test]
    fn a_client_that_one_tenant_has_used_up_is_there_for_another() {
        let (limits, _) = limits(100, 100, 1);
        assert_eq!(ask(&limits, CLIENT, TENANT, USER), None);
        assert_eq!(ask(&limits, CLIENT, TENANT, OTHER).map(|one| one.0), Some("control client"));
        assert_eq!(ask(&limits, OTHER, TENANT, OTHER), None);
        assert_eq!(ask(&limits, CLIENT, OTHER, USER), None);
    }
}
