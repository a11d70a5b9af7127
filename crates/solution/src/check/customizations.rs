//! `customizations.xml`: web resources with their payloads, languages, and ribbons.

use super::{Findings, child, child_text, grammar, manifest::Manifest, ribbon, shapes};
use crate::Archive;
use roxmltree::{Document, Node};
use std::collections::{BTreeMap, BTreeSet};

/// What other files are held against.
#[derive(Default)]
pub(super) struct Customizations {
    pub(super) resources: Vec<String>,
    pub(super) languages: BTreeSet<String>,
    pub(super) has_ribbon: bool,
    /// Which of the root's elements have something inside.
    pub(super) filled: BTreeSet<String>,
}

/// A web resource as a ribbon needs to know it.
pub(super) struct Resource<'a> {
    pub(super) mobile: bool,
    pub(super) kind: &'a str,
    pub(super) content: &'a [u8],
}

pub(super) fn check(
    document: &Document<'_>,
    archive: &Archive,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Customizations {
    let root = document.root_element();
    if !root.has_tag_name("ImportExportXml") {
        findings.error("", "does not begin with ImportExportXml");
    }
    grammar::check(root, &shapes::CUSTOMIZATIONS, "", findings);
    let elements = || root.children().filter(Node::is_element);
    let mut customizations = Customizations {
        languages: document
            .descendants()
            .filter(|node| node.has_tag_name("Language"))
            .filter_map(|node| node.text().map(str::to_owned))
            .collect(),
        filled: elements()
            .filter(|node| node.children().any(|inner| inner.is_element()))
            .map(|node| node.tag_name().name().to_owned())
            .collect(),
        ..Customizations::default()
    };
    findings.expect(
        customizations.languages.contains(&manifest.language),
        "/Languages",
        format!("is without the solution's own language {}", manifest.language),
    );
    let mut resources = BTreeMap::new();
    for node in child(root, "WebResources").into_iter().flat_map(|all| all.children()) {
        if node.is_element() {
            resource(node, archive, manifest, &mut resources, findings);
        }
    }
    customizations.resources = resources.keys().map(|name| (*name).to_owned()).collect();
    pages(&resources, findings);
    for name in ["IsEnabledForMobileClient", "IsAvailableForMobileOffline"] {
        let flags = root.descendants().filter(|node| node.has_tag_name(name)).filter_map(|node| node.text());
        let flags: BTreeSet<&str> = flags.collect();
        findings.expect(flags.len() < 2, "/WebResources", format!("do not agree on {name}"));
    }
    payloads(root, archive, findings);
    let mut ids = BTreeSet::new();
    for id in
        root.descendants().filter(|node| node.has_tag_name("WebResourceId")).filter_map(|node| node.text())
    {
        if !ids.insert(id.to_ascii_lowercase()) {
            findings.error("/WebResources", format!("has the id {id} twice"));
        }
    }
    for node in root.descendants().filter(|node| node.has_tag_name("RibbonDiffXml")) {
        let application = node.parent() == Some(root);
        customizations.has_ribbon |= application;
        if !application {
            grammar::check(node, &shapes::RIBBON, "RibbonDiffXml of a table", findings);
        }
        ribbon::check(node, &resources, manifest, &customizations.languages, findings);
    }
    customizations
}

fn resource<'a>(
    node: Node<'a, '_>,
    archive: &'a Archive,
    manifest: &Manifest,
    resources: &mut BTreeMap<&'a str, Resource<'a>>,
    findings: &mut Findings,
) {
    let part = |name: &str| child_text(node, name);
    let (name, kind, id, file) =
        (part("Name"), part("WebResourceType"), part("WebResourceId"), part("FileName"));
    let at = format!("web resource {name}");
    let bare = id.trim_matches(['{', '}']);
    if id != id.to_ascii_lowercase() {
        findings.warning(&at, "has an id that is not in small letters");
    }
    let stem = |text: &str| {
        text.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect::<String>()
    };
    let wanted = format!("{}{}", stem(name), bare.to_ascii_uppercase().replace('-', ""));
    let found = file.strip_prefix("/WebResources/").unwrap_or_default();
    findings.expect(
        stem(found) == wanted,
        &at,
        "has a FileName that is not /WebResources/, its name without other letters, and its id in capitals",
    );
    let content = file.strip_prefix('/').and_then(|file| archive.get(file));
    if content.is_none() {
        findings.error(&at, format!("has its content in {file}, which is not in the zip"));
    }
    let own = name.strip_prefix(&manifest.prefix).is_some_and(|rest| rest.starts_with('_'));
    findings.expect(own, &at, format!("does not begin with the publisher's prefix {}_", manifest.prefix));
    let expected = name.rsplit_once('.').and_then(|(_, extension)| type_of(extension));
    if expected.is_some_and(|expected| expected != kind) {
        findings.error(
            &at,
            format!("has the type {kind}, and its name ends as one of type {}", expected.unwrap_or_default()),
        );
    }
    findings.expect(
        part("IsCustomizable") == "0",
        &at,
        "can be changed in the maker portal, whose editor mangles pages",
    );
    findings.expect(part("CanBeDeleted") == "1", &at, "can never be deleted");
    findings.expect(part("IsHidden") == "0", &at, "is not shown to makers");
    if name.is_empty() {
        return;
    }
    let content = content.unwrap_or_default();
    if ["1", "3", "11"].contains(&kind) && std::str::from_utf8(content).is_err() {
        findings.error(&at, "is not UTF-8");
    }
    if kind == "11" {
        let drawing = std::str::from_utf8(content).ok().and_then(|text| Document::parse(text).ok());
        let drawing = drawing.is_some_and(|drawing| {
            drawing.root_element().has_tag_name(("http://www.w3.org/2000/svg", "svg"))
        });
        if !drawing {
            findings.error(&at, "is no SVG");
        }
    }
    let mobile = part("IsEnabledForMobileClient") == "1";
    if resources.insert(name, Resource { mobile, kind, content }).is_some() {
        findings.error(&at, "is there twice");
    }
}

/// Pages, and the scripts that they load: next to them, and external, because a strict policy refuses others (powerapps.md §3.3).
fn pages(resources: &BTreeMap<&str, Resource<'_>>, findings: &mut Findings) {
    for (name, page) in resources.iter().filter(|(_, resource)| resource.kind == "1") {
        let at = format!("web resource {name}");
        let text = String::from_utf8_lossy(page.content);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        findings.expect(text.trim_end().ends_with("</html>"), &at, "does not end as a page");
        for tag in text.split("<script").skip(1) {
            let source =
                tag.split_once("src=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(source, _)| source);
            let known =
                source.is_some_and(|source| resources.contains_key(format!("{folder}/{source}").as_str()));
            findings.expect(known, &at, "has a script that is inline, or not in this solution");
        }
    }
}

/// Files that no web resource has.
fn payloads(root: Node<'_, '_>, archive: &Archive, findings: &mut Findings) {
    let files: BTreeSet<&str> = root
        .descendants()
        .filter(|node| node.has_tag_name("FileName"))
        .filter_map(|node| node.text())
        .collect();
    for (name, _) in archive.0.iter().filter(|(name, _)| name.starts_with("WebResources/")) {
        let known = files.iter().any(|file| file.strip_prefix('/') == Some(name));
        findings.expect(known, "/WebResources", format!("has no web resource for {name}"));
    }
}

/// powerapps.md §3.1
fn type_of(extension: &str) -> Option<&'static str> {
    const TYPES: [(&[&str], &str); 12] = [
        (&["htm", "html"], "1"),
        (&["css"], "2"),
        (&["js"], "3"),
        (&["xml"], "4"),
        (&["png"], "5"),
        (&["jpg", "jpeg"], "6"),
        (&["gif"], "7"),
        (&["xap"], "8"),
        (&["xsl", "xslt"], "9"),
        (&["ico"], "10"),
        (&["svg"], "11"),
        (&["resx"], "12"),
    ];
    TYPES.iter().find(|(extensions, _)| extensions.contains(&extension)).map(|(_, kind)| *kind)
}
