//! Environment variables and settings: files of their own, named by their folders (powerapps.md §4.3).

use super::{
    Findings, child, child_text, customizations::Customizations, grammar, manifest::Manifest, parsed, shapes,
    text,
};
use crate::Archive;
use roxmltree::Node;
use std::collections::BTreeSet;

pub(super) fn check(
    archive: &Archive,
    manifest: &Manifest,
    customizations: &Customizations,
    findings: &mut Findings,
) {
    for (name, _) in &archive.0 {
        let mut parts = name.split('/');
        let (Some(folder), Some(own), Some(file), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (shape, attribute) = match (folder, file) {
            ("environmentvariabledefinitions", "environmentvariabledefinition.xml") => {
                (&shapes::VARIABLE, "schemaname")
            }
            ("settingdefinitions", "settingdefinition.xml") => (&shapes::SETTING, "uniquename"),
            _ => continue,
        };
        let Some(text) = text(archive, name, findings) else { continue };
        let Some(document) = parsed(&text, findings) else { continue };
        let root = document.root_element();
        grammar::check(root, shape, "", findings);
        if root.attribute(attribute) != Some(own) {
            findings.error("", format!("{attribute} is not the name of its folder, {own}"));
        }
        let ours = own.strip_prefix(&manifest.prefix).is_some_and(|rest| rest.starts_with('_'));
        findings.expect(ours, "", "does not begin with the publisher's prefix");
        labels(root, manifest, customizations, findings);
        if attribute == "schemaname" { variable(root, findings) } else { setting(root, findings) }
    }
}

fn labels(root: Node<'_, '_>, manifest: &Manifest, customizations: &Customizations, findings: &mut Findings) {
    for name in ["description", "displayname"] {
        let Some(node) = child(root, name) else { continue };
        let own = node.children().find(|label| label.attribute("languagecode") == Some(&manifest.language));
        let same = own.and_then(|label| label.attribute("description")) == node.attribute("default");
        findings.expect(same, name, "is not in the solution's language what it is by default");
        let languages: BTreeSet<String> =
            node.children().filter_map(|label| label.attribute("languagecode").map(str::to_owned)).collect();
        findings.expect(
            languages == customizations.languages,
            name,
            "is not in exactly the languages of the solution",
        );
    }
}

fn variable(root: Node<'_, '_>, findings: &mut Findings) {
    let kind = child_text(root, "type");
    if kind == "100000004" && child_text(root, "apiid").is_empty() {
        findings.error("type", "is a data source without apiid");
    }
    if kind != "100000000" && child_text(root, "secretstore") == "1" {
        findings.error("secretstore", "is 1, which only a variable of type text can have");
    }
}

fn setting(root: Node<'_, '_>, findings: &mut Findings) {
    let (kind, value) = (child_text(root, "datatype"), child_text(root, "defaultvalue"));
    let fits = match kind {
        "0" => value.parse::<f64>().is_ok(),
        "2" => ["true", "false"].contains(&value),
        _ => true,
    };
    if !fits {
        findings.error("defaultvalue", format!("is {value:?}, which the type {kind} does not have"));
    }
    findings.expect(
        child_text(root, "isoverridable") == "1",
        "isoverridable",
        "is 0: nobody can set it, so that it is no setting",
    );
    findings.expect(
        ["0", "2"].contains(&child_text(root, "overridablelevel")),
        "overridablelevel",
        "is 1: it cannot be set for one app",
    );
}
