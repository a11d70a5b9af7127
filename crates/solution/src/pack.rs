//! The unpacked form to a zip and back (powerapps.md §4). Nodes are moved as text, indented or not: what they say stays as it was written.
//!
//! An unmanaged zip has no application ribbon: importing one may replace the ribbon that an environment has (§13, trap 23).

use crate::{Archive, Source};
use std::collections::BTreeSet;

const SOLUTION: &str = "Other/Solution.xml";
const CUSTOMIZATIONS: &str = "Other/Customizations.xml";
const RIBBON: &str = "Other/RibbonCustomization.xml";
const RELATIONSHIPS: &str = "Other/Relationships.xml";
const EMPTY_RELATIONSHIPS: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<EntityRelationships xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" />\n";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const XSI: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
const RIBBON_STUB: &str = "  <RibbonDiffXml />\n";
const RIBBON_COMPONENT: &str =
    "      <RootComponent type=\"50\" schemaName=\":RibbonDiffXml\" behavior=\"0\" />\n";
const RESOURCES_STUB: &str = "  <WebResources />\n";
const DATA: &str = ".data.xml";

/// What an environment makes of a zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be used as it is.
    Managed,
    /// To be worked on.
    Unmanaged,
}

/// Why a form cannot be turned into the other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Something that every solution has.
    #[error("{0} is missing")]
    Missing(String),
    /// A file that does not have the shape that this tool writes.
    #[error("{path} has no `{part}`")]
    Shape {
        /// The file.
        path: String,
        /// What is looked for in it.
        part: String,
    },
}

/// Makes a zip of the unpacked form.
///
/// # Errors
/// When a file is missing or has another shape.
pub fn pack(source: &Source, kind: Kind) -> Result<Archive, PackError> {
    let text = |path: &str| source.text(path).ok_or_else(|| PackError::Missing(path.to_owned()));
    let managed = kind == Kind::Managed;
    let flag = if managed { "<Managed>1<" } else { "<Managed>0<" };
    let mut manifest = replaced(SOLUTION, text(SOLUTION)?, "<Managed>2<", flag)?;
    let mut customizations = text(CUSTOMIZATIONS)?.to_owned();
    match source.text(RIBBON) {
        Some(ribbon) if managed => {
            let node = indented(&root(RIBBON, ribbon)?, "  ");
            customizations = replaced(CUSTOMIZATIONS, &customizations, RIBBON_STUB, &node)?;
        }
        _ => {
            customizations = customizations.replace(RIBBON_STUB, "");
            manifest = manifest.replace(RIBBON_COMPONENT, "");
        }
    }
    let mut entries = Vec::new();
    let mut resources = String::new();
    for (path, content) in &source.0 {
        let Some(rest) = path.strip_prefix("WebResources/") else {
            if !path.starts_with("Other/") {
                entries.push((path.clone(), content.clone()));
            }
            continue;
        };
        let Some(name) = rest.strip_suffix(DATA) else { continue };
        let resource = text(path)?;
        let file = between(resource, "<FileName>/", "</FileName>")
            .ok_or_else(|| PackError::Shape { path: path.clone(), part: "<FileName>/".to_owned() })?;
        let payload = ["WebResources/", name].concat();
        let payload = source.0.get(&payload).ok_or(PackError::Missing(payload))?;
        entries.push((file.to_owned(), payload.clone()));
        resources += &indented(&root(path, resource)?, "    ");
    }
    let resources = ["  <WebResources>\n", &resources, "  </WebResources>\n"].concat();
    let customizations = replaced(CUSTOMIZATIONS, &customizations, RESOURCES_STUB, &resources)?;
    entries.sort();
    let mut all = vec![
        ("[Content_Types].xml".to_owned(), content_types(&entries).into_bytes()),
        ("solution.xml".to_owned(), manifest.into_bytes()),
        ("customizations.xml".to_owned(), customizations.into_bytes()),
    ];
    all.append(&mut entries);
    Ok(Archive(all))
}

/// Makes the unpacked form of a zip that [`pack`] made.
///
/// # Errors
/// When it has another shape.
pub fn unpack(archive: &Archive) -> Result<Source, PackError> {
    let text = |path: &str| {
        let content = archive.get(path).and_then(|content| std::str::from_utf8(content).ok());
        content.ok_or_else(|| PackError::Missing(path.to_owned()))
    };
    let mut source = Source::default();
    let mut put = |path: &str, content: &str| source.0.insert(path.to_owned(), content.as_bytes().to_vec());
    let mut manifest = text("solution.xml")?.to_owned();
    for flag in ["<Managed>1<", "<Managed>0<"] {
        manifest = manifest.replace(flag, "<Managed>2<");
    }
    put(SOLUTION, &manifest);
    put(RELATIONSHIPS, EMPTY_RELATIONSHIPS);
    let mut customizations = text("customizations.xml")?.to_owned();
    let (start, end) = ("  <RibbonDiffXml>\n", "  </RibbonDiffXml>\n");
    if let Some(node) = between(&customizations, start, end) {
        let node = [start, node, end].concat();
        put(RIBBON, &document(&node, "  ", "RibbonDiffXml"));
        customizations = customizations.replace(&node, RIBBON_STUB);
    }
    let (start, end) = ("  <WebResources>\n", "  </WebResources>\n");
    let nodes = between(&customizations, start, end)
        .ok_or_else(|| PackError::Shape { path: "customizations.xml".to_owned(), part: start.to_owned() })?
        .to_owned();
    customizations = customizations.replace(&[start, &nodes, end].concat(), RESOURCES_STUB);
    put(CUSTOMIZATIONS, &customizations);
    let mut payloads = BTreeSet::new();
    for node in nodes.split_inclusive("    </WebResource>\n") {
        let part = |from: &str, to: &str| {
            between(node, from, to).ok_or_else(|| PackError::Shape {
                path: "customizations.xml".to_owned(),
                part: from.to_owned(),
            })
        };
        let (name, file) = (part("<Name>", "</Name>")?, part("<FileName>/", "</FileName>")?);
        let payload = archive.get(file).ok_or_else(|| PackError::Missing(file.to_owned()))?;
        let path = ["WebResources/", name].concat();
        source.0.insert([&path, DATA].concat(), document(node, "    ", "WebResource").into_bytes());
        source.0.insert(path, payload.to_vec());
        payloads.insert(file);
    }
    let known = ["[Content_Types].xml", "solution.xml", "customizations.xml"];
    for (name, content) in &archive.0 {
        if !known.contains(&name.as_str()) && !payloads.contains(name.as_str()) {
            source.0.insert(name.clone(), content.clone());
        }
    }
    Ok(source)
}

fn content_types(entries: &[(String, Vec<u8>)]) -> String {
    const OCTETS: &str = "ContentType=\"application/octet-stream\" />\n";
    let mut text = format!(
        "{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n  <Default Extension=\"xml\" {OCTETS}"
    );
    for (name, _) in entries.iter().filter(|(name, _)| !name.ends_with(".xml")) {
        text += &format!("  <Override PartName=\"/{name}\" {OCTETS}");
    }
    text + "</Types>\n"
}

/// A document's root element as a node of another document.
fn root(path: &str, document: &str) -> Result<String, PackError> {
    let node = document.strip_prefix(DECLARATION).unwrap_or(document);
    replaced(path, node, XSI, "")
}

/// A node as a document of its own.
fn document(node: &str, indentation: &str, root: &str) -> String {
    let lines: String =
        node.split_inclusive('\n').map(|line| line.strip_prefix(indentation).unwrap_or(line)).collect();
    let (start, with) = (format!("<{root}>"), format!("<{root}{XSI}>"));
    [DECLARATION, &lines.replacen(&start, &with, 1)].concat()
}

fn indented(text: &str, indentation: &str) -> String {
    text.split_inclusive('\n').flat_map(|line| [indentation, line]).collect()
}

fn replaced(path: &str, text: &str, part: &str, with: &str) -> Result<String, PackError> {
    if !text.contains(part) {
        return Err(PackError::Shape { path: path.to_owned(), part: part.trim().to_owned() });
    }
    Ok(text.replacen(part, with, 1))
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(between, _)| between)
}
