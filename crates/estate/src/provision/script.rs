//! The script's words: how a request, a file and a hole are written in POSIX shell. Knows no registration.

use serde_json::Value;
use std::cell::RefCell;

/// The folder of the control clients' certificates, beside the script.
pub(super) const CERTIFICATES: &str = "certificates";

const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// What every script begins with.
const START: &str = include_str!("start.sh");

pub(super) struct Script {
    text: RefCell<String>,
}

/// The place of a registration's `appId` in a text.
pub(super) fn hole(name: &str) -> String {
    variable(name, "APP_ID")
}

fn variable(name: &str, what: &str) -> String {
    format!("{OPEN}{}_{what}{CLOSE}", name.replace('-', "_").to_uppercase())
}

impl Script {
    pub(super) fn new() -> Self {
        Self { text: RefCell::new(START.to_owned()) }
    }

    fn say(&self, line: &str) {
        let mut text = self.text.borrow_mut();
        text.push_str(line);
        text.push('\n');
    }

    /// From here on requests go to this tenant.
    pub(super) fn tenant(&self, id: &str, what: &str) {
        self.say(&format!("\n### {what}\naz login --tenant {id} --allow-no-subscriptions --output none"));
    }

    /// Creates a registration or finds it, and keeps its `appId`.
    pub(super) fn registration(&self, name: &str, body: &Value) {
        self.say(&format!("\n# {name}"));
        self.send(&key(name), " Prefer=create-if-missing", body);
        self.keep(&hole(name), &key(name), "appId");
    }

    /// Changes a registration.
    pub(super) fn change(&self, name: &str, body: &Value) {
        self.send(&key(name), "", body);
    }

    /// Reads the id of a scope that somebody else registered; comes to its hole.
    pub(super) fn scope(&self, app_id: &str, backend: &str, value: &str) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
        let hole =
            variable(&format!("{backend}_{}", value.chars().map(plain).collect::<String>()), "SCOPE_ID");
        let query = format!("oauth2PermissionScopes[?value=='{value}'].id | [0]");
        if !self.text.borrow().contains(&query_line(&hole, app_id, &query)) {
            self.say(&query_line(&hole, app_id, &query));
        }
        hole
    }

    /// Makes a certificate where there is none, and registers it beside those that are there.
    pub(super) fn certificate(&self, name: &str) {
        self.say(&format!("certificate \"{}\" {name}", shell(&hole(name))));
    }

    /// Creates a service principal in the tenant, and keeps its object id.
    pub(super) fn principal(&self, name: &str, app_id: &str, create: bool) {
        let path = format!("servicePrincipals(appId='{app_id}')");
        if create {
            self.send(&path, " Prefer=create-if-missing", &serde_json::json!({ "accountEnabled": true }));
        }
        self.keep(&variable(name, "PRINCIPAL"), &path, "id");
    }

    /// A tenant-wide delegated grant.
    pub(super) fn grant(&self, client: &str, resource: &str, scopes: &[String]) {
        let [client, resource] = [client, resource].map(|name| shell(&variable(name, "PRINCIPAL")));
        self.say(&format!("grant \"{client}\" \"{resource}\" \"{}\"", shell(&scopes.join(" "))));
    }

    /// A file in the folder of results.
    pub(super) fn file(&self, name: &str, text: &str) {
        self.say(&format!("\ncat > {name} <<END\n{}\nEND", shell(text.trim_end())));
    }

    pub(super) fn end(self) -> String {
        self.say("\nsay_what_is_left");
        self.text.into_inner()
    }

    fn send(&self, path: &str, headers: &str, body: &Value) {
        let body = format!("{body:#}");
        self.say(&format!("send PATCH \"{}\"{headers} <<END\n{}\nEND", shell(path), shell(&body)));
    }

    fn keep(&self, hole: &str, path: &str, query: &str) {
        self.say(&format!("{}=$(look \"{}\" {query})", name_of(hole), shell(path)));
    }
}

fn query_line(hole: &str, app_id: &str, query: &str) -> String {
    let path = shell(&format!("servicePrincipals(appId='{app_id}')"));
    format!("{}=$(look \"{path}\" \"{query}\")", name_of(hole))
}

/// How a registration is found again.
fn key(name: &str) -> String {
    format!("applications(uniqueName='talxis-token-broker.{name}')")
}

fn name_of(hole: &str) -> String {
    hole.trim_matches([OPEN, CLOSE]).to_owned()
}

/// A text as it stands in a here-document, and within double quotes if it has none itself: only holes are expanded.
fn shell(text: &str) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '$' | '`' => quoted.extend(['\\', letter]),
            OPEN => quoted.push_str("${"),
            CLOSE => quoted.push('}'),
            _ => quoted.push(letter),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_holes_are_expanded() {
        assert_eq!(
            shell(&format!("$HOME `id` \\ {}", hole("file-picker"))),
            "\\$HOME \\`id\\` \\\\ ${FILE_PICKER_APP_ID}"
        );
    }
}
