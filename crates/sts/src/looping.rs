//! Users whom Entra takes for a loop (AADSTS50196): each is left alone at that client for a while, and nobody else is.
//!
//! What is cached goes on being served to them. How many are remembered is bounded; one who is forgotten hears it from Entra again.

use crate::{
    error::ApiError,
    ids::{ClientId, ObjectId, TenantId},
    verify::Subject,
};
use quick_cache::sync::Cache;

/// Users that are remembered.
const MOST: usize = 4096;
/// The longest that Entra's word holds, in seconds.
const LONGEST: u64 = 300;

/// Until when they are left alone, in seconds since the epoch.
pub(crate) struct Loops(Cache<(TenantId, ClientId, ObjectId), u64>);

impl Default for Loops {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Loops {
    /// Whether Entra may be asked for this user.
    pub(crate) fn check(&self, subject: &Subject, now: u64) -> Result<(), ApiError> {
        match self.0.get(&key(subject)) {
            Some(until) if now < until => Err(ApiError::Closed { throttled: true, retry_after: until - now }),
            _ => Ok(()),
        }
    }

    /// Takes note of how it went.
    pub(crate) fn heed<T>(&self, subject: &Subject, outcome: &Result<T, ApiError>, now: u64) {
        if let Err(ApiError::Entra(error)) = outcome
            && let Some(seconds) = error.looping()
        {
            self.0.insert(key(subject), now + seconds.clamp(1, LONGEST));
        }
    }
}

fn key(subject: &Subject) -> (TenantId, ClientId, ObjectId) {
    (subject.tenant(), subject.client(), subject.user())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::Answer,
        judge::judge,
        testing::{BROKER, CLIENT, NOW, TENANT, USER},
    };

    const OTHER: &str = "00000000-0000-4000-8000-000000000009";

    #[test]
    fn a_user_in_a_loop_is_left_alone_at_that_client_of_that_tenant_for_as_long_as_entra_says() {
        let subject = |client, tenant, user| Subject::for_test(client, tenant, user, BROKER, "t");
        let one = subject(CLIENT, TENANT, USER);
        for (said, seconds) in [(None, 60), (Some(17), 17), (Some(9_999), LONGEST)] {
            let loops = Loops::default();
            let body = br#"{"error":"invalid_grant","error_codes":[50196]}"#.to_vec();
            let outcome = judge(&Answer { status: 400, retry_after: said, body }).map_err(ApiError::Entra);
            assert!(loops.check(&one, NOW).is_ok());
            loops.heed(&one, &outcome, NOW);
            let refused = loops.check(&one, NOW + 1).err().unwrap();
            let ApiError::Closed { throttled: true, retry_after } = refused else { panic!("{refused}") };
            assert_eq!(retry_after, seconds - 1);
            assert!(loops.check(&one, NOW + seconds).is_ok());
            for other in
                [subject(OTHER, TENANT, USER), subject(CLIENT, OTHER, USER), subject(CLIENT, TENANT, OTHER)]
            {
                assert!(loops.check(&other, NOW).is_ok());
            }
        }
    }

    #[test]
    fn any_number_of_users_takes_a_bounded_memory() {
        let loops = Loops::default();
        for number in 0..3 * MOST {
            let user = format!("00000000-0000-4000-8000-{number:012}");
            let key = (TENANT.parse().unwrap(), CLIENT.parse().unwrap(), user.parse().unwrap());
            loops.0.insert(key, NOW);
        }
        assert!(loops.0.len() <= MOST);
    }
}
