//! Ribbons against Microsoft's schema, by libxml2's xmllint. The schema's files may not be given on: whoever checks has them.

use super::{Finding, Findings};
use crate::Archive;
use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

pub(super) fn ribbons(archive: &Archive, schemas: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = Findings { file: "customizations.xml".to_owned(), found: Vec::new() };
    let text = archive.get("customizations.xml").map(String::from_utf8_lossy).unwrap_or_default();
    let Ok(document) = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')) else {
        return Ok(Vec::new());
    };
    for node in document.descendants().filter(|node| node.has_tag_name("RibbonDiffXml")) {
        let ribbon = document.input_text().get(node.range()).unwrap_or_default();
        let mut child = Command::new("xmllint")
            .arg("--noout")
            .arg("--schema")
            .arg(schemas.join("RibbonCore.xsd"))
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(ribbon.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            findings.error("RibbonDiffXml", format!("breaks RibbonCore.xsd: {}", why.trim()));
        }
    }
    Ok(findings.found)
}
