//! Backend scopes: what a control client may ask for, and a request's scopes once they were allowed.
//!
//! The allow-list holds scopes to the letter, and host patterns for resources that have a host per customer
//! (`https://*.sharepoint.com/.default`): the star stands for one label of the host and for nothing else.

use crate::refusal::Refusal;
use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashSet},
    str::FromStr,
    sync::Arc,
};

/// The scopes that a control client may ask for.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowList {
    exact: HashSet<Scopes>,
    patterns: Vec<HostPattern>,
}

/// `https://*.{domain}/{scope}`.
#[derive(Clone, Debug)]
struct HostPattern {
    domain: String,
    scope: String,
}

/// Why a text is no entry of an allow-list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NotAScope;

/// Scopes that were allowed: of one resource, sorted, each once, space separated.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Scopes(Arc<str>);

/// They hash and compare as their text does.
impl Borrow<str> for Scopes {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Scopes {
    /// Their text, shared.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn for_test(text: &str) -> Self {
        Self(text.into())
    }
}

impl AllowList {
    /// A list of these entries.
    pub(crate) fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NotAScope> {
        let mut list = Self::default();
        for entry in entries {
            if entry.contains('*') {
                list.patterns.push(entry.parse()?);
            } else {
                list.exact.insert(Scopes(backend_scope(entry)?.into()));
            }
        }
        Ok(list)
    }

    /// The wanted scopes, if all are on the list and of one resource.
    pub(crate) fn allow(&self, wanted: &str) -> Result<Scopes, Refusal> {
        // One text for everybody: hundreds of thousands of cached tokens refer to it.
        if let Some(one) = self.exact.get(wanted) {
            return Ok(one.clone());
        }
        let scopes: BTreeSet<&str> = wanted.split(' ').filter(|scope| !scope.is_empty()).collect();
        if scopes.is_empty() || !scopes.iter().all(|scope| self.has(scope)) {
            return Err(Refusal::Scope);
        }
        let mut resources = scopes.iter().map(|scope| resource(scope));
        let first = resources.next();
        if resources.any(|other| Some(other) != first) {
            return Err(Refusal::ScopeResources);
        }
        Ok(Scopes(scopes.into_iter().collect::<Vec<_>>().join(" ").into()))
    }

    fn has(&self, scope: &str) -> bool {
        self.exact.contains(scope) || self.patterns.iter().any(|pattern| pattern.fits(scope))
    }
}

impl HostPattern {
    fn fits(&self, scope: &str) -> bool {
        let parts = scope.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
        let Some((host, name)) = parts else { return false };
        let label = host.strip_suffix(&self.domain).and_then(|host| host.strip_suffix('.'));
        name == self.scope && label.is_some_and(is_label)
    }
}

impl FromStr for HostPattern {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let rest = text.strip_prefix("https://*.").ok_or(NotAScope)?;
        let (domain, scope) = rest.split_once('/').ok_or(NotAScope)?;
        // A star before a top-level domain would be everybody's host.
        let whole = domain.contains('.') && domain.split('.').all(is_label);
        let named = !scope.is_empty() && !scope.contains([' ', '*', '/']);
        if whole && named {
            Ok(Self { domain: domain.to_owned(), scope: scope.to_owned() })
        } else {
            Err(NotAScope)
        }
    }
}

/// A label of a host, as browsers and Entra write it: lower case, no dot, no port, no user.
fn is_label(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(letter) && !text.starts_with('-') && !text.ends_with('-')
}

/// A scope that names its resource. One without is Graph's or OpenID's (`offline_access`), and would bring more than was asked.
fn backend_scope(text: &str) -> Result<&str, NotAScope> {
    let whole =
        text.rsplit_once('/').is_some_and(|(resource, name)| !resource.is_empty() && !name.is_empty());
    if whole && !text.contains(char::is_whitespace) { Ok(text) } else { Err(NotAScope) }
}

/// What stands before the last slash: an identifier URI or a GUID.
fn resource(scope: &str) -> &str {
    scope.rsplit_once('/').map_or("", |(resource, _)| resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(wanted: &str) -> Result<String, Refusal> {
        let list = AllowList::new([
            "https://g.example/A",
            "https://g.example/B",
            "https://g.example/.default",
            "api://feed/All",
            "https://*.sharepoint.com/.default",
        ]);
        list.unwrap().allow(wanted).map(|scopes| scopes.as_str().to_owned())
    }

    #[test]
    fn scopes_of_one_resource_come_out_sorted_and_once() {
        let wanted = "https://g.example/B  https://g.example/A https://g.example/B";
        assert_eq!(allowed(wanted).as_deref(), Ok("https://g.example/A https://g.example/B"));
    }

    #[test]
    fn a_scope_off_the_list_is_refused_even_beside_one_on_it() {
        for wanted in
            ["https://g.example/A https://g.example/C", "https://g.example/a", "offline_access", " "]
        {
            assert_eq!(allowed(wanted), Err(Refusal::Scope), "{wanted}");
        }
    }

    #[test]
    fn scopes_of_two_resources_are_refused() {
        assert_eq!(allowed("https://g.example/A api://feed/All"), Err(Refusal::ScopeResources));
        let two = "https://contoso.sharepoint.com/.default https://fabrikam.sharepoint.com/.default";
        assert_eq!(allowed(two), Err(Refusal::ScopeResources));
    }

    #[test]
    fn a_star_stands_for_one_label_of_the_host_and_for_nothing_else() {
        for good in ["https://contoso.sharepoint.com/.default", "https://contoso-my.sharepoint.com/.default"]
        {
            assert_eq!(allowed(good).as_deref(), Ok(good));
        }
        for bad in [
            "https://sharepoint.com/.default",
            "https://.sharepoint.com/.default",
            "https://a.b.sharepoint.com/.default",
            "https://contoso.sharepoint.com/AllSites.FullControl",
            "https://contoso.sharepoint.com//.default",
            "https://contoso.sharepoint.com:1/.default",
            "https://u@contoso.sharepoint.com/.default",
            "https://evil.example/x.sharepoint.com/.default",
            "https://evilsharepoint.com/.default",
            "https://contoso.sharepoint.com.evil.example/.default",
            "https://*.sharepoint.com/.default",
            "http://contoso.sharepoint.com/.default",
        ] {
            assert_eq!(allowed(bad), Err(Refusal::Scope), "{bad}");
        }
    }

    #[test]
    fn an_entry_that_would_allow_more_than_one_resource_means_is_no_entry() {
        for bad in [
            "https://*/.default",
            "https://*.com/.default",
            "https://*.*.sharepoint.com/.default",
            "https://a*.sharepoint.com/.default",
            "https://*.sharepoint.com/*",
            "https://*.sharepoint.com/",
            "api://*/All",
            "offline_access",
            "/A",
            "https://g.example/A B",
        ] {
            assert!(AllowList::new([bad]).is_err(), "{bad}");
        }
    }
}
