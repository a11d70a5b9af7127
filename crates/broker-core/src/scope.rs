//! Scopes of one resource, in the form that keys and requests share (contract §4; entra.md §1.6). Never lets an OpenID
//! Connect scope through: those are the broker's own business.

use crate::{Code, Error, Result};

/// What sign-in asks for besides nothing: contract §1, "what the broker never does".
pub(crate) const OIDC: &str = "openid profile offline_access";
/// Where a scope without a resource belongs at Entra.
const GRAPH: &str = "https://graph.microsoft.com/";
/// The whole list: more than any real application has, and less than a form that a server would refuse.
const LONGEST: usize = 4096;

/// Scopes of one resource, sorted and without repetition. Empty: the client token itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// Reads what a caller wants of a backend.
    ///
    /// # Errors
    /// `scope_not_allowed` for anything that is no scope of a backend, and for several backends at once.
    pub(crate) fn parse(wanted: &[String]) -> Result<Self> {
        let mut scopes = Vec::with_capacity(wanted.len());
        for scope in wanted {
            if matches!(scope.as_str(), "openid" | "profile" | "email" | "offline_access") {
                return Err(refused(
                    "The broker asks for the OpenID Connect scopes itself: leave them out of `scopes`.",
                ));
            }
            if scope.len() > LONGEST || !is_token(scope) {
                return Err(refused(
                    "Each of the `scopes` must be one scope, for example \"https://graph.microsoft.com/User.Read\".",
                ));
            }
            let whole = if scope.contains('/') { scope.clone() } else { [GRAPH, scope].concat() };
            if resource(&whole).is_none_or(str::is_empty) || whole.ends_with('/') {
                return Err(refused("Each of the `scopes` must name a resource and a permission of it."));
            }
            scopes.push(whole);
        }
        scopes.sort_unstable();
        scopes.dedup();
        let first = scopes.first().and_then(|scope| resource(scope));
        if scopes.iter().any(|scope| resource(scope) != first) {
            return Err(refused("The `scopes` are of several resources: ask for one backend at a time."));
        }
        if scopes.iter().map(String::len).sum::<usize>() > LONGEST {
            return Err(refused("The `scopes` are too many."));
        }
        Ok(Self(scopes))
    }

    /// Whether the client token itself is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Space separated, as it goes over the wire.
    pub(crate) fn join(&self) -> String {
        self.0.join(" ")
    }
}

/// The resource of a scope: all before the last slash.
fn resource(scope: &str) -> Option<&str> {
    scope.rsplit_once('/').map(|parts| parts.0)
}

/// RFC 6749 §3.3, `scope-token`.
pub(crate) fn is_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Whether this is one named scope of the client itself: its resource names the client's id, and it is not `.default`.
/// The rule keeps a configuration from turning the broker into an application that asks Entra for a backend.
pub(crate) fn is_of_client(scope: &str, client: &str) -> bool {
    scope.rsplit_once('/').is_some_and(|(of, name)| {
        let of = of.strip_prefix("api://").or_else(|| of.strip_prefix("https://")).unwrap_or(of);
        of.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(client))
            && !name.is_empty()
            && !name.eq_ignore_ascii_case(".default")
            && is_token(scope)
    })
}

fn refused(message: &'static str) -> Box<Error> {
    Error::new(Code::ScopeNotAllowed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";

    fn parse(scopes: &[&str]) -> std::result::Result<String, Code> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Scopes::parse(&scopes).map(|scopes| scopes.join()).map_err(|error| error.code)
    }

    #[test]
    fn order_repetition_and_the_short_form_of_graph_make_no_difference() {
        let whole = "https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/User.Read";
        assert_eq!(
            parse(&["User.Read", "https://graph.microsoft.com/Mail.Read", "User.Read"]).as_deref(),
            Ok(whole)
        );
        assert_eq!(parse(&["Mail.Read", "User.Read"]).as_deref(), Ok(whole));
    }

    #[test]
    fn scopes_stay_as_they_are_written() {
        assert_eq!(parse(&["api://x/.default"]).as_deref(), Ok("api://x/.default"));
        assert_eq!(parse(&["https://x.example//.default"]).as_deref(), Ok("https://x.example//.default"));
        assert_eq!(parse(&[]).as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_scope_of_one_backend_is_refused() {
        for wrong in [
            &["openid"][..],
            &["offline_access", "User.Read"],
            &[""],
            &["User.Read Mail.Read"],
            &["api://x/a\"b"],
            &["api://x/ä"],
            &["api://x/"],
            &["/x"],
            &["User.Read", "api://x/y"],
            &["api://x/y", "api://z/y"],
        ] {
            assert_eq!(parse(wrong), Err(Code::ScopeNotAllowed), "{wrong:?}");
        }
        let long = ["api://x/", &"y".repeat(LONGEST)].concat();
        assert_eq!(parse(&[&long]), Err(Code::ScopeNotAllowed));
    }

    #[test]
    fn a_control_scope_is_one_named_scope_of_that_client() {
        for right in [
            "api://c0000000-0000-4000-8000-000000000001/access_as_user",
            "api://C0000000-0000-4000-8000-000000000001/other",
            "c0000000-0000-4000-8000-000000000001/access_as_user",
            "https://contoso.example/c0000000-0000-4000-8000-000000000001/access_as_user",
        ] {
            assert!(is_of_client(right, CLIENT), "{right}");
        }
        for wrong in [
            "api://c0000000-0000-4000-8000-000000000001/.default",
            "api://c0000000-0000-4000-8000-000000000001/.Default",
            "api://c0000000-0000-4000-8000-000000000001/",
            "api://c0000000-0000-4000-8000-000000000001/a b",
            "api://c0000000-0000-4000-8000-000000000002/access_as_user",
            "api://c0000000-0000-4000-8000-000000000001/x/access_as_user",
            "https://graph.microsoft.com/User.Read",
            "https://graph.microsoft.com/c0000000-0000-4000-8000-000000000001",
            "User.Read",
            "openid",
        ] {
            assert!(!is_of_client(wrong, CLIENT), "{wrong}");
        }
    }
}
