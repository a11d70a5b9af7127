//! Every element, attribute, text and zip entry of ours, deleted or altered one at a time: the checker finds it, or it stands here with
//! the reason why not.

use super::archive;
use roxmltree::{Document, Node};
use solution::{Archive, check::check_archive};
use std::ops::Range;

/// What is not told, and why: a pattern of the mutation's name, where * stands for anything, and the reason.
const NOT_TOLD: &[(&str, &str)] = &[
    ("* entry altered", "one line end more: no reader minds"),
    (
        "WebResources/*js7A1E0C52* entry cut",
        "what a script says is not structure: the linter of shipped scripts parses them",
    ),
    ("solution.xml *UniqueName altered", "another solution, of another publisher: both are free to choose"),
    ("solution.xml *@description altered", "free text"),
    ("solution.xml *CustomizationOptionValuePrefix altered", "any from 10000 to 99999; we have no choices"),
    ("solution.xml *Address/AddressTypeCode altered", "the addresses are empty"),
    ("solution.xml *Address/ShippingMethodCode altered", "the addresses are empty"),
    ("solution.xml *Managed altered", "the unmanaged zip as a managed one: it is that of --without-ribbon"),
    ("customizations.xml *@Sequence altered", "only the order among other buttons"),
    ("customizations.xml *Title@description altered", "free text"),
    ("customizations.xml *DisplayName altered", "free text"),
    ("customizations.xml xmlns:xsi deleted", "nothing in it is nil"),
    ("*definition.xml *label@description altered", "free text in the second language"),
    ("environmentvariable* *iscustomizable altered", "its value can be set all the same"),
    (
        "environmentvariable* *isrequired altered",
        "an import then insists on a value, which it asks for anyway",
    ),
    ("settingdefinitions/* entry deleted", "an app that has no such setting has the broker"),
    ("settingdefinitions/* *iscustomizable altered", "it can be set for an app all the same"),
    (
        "settingdefinitions/* *defaultvalue altered",
        "off unless an app switches it on: a choice, and a valid one",
    ),
];

/// A damaged copy, and what was done to it.
struct Mutation {
    name: String,
    archive: Archive,
}

#[test]
fn each_damage_is_found_or_is_known_not_to_be() {
    let mut used = vec![false; NOT_TOLD.len()];
    let mut missed = Vec::new();
    let mut count = 0;
    for managed in [true, false] {
        let original = archive(managed);
        for mutation in mutations(&original) {
            count += 1;
            assert!(mutation.archive != original, "{} changes nothing", mutation.name);
            if !check_archive(&mutation.archive).is_empty() {
                continue;
            }
            match NOT_TOLD.iter().position(|(pattern, _)| matches(pattern, &mutation.name)) {
                Some(at) => used[at] = true,
                None => missed.push(mutation.name),
            }
        }
    }
    println!("{count} mutations");
    assert!(missed.is_empty(), "{} not found:\n{}", missed.len(), missed.join("\n"));
    let unused: Vec<_> =
        NOT_TOLD.iter().zip(&used).filter(|(_, used)| !**used).map(|(row, _)| row.0).collect();
    assert!(unused.is_empty(), "found after all: {unused:?}");
    assert!(count > 1000, "only {count} mutations");
}

fn mutations(original: &Archive) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (at, (name, content)) in original.0.iter().enumerate() {
        let mut push = |what: &str, change: &dyn Fn(&mut Archive)| {
            let mut archive = original.clone();
            change(&mut archive);
            all.push(Mutation { name: format!("{name} {what}"), archive });
        };
        push("entry deleted", &|archive| {
            archive.0.remove(at);
        });
        push("entry emptied", &|archive| archive.0[at].1.clear());
        push("entry cut", &|archive| archive.0[at].1.truncate(content.len() / 2));
        push("entry renamed", &|archive| archive.0[at].0.push('x'));
        push("entry altered", &|archive| archive.0[at].1.push(b'\n'));
        if !name.ends_with(".xml") {
            continue;
        }
        let text = std::str::from_utf8(content).unwrap();
        for (what, range, with) in edits(text) {
            push(&what, &|archive| archive.0[at].1.splice(range.clone(), with.bytes()).for_each(drop));
        }
    }
    all
}

/// What to replace in a document, one at a time.
fn edits(text: &str) -> Vec<(String, Range<usize>, String)> {
    let document = Document::parse(text).unwrap();
    let mut edits = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let path = path(node);
        if node.parent_element().is_some() {
            edits.push((format!("{path} deleted"), node.range(), String::new()));
        }
        for attribute in node.attributes() {
            let name = format!("{path}@{}", attribute.name());
            edits.push((format!("{name} deleted"), attribute.range(), String::new()));
            let value = attribute.range_value();
            edits.push((format!("{name} altered"), value.clone(), altered(&text[value])));
        }
        let inner = node
            .first_child()
            .filter(|inner| inner.is_text() && !node.children().any(|child| child.is_element()));
        if let Some(inner) = inner {
            edits.push((format!("{path} altered"), inner.range(), altered(&text[inner.range()])));
            edits.push((format!("{path} emptied"), inner.range(), String::new()));
        }
    }
    for (at, _) in text.match_indices(" xmlns") {
        let end = text[at..].match_indices('"').nth(1).unwrap().0 + at + 1;
        edits.push((format!("{} deleted", &text[at + 1..at + 10]), at..end, String::new()));
    }
    edits
}

/// Another value of the same kind, as a mistake would make it.
fn altered(value: &str) -> String {
    match (value, value.parse::<u64>()) {
        ("true", _) => "false".to_owned(),
        ("false", _) => "true".to_owned(),
        ("0", _) => "1".to_owned(),
        ("1", _) => "0".to_owned(),
        (_, Ok(number)) => (number + 1).to_string(),
        _ => format!("{value}x"),
    }
}

fn path(node: Node<'_, '_>) -> String {
    let mut names: Vec<&str> =
        node.ancestors().filter(Node::is_element).map(|node| node.tag_name().name()).collect();
    names.reverse();
    names.join("/")
}

fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
