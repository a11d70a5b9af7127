//! Reading the `scope` parameter: which resources, which of their scopes, which OIDC scopes (entra.md §1.6).
//!
//! Only names are resolved here. Whether a principal exists and who consented is decided elsewhere.

use crate::{
    directory::{App, Directory, GRAPH_URI, Tenant},
    errors::{RESOURCE_NOT_IN_TENANT, Refusal, SCOPE_INVALID},
};

/// What a request asks for.
#[derive(Default)]
pub(crate) struct Ask<'a> {
    pub(crate) oidc: Oidc,
    /// In the order of their first scope.
    pub(crate) resources: Vec<Wanted<'a>>,
}

/// The OIDC scopes, which Graph hosts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Oidc {
    pub(crate) openid: bool,
    pub(crate) profile: bool,
    pub(crate) email: bool,
    pub(crate) offline_access: bool,
}

/// Scopes of one resource.
pub(crate) struct Wanted<'a> {
    pub(crate) app: &'a App,
    /// The resource as the request wrote it; empty for the short form of Graph's scopes.
    pub(crate) identifier: String,
    pub(crate) values: Vec<String>,
}

impl Wanted<'_> {
    /// Whether everything that was granted is asked for.
    pub(crate) fn is_default(&self) -> bool {
        self.values.iter().any(|value| value == ".default")
    }

    /// A scope in the form in which the request wrote this resource.
    pub(crate) fn write(&self, value: &str) -> String {
        if self.identifier.is_empty() { value.to_owned() } else { format!("{}/{value}", self.identifier) }
    }
}

impl Oidc {
    /// Those that show in a token for Graph and in the answer's `scope`.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        [(self.openid, "openid"), (self.profile, "profile"), (self.email, "email")]
            .into_iter()
            .filter_map(|(wanted, name)| wanted.then_some(name))
    }
}

/// Reads the parameter. `tenant` only names the place in messages.
pub(crate) fn read<'a>(
    text: &str,
    directory: &'a Directory,
    tenant: Option<&Tenant>,
) -> Result<Ask<'a>, Refusal> {
    let mut ask = Ask::default();
    for scope in text.split_ascii_whitespace() {
        match scope {
            "openid" => ask.oidc.openid = true,
            "profile" => ask.oidc.profile = true,
            "email" => ask.oidc.email = true,
            "offline_access" => ask.oidc.offline_access = true,
            _ => add(&mut ask.resources, scope, directory, tenant)?,
        }
    }
    Ok(ask)
}

fn add<'a>(
    wanted: &mut Vec<Wanted<'a>>,
    scope: &str,
    directory: &'a Directory,
    tenant: Option<&Tenant>,
) -> Result<(), Refusal> {
    let (identifier, value) = scope.rsplit_once('/').unwrap_or(("", scope));
    let identified = if identifier.is_empty() { GRAPH_URI } else { identifier };
    let place = tenant.map_or("the directory", |tenant| tenant.domain.as_str());
    let app = directory
        .resource(identified)
        // An identifier that ends in a slash needs a second one before the scope.
        .or_else(|| directory.resource(&format!("{identified}/")))
        .ok_or_else(|| RESOURCE_NOT_IN_TENANT.with(identifier).with(place))?;
    if value != ".default" && !app.scopes.iter().any(|exposed| exposed == value) {
        return Err(SCOPE_INVALID.with(scope));
    }
    match wanted.iter_mut().find(|one| std::ptr::eq(one.app, app)) {
        Some(one) if one.is_default() != (value == ".default") => return Err(SCOPE_INVALID.with(scope)),
        Some(one) => one.values.push(value.to_owned()),
        None => {
            wanted.push(Wanted { app, identifier: identifier.to_owned(), values: vec![value.to_owned()] })
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn directory() -> Directory {
        let app = |id: &str, uri: &str| {
            Arc::new(App {
                client_id: id.into(),
                identifier_uris: vec![uri.into()],
                scopes: vec!["read".into(), "write".into()],
                ..App::default()
            })
        };
        Directory {
            apps: vec![app("g", GRAPH_URI), app("a", "api://a"), app("s", "https://s.example/")],
            ..Directory::default()
        }
    }

    #[test]
    fn scopes_are_grouped_by_resource_in_every_spelling() {
        let directory = directory();
        let ask = read("openid read api://a/read a/write https://s.example//.default", &directory, None)
            .ok()
            .unwrap();
        assert!(ask.oidc.openid && !ask.oidc.offline_access);
        let ids: Vec<&str> = ask.resources.iter().map(|one| one.app.client_id.as_str()).collect();
        assert_eq!(ids, ["g", "a", "s"]);
        assert_eq!(ask.resources[1].values, ["read", "write"]);
        assert!(ask.resources[2].is_default());
        assert_eq!(ask.resources[0].write("read"), "read");
        assert_eq!(ask.resources[1].write("read"), "api://a/read");
    }

    #[test]
    fn what_does_not_exist_or_does_not_mix_is_refused() {
        let directory = directory();
        let number = |text: &str| read(text, &directory, None).err().map(|refusal| refusal.aadsts.number);
        assert_eq!(number("api://b/read"), Some(500_011));
        assert_eq!(number("api://a/delete"), Some(70011));
        assert_eq!(number("api://a/.default api://a/read"), Some(70011));
        assert_eq!(number("api://a/.default read"), None);
    }
}
