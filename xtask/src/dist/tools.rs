//! Where things are, and the programs that packing needs. What comes from npm is installed under `target/`, from a lock file, and
//! only when that changed.

use crate::{
    run::{Outcome, output, root},
    setup,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |set| root().join(set))
}

/// Node, with the packages of a folder beside this file's.
pub(crate) struct Node {
    folder: PathBuf,
}

impl Node {
    /// What packing needs.
    pub(crate) fn install() -> Outcome<Self> {
        Self::of("node", &["sizes.mjs", "texts.mjs"])
    }

    /// What looks at the shipped scripts as Microsoft does.
    pub(crate) fn install_linter() -> Outcome<Self> {
        Self::of("node-lint", &["eslint.config.mjs"])
    }

    /// Installs the packages of a folder of xtask/src.
    fn of(name: &str, scripts: &[&str]) -> Outcome<Self> {
        let source = root().join("xtask/src").join(name);
        let folder = target().join(name);
        fs::create_dir_all(&folder).map_err(|why| format!("{} cannot be made: {why}.", folder.display()))?;
        for name in ["package.json", "package-lock.json", ".npmrc"].iter().chain(scripts) {
            fs::copy(source.join(name), folder.join(name))
                .map_err(|why| format!("{name} cannot be copied: {why}."))?;
        }
        setup::npm(&folder.to_string_lossy())?;
        Ok(Self { folder })
    }

    /// A program of one of the packages.
    pub(crate) fn tool(&self, path: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.folder.join("node_modules").join(path));
        command
    }

    /// Where the packages are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A script of our own.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.folder.join(name));
        command
    }

    /// Bundles a module and what it imports into one classic script. Constants are names and JavaScript expressions.
    pub(crate) fn bundle(&self, entry: &Path, constants: &[(&str, String)]) -> Outcome<String> {
        let mut command = self.esbuild(entry);
        command.args(["--bundle", "--format=iife"]);
        command.args(constants.iter().map(|(name, value)| format!("--define:{name}={value}")));
        self.minified(&output(&mut command)?)
    }

    /// Bundles a module for other people's bundlers: readable, with what it imports inside.
    pub(crate) fn module(&self, entry: &Path, constants: &[(&str, String)]) -> Outcome<String> {
        let mut command = self.tool("esbuild/bin/esbuild");
        command.arg(entry).args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"]);
        command.args(constants.iter().map(|(name, value)| format!("--define:{name}={value}")));
        output(&mut command)
    }

    /// Bundles a module into a classic script whose exports are the members of a global.
    pub(crate) fn script_of(
        &self,
        entry: &Path,
        global: &str,
        constants: &[(&str, String)],
    ) -> Outcome<String> {
        let mut command = self.esbuild(entry);
        command.args(["--bundle", "--format=iife", &format!("--global-name={global}")]);
        command.args(constants.iter().map(|(name, value)| format!("--define:{name}={value}")));
        output(&mut command)
    }

    /// The same for what a package exports, for comparison.
    pub(crate) fn bundle_export(&self, name: &str, package: &str) -> Outcome<String> {
        let entry = self.folder.join("export.mjs");
        let text = format!("export {{ {name} }} from {package:?};\n");
        fs::write(&entry, text).map_err(|why| format!("{} cannot be written: {why}.", entry.display()))?;
        let mut command = self.esbuild(&entry);
        command.args(["--bundle", "--format=iife", "--global-name=compared"]);
        self.minified(&output(&mut command)?)
    }

    /// esbuild bundles and terser minifies, which makes one script smaller by another six per cent. Functions stay where they are: some stand
    /// apart so that what they make holds nothing around it (pkg-template/calls.js).
    fn minified(&self, script: &str) -> Outcome<String> {
        let bundle = self.folder.join("bundle.js");
        fs::write(&bundle, script)
            .map_err(|why| format!("{} cannot be written: {why}.", bundle.display()))?;
        let mut command = self.tool("terser/bin/terser");
        command.arg(&bundle).args([
            "--compress",
            "passes=3,ecma=2022,inline=0,reduce_funcs=false",
            "--mangle",
            "--ecma",
            "2022",
        ]);
        output(&mut command)
    }

    fn esbuild(&self, entry: &Path) -> Command {
        let mut command = self.tool("esbuild/bin/esbuild");
        command.arg(entry).args([
            "--minify",
            "--target=es2022",
            "--legal-comments=none",
            "--log-level=warning",
        ]);
        command
    }
}
