//! The zip itself: content types, sizes, names; and what a managed and an unmanaged zip share.

use super::{Findings, parsed, text};
use crate::Archive;

const NAMESPACE: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const CONTENT_TYPES: &str = "[Content_Types].xml";

/// `Organization.MaxUploadFileSize`, as it is by default.
const LARGEST: usize = 5 * 1024 * 1024;

pub(super) fn check(archive: &Archive, findings: &mut Findings) {
    for (at, (name, content)) in archive.0.iter().enumerate() {
        name.clone_into(&mut findings.file);
        if archive.0.iter().take(at).any(|(other, _)| other == name) {
            findings.error("", "is in the zip twice");
        }
        findings.expect(!content.is_empty(), "", "is empty");
        findings.expect(
            content.len() <= LARGEST,
            "",
            "has more than 5 MiB, the default of MaxUploadFileSize",
        );
    }
    let Some(types) = text(archive, CONTENT_TYPES, findings) else { return };
    let Some(types) = parsed(&types, findings) else { return };
    let root = types.root_element();
    if !root.has_tag_name((NAMESPACE, "Types")) {
        findings.error("", "is not of the namespace of content types");
    }
    if archive.get(CONTENT_TYPES).is_some_and(|content| content.starts_with(b"\xef\xbb\xbf")) {
        findings.warning(
            "",
            "begins with a byte order mark, as Microsoft's own do and other readers stumble over",
        );
    }
    let value =
        |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let mut extensions = Vec::new();
    let mut parts = Vec::new();
    for node in root.children().filter(roxmltree::Node::is_element) {
        match node.tag_name().name() {
            "Default" => extensions.push(value(node, "Extension")),
            "Override" => parts.push(value(node, "PartName")),
            other => findings.error("", format!("has {other}, which is no content type")),
        }
        let known = ["application/octet-stream", "text/xml"].contains(&value(node, "ContentType").as_str());
        findings.expect(known, "", format!("gives {:?} to a part", value(node, "ContentType")));
    }
    for part in &parts {
        let exists = part.strip_prefix('/').is_some_and(|name| archive.get(name).is_some());
        findings.expect(exists, "", format!("names {part}, which is not in the zip"));
    }
    for extension in &extensions {
        let used = archive.0.iter().any(|(name, _)| extension_of(name) == Some(extension));
        findings.expect(used, "", format!("names the extension {extension}, which no part has"));
    }
    for (name, _) in archive.0.iter().filter(|(name, _)| name != CONTENT_TYPES) {
        let by_extension =
            extension_of(name).is_some_and(|found| extensions.iter().any(|known| known == found));
        if !by_extension && !parts.iter().any(|part| part.strip_prefix('/') == Some(name)) {
            findings.error("", format!("says nothing about {name}"));
        }
    }
}

fn extension_of(name: &str) -> Option<&str> {
    name.rsplit_once('/').map_or(name, |(_, file)| file).rsplit_once('.').map(|(_, extension)| extension)
}

/// They differ in the one flag, and in the application ribbon.
pub(super) fn differences(one: &Archive, other: &Archive, findings: &mut Findings) {
    let names = |archive: &Archive| archive.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    findings.expect(names(one) == names(other), "", "have different files");
    for (name, content) in &one.0 {
        let Some(beside) = other.get(name) else { continue };
        let plain = |content: &[u8]| {
            let text = String::from_utf8_lossy(content).into_owned();
            match name.as_str() {
                "solution.xml" => text
                    .replace("<Managed>1<", "<Managed>0<")
                    .lines()
                    .filter(|line| !line.contains("type=\"50\""))
                    .collect(),
                "customizations.xml" => without_ribbon(&text),
                _ => text,
            }
        };
        findings.expect(plain(content) == plain(beside), "", format!("differ in {name}"));
    }
}

fn without_ribbon(text: &str) -> String {
    match (text.split_once("  <RibbonDiffXml>"), text.split_once("</RibbonDiffXml>\n")) {
        (Some((before, _)), Some((_, after))) => [before, after].concat(),
        _ => text.to_owned(),
    }
}
