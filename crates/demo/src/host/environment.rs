//! What a Power Apps environment holds: its organisation, users, environment variables, web resources, and how it is switched.

use super::{Switches, WebResources};
use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use estate::{Estate, Tenant};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An environment variable: its definition, and its value if somebody set one. powerapps.md §4.3 [V]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// `schemaname`.
    pub schema_name: String,
    /// `defaultvalue`.
    pub default_value: Option<String>,
    /// `value` of its row in the table of values.
    pub value: Option<String>,
}

/// A user of the environment. Power Apps' id is not Entra's. powerapps.md §5 [V]
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemUser {
    /// `systemuserid`.
    pub id: String,
    /// `fullname`.
    pub name: String,
    /// The name that Entra signs the user in with.
    pub username: String,
    /// `azureactivedirectoryobjectid`: the object id in the environment's tenant.
    pub object_id: String,
    /// `windowsliveid`: the user principal name in the environment's tenant, a guest's with `#EXT#`.
    pub windows_live_id: String,
    /// `internalemailaddress`.
    pub internal_email_address: String,
}

/// All of it.
pub(crate) struct Environment {
    pub(crate) switches: Switches,
    pub(crate) tenant_id: String,
    pub(crate) users: Vec<SystemUser>,
    /// Whom Power Apps runs as: a place in `users`.
    pub(crate) user: usize,
    /// By schema name.
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) web_resources: WebResources,
    /// The version token in addresses of web resources.
    pub(crate) version: u64,
    /// The XML of the Application Ribbon, where a solution brought one.
    pub(crate) ribbon: Option<String>,
    /// What the page is told beside all this.
    pub(crate) page: Value,
}

impl Environment {
    /// `organizationid` and its kin; all made up.
    pub(crate) const ORGANIZATION_ID: &str = "0e000000-0000-4000-8000-000000000001";
    pub(crate) const ENVIRONMENT_ID: &str = "0e000000-0000-4000-8000-000000000002";
    pub(crate) const UNIQUE_NAME: &str = "contoso";

    /// The environment of the estate's first tenant, where the broker is configured by its variable.
    pub(crate) fn new(
        estate: &Estate,
        switches: Switches,
        web_resources: WebResources,
        broker_config: &str,
        page: Value,
    ) -> Self {
        let config = Variable {
            schema_name: "talxis_TokenBrokerConfig".to_owned(),
            default_value: None,
            value: Some(broker_config.to_owned()),
        };
        let home = estate.tenants.iter().next();
        Self {
            switches,
            tenant_id: home.map(|(_, tenant)| tenant.id.clone()).unwrap_or_default(),
            users: home.map(|(name, tenant)| users(estate, name, tenant)).unwrap_or_default(),
            user: 0,
            variables: BTreeMap::from([(config.schema_name.clone(), config)]),
            web_resources,
            ribbon: None,
            version: 638_000_000_000_000_000,
            page,
        }
    }

    pub(crate) fn with_ribbon(self, ribbon: Option<String>) -> Self {
        Self { ribbon, ..self }
    }

    /// What the page reads when it loads: what Unified Interface finds in main.aspx itself.
    pub(crate) fn page(&self) -> Response {
        let mut page = self.page.clone();
        if let Some(page) = page.as_object_mut() {
            page.insert("switches".to_owned(), json!(self.switches));
            page.insert("ribbon".to_owned(), json!(self.ribbon));
            page.insert("version".to_owned(), json!(self.version.to_string()));
            page.insert("user".to_owned(), json!(self.users.get(self.user)));
            page.insert(
                "organization".to_owned(),
                json!({ "id": Self::ORGANIZATION_ID, "environmentId": Self::ENVIRONMENT_ID, "uniqueName": Self::UNIQUE_NAME }),
            );
        }
        ([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response()
    }
}

fn users(estate: &Estate, home: &str, tenant: &Tenant) -> Vec<SystemUser> {
    let members = tenant.users.iter().map(|user| (user, user.id.clone(), user.username.clone()));
    let everybody = estate.tenants.values().flat_map(|tenant| &tenant.users);
    let guests = everybody.filter_map(|user| {
        let upn = format!("{}#EXT#@{}", user.username.replace('@', "_"), tenant.domain);
        Some((user, user.guest_of.get(home)?.clone(), upn))
    });
    let system_user = |(user, object_id, upn): (&estate::User, String, String)| SystemUser {
        id: format!("5a0e{}", object_id.get(4..).unwrap_or_default()),
        name: user.name.clone(),
        username: user.username.clone(),
        object_id,
        windows_live_id: upn,
        internal_email_address: user.username.clone(),
    };
    members.chain(guests).map(system_user).collect()
}
