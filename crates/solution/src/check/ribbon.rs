//! A ribbon: what refers to what, and the traps because of which a button never shows and its rule never runs (powerapps.md §1, §13).

use super::{Findings, customizations::Resource, grammar, manifest::Manifest, shapes::RIBBON_PARTS};
use roxmltree::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Where a command can hang in Unified Interface; `{!EntityLogicalName}` stands for every table.
const LOCATIONS: [&str; 7] = [
    "Mscrm.GlobalTab.New.Controls._children",
    "Mscrm.GlobalTab.MainTab.Actions.Controls._children",
    "Mscrm.GlobalTab.MainTab.More._children",
    "Mscrm.Form.{!EntityLogicalName}.MainTab.Save.Controls._children",
    "Mscrm.Form.{!EntityLogicalName}.MainTab.Actions.Controls._children",
    "Mscrm.HomepageGrid.{!EntityLogicalName}.MainTab.Actions.Controls._children",
    "Mscrm.SubGrid.{!EntityLogicalName}.MainTab.Management.Controls._children",
];

pub(super) fn check(
    ribbon: Node<'_, '_>,
    resources: &BTreeMap<&str, Resource<'_>>,
    manifest: &Manifest,
    languages: &BTreeSet<String>,
    findings: &mut Findings,
) {
    for (name, shape) in &RIBBON_PARTS {
        for node in ribbon.descendants().filter(|node| node.has_tag_name(*name)) {
            grammar::check(node, shape, &place(node), findings);
        }
    }
    ids(ribbon, manifest, findings);
    actions(ribbon, findings);
    references(ribbon, findings);
    labels(ribbon, languages, findings);
    rules(ribbon, findings);
    libraries(ribbon, resources, findings);
}

/// Each defined once, and with the publisher's prefix.
fn ids(ribbon: Node<'_, '_>, manifest: &Manifest, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for node in ribbon.descendants().filter(|node| node.has_attribute("Id") && !is_reference(*node)) {
        let id = node.attribute("Id").unwrap_or_default();
        if node.has_tag_name("RibbonTemplates") {
            continue;
        }
        let own = id.strip_prefix(&manifest.prefix).is_some_and(|rest| rest.starts_with(['.', '_']));
        findings.expect(own, &place(node), "does not begin with the publisher's prefix");
        if !seen.insert((node.tag_name().name(), id)) {
            findings.error(&place(node), "is defined twice");
        }
    }
}

fn actions(ribbon: Node<'_, '_>, findings: &mut Findings) {
    for node in ribbon.descendants().filter(|node| node.has_tag_name("CustomAction")) {
        let location = node.attribute("Location").unwrap_or_default();
        findings.expect(
            LOCATIONS.contains(&location),
            &place(node),
            format!("hangs at {location}, where no command is known to show"),
        );
        let control = node.descendants().find(|inner| inner.has_tag_name("Button"));
        let Some(id) = control.and_then(|control| control.attribute("Id")) else {
            findings.error(&place(node), "has no control");
            continue;
        };
        let wanted = format!("{id}.CustomAction");
        findings.expect(
            node.attribute("Id") == Some(wanted.as_str()),
            &place(node),
            format!("is not named after its control: {wanted}"),
        );
    }
    let places = ribbon.descendants().filter_map(|node| node.attribute("Location"));
    let tables: BTreeSet<&str> =
        places.filter_map(|place| place.split_once(".{!")).map(|(page, _)| page).collect();
    findings.expect(
        tables.contains("Mscrm.Form") == tables.contains("Mscrm.HomepageGrid"),
        "",
        "is on every form and on no main grid, or the reverse: its rule runs on some pages only",
    );
    for node in ribbon.descendants().filter(|node| node.has_tag_name("Actions")) {
        let empty = !node.children().any(|inner| inner.is_element());
        findings.expect(!empty, "Actions", "are empty: a control without an action may never show");
    }
}

/// Commands and rules: what is used is there, what is there is used.
fn references(ribbon: Node<'_, '_>, findings: &mut Findings) {
    let collect = |keep: &dyn Fn(Node<'_, '_>) -> bool, attribute: &str| -> BTreeSet<String> {
        let nodes = ribbon.descendants().filter(|node| keep(*node));
        nodes.filter_map(|node| node.attribute(attribute).map(str::to_owned)).collect()
    };
    let is_rule = |node: Node<'_, '_>| node.has_tag_name("EnableRule");
    let pairs = [
        (
            "command",
            collect(&|node| node.has_tag_name("Button"), "Command"),
            collect(&|node| node.has_tag_name("CommandDefinition"), "Id"),
        ),
        (
            "enable rule",
            collect(&|node| is_rule(node) && is_reference(node), "Id"),
            collect(&|node| is_rule(node) && !is_reference(node), "Id"),
        ),
    ];
    for (what, used, defined) in pairs {
        for name in used.difference(&defined).filter(|name| !name.starts_with("Mscrm.")) {
            findings.error("", format!("the {what} {name} is used and not defined"));
        }
        for name in defined.difference(&used) {
            findings.warning("", format!("the {what} {name} is defined and not used"));
        }
    }
}

/// Every text in every language of the solution.
fn labels(ribbon: Node<'_, '_>, languages: &BTreeSet<String>, findings: &mut Findings) {
    const START: &str = "$LocLabels:";
    let mut used = BTreeSet::new();
    for node in ribbon.descendants().filter(|node| node.has_tag_name("Button")) {
        for name in ["LabelText", "Alt", "ToolTipTitle", "ToolTipDescription"] {
            let Some(value) = node.attribute(name) else { continue };
            match value.strip_prefix(START) {
                Some(id) => {
                    used.insert(id.to_owned());
                }
                None => findings.warning(&place(node), format!("{name} is in one language only")),
            }
        }
    }
    let mut defined = BTreeSet::new();
    for node in ribbon.descendants().filter(|node| node.has_tag_name("LocLabel")) {
        defined.insert(node.attribute("Id").unwrap_or_default().to_owned());
        let titles =
            node.descendants().filter_map(|title| title.attribute("languagecode").map(str::to_owned));
        let titles: BTreeSet<String> = titles.collect();
        findings.expect(
            titles == *languages,
            &place(node),
            "is not in exactly the languages of the solution",
        );
    }
    for id in used.difference(&defined) {
        findings.error("", format!("the label {id} is used and not defined"));
    }
    for id in defined.difference(&used) {
        findings.warning("", format!("the label {id} is defined and not used"));
    }
}

fn rules(ribbon: Node<'_, '_>, findings: &mut Findings) {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in ribbon.descendants().filter(|node| node.has_tag_name("EnableRule") && !is_reference(*node)) {
        if !rule.children().any(|inner| inner.is_element()) {
            findings.error(&place(rule), "has no condition");
        }
    }
    for rule in ribbon.descendants().filter(|node| node.has_tag_name("CustomRule")) {
        findings.expect(
            rule.attribute("Default") == Some("true"),
            &place(rule),
            "has not Default=\"true\": its control may never show, and then it never runs",
        );
        let values = rule.children().filter_map(|parameter| parameter.attribute("Value"));
        let values: Vec<&str> = values.collect();
        calls
            .entry(rule.attribute("FunctionName").unwrap_or_default().to_owned())
            .or_default()
            .push(values.join(","));
    }
    for (function, calls) in calls {
        let distinct: BTreeSet<&String> = calls.iter().collect();
        findings.expect(distinct.len() == calls.len(), "", format!("two rules are the same: {function}"));
        let counts: BTreeSet<usize> =
            calls.iter().map(|call| call.split(',').filter(|value| !value.is_empty()).count()).collect();
        findings.expect(
            counts.len() == 1,
            "",
            format!("{function} is called with more and with fewer parameters"),
        );
    }
}

/// What `$webresource:` names is in the solution, and has the function in it.
fn libraries(ribbon: Node<'_, '_>, resources: &BTreeMap<&str, Resource<'_>>, findings: &mut Findings) {
    for node in ribbon.descendants() {
        for attribute in node.attributes() {
            let Some(name) = attribute.value().strip_prefix("$webresource:") else { continue };
            let Some(resource) = resources.get(name) else {
                findings.error(&place(node), format!("the web resource {name} is not in the solution"));
                continue;
            };
            findings.expect(
                resource.mobile,
                &place(node),
                format!("the web resource {name} is not enabled for the mobile client"),
            );
            let Some(function) = node.attribute("FunctionName") else { continue };
            let text = String::from_utf8_lossy(resource.content);
            let missing = function.split('.').find(|part| !has_word(&text, part));
            if let Some(part) = missing {
                findings.error(&place(node), format!("{name} has nothing that is called {part}"));
            }
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = text.get(..at).is_some_and(|before| before.ends_with(letter));
        let after = text.get(at + word.len()..).is_some_and(|after| after.starts_with(letter));
        !before && !after
    })
}

/// An enable rule of a command names one that is defined elsewhere.
fn is_reference(node: Node<'_, '_>) -> bool {
    node.ancestors().any(|above| above.has_tag_name("CommandDefinition")) && node.has_tag_name("EnableRule")
}

fn place(node: Node<'_, '_>) -> String {
    format!("{} {}", node.tag_name().name(), node.attribute("Id").unwrap_or_default()).trim_end().to_owned()
}
