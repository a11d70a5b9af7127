//! `solution.xml`: whose it is, and which components it says it has, beside those that are there.

use super::{Findings, child, child_text, customizations::Customizations, grammar, shapes};
use crate::Archive;
use roxmltree::Document;
use std::collections::BTreeSet;

const WEB_RESOURCE: &str = "61";
const RIBBON: &str = "50";
const VARIABLE: &str = "380";

/// What other files are held against.
#[derive(Default)]
pub(super) struct Manifest {
    pub(super) prefix: String,
    pub(super) managed: bool,
    pub(super) language: String,
    /// Type, name or id, behavior.
    components: Vec<(String, String, String)>,
}

pub(super) fn check(document: &Document<'_>, findings: &mut Findings) -> Manifest {
    let root = document.root_element();
    if !root.has_tag_name("ImportExportXml") {
        findings.error("", "does not begin with ImportExportXml");
    }
    grammar::check(root, &shapes::SOLUTION, "", findings);
    let Some(manifest) = child(root, "SolutionManifest") else { return Manifest::default() };
    findings.expect(
        child_text(manifest, "Version").split('.').count() == 4,
        "/SolutionManifest/Version",
        "has not four parts, so that two builds can look the same to an import",
    );
    let attribute = |node: roxmltree::Node<'_, '_>, name| node.attribute(name).unwrap_or_default().to_owned();
    let language = attribute(root, "languagecode");
    for node in manifest.descendants().filter(|node| node.has_attribute("languagecode")) {
        let same = node.attribute("languagecode") == Some(&language);
        findings.expect(same, node.tag_name().name(), "is not in the language that the file says");
    }
    let publisher = child(manifest, "Publisher");
    let addresses: Vec<&str> = manifest
        .descendants()
        .filter(|node| node.has_tag_name("AddressNumber"))
        .filter_map(|node| node.text())
        .collect();
    findings.expect(addresses == ["1", "2"], "Addresses", "are not the addresses 1 and 2");
    let components = manifest.descendants().filter(|node| node.has_tag_name("RootComponent"));
    Manifest {
        prefix: publisher
            .map(|publisher| child_text(publisher, "CustomizationPrefix"))
            .unwrap_or_default()
            .to_owned(),
        managed: child_text(manifest, "Managed") == "1",
        language,
        components: components
            .map(|node| {
                let name = node.attribute("schemaName").or(node.attribute("id")).unwrap_or_default();
                (attribute(node, "type"), name.to_owned(), attribute(node, "behavior"))
            })
            .collect(),
    }
}

/// What it says it has, and what is there.
pub(super) fn check_components(
    manifest: &Manifest,
    customizations: &Customizations,
    archive: &Archive,
    findings: &mut Findings,
) {
    "solution.xml".clone_into(&mut findings.file);
    let of = |kind: &str| -> BTreeSet<String> {
        let named = manifest.components.iter().filter(|(of, ..)| of == kind);
        named.map(|(_, name, _)| name.to_ascii_lowercase()).collect()
    };
    let mut seen = BTreeSet::new();
    for (kind, name, behavior) in &manifest.components {
        let at = format!("RootComponent {kind} {name}");
        if name.is_empty() {
            findings.error(&at, "has neither schemaName nor id");
        }
        if !seen.insert((kind, name)) {
            findings.error(&at, "is there twice");
        }
        if [WEB_RESOURCE, RIBBON, VARIABLE].contains(&kind.as_str()) {
            findings.expect(behavior == "0", &at, "has a behavior other than 0, which is for tables");
        }
    }
    let resources = customizations.resources.iter().map(|name| name.to_ascii_lowercase()).collect();
    both(&of(WEB_RESOURCE), &resources, "web resource", true, findings);
    let folder = "environmentvariabledefinitions/";
    let variables = archive
        .0
        .iter()
        .filter_map(|(name, _)| {
            name.strip_prefix(folder)?.split_once('/').map(|(name, _)| name.to_ascii_lowercase())
        })
        .collect();
    both(&of(VARIABLE), &variables, "environment variable", false, findings);
    let ribbon = customizations.has_ribbon.then(|| ":ribbondiffxml".to_owned()).into_iter().collect();
    both(&of(RIBBON), &ribbon, "application ribbon", true, findings);
    if customizations.has_ribbon {
        findings.expect(
            manifest.managed,
            "Managed",
            "is 0, and the zip has an application ribbon: its import may replace the one that the environment has",
        );
    }
    for folder in ["Entities", "Roles", "Workflows"] {
        let kind = match folder {
            "Entities" => "1",
            "Roles" => "20",
            _ => "29",
        };
        let there = customizations.filled.contains(folder);
        if !of(kind).is_empty() && !there {
            findings
                .error("", format!("has components of type {kind}, and customizations.xml has no {folder}"));
        }
    }
}

fn both(
    said: &BTreeSet<String>,
    there: &BTreeSet<String>,
    what: &str,
    strict: bool,
    findings: &mut Findings,
) {
    for name in said.difference(there) {
        findings.error("RootComponents", format!("names the {what} {name}, which is not there"));
    }
    for name in there.difference(said) {
        // Microsoft exported environment variables without.
        findings.add(strict, "RootComponents", format!("does not name the {what} {name}"));
    }
}
