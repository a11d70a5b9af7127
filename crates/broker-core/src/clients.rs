//! The control clients that callers may name (contract §1): the configuration's own list, and the aliases that other solutions bring.
//! A solution's list names clients and nothing else. It never changes what the configuration says, a mistake in it concerns
//! nobody else, and where two solutions differ over an alias, or over a client's scope, neither is believed.

use crate::{
    Code, Error, Json, Result, guid,
    members::{Members, invalid},
    scope,
};
use std::rc::Rc;

/// A control client and the one scope of it that the broker asks for.
pub(crate) struct ControlClient {
    /// Empty for one that is not listed.
    alias: String,
    pub(crate) id: String,
    pub(crate) scope: String,
    /// The environment variable that brought it; empty: the configuration itself.
    source: String,
}

/// Everybody whom a caller may name.
pub(crate) struct Clients {
    list: Vec<Rc<ControlClient>>,
    /// The broker registration, which is no control client.
    broker: String,
    /// Only those whom the configuration itself lists.
    restrict: bool,
    /// What was left out of other solutions' lists, and why.
    pub(crate) problems: Vec<String>,
}

impl Clients {
    /// The configuration's own list.
    ///
    /// # Errors
    /// `config_invalid` for the first entry that breaks a rule.
    pub(crate) fn read(listed: Option<&impl Json>, broker: &str, restrict: bool) -> Result<Self> {
        let list = listed.map_or_else(|| Ok(Vec::new()), |listed| entries(listed, broker, ""))?;
        Ok(Self { list, broker: broker.to_owned(), restrict, problems: Vec::new() })
    }

    /// Adds what another solution's variable lists; what cannot be added is a problem, and no error.
    pub(crate) fn add(&mut self, source: &str, listed: Option<&impl Json>) {
        let problem = |what: &str| [source, ": ", what].concat();
        let Some(listed) = listed else {
            return self.problems.push(problem("the value must be a JSON object of aliases."));
        };
        match entries(listed, &self.broker, source) {
            Err(error) => self.problems.push(problem(&error.message)),
            Ok(list) => {
                for entry in list {
                    match self.objection(&entry) {
                        Some(what) => self.problems.push(problem(&["`", &entry.alias, "` ", what].concat())),
                        None => self.list.push(entry),
                    }
                }
            }
        }
    }

    fn objection(&self, entry: &ControlClient) -> Option<&'static str> {
        let own = |other: &&Rc<ControlClient>| other.source.is_empty();
        if self.list.iter().filter(own).any(|other| other.id == entry.id && other.scope != entry.scope) {
            Some("is a client that the configuration itself lists with another scope.")
        } else if self.list.iter().filter(own).any(|other| other.alias == entry.alias) {
            Some("is an alias of the configuration itself.")
        } else if self.restrict && !self.list.iter().filter(own).any(|other| other.id == entry.id) {
            Some("is not a client that the configuration allows.")
        } else {
            None
        }
    }

    /// The scopes that are not the one that a client has unless another is given. An alias more or less changes no token.
    pub(crate) fn scopes(&self) -> String {
        let mut scopes = String::new();
        for client in &self.list {
            if client.scope != default_scope(&client.id) {
                scopes.push(' ');
                scopes.push_str(&client.scope);
            }
        }
        scopes
    }

    /// The control client that a caller names by alias or GUID.
    ///
    /// # Errors
    /// `client_not_allowed` for the broker itself, an unknown alias, and, under `restrict`, a client that is not listed;
    /// `config_invalid` for an alias, or a client's scope, over which two solutions differ.
    pub(crate) fn find(&self, name: &str) -> Result<Rc<ControlClient>> {
        let id = name.to_ascii_lowercase();
        // No alias is empty or a GUID, and every id is a GUID.
        let same = |client: &&Rc<ControlClient>| client.alias == name || client.id == id;
        if let Some(client) = self.list.iter().find(same) {
            // Tokens are kept per client: two scopes for one client would hand out one for the other.
            let rival = |other: &&Rc<ControlClient>| {
                if other.id == client.id { other.scope != client.scope } else { same(other) }
            };
            let other = self.list.iter().find(rival);
            return other
                .map_or_else(|| Ok(client.clone()), |other| Err(ambiguous(&client.source, &other.source)));
        }
        if !guid::is_guid(&id) || id == self.broker || self.restrict {
            return Err(Error::new(
                Code::ClientNotAllowed,
                "`client` must be the alias or the GUID of a control client that the configuration allows.",
            ));
        }
        let scope = default_scope(&id);
        Ok(Rc::new(ControlClient { alias: String::new(), id, scope, source: String::new() }))
    }
}

fn entries<J: Json>(listed: &J, broker: &str, source: &str) -> Result<Vec<Rc<ControlClient>>> {
    let mut list: Vec<Rc<ControlClient>> = Vec::new();
    for alias in listed.names() {
        let path = ["clients.", &alias].concat();
        let inside = [&path, "."].concat();
        let (mut id, mut scope) = (listed.text(&alias).unwrap_or_default(), String::new());
        if let Some(entry) = listed.member(&alias) {
            let mut members = Members::of(&entry, &inside);
            members.only(&["clientId", "scope"]);
            (id, scope) = (members.text("clientId"), members.text("scope"));
            members.finish()?;
        }
        id.make_ascii_lowercase();
        if scope.is_empty() {
            scope = default_scope(&id);
        }
        let broken = if !guid::is_guid(&id) || id == broker || alias.is_empty() || guid::is_guid(&alias) {
            // An alias that is a GUID would mean another client than itself; the broker is no control client.
            "must be an alias of the GUID of a control client"
        } else if !scope::is_of_client(&scope, &id) {
            "must have a `scope` of this very client, and not `.default`"
        } else if list.iter().any(|other| other.id == id && other.scope != scope) {
            // Tokens are kept per client: two scopes for one client would hand out one for the other.
            "names a client that another alias names with another scope"
        } else {
            list.push(Rc::new(ControlClient { alias, id, scope, source: source.to_owned() }));
            continue;
        };
        return Err(invalid(&path, broken));
    }
    Ok(list)
}

fn ambiguous(one: &str, other: &str) -> Box<Error> {
    let rule = ["means different things in ", one, " and ", other].concat();
    invalid("client", &rule)
}

fn default_scope(client: &str) -> String {
    ["api://", client, "/access_as_user"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::BROKER;
    use serde_json::{Value, json};

    const PICKER: &str = "c0000000-0000-4000-8000-000000000001";
    const CALENDAR: &str = "c0000000-0000-4000-8000-000000000002";
    const OTHER: &str = "c0000000-0000-4000-8000-000000000003";

    fn clients(restrict: bool, foreign: &[(&str, Value)]) -> Clients {
        let own = json!({ "picker": PICKER });
        let mut clients = Clients::read(Some(&own), BROKER, restrict).expect("it is good");
        for (source, listed) in foreign {
            clients.add(source, Some(listed).filter(|listed| listed.is_object()));
        }
        clients
    }

    fn found(clients: &Clients, name: &str) -> std::result::Result<String, Code> {
        clients.find(name).map(|client| client.id.clone()).map_err(|error| error.code)
    }

    #[test]
    fn another_solution_names_its_own_client() {
        let clients = clients(false, &[("abc_TokenBrokerClients", json!({ "calendar": CALENDAR }))]);
        assert_eq!(found(&clients, "calendar").as_deref(), Ok(CALENDAR));
        assert_eq!(found(&clients, "picker").as_deref(), Ok(PICKER));
        assert!(clients.problems.is_empty());
    }

    #[test]
    fn another_solution_cannot_change_what_the_configuration_says() {
        let hostile = json!({ "picker": OTHER, "mine": { "clientId": PICKER, "scope": format!("api://{PICKER}/all") } });
        let clients = clients(false, &[("abc_TokenBrokerClients", hostile)]);
        assert_eq!(found(&clients, "picker").as_deref(), Ok(PICKER));
        assert_eq!(found(&clients, "mine"), Err(Code::ClientNotAllowed));
        assert_eq!(clients.problems.len(), 2);
        assert!(clients.problems.iter().all(|problem| problem.starts_with("abc_TokenBrokerClients: `")));
    }

    #[test]
    fn an_alias_over_which_two_solutions_differ_means_neither() {
        let both = [
            ("abc_TokenBrokerClients", json!({ "x": CALENDAR })),
            ("xyz_TokenBrokerClients", json!({ "x": OTHER })),
        ];
        let clients = clients(false, &both);
        let error = clients.find("x").err().expect("it is refused");
        assert_eq!(error.code, Code::ConfigInvalid);
        assert!(
            error.message.contains("abc_TokenBrokerClients and xyz_TokenBrokerClients"),
            "{}",
            error.message
        );
        assert_eq!(found(&clients, CALENDAR).as_deref(), Ok(CALENDAR));
    }

    #[test]
    fn no_solution_decides_which_scope_is_asked_of_anothers_client() {
        let both = [
            (
                "abc_TokenBrokerClients",
                json!({ "x": { "clientId": CALENDAR, "scope": format!("api://{CALENDAR}/typo") } }),
            ),
            ("xyz_TokenBrokerClients", json!({ "calendar": CALENDAR })),
        ];
        let clients = clients(false, &both);
        for name in ["x", "calendar", CALENDAR] {
            let error = clients.find(name).err().expect("it is refused");
            assert_eq!(error.code, Code::ConfigInvalid, "{name}");
            assert!(error.message.contains("abc_TokenBrokerClients"), "{}", error.message);
            assert!(error.message.contains("xyz_TokenBrokerClients"), "{}", error.message);
        }
    }

    #[test]
    fn solutions_that_agree_on_an_alias_share_it() {
        let both = [
            ("abc_TokenBrokerClients", json!({ "x": CALENDAR })),
            ("xyz_TokenBrokerClients", json!({ "x": CALENDAR })),
        ];
        assert_eq!(found(&clients(false, &both), "x").as_deref(), Ok(CALENDAR));
    }

    #[test]
    fn a_list_with_a_mistake_concerns_nobody_else() {
        for bad in [
            json!({ "x": "no guid" }),
            json!({ "x": BROKER }),
            json!({ "x": { "clientId": OTHER, "evil": 1 } }),
            json!([]),
            json!(7),
        ] {
            let clients = clients(
                false,
                &[
                    ("bad_TokenBrokerClients", bad.clone()),
                    ("abc_TokenBrokerClients", json!({ "calendar": CALENDAR })),
                ],
            );
            assert_eq!(found(&clients, "x"), Err(Code::ClientNotAllowed), "{bad}");
            assert_eq!(found(&clients, "calendar").as_deref(), Ok(CALENDAR));
            assert_eq!(clients.problems.len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_restricted_configuration_takes_other_names_for_its_clients_and_no_other_clients() {
        let clients =
            clients(true, &[("abc_TokenBrokerClients", json!({ "same": PICKER, "calendar": CALENDAR }))]);
        assert_eq!(found(&clients, "same").as_deref(), Ok(PICKER));
        assert_eq!(found(&clients, "calendar"), Err(Code::ClientNotAllowed));
        assert_eq!(found(&clients, CALENDAR), Err(Code::ClientNotAllowed));
    }
}
