//! The npm package `@talxis/token-broker` (contract §8) in `dist/npm/`: for each entry a module with all that it imports and its types, and
//! one classic script for pages without a bundler.

use super::{read, template, tools::Node, write};
use crate::run::{Outcome, root};
use std::fs;

const ENTRIES: [&str; 6] = ["index", "azure", "graph", "kiota", "mgt", "testing"];

pub(super) fn pack(node: &Node, prefix: &str) -> Outcome {
    let out = root().join("dist/npm");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|why| format!("{} cannot be cleared: {why}.", out.display()))?;
    }
    let constants = [("PREFIX", format!("{prefix:?}"))];
    for entry in ENTRIES {
        let (script, types) = (format!("{entry}.js"), format!("{entry}.d.ts"));
        let from = |name: &str| template(&["npm/", name].concat());
        write(&out.join(&script), &node.module(&from(&script), &constants)?)?;
        write(&out.join(&types), &read(&from(&types))?)?;
    }
    let script = node.script_of(&template("npm/index.js"), "talxisTokenBroker", &constants)?;
    write(&out.join("token-broker.script.js"), &script)?;
    write(&out.join("api.d.ts"), &read(&root().join("src/api.d.ts"))?)?;
    write(&out.join("package.json"), &read(&template("npm/package.json"))?)?;
    write(&out.join("README.md"), &read(&root().join("docs/control-developers.md"))?)?;
    write(&out.join("LICENSE"), &read(&root().join("LICENSE"))?)?;
    Ok(())
}
