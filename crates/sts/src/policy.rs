//! Who may ask for what: tenants with their origins, control clients with their brokers, tenants and scopes.
//!
//! Pure look-ups over the configuration. The control client is found by the token's `aud` and by nothing else. A tenant
//! that is not listed exists only where the configuration gives the others origins too.

use crate::{
    credential::Credentials,
    ids::{ClientId, TenantId},
    origin::Origin,
    refusal::Refusal,
    scope::AllowList,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The registry of tenants and control clients.
pub(crate) struct Policy {
    tenants: HashMap<TenantId, HashSet<Origin>>,
    /// The origins of every tenant that is not listed; none: only listed tenants exist.
    others: Option<HashSet<Origin>>,
    clients: HashMap<ClientId, Arc<ControlClient>>,
    /// The origins of all tenants: what CORS asks before anybody is known.
    origins: HashSet<Origin>,
}

/// A control client: what may be asked for with a token for it, and what speaks in its name.
pub(crate) struct ControlClient {
    pub(crate) id: ClientId,
    pub(crate) name: String,
    pub(crate) rules: Rules,
    pub(crate) credentials: Credentials,
}

/// What may be asked for with a token for one control client.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) brokers: HashSet<ClientId>,
    pub(crate) tenants: Tenants,
    pub(crate) scopes: AllowList,
    /// Whether Entra is told that the client understands claims challenges (`xms_cc` CP1): its tokens then live longer.
    pub(crate) cp1: bool,
}

/// The tenants in which a control client serves.
#[derive(Clone, Debug)]
pub(crate) enum Tenants {
    /// Every tenant that the policy knows.
    Any,
    /// These.
    Listed(HashSet<TenantId>),
}

impl Policy {
    pub(crate) fn new(
        tenants: HashMap<TenantId, HashSet<Origin>>,
        others: Option<HashSet<Origin>>,
        clients: Vec<ControlClient>,
    ) -> Self {
        let origins = tenants.values().chain(&others).flatten().cloned().collect();
        let clients = clients.into_iter().map(|client| (client.id, Arc::new(client))).collect();
        Self { tenants, others, clients, origins }
    }

    /// The listed tenants.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = TenantId> {
        self.tenants.keys().copied()
    }

    /// Whether tenants that are not listed exist.
    pub(crate) fn knows_others(&self) -> bool {
        self.others.is_some()
    }

    /// The control clients.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Arc<ControlClient>> {
        self.clients.values()
    }

    /// The origin, if any tenant has it.
    pub(crate) fn origin(&self, text: &str) -> Option<&Origin> {
        self.origins.get(text)
    }

    /// The control client that a token is for, if this tenant may use it and this origin belongs to the tenant.
    ///
    /// `aud` and `tid` need not be verified yet: this is what keeps strangers from making the service use its network.
    pub(crate) fn admit(
        &self,
        aud: ClientId,
        tid: TenantId,
        origin: &Origin,
    ) -> Result<&Arc<ControlClient>, Refusal> {
        let client = self.clients.get(&aud).ok_or(Refusal::Audience)?;
        let origins = self.tenants.get(&tid).or(self.others.as_ref()).ok_or(Refusal::Tenant)?;
        if let Tenants::Listed(tenants) = &client.rules.tenants
            && !tenants.contains(&tid)
        {
            return Err(Refusal::Tenant);
        }
        if !origins.contains(origin) {
            return Err(Refusal::OriginOfTenant);
        }
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{APP, BROKER, CLIENT, TENANT, control_client, rules};

    const OTHER: &str = "70000000-0000-4000-8000-000000000002";
    const STRANGER: &str = "70000000-0000-4000-8000-000000000003";
    const ELSEWHERE: &str = "https://other.example";

    fn policy(rules: Rules, others: Option<&str>) -> Policy {
        let origins = |text: &str| HashSet::from([text.parse().unwrap()]);
        let tenants = HashMap::from([
            (TENANT.parse().unwrap(), origins(APP)),
            (OTHER.parse().unwrap(), origins(ELSEWHERE)),
        ]);
        Policy::new(tenants, others.map(origins), vec![control_client(rules)])
    }

    fn admitted(policy: &Policy, aud: &str, tid: &str, origin: &str) -> Result<(), Refusal> {
        policy.admit(aud.parse().unwrap(), tid.parse().unwrap(), &origin.parse().unwrap()).map(|_| ())
    }

    #[test]
    fn only_a_configured_aud_tenant_and_origin_of_that_tenant_are_admitted() {
        let policy = policy(rules(), None);
        assert_eq!(admitted(&policy, CLIENT, TENANT, APP), Ok(()));
        assert_eq!(admitted(&policy, BROKER, TENANT, APP), Err(Refusal::Audience));
        assert_eq!(admitted(&policy, CLIENT, STRANGER, APP), Err(Refusal::Tenant));
        assert_eq!(admitted(&policy, CLIENT, OTHER, ELSEWHERE), Err(Refusal::Tenant));
        assert_eq!(admitted(&policy, CLIENT, TENANT, ELSEWHERE), Err(Refusal::OriginOfTenant));
    }

    #[test]
    fn a_client_of_any_tenant_serves_tenants_that_are_not_listed_only_where_others_exist() {
        let any = || Rules { tenants: Tenants::Any, ..rules() };
        let shared = "https://shared.example";
        assert_eq!(admitted(&policy(any(), None), CLIENT, STRANGER, shared), Err(Refusal::Tenant));
        let open = policy(any(), Some(shared));
        assert_eq!(admitted(&open, CLIENT, STRANGER, shared), Ok(()));
        assert_eq!(admitted(&open, CLIENT, STRANGER, APP), Err(Refusal::OriginOfTenant));
        assert_eq!(admitted(&open, CLIENT, TENANT, shared), Err(Refusal::OriginOfTenant));
        assert_eq!(admitted(&policy(rules(), Some(shared)), CLIENT, STRANGER, shared), Err(Refusal::Tenant));
        assert!(open.origin(shared).is_some() && open.origin("https://evil.example").is_none());
    }
}
