//! What the estate says in the words of the parts: the STS's TOML and the broker's JSON.

use crate::{Estate, Tenant};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, path::Path};

/// Where the parts answer, known once they are bound. Each is an origin: scheme, host and port, no trailing slash.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The Power Apps environment.
    pub app: String,
    /// Entra, or its stand-in.
    pub authority: String,
    /// The Security Token Service.
    pub sts: String,
}

impl Estate {
    /// The broker's redirect URIs in this place.
    #[must_use]
    pub fn redirect_uris(&self, app: &str) -> Vec<String> {
        self.broker.redirect_uris.iter().map(|uri| uri.replace("{app}", app)).collect()
    }

    /// A backend scope as it is asked for: identifier URI, slash, value.
    #[must_use]
    pub fn scope(&self, backend: &str, value: &str) -> Option<String> {
        let uri = self.backends.get(backend)?.identifier_uris.first()?;
        Some(format!("{uri}/{value}"))
    }

    /// The broker's configuration (contract §1, `BrokerConfig`), as JSON text.
    #[must_use]
    pub fn broker_config(&self, at: &Addresses) -> String {
        let clients: Map<String, Value> =
            self.controls.values().map(|control| (control.alias.clone(), json!(control.client_id))).collect();
        json!({
            "version": 1,
            "clientId": self.broker.client_id,
            "authority": at.authority,
            "sts": at.sts,
            "clients": clients,
        })
        .to_string()
    }

    /// The STS's configuration, as TOML text. `certificates` is the folder that [`crate::Certificates`] wrote.
    #[must_use]
    pub fn sts_config(&self, at: &Addresses, listen: &str, certificates: &Path) -> String {
        let own = std::slice::from_ref(&at.app);
        let origins = |tenant: &Tenant| {
            if tenant.environments.is_empty() { own.to_vec() } else { tenant.environments.clone() }
        };
        let tenants: Vec<Value> = self
            .tenants
            .values()
            .map(|tenant| json!({ "id": tenant.id, "origins": origins(tenant) }))
            .collect();
        let clients: Vec<Value> = self
            .controls
            .iter()
            .map(|(name, control)| {
                let used_in: Vec<&str> = self
                    .tenants
                    .values()
                    .filter(|tenant| tenant.service_principals.contains(name))
                    .map(|tenant| tenant.id.as_str())
                    .collect();
                let scopes: BTreeSet<String> = control
                    .backends
                    .iter()
                    .flat_map(|(backend, values)| {
                        let default = std::iter::once(".default");
                        default
                            .chain(values.iter().map(String::as_str))
                            .filter_map(|value| self.scope(backend, value))
                    })
                    .collect();
                json!({
                    "client_id": control.client_id,
                    "name": name,
                    "brokers": [self.broker.client_id],
                    "tenants": used_in,
                    "scopes": scopes,
                    "cp1": control.cp1,
                    "certificate": certificates.join(format!("{name}.crt.pem")),
                    "private_key": certificates.join(format!("{name}.key.pem")),
                })
            })
            .collect();
        let config =
            json!({ "listen": listen, "authority": at.authority, "tenants": tenants, "clients": clients });
        toml::to_string(&config).unwrap_or_default()
    }
}
