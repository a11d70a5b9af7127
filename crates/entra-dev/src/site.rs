//! Where the stand-in answers. It has one origin and, as Entra has, aliases: what a client calls is what it reads back.
//!
//! The main name is `login.localhost`, so that a browser sees a site of its own; `localhost` and `127.0.0.1` are for
//! programs that cannot resolve it.

use crate::directory::{Directory, Tenant};

/// The names of this server.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    origins: [String; 3],
}

impl Site {
    pub(crate) fn new(scheme: &str, port: u16) -> Self {
        Self {
            origins: ["login.localhost", "localhost", "127.0.0.1"]
                .map(|host| format!("{scheme}://{host}:{port}")),
        }
    }

    /// The main origin.
    pub(crate) fn main(&self) -> &str {
        let [main, ..] = &self.origins;
        main
    }

    /// The origin that a `Host` header means; the main one for any other host.
    pub(crate) fn called(&self, host: Option<&str>) -> &str {
        let is_called = |origin: &&String| origin.split_once("://").map(|(_, name)| name) == host;
        self.origins.iter().find(is_called).map_or(self.main(), String::as_str)
    }

    /// Host names with ports, main one first.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter_map(|origin| origin.split_once("://")).map(|(_, host)| host)
    }

    /// Host names without ports.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts().filter_map(|host| host.rsplit_once(':')).map(|(name, _)| name)
    }

    /// What follows one of the origins in a URL.
    pub(crate) fn strip_origin<'a>(&self, url: &'a str) -> Option<&'a str> {
        self.origins.iter().find_map(|origin| url.strip_prefix(origin.as_str()))
    }

    /// Whether two URLs are the same but for the alias.
    pub(crate) fn same(&self, one: &str, other: &str) -> bool {
        one == other || self.strip_origin(one).is_some_and(|one| self.strip_origin(other) == Some(one))
    }

    /// The tenant that issues tokens under this issuer, v2 or v1.
    pub(crate) fn issuing_tenant<'a>(&self, issuer: &str, directory: &'a Directory) -> Option<&'a Tenant> {
        let path = self.strip_origin(issuer)?.strip_prefix('/')?;
        let id = path.strip_suffix("/v2.0").or_else(|| path.strip_suffix('/'))?;
        directory.tenants.iter().find(|tenant| tenant.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reads_back_the_name_that_it_called() {
        let site = Site::new("https", 7);
        assert_eq!(site.called(Some("localhost:7")), "https://localhost:7");
        assert_eq!(site.called(Some("evil.example:7")), "https://login.localhost:7");
        assert!(site.same("https://localhost:7/t/v2.0", "https://127.0.0.1:7/t/v2.0"));
        assert!(!site.same("https://localhost:7/t/v2.0", "https://localhost:7/u/v2.0"));
        assert!(!site.same("https://evil.example/t", "https://other.example/t"));
    }
}
