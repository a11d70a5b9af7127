//! Who and what exists: tenants, people, registrations, service principals, grants, policies. A plain value.
//!
//! It is seeded from the estate and changed by consents and scenarios. Readers take a snapshot and decide without a lock.
//! Names follow Microsoft Graph: a *registration* (`application`) exists once, its *principal* once per tenant.

use crate::{certificate::Certificate, jws::SigningKey, policy::Policy};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// `appId` of Microsoft Graph, used where the estate has no Graph of its own.
pub(crate) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
/// The resource that a scope without a resource belongs to.
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

/// Everything that exists.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) apps: Vec<Arc<App>>,
    pub(crate) people: Vec<Person>,
}

/// A directory in the narrower sense.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) domain: String,
    /// `appId`s that have a service principal here.
    pub(crate) principals: BTreeSet<String>,
    /// What service principals have besides their registrations', by `appId`.
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) policies: Vec<Policy>,
    /// `appId`s with `appRoleAssignmentRequired`, and the object ids assigned to each.
    pub(crate) assignments: BTreeMap<String, BTreeSet<String>>,
    /// Signing keys: the first signs, all are published.
    pub(crate) keys: Vec<Arc<SigningKey>>,
}

/// `oauth2PermissionGrant`.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) resource: String,
    /// The object id of the user who consented; none for everybody.
    pub(crate) user: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
}

/// A registration.
#[derive(Clone, Default)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) display_name: String,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    pub(crate) identifier_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) admin_scopes: Vec<String>,
    /// Id → value of scopes that were registered with ids (`graph`); the others have ids that are derived.
    pub(crate) scope_ids: BTreeMap<String, String>,
    pub(crate) token_version: u8,
    pub(crate) optional_claims: Vec<String>,
    /// `requiredResourceAccess`: resource `appId` → scopes.
    pub(crate) required: BTreeMap<String, Vec<String>>,
    pub(crate) pre_authorized: Vec<String>,
    pub(crate) known_clients: Vec<String>,
    pub(crate) access: Access,
    pub(crate) federated: Vec<Federated>,
    /// Properties that nothing here depends on, as they were written (`graph`).
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

/// Who may change a registration or a service principal, and what proves to be it. Each of the two has its own.
#[derive(Clone, Default)]
pub(crate) struct Access {
    /// Object ids.
    pub(crate) owners: Vec<String>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) certificates: Vec<NamedCertificate>,
}

/// `passwordCredential`.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// `keyCredential`.
#[derive(Clone)]
pub(crate) struct NamedCertificate {
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
}

/// A redirect URI and the platform that it is registered under.
#[derive(Clone)]
pub(crate) struct RedirectUri {
    pub(crate) platform: Platform,
    pub(crate) uri: String,
}

/// The platforms of redirect URIs, which decide about `Origin` and credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Platform {
    Spa,
    Web,
    Public,
}

/// `federatedIdentityCredential`.
#[derive(Clone)]
pub(crate) struct Federated {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
}

/// A person, with one home and any number of tenants in which they are a guest.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) home: String,
    pub(crate) oid: String,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) admin: bool,
    /// Tenant id → object id there.
    pub(crate) guest_of: BTreeMap<String, String>,
    /// How often this person's sessions were revoked: what comes from an earlier generation counts for nothing.
    pub(crate) generation: u32,
}

impl Directory {
    /// The tenant with this id, verified domain, or name in the estate.
    pub(crate) fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.id.eq_ignore_ascii_case(name)
                || tenant.domain.eq_ignore_ascii_case(name)
                || tenant.name == name
        })
    }

    pub(crate) fn tenant_mut(&mut self, name: &str) -> Option<&mut Tenant> {
        let id = self.tenant(name)?.id.clone();
        self.tenants.iter_mut().find(|tenant| tenant.id == id)
    }

    /// The registration with this `appId`.
    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().map(Arc::as_ref).find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// The registration with this name in the estate, or this `appId`.
    pub(crate) fn named(&self, name: &str) -> Option<&App> {
        self.apps.iter().map(Arc::as_ref).find(|app| app.name == name).or_else(|| self.app(name))
    }

    /// The resource that scopes are written with: an identifier URI or an `appId`.
    pub(crate) fn resource(&self, identifier: &str) -> Option<&App> {
        let is = |uri: &String| uri.eq_ignore_ascii_case(identifier);
        self.apps
            .iter()
            .map(Arc::as_ref)
            .find(|app| app.identifier_uris.iter().any(is))
            .or_else(|| self.app(identifier))
    }

    /// The person with this object id at home.
    pub(crate) fn person(&self, home: &str, oid: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.home == home && person.oid == oid)
    }

    /// The person with this sign-in name.
    pub(crate) fn person_named(&self, username: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.username.eq_ignore_ascii_case(username))
    }

    /// The person with this object id in this tenant, member or guest.
    pub(crate) fn person_in(&self, tenant: &Tenant, oid: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.oid_in(tenant) == Some(oid))
    }

    /// Delegated scopes that a client holds for a resource and a user: granted, or pre-authorised by the resource.
    pub(crate) fn granted<'a>(
        &'a self,
        tenant: &'a Tenant,
        client: &App,
        resource: &'a App,
        oid: &str,
    ) -> BTreeSet<&'a str> {
        let mut scopes: BTreeSet<&str> = tenant
            .grants
            .iter()
            .filter(|grant| grant.client == client.client_id && grant.resource == resource.client_id)
            .filter(|grant| grant.user.as_deref().is_none_or(|user| user == oid))
            .flat_map(|grant| grant.scopes.iter().map(String::as_str))
            .collect();
        if resource.pre_authorized.contains(&client.client_id) {
            scopes.extend(resource.scopes.iter().map(String::as_str));
        }
        scopes
    }
}

impl Tenant {
    pub(crate) fn has(&self, app: &App) -> bool {
        self.principals.contains(&app.client_id)
    }

    /// Records a consent. `user` none: for everybody.
    pub(crate) fn grant(
        &mut self,
        client: &str,
        resource: &str,
        user: Option<&str>,
        scopes: impl IntoIterator<Item = String>,
    ) {
        let same = |grant: &&mut Grant| {
            grant.client == client && grant.resource == resource && grant.user.as_deref() == user
        };
        let scopes = scopes.into_iter();
        match self.grants.iter_mut().find(same) {
            Some(grant) => grant.scopes.extend(scopes),
            None => self.grants.push(Grant {
                client: client.to_owned(),
                resource: resource.to_owned(),
                user: user.map(str::to_owned),
                scopes: scopes.collect(),
            }),
        }
    }

    /// Whether the application lets only assigned users in, and this one is not.
    pub(crate) fn shuts_out(&self, app: &App, oid: &str) -> bool {
        self.assignments.get(&app.client_id).is_some_and(|assigned| !assigned.contains(oid))
    }

    /// The key that signs.
    pub(crate) fn key(&self) -> Option<&SigningKey> {
        self.keys.first().map(Arc::as_ref)
    }
}

impl App {
    /// The platform under which a redirect URI is registered. The port of a loopback address does not matter
    /// (RFC 8252 §7.3, entra.md §1.2); everything else must match to the letter.
    pub(crate) fn platform(&self, uri: &str) -> Option<Platform> {
        let exact = self.redirect_uris.iter().find(|registered| registered.uri == uri);
        let loopback = || self.redirect_uris.iter().find(|registered| same_but_port(&registered.uri, uri));
        exact.or_else(loopback).map(|registered| registered.platform)
    }

    /// Whether it, or its service principal in this tenant, has a credential.
    pub(crate) fn confidential(&self, tenant: Option<&Tenant>) -> bool {
        let has_one = |access: &Access| !access.secrets.is_empty() || !access.certificates.is_empty();
        !self.federated.is_empty() || self.accesses(tenant).any(has_one)
    }

    /// Its own access and its service principal's in this tenant: what either has counts.
    pub(crate) fn accesses<'a>(&'a self, tenant: Option<&'a Tenant>) -> impl Iterator<Item = &'a Access> {
        std::iter::once(&self.access).chain(tenant.and_then(|tenant| tenant.access.get(&self.client_id)))
    }

    /// What it is called in messages about resources.
    pub(crate) fn identifier(&self) -> &str {
        self.identifier_uris.first().unwrap_or(&self.client_id)
    }
}

impl Access {
    /// Without owners, and with what there is.
    pub(crate) fn of(secret: Option<String>, certificate: Option<Certificate>) -> Self {
        let secret =
            secret.map(|text| Secret { key_id: Uuid::new_v4().to_string(), name: String::new(), text });
        let certificate = certificate.map(|certificate| NamedCertificate {
            key_id: Uuid::new_v4().to_string(),
            name: String::new(),
            certificate,
        });
        Self {
            owners: Vec::new(),
            secrets: secret.into_iter().collect(),
            certificates: certificate.into_iter().collect(),
        }
    }
}

impl Person {
    /// The object id in a tenant, if they are a member or a guest there.
    pub(crate) fn oid_in(&self, tenant: &Tenant) -> Option<&str> {
        if tenant.id == self.home {
            Some(&self.oid)
        } else {
            self.guest_of.get(&tenant.id).map(String::as_str)
        }
    }
}

/// Whether two URIs of `localhost` differ in their port only.
fn same_but_port(registered: &str, uri: &str) -> bool {
    let split = |uri: &str| {
        let rest = uri.strip_prefix("http://localhost").or_else(|| uri.strip_prefix("https://localhost"))?;
        let path = rest.find('/').unwrap_or(rest.len());
        let (port, path) = rest.split_at_checked(path)?;
        let port_is_number =
            port.is_empty() || port.strip_prefix(':')?.bytes().all(|digit| digit.is_ascii_digit());
        port_is_number.then(|| (uri.starts_with("https"), path.to_owned()))
    };
    split(registered).is_some_and(|one| split(uri).is_some_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_localhost_is_ignored() {
        let app = App {
            redirect_uris: vec![
                RedirectUri { platform: Platform::Spa, uri: "http://localhost:1/a".into() },
                RedirectUri { platform: Platform::Web, uri: "https://app.example:1/a".into() },
            ],
            ..App::default()
        };
        assert_eq!(app.platform("http://localhost:2/a"), Some(Platform::Spa));
        assert_eq!(app.platform("http://localhost/a"), Some(Platform::Spa));
        assert_eq!(app.platform("http://localhost:1/A"), None);
        assert_eq!(app.platform("https://localhost:1/a"), None);
        assert_eq!(app.platform("http://localhost:1@evil.example/a"), None);
        assert_eq!(app.platform("http://localhost.evil.example/a"), None);
        assert_eq!(app.platform("https://app.example:2/a"), None);
        assert_eq!(app.platform("https://app.example:1/a"), Some(Platform::Web));
    }
}
