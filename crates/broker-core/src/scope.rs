//! Scopes of one resource, in the form that keys and requests share (contract §4; entra.md §1.6). Never lets an OpenID
//! Connect scope through: those are the broker's own business.

use crate::{Code, Error, Result, encoding::split_before};

/// What sign-in asks for besides nothing: contract §1, "what the broker never does".
pub(crate) const OIDC: &str = "openid profile offline_access";
/// Where a scope without a resource belongs at Entra.
const GRAPH: &str = "https://graph.microsoft.com/";
/// More scopes, and longer ones, than any real application has.
const MOST: usize = 64;
const LONGEST: usize = 256;

/// Reads what a caller wants of a backend: scopes of one resource, sorted, without repetition, space separated. Empty: the
/// client token itself.
///
/// # Errors
/// `scope_not_allowed` for anything that is no scope of a backend, and for several backends at once.
pub(crate) fn parse(wanted: &[String]) -> Result<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in wanted {
        let oidc = matches!(scope.as_str(), "openid" | "profile" | "email" | "offline_access");
        let whole = if resource(scope).is_empty() { [GRAPH, scope].concat() } else { scope.clone() };
        let first = scopes.first().unwrap_or(&whole);
        let refusal = if oidc || !is_token(scope) || scope.starts_with('/') || scope.ends_with('/') {
            "Each of the `scopes` must be a permission of a backend, like \"https://graph.microsoft.com/User.Read\"."
        } else if resource(first) != resource(&whole) {
            "The `scopes` are of several backends: ask for one at a time."
        } else if scopes.len() == MOST || scope.len() > LONGEST {
            "The `scopes` are too many or too long."
        } else {
            // By hand: the standard library's sorting is 3 kB of WebAssembly.
            let at = scopes.iter().position(|other| *other >= whole).unwrap_or(scopes.len());
            if scopes.get(at) != Some(&whole) {
                scopes.insert(at, whole);
            }
            continue;
        };
        return Err(Error::new(Code::ScopeNotAllowed, refusal));
    }
    let mut text = String::new();
    for scope in scopes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&scope);
    }
    Ok(text)
}

/// Scopes as they come over the wire, one by one.
pub(crate) fn list(mut scopes: &str) -> Vec<String> {
    let mut list = Vec::new();
    while !scopes.is_empty() {
        let (scope, rest) = split_before(scopes, b' ');
        if !scope.is_empty() {
            list.push(scope.to_owned());
        }
        scopes = rest.get(1..).unwrap_or_default();
    }
    list
}

/// The resource of a scope: all before the last slash; empty for a permission of Graph in its short form.
fn resource(scope: &str) -> &str {
    let end = scope.bytes().rposition(|byte| byte == b'/').unwrap_or_default();
    scope.get(..end).unwrap_or_default()
}

/// RFC 6749 §3.3, `scope-token`.
pub(crate) fn is_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Whether this is one named scope of the client itself: its resource ends in the client's id, and it is not `.default`.
/// The rule keeps a configuration from turning the broker into an application that asks Entra for a backend.
pub(crate) fn is_of_client(scope: &str, client: &str) -> bool {
    let of = resource(scope);
    let (before, id) = of.split_at_checked(of.len().saturating_sub(client.len())).unwrap_or_default();
    let name = scope.get(of.len() + 1..).unwrap_or_default();
    id.eq_ignore_ascii_case(client)
        && (before.is_empty() || before.ends_with('/'))
        && is_token(name)
        && is_token(scope)
        && !name.eq_ignore_ascii_case(".default")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";

    fn parse(scopes: &[&str]) -> std::result::Result<String, Code> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        super::parse(&scopes).map_err(|error| error.code)
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
    fn granted_scopes_come_apart_at_spaces_however_many() {
        assert_eq!(list(" a  b "), ["a", "b"]);
        assert!(list("").is_empty());
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
        let many: Vec<String> = (0..=MOST).map(|at| format!("api://x/{at}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(parse(&many), Err(Code::ScopeNotAllowed));
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
