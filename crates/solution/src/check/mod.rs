//! What an import of a solution would stumble over (powerapps.md §4, §12 and the traps of §13). Errors break an import or the ribbon;
//! warnings are what Microsoft's own exports do too, or what works and should not be so.
//!
//! It judges structure. What texts say, and what scripts do, it cannot know.

mod customizations;
mod definitions;
mod grammar;
mod manifest;
mod package;
mod ribbon;
mod schema;
mod shapes;

use crate::Archive;
use roxmltree::{Document, Node};
use std::{fmt, path::Path};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    error: bool,
    place: String,
    message: String,
}

impl Finding {
    /// Whether an import, or the ribbon, would break.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.error { "error" } else { "warning" };
        write!(f, "{level}: {}: {}", self.place, self.message)
    }
}

/// What is being collected, with the file that is being looked at.
pub(crate) struct Findings {
    file: String,
    found: Vec<Finding>,
}

impl Findings {
    fn error(&mut self, at: &str, message: impl Into<String>) {
        self.add(true, at, message.into());
    }

    fn warning(&mut self, at: &str, message: impl Into<String>) {
        self.add(false, at, message.into());
    }

    fn add(&mut self, error: bool, at: &str, message: String) {
        let place = if at.is_empty() { self.file.clone() } else { format!("{} {at}", self.file) };
        self.found.push(Finding { error, place, message });
    }

    /// Requires what should be so.
    fn expect(&mut self, good: bool, at: &str, message: impl Into<String>) {
        if !good {
            self.warning(at, message);
        }
    }
}

/// Checks the bytes of a solution's zip.
#[must_use]
pub fn check(bytes: &[u8]) -> Vec<Finding> {
    match Archive::read(bytes) {
        Ok(archive) => check_archive(&archive),
        Err(why) => vec![Finding { error: true, place: "the zip".to_owned(), message: why.to_string() }],
    }
}

/// Checks a zip's entries.
#[must_use]
pub fn check_archive(archive: &Archive) -> Vec<Finding> {
    let mut findings = Findings { file: String::new(), found: Vec::new() };
    check_all(archive, &mut findings);
    findings.found
}

fn check_all(archive: &Archive, findings: &mut Findings) {
    package::check(archive, findings);
    let texts = ["solution.xml", "customizations.xml"].map(|name| text(archive, name, findings));
    let documents = texts.each_ref().map(|text| text.as_deref().and_then(|text| parsed(text, findings)));
    let [Some(solution), Some(customizations)] = &documents else { return };
    "solution.xml".clone_into(&mut findings.file);
    let manifest = manifest::check(solution, findings);
    "customizations.xml".clone_into(&mut findings.file);
    let customizations = customizations::check(customizations, archive, &manifest, findings);
    definitions::check(archive, &manifest, &customizations, findings);
    manifest::check_components(&manifest, &customizations, archive, findings);
}

/// Checks every ribbon in a solution against Microsoft's schema, whose files are in a folder.
///
/// # Errors
/// When the validator, xmllint, cannot be run.
pub fn ribbons_by_schema(archive: &Archive, schemas: &Path) -> std::io::Result<Vec<Finding>> {
    schema::ribbons(archive, schemas)
}

/// What differs between the managed and the unmanaged zip of one solution, beyond what should.
#[must_use]
pub fn differences(one: &Archive, other: &Archive) -> Vec<Finding> {
    let mut findings = Findings { file: "managed and unmanaged".to_owned(), found: Vec::new() };
    package::differences(one, other, &mut findings);
    findings.found
}

/// An entry's text; a byte order mark is Microsoft's habit.
fn text(archive: &Archive, name: &str, findings: &mut Findings) -> Option<String> {
    name.clone_into(&mut findings.file);
    let Some(content) = archive.get(name) else {
        findings.error("", "is missing at the root of the zip");
        return None;
    };
    match std::str::from_utf8(content) {
        Ok(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
        Err(_) => {
            findings.error("", "is not UTF-8");
            None
        }
    }
}

fn parsed<'a>(text: &'a str, findings: &mut Findings) -> Option<Document<'a>> {
    Document::parse(text).map_err(|why| findings.error("", format!("is no XML: {why}"))).ok()
}

/// The first child element of a name.
fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn child_text<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    child(node, name).and_then(|child| child.text()).unwrap_or_default().trim()
}
