//! The estate of the benchmark: twenty control clients for the broker, twenty applications of the same rights for MSAL, and enough
//! APIs to have five hundred different tokens.

use crate::TWENTY;
use e2e::{Failure, Result};
use estate::Estate;
use std::fmt::Write;

/// How many APIs each client may call.
pub(crate) const APIS: usize = 25;
/// MSAL's redirect page, a web resource like the broker's.
pub(crate) const MSAL_REDIRECT: &str = "msal_/redirect.html";

/// The scope of an API, counted from one.
pub(crate) fn scope(api: usize) -> String {
    format!("api://{}/access", id('a', api))
}

/// The client id of an application of MSAL's, counted from one.
pub(crate) fn msal_client(n: usize) -> String {
    id('e', n)
}

/// The alias of a control client, counted from one.
pub(crate) fn alias(n: usize) -> String {
    format!("control{n}")
}

pub(crate) fn estate() -> Result<Estate> {
    Estate::parse(&text()).map_err(|why| Failure::wrong(why.to_string()))
}

fn text() -> String {
    let mut text = format!(
        "[broker]\nclient_id = \"{}\"\ndisplay_name = \"Broker\"\n\
         redirect_uris = [\"{{app}}/WebResources/talxis_/tokenbroker/redirect.html\"]\n",
        id('b', 1)
    );
    let backends: Vec<String> = (1..=APIS).map(|api| format!("api-{api} = [\"access\"]")).collect();
    let backends = backends.join(", ");
    let (mut principals, mut grants) = (vec!["\"broker\"".to_owned()], Vec::new());
    // Writing to a text cannot fail.
    for n in 1..=TWENTY {
        let _ = write!(
            text,
            "[controls.control-{n}]\nclient_id = \"{}\"\ndisplay_name = \"Control {n}\"\nalias = \"{}\"\n\
             backends = {{ {backends} }}\n\
             [apps.page-{n}]\nclient_id = \"{}\"\ndisplay_name = \"Page {n}\"\n\
             spa_redirect_uris = [\"{{app}}/WebResources/{MSAL_REDIRECT}\"]\nbackends = {{ {backends} }}\n",
            id('c', n),
            alias(n),
            msal_client(n),
        );
        for client in [format!("control-{n}"), format!("page-{n}")] {
            grants.extend((1..=APIS).map(|api| {
                format!("{{ client = \"{client}\", resource = \"api-{api}\", scopes = [\"access\"] }}")
            }));
            principals.push(format!("\"{client}\""));
        }
    }
    for api in 1..=APIS {
        let _ = write!(
            text,
            "[backends.api-{api}]\nclient_id = \"{0}\"\ndisplay_name = \"API {api}\"\n\
             identifier_uris = [\"api://{0}\"]\nscopes = [\"access\"]\n",
            id('a', api)
        );
        principals.push(format!("\"api-{api}\""));
    }
    let _ = write!(
        text,
        "[tenants.contoso]\nid = \"{}\"\ndomain = \"contoso.example\"\nservice_principals = [{}]\ngrants = [{}]\n\
         [[tenants.contoso.users]]\nid = \"{}\"\nusername = \"{USER}\"\nname = \"Adele Novák\"\n",
        id('7', 1),
        principals.join(", "),
        grants.join(", "),
        id('d', 1),
    );
    text
}

/// Who signs in.
pub(crate) const USER: &str = "adele@contoso.example";

fn id(kind: char, n: usize) -> String {
    format!("{kind}0000000-0000-4000-8000-{n:012}")
}
