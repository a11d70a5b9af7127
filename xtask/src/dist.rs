//! `cargo xtask dist`: the files as Dataverse serves them (contract §3), in `dist/webresources/`, whose tree is their names; and the
//! module by which controls find the broker (contract §8), in `dist/npm/`; and the solution that brings them to Dataverse, in `dist/solution/`.
//!
//! One script holds everything that a token needs, the WebAssembly included, so that `window.talxisBroker` is there in the same
//! turn. Equal sources give equal bytes; no path of this machine and no file beyond the size budget gets out.

mod literal;
mod names;
mod npm;
mod package;
mod sizes;
mod solution;
mod tools;
mod traces;

use crate::{
    run::{Outcome, root, run, section},
    setup,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) use package::Package;
pub(crate) use solution::program as solution_program;
pub(crate) use tools::Node;

/// What a name below the publisher's prefix ends with: the broker's file, as the ribbon and `@talxis/client-libraries` ask for it, and
/// the folder of the pages and their scripts.
const BROKER: &str = "_tokenmanagement.js";
const PAGES: &str = "_/tokenbroker";
/// The folders of the templates with scripts that are packed: around the WebAssembly, where `boot.js` is where it begins, in the scripts of
/// the pages, `redirect.js` and `status.js`, and the texts by language. A bundle takes what it imports of them.
const FOLDERS: [&str; 4] = ["", "npm", "status", "texts"];
/// What glue and template agree on; anything else means that wasm-bindgen changed.
const GLUE: &str = "talxis_broker.js";

/// `cargo xtask dist`, with its arguments.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let package = Package::parse(arguments)?;
    setup::wasm_pack()?;
    setup::node()?;
    dist(&package)
}

/// Packs what [`dist`] has built once more, as a package that brings a configuration of its own, for the tests that need one.
pub(crate) fn with_default(config: &str) -> Outcome {
    let (node, work) = (Node::install()?, tools::target().join("dist"));
    let optimised = work.join("broker.wasm");
    let wasm =
        fs::read(&optimised).map_err(|why| format!("{} cannot be read: {why}.", optimised.display()))?;
    let package = Package::localhost().with_config(config);
    write(&work.join("with-default.js"), &pack(&node, &work, &wasm, &package)?)
}

/// Packs the npm package alone, which holds nothing of the WebAssembly.
pub(crate) fn npm_package() -> Outcome {
    npm::pack(&Node::install()?, &Package::localhost().solution.prefix)
}

/// Builds and packs everything, and prints what it weighs.
pub(crate) fn dist(package: &Package) -> Outcome {
    let node = Node::install()?;
    section("Building the broker");
    let work = tools::target().join("dist");
    build_wasm(&work, package)?;
    let wasm = optimise(&node, &work)?;
    section("Packing");
    let script = pack(&node, &work, &wasm, package)?;

    let out = webresources();
    if out.exists() {
        // What an earlier version wrote must not be shipped with this one.
        fs::remove_dir_all(&out).map_err(|why| format!("{} cannot be cleared: {why}.", out.display()))?;
    }
    let broker = out.join([&package.solution.prefix, BROKER].concat());
    write(&broker, &script)?;
    let pages = out.join([&package.solution.prefix, PAGES].concat());
    let constants = [("PREFIX", format!("{:?}", package.solution.prefix)), ("CONFIG", package.packaged())];
    for page in ["redirect", "status"] {
        let (markup, script) = (format!("{page}.html"), format!("{page}.js"));
        write(&pages.join(&markup), &read(&template(&markup))?)?;
        write(&pages.join(&script), &node.bundle(&source(&work).join(&script), &constants)?)?;
    }

    npm::pack(&node, &package.solution.prefix)?;
    write(&root().join("dist/config.schema.json"), &read(&template("config.schema.json"))?)?;

    let mut traces = traces::in_folder(&out)?;
    traces.extend(traces::in_folder(&root().join("dist/npm"))?);
    if !traces.is_empty() {
        return Err(format!("Paths of this machine stand in the packed files: {}.", traces.join(", ")));
    }
    solution::fill(&node, package)?;
    sizes::report(&node, &broker)
}

/// Where the packed files are.
fn webresources() -> PathBuf {
    root().join("dist/webresources")
}

fn build_wasm(work: &Path, package: &Package) -> Outcome {
    let mut command = Command::new("wasm-pack");
    command
        .args(["build", "--target", "web", "--release", "--no-pack", "--no-typescript", "--out-dir"])
        .arg(work.join("pkg"))
        .arg("--")
        // Joined with the flags of .cargo/config.toml. The RUSTFLAGS variable would replace those.
        .arg("--config")
        .arg(format!("target.wasm32-unknown-unknown.rustflags=[{}]", traces::remap_flags()?.join(",")))
        // For what the servers use too, they want speed.
        .args(["--config", "profile.release.opt-level='z'"])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(root());
    if let Some(page) = package.redirect_page() {
        command.env("TALXIS_BROKER_REDIRECT_PAGE", page);
    }
    run(&mut command)
}

fn optimise(node: &Node, work: &Path) -> Outcome<Vec<u8>> {
    let optimised = work.join("broker.wasm");
    let mut command = node.tool("binaryen/bin/wasm-opt");
    command
        .args([
            // Nothing lies in the first kilobyte but the end of a stack that has run out: no address is computed around zero to reach it.
            "--low-memory-unused",
            "-Oz",
            "--flatten",
            "--rereloop",
            "-Oz",
            "-Oz",
            "--strip-producers",
            "--strip-target-features",
        ])
        .arg(work.join("pkg/talxis_broker_bg.wasm"))
        .arg("-o")
        .arg(&optimised);
    run(&mut command)?;
    fs::read(&optimised).map_err(|why| format!("{} cannot be read: {why}.", optimised.display()))
}

/// The facade with the glue inside, minified, and then the module's bytes: a minifier would spend its time on them.
fn pack(node: &Node, work: &Path, wasm: &[u8], package: &Package) -> Outcome<String> {
    // A name and no text: a minifier knows how long a text is.
    const PLACE: &str = "WASM_BYTES";
    let source = source(work);
    for folder in FOLDERS {
        for script in scripts(folder)? {
            let name = script.file_name().unwrap_or_default();
            write(&source.join(folder).join(name), &read(&script)?)?;
        }
    }
    write(&source.join("texts.js"), &texts(&languages()?))?;
    let glue = closed_glue(&read(&work.join("pkg").join(GLUE))?)?;
    let (wasm, glue) = names::shorten(wasm, &glue)?;
    let (imports, glue) = hoist_imports(&glue);
    let instance = replace_once(&read(&template("instance.js"))?, "\"@@glue@@\";", &glue)?;
    let instance = format!("{imports}{instance}");
    write(&source.join("instance.js"), &instance)?;

    let literal = literal::encode(&wasm);
    let constants = [
        ("VERSION", format!("{:?}", env!("CARGO_PKG_VERSION"))),
        ("PINS", package.pins()),
        ("PREFIX", format!("{:?}", package.solution.prefix)),
        ("CONFIG", package.packaged()),
        ("SHIFT", literal.shift.to_string()),
        ("WASM", PLACE.to_owned()),
    ];
    let script = node.bundle(&source.join("boot.js"), &constants)?;
    // The mark says that this is UTF-8, whatever the server says.
    Ok(format!("\u{feff}{}", replace_once(&script, PLACE, &literal.text)?))
}

/// A language is a file in `pkg-template/texts/`, which no list has to name.
fn languages() -> Outcome<Vec<String>> {
    let language = |script: &PathBuf| script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(scripts("texts")?.iter().map(language).collect())
}

/// The texts by surface and language.
fn texts(languages: &[String]) -> String {
    let mut module = String::new();
    for language in languages {
        module += &format!("import * as {language} from \"./texts/{language}.js\";\n");
    }
    for surface in ["prompt", "redirect", "status"] {
        let members: Vec<_> =
            languages.iter().map(|language| format!("{language}: {language}.{surface}")).collect();
        module += &format!("export const {surface} = {{ {} }};\n", members.join(", "));
    }
    module
}

/// The glue as statements of a function: no exports, and no loader for a separate file.
fn closed_glue(glue: &str) -> Outcome<String> {
    let glue = cut(glue, "async function __wbg_load(", "function initSync(")?;
    let glue = cut(&glue, "let __wbg_init_promise", "export {")?;
    let glue = glue.replace("export class ", "class ").replace("export function ", "function ");
    let glue = glue.split("export {").next().unwrap_or_default();
    match ["export ", "import.meta", "__wbg_init_promise"].iter().find(|left| glue.contains(**left)) {
        Some(left) => {
            Err(format!("wasm-bindgen's glue has another shape than expected: `{left}` is left in it."))
        }
        None => Ok(glue.to_owned()),
    }
}

/// The glue's imports of the scripts beside our Rust files, to stand at the top of the file into which the glue goes.
fn hoist_imports(glue: &str) -> (String, String) {
    let (imports, statements): (Vec<&str>, Vec<&str>) =
        glue.lines().partition(|line| line.starts_with("import ") && line.contains("'./snippets/"));
    let lines = |lines: Vec<&str>| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
    (lines(imports).replace("'./snippets/", "'../pkg/snippets/"), lines(statements))
}

fn cut(text: &str, from: &str, to: &str) -> Outcome<String> {
    let (before, rest) = text.split_once(from).ok_or_else(|| format!("The glue has no `{from}`."))?;
    let (_, after) = rest.split_once(to).ok_or_else(|| format!("The glue has no `{to}`."))?;
    Ok([before, to, after].concat())
}

fn replace_once(text: &str, place: &str, with: &str) -> Outcome<String> {
    match text.split(place).collect::<Vec<_>>().as_slice() {
        [before, after] => Ok([before, with, after].concat()),
        parts => {
            Err(format!("`{place}` should stand there once, not {} times.", parts.len().saturating_sub(1)))
        }
    }
}

/// Where the parts of a script lie beside each other to be bundled.
fn source(work: &Path) -> PathBuf {
    work.join("src")
}

fn template(name: &str) -> PathBuf {
    root().join("pkg-template").join(name)
}

/// The scripts of a folder of the templates, by name.
fn scripts(folder: &str) -> Outcome<Vec<PathBuf>> {
    let folder = template(folder);
    let entries =
        fs::read_dir(&folder).map_err(|why| format!("{} cannot be read: {why}.", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut scripts: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "js")).collect();
    scripts.sort_unstable();
    Ok(scripts)
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|why| format!("{} cannot be read: {why}.", path.display()))
}

fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|why| format!("{} cannot be written: {why}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "export class Broker {}\nexport function start() {}\nasync function __wbg_load(m) { import.meta }\n\
        function initSync(m) {}\nlet __wbg_init_promise;\nasync function __wbg_init() {}\nexport { initSync, __wbg_init as default };\n";

    #[test]
    fn glue_becomes_statements_without_exports_and_loader() {
        let closed = closed_glue(GLUE).unwrap();
        assert_eq!(closed, "class Broker {}\nfunction start() {}\nfunction initSync(m) {}\n");
    }

    #[test]
    fn glue_with_another_export_is_refused() {
        assert!(closed_glue(&GLUE.replace("export class", "export const x = 1; export class")).is_err());
    }

    #[test]
    fn imports_leave_the_glue_for_the_top_of_its_file() {
        let (imports, glue) = hoist_imports("import { a } from './snippets/x/src/web/a.js';\nlet b = a();\n");
        assert_eq!(imports, "import { a } from '../pkg/snippets/x/src/web/a.js';\n");
        assert_eq!(glue, "let b = a();\n");
    }

    #[test]
    fn every_language_is_packed_for_each_surface() {
        let texts = texts(&["cs".to_owned(), "en".to_owned()]);
        assert!(texts.contains("import * as cs from \"./texts/cs.js\";\n"), "{texts}");
        assert!(texts.ends_with(
            "export const redirect = { cs: cs.redirect, en: en.redirect };\nexport const status = { cs: cs.status, en: en.status };\n"
        ));
    }
}
