//! The script's words: how a request, a file and a hole are written in POSIX shell. Knows no registration.
//!
//! A text comes into the script by `quoted` or `here`, in which only holes are expanded, or is one that `check` knows to be a
//! name or an id.

use serde_json::Value;
use std::cell::RefCell;

/// The folder of the control clients' certificates, beside the script.
pub(super) const CERTIFICATES: &str = "certificates";

const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// What every script begins with.
const START: &str = include_str!("start.sh");

/// Who registered what a service principal is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Ours,
    AnothersHere,
    Microsofts,
}

pub(super) struct Script {
    text: RefCell<String>,
}

/// Whether a letter is the script's own: it may stand in no text of the estate.
pub(super) fn is_hole(letter: char) -> bool {
    matches!(letter, OPEN | CLOSE)
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
        self.say(&format!("\n### {what}\nsign_in {id}"));
    }

    /// Creates a registration or finds it, keeps its `appId`, and goes on only if nobody else has a hand in it.
    pub(super) fn registration(&self, name: &str, body: &Value) {
        self.say(&format!("\n# {name}"));
        self.send(&key(name), " Prefer=create-if-missing", body);
        self.say(&look(&hole(name), &key(name), "appId"));
        self.say(&format!("registered {name} {}", quoted(&hole(name))));
    }

    /// Changes a registration.
    pub(super) fn change(&self, name: &str, body: &Value) {
        self.send(&key(name), "", body);
    }

    /// Reads the id of a scope that somebody else registered, the backend's scope with this number; comes to its hole.
    pub(super) fn scope(&self, app_id: &str, backend: &str, number: usize, value: &str) -> String {
        let hole = variable(backend, &format!("SCOPE_{number}"));
        let query = format!("oauth2PermissionScopes[?value=='{value}'].id | [0]");
        let line = look(&hole, &principal_of(app_id), &query);
        if !self.text.borrow().contains(&line) {
            self.say(&line);
        }
        hole
    }

    /// Makes a certificate where there is none, and registers it beside those that are there.
    pub(super) fn certificate(&self, name: &str) {
        self.say(&format!("certificate {} {name}", quoted(&hole(name))));
    }

    /// Creates a service principal in the tenant, keeps its object id, and goes on only if nobody else has a hand in one of ours:
    /// its credentials are not those of the registration, and the portal does not show them.
    pub(super) fn principal(&self, name: &str, app_id: &str, whose: Whose) {
        let (path, id) = (principal_of(app_id), variable(name, "PRINCIPAL"));
        if whose != Whose::Microsofts {
            let body = serde_json::json!({ "accountEnabled": true });
            self.send(&path, " Prefer=create-if-missing", &body);
        }
        self.say(&look(&id, &path, "id"));
        if whose == Whose::Ours {
            let what = format!("service principal of talxis-token-broker.{name} in this tenant ({id})");
            self.say(&format!("only_ours {} {} keyId", quoted(&what), quoted(&path)));
        }
    }

    /// A tenant-wide delegated grant.
    pub(super) fn grant(&self, client: &str, resource: &str, scopes: &[String]) {
        let [client, resource] = [client, resource].map(|name| quoted(&variable(name, "PRINCIPAL")));
        self.say(&format!("grant {client} {resource} {}", quoted(&scopes.join(" "))));
    }

    /// A file in the folder of results.
    pub(super) fn file(&self, name: &str, text: &str) {
        self.say(&format!("\ncat > {name} {}", here(text.trim_end())));
    }

    pub(super) fn end(self) -> String {
        self.say("\nsay_what_is_left");
        self.text.into_inner()
    }

    fn send(&self, path: &str, headers: &str, body: &Value) {
        self.say(&format!("send PATCH {}{headers} {}", quoted(path), here(&format!("{body:#}"))));
    }
}

/// A line that reads what this hole is for.
fn look(hole: &str, path: &str, query: &str) -> String {
    let name = hole.trim_matches([OPEN, CLOSE]);
    format!("{name}=$(look {} {})", quoted(path), quoted(query))
}

fn principal_of(app_id: &str) -> String {
    format!("servicePrincipals(appId='{app_id}')")
}

/// How a registration is found again.
fn key(name: &str) -> String {
    format!("applications(uniqueName='talxis-token-broker.{name}')")
}

/// A text as one word.
fn quoted(text: &str) -> String {
    format!("\"{}\"", expanded(text).replace('"', "\\\""))
}

/// A text as the standard input of what stands before it.
fn here(text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("<<{end}\n{}\n{end}", expanded(text))
}

/// A text in which the shell finds nothing to expand but holes.
fn expanded(text: &str) -> String {
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
            quoted(&format!("$HOME `id` \\ \" {}", hole("file-picker"))),
            r#""\$HOME \`id\` \\ \" ${FILE_PICKER_APP_ID}""#
        );
    }

    #[test]
    fn a_line_of_the_text_does_not_end_it() {
        assert_eq!(here("a\nEND\n$b"), "<<END_\na\nEND\n\\$b\nEND_");
    }
}
