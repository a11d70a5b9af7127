//! The Dataverse solution, by the program of `crates/solution`: it needs libraries for zip and XML, which xtask can start without.

use super::{package::Package, scripts, template, tools, tools::Node, webresources, write};
use crate::run::{Outcome, command, output, root, run, section};
use std::{fs, process::Command};

/// Writes `dist/solution/`: the unpacked source form, and the managed and the unmanaged zip.
pub(super) fn fill(node: &Node, package: &Package) -> Outcome {
    section("Making the solution");
    let texts = tools::target().join("dist/texts.tsv");
    write(&texts, &texts_of(node)?)?;
    let out = root().join("dist/solution");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|why| format!("{} cannot be cleared: {why}.", out.display()))?;
    }
    let mut command = program();
    command.arg("fill").arg("--templates").arg(template("solution"));
    command.arg("--webresources").arg(webresources()).arg("--texts").arg(texts).arg("--out").arg(out);
    let options = &package.solution;
    command.args(["--prefix", &options.prefix, "--publisher", &options.publisher]);
    command.args(["--version", &options.version]);
    command.args(options.webresource_guid.iter().flat_map(|guid| ["--webresource-guid", guid]));
    command.args((!options.ribbon).then_some("--without-ribbon"));
    run(&mut command)
}

/// The program that makes and checks solutions.
pub(crate) fn program() -> Command {
    command("cargo", &["run", "--quiet", "--package", "solution", "--"])
}

fn texts_of(node: &Node) -> Outcome<String> {
    output(node.script("texts.mjs").args(scripts("texts")?))
}
