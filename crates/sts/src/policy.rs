//! Who may ask for what: tenants with their origins, control clients with their brokers, tenants and scopes.
//!
//! Pure look-ups over the configuration. The control client is found by the token's `aud` and by nothing else.

use crate::{
    assertion::Credential,
    ids::{ClientId, TenantId},
    origin::Origin,
    refusal::Refusal,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The registry of tenants and control clients.
pub(crate) struct Policy {
    tenants: HashMap<TenantId, HashSet<Origin>>,
    clients: HashMap<ClientId, ControlClient>,
}

/// A control client: what may be asked for with a token for it, and what signs in its name.
pub(crate) struct ControlClient {
    pub(crate) id: ClientId,
    pub(crate) rules: Rules,
    pub(crate) credential: Credential,
}

/// What may be asked for with a token for one control client.
pub(crate) struct Rules {
    pub(crate) brokers: HashSet<ClientId>,
    pub(crate) tenants: HashSet<TenantId>,
    pub(crate) scopes: BTreeSet<String>,
}

impl Policy {
    pub(crate) fn new(tenants: HashMap<TenantId, HashSet<Origin>>, clients: Vec<ControlClient>) -> Self {
        Self { tenants, clients: clients.into_iter().map(|client| (client.id, client)).collect() }
    }

    /// The tenants whose tokens may be presented at all.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = TenantId> {
        self.tenants.keys().copied()
    }

    /// The origin, if any tenant has it.
    pub(crate) fn origin(&self, text: &str) -> Option<&Origin> {
        self.tenants.values().flatten().find(|origin| origin.as_str() == text)
    }

    /// The control client that a token is for, if this tenant may use it and this origin belongs to the tenant.
    ///
    /// `aud` and `tid` are not verified yet: this is what keeps strangers from making the service use its network.
    pub(crate) fn admit(&self, aud: &str, tid: TenantId, origin: &Origin) -> Result<&ControlClient, Refusal> {
        let client =
            aud.parse().ok().and_then(|id: ClientId| self.clients.get(&id)).ok_or(Refusal::Audience)?;
        let origins = self.tenants.get(&tid).ok_or(Refusal::Tenant)?;
        if !client.rules.tenants.contains(&tid) {
            return Err(Refusal::Tenant);
        }
        if !origins.contains(origin) {
            return Err(Refusal::OriginOfTenant);
        }
        Ok(client)
    }
}

impl Rules {
    /// The wanted scopes, sorted and each once, if all are on the list and of one resource.
    pub(crate) fn allow(&self, wanted: &str) -> Result<Scopes, Refusal> {
        let scopes: BTreeSet<&str> = wanted.split(' ').filter(|scope| !scope.is_empty()).collect();
        if scopes.is_empty() || !scopes.iter().all(|scope| self.scopes.contains(*scope)) {
            return Err(Refusal::Scope);
        }
        let resources: HashSet<&str> = scopes.iter().map(|scope| resource(scope)).collect();
        if resources.len() != 1 {
            return Err(Refusal::ScopeResources);
        }
        Ok(Scopes(scopes.into_iter().collect::<Vec<_>>().join(" ")))
    }
}

/// Scopes that were allowed: of one resource, sorted, space separated.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Scopes(String);

impl Scopes {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands before the last slash: an identifier URI or a GUID.
fn resource(scope: &str) -> &str {
    scope.rsplit_once('/').map_or("", |(resource, _)| resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        testing::{APP, BROKER, CLIENT, TENANT, exchange},
    };

    fn rules() -> Rules {
        let scopes =
            ["https://g.example/A", "https://g.example/B", "https://g.example/.default", "api://feed/All"];
        Rules {
            brokers: HashSet::new(),
            tenants: HashSet::new(),
            scopes: scopes.into_iter().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn scopes_of_one_resource_come_out_sorted_and_once() {
        let scopes = rules().allow("https://g.example/B  https://g.example/A https://g.example/B").unwrap();
        assert_eq!(scopes.as_str(), "https://g.example/A https://g.example/B");
    }

    #[test]
    fn a_scope_off_the_list_is_refused_even_beside_one_on_it() {
        for wanted in
            ["https://g.example/A https://g.example/C", "https://g.example/a", "offline_access", " "]
        {
            assert_eq!(rules().allow(wanted), Err(Refusal::Scope), "{wanted}");
        }
    }

    #[test]
    fn scopes_of_two_resources_are_refused() {
        assert_eq!(rules().allow("https://g.example/A api://feed/All"), Err(Refusal::ScopeResources));
    }

    #[test]
    fn only_a_configured_aud_tenant_and_origin_of_that_tenant_are_admitted() {
        const OTHER: &str = "70000000-0000-4000-8000-000000000002";
        let mut policy = exchange(&Clock::system()).policy;
        policy
            .tenants
            .insert(OTHER.parse().unwrap(), HashSet::from(["https://other.example".parse().unwrap()]));
        let admitted = |aud: &str, tid: &str, origin: &str| {
            policy.admit(aud, tid.parse().unwrap(), &origin.parse().unwrap()).map(|_| ())
        };
        assert_eq!(admitted(CLIENT, TENANT, APP), Ok(()));
        for aud in [BROKER, "https://graph.microsoft.com", ""] {
            assert_eq!(admitted(aud, TENANT, APP), Err(Refusal::Audience), "{aud}");
        }
        assert_eq!(admitted(CLIENT, "70000000-0000-4000-8000-000000000003", APP), Err(Refusal::Tenant));
        assert_eq!(admitted(CLIENT, OTHER, "https://other.example"), Err(Refusal::Tenant));
        assert_eq!(admitted(CLIENT, TENANT, "https://other.example"), Err(Refusal::OriginOfTenant));
    }
}
