//! Dataverse's Web API as far as a broker could use it (powerapps.md §4.3 and §5): environment variables, the user, the organisation.
//!
//! What Dataverse would refuse is refused in its words and with its codes. Requests carry a session's cookie in reality; here whoever
//! asks is the user whom Power Apps runs as.

mod query;

use super::{Environment, SystemUser, Variable};
use axum::{
    Json,
    http::{HeaderName, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use query::{Expand, Filter, QueryError, selected};
use serde_json::{Map, Value, json};

const VALUES: &str = "environmentvariabledefinition_environmentvariablevalue";
const CURRENT: &str =
    "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')";

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// The user's roles lack a privilege.
    Privilege(&'static str),
    /// No entity set, function or record has that name.
    NotFound { code: &'static str, message: String },
    /// The query is not one that this table understands.
    Query(String),
    /// Nothing here can be changed.
    Method,
}

/// Answers a request; `resource` is what follows `/api/data/`.
pub(super) fn answer(
    method: &Method,
    resource: &str,
    query: &[(String, String)],
    environment: &Environment,
) -> Response {
    // powerapps.md §4.3 [V] switch `dataverse`
    if environment.switches.is("dataverse", "off") {
        let page = "<!doctype html><title>404</title><p>There is no such page.</p>";
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    }
    let body = match resource.split_once('/') {
        _ if method != Method::GET => Err(Refusal::Method),
        Some(("v9.0" | "v9.1" | "v9.2", rest)) => read(rest, query, environment),
        _ => Err(not_found(resource)),
    };
    let body = body.map_or_else(|why| why.answer(environment), |body| odata(StatusCode::OK, body));
    body.into_response()
}

fn read(resource: &str, query: &[(String, String)], environment: &Environment) -> Result<Value, Refusal> {
    let option = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some((key, _)) =
        query.iter().find(|(key, _)| !["$select", "$filter", "$expand"].contains(&key.as_str()))
    {
        return Err(Refusal::Query(format!("The query parameter {key} is not supported")));
    }
    if resource == "environmentvariabledefinitions" {
        return variables(option("$select"), option("$filter"), option("$expand"), environment);
    }
    if resource == CURRENT {
        // powerapps.md §5 [U] switch `organization`
        if environment.switches.is("organization", "refused") {
            return Err(Refusal::Privilege("prvReadOrganization"));
        }
        return Ok(organization(environment));
    }
    match resource.strip_prefix("systemusers(").and_then(|rest| rest.strip_suffix(')')) {
        Some(id) => user(id, option("$select"), environment),
        None => Err(not_found(resource)),
    }
}

fn variables(
    select: Option<&str>,
    filter: Option<&str>,
    expand: Option<&str>,
    environment: &Environment,
) -> Result<Value, Refusal> {
    // powerapps.md §4.3 [U] switch `variables`
    if environment.switches.is("variables", "no-definitions") {
        return Err(Refusal::Privilege("prvReadEnvironmentVariableDefinition"));
    }
    let filter = filter.map(Filter::parse).transpose()?;
    let expand = expand.map(Expand::parse).transpose()?;
    if expand.is_some() && environment.switches.is("variables", "no-values") {
        return Err(Refusal::Privilege("prvReadEnvironmentVariableValue"));
    }
    let fits = |variable: &&Variable| filter.as_ref().is_none_or(|filter| filter.fits(&variable.schema_name));
    let rows = environment.variables.values().filter(fits).map(|variable| {
        let definition = json!({
            "environmentvariabledefinitionid": id_of("def", &variable.schema_name),
            "schemaname": variable.schema_name,
            "displayname": variable.schema_name,
            "defaultvalue": variable.default_value,
            "type": 100_000_003,
        });
        let mut row = selected(definition, select, "environmentvariabledefinition")?;
        if let Some(Expand { navigation, select }) = &expand {
            if navigation != VALUES {
                return Err(no_property(navigation, "environmentvariabledefinition").into());
            }
            let value = |value: &String| {
                let row = json!({ "environmentvariablevalueid": id_of("val", &variable.schema_name), "value": value });
                selected(row, select.as_deref(), "environmentvariablevalue")
            };
            let values = variable.value.iter().map(value).collect::<Result<Vec<_>, _>>()?;
            row.insert(VALUES.to_owned(), values.into());
        }
        Ok(row)
    });
    let rows = rows.collect::<Result<Vec<_>, Refusal>>()?;
    Ok(json!({ "@odata.context": context("environmentvariabledefinitions"), "value": rows }))
}

fn user(id: &str, select: Option<&str>, environment: &Environment) -> Result<Value, Refusal> {
    let found = environment.users.iter().find(|user| user.id.eq_ignore_ascii_case(id));
    let SystemUser { id, name, object_id, windows_live_id, internal_email_address, .. } =
        found.ok_or_else(|| Refusal::NotFound {
            code: "0x80040217",
            message: format!("Entity 'SystemUser' With Id = {id} Does Not Exist"),
        })?;
    let row = json!({
        "systemuserid": id,
        "fullname": name,
        "azureactivedirectoryobjectid": object_id,
        "windowsliveid": windows_live_id,
        "internalemailaddress": internal_email_address,
    });
    let mut row = selected(row, select, "systemuser")?;
    row.insert("@odata.context".to_owned(), context("systemusers/$entity").into());
    row.insert("systemuserid".to_owned(), json!(id)); // The key is always there.
    Ok(row.into())
}

fn organization(environment: &Environment) -> Value {
    json!({
        "@odata.context": context("Microsoft.Dynamics.CRM.RetrieveCurrentOrganizationResponse"),
        "Detail": {
            "OrganizationId": Environment::ORGANIZATION_ID,
            "FriendlyName": "Contoso",
            "OrganizationVersion": "9.2.25112.00188",
            "EnvironmentId": Environment::ENVIRONMENT_ID,
            "Geo": "EUR",
            "TenantId": environment.tenant_id,
            "UrlName": Environment::UNIQUE_NAME,
            "UniqueName": Environment::UNIQUE_NAME,
            "State": "Enabled",
        },
    })
}

impl Refusal {
    fn answer(self, environment: &Environment) -> Response {
        let (status, code, message) = match self {
            Self::Privilege(privilege) => {
                let id = environment.users.get(environment.user).map_or("", |user| &user.id);
                let message = format!(
                    "Principal user (Id={id}, type=8, roleCount=1, privilegeCount=300, accessMode=0) is missing \
                     {privilege} privilege on OTC=380 for entity '{}'. context.Caller={id}",
                    privilege.trim_start_matches("prvRead").to_ascii_lowercase(),
                );
                (StatusCode::FORBIDDEN, "0x80040220", message)
            }
            Self::NotFound { code, message } => (StatusCode::NOT_FOUND, code, message),
            Self::Query(message) => (StatusCode::BAD_REQUEST, "0x80060888", message),
            Self::Method => {
                let message = "The requested resource does not support this http method.".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "0x80060888", message)
            }
        };
        odata(status, json!({ "error": { "code": code, "message": message } }))
    }
}

impl From<QueryError> for Refusal {
    fn from(QueryError(message): QueryError) -> Self {
        Self::Query(message)
    }
}

fn not_found(resource: &str) -> Refusal {
    let segment = resource.split(['/', '(']).next().unwrap_or_default();
    Refusal::NotFound {
        code: "0x8006088a",
        message: format!("Resource not found for the segment '{segment}'."),
    }
}

fn no_property(name: &str, table: &str) -> QueryError {
    QueryError(format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."))
}

fn odata(status: StatusCode, body: Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; odata.metadata=minimal"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("odata-version"), "4.0"),
    ];
    (status, headers, Json(body)).into_response()
}

fn context(of: &str) -> String {
    format!("/api/data/v9.2/$metadata#{of}")
}

/// A made-up row id that is the same each time.
fn id_of(kind: &str, name: &str) -> String {
    let hash = format!("{kind}{name}")
        .bytes()
        .fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    format!("e7000000-0000-4000-8000-{:012x}", hash & 0xffff_ffff_ffff)
}

/// One row of an answer.
type Row = Map<String, Value>;
