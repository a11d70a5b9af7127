//! `cargo xtask check-solution`, and the checks of the solution that `cargo xtask dist` makes. What others may not give on (Microsoft's
//! samples, its ribbon schema) is fetched for the run, visibly; where it cannot be had, that is said and left out.

use crate::{
    dist::{self, Node},
    run::{Outcome, command, root, run, section},
    setup,
    test::Count,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const SAMPLES: &str = "https://github.com/microsoft/PowerApps-Samples";
const SCHEMAS: &str =
    "https://download.microsoft.com/download/B/9/7/B97655A4-4E46-4E51-BA0A-C669106D563F/Schemas.zip";
/// Folders that somebody has already; the tests read these variables too.
const SAMPLES_AT: &str = "SOLUTION_SAMPLES";
const SCHEMAS_AT: &str = "RIBBON_SCHEMAS";

/// `cargo xtask check-solution FILE…`: what an import would stumble over; two files are a managed and an unmanaged zip of one solution.
pub(crate) fn check(files: &[String]) -> Outcome {
    if files.is_empty() {
        return Err("cargo xtask check-solution takes the zip of a solution, or both zips of one.".to_owned());
    }
    if let Some(missing) = files.iter().find(|file| !Path::new(file).is_file()) {
        return Err(format!("{missing} is no file; paths are seen from the project's root."));
    }
    let mut command = dist::solution_program();
    command.arg("check");
    if let Some(schemas) = usable_schemas() {
        command.arg("--schemas").arg(schemas);
    }
    run(command.args(files))
}

/// The kind `solution` of `cargo xtask test`, once dist/ is there.
pub(crate) fn test(count: &mut Count) -> Outcome {
    section("The solution, as it was packed");
    count.tests(&mut command("cargo", &["test", "--package", "solution", "--test", "packed"]))?;
    match samples() {
        Some(folder) => {
            let words = ["test", "--package", "solution", "--test", "microsoft", "--", "--nocapture"];
            count.tests(command("cargo", &words).env(SAMPLES_AT, folder))?;
        }
        None => println!("left out: Microsoft's sample solutions; {SAMPLES_AT} may name a folder with them"),
    }
    if let Some(folder) = usable_schemas() {
        let mut check = dist::solution_program();
        check.args(["check", "--schemas"]).arg(folder).args(zips()?);
        count.check("the packed ribbon keeps to Microsoft's schema", run(&mut check));
    }
    section("The shipped scripts and the sample's, as Microsoft's Solution Checker sees them");
    let linter = Node::install_linter()?;
    count.check("@microsoft/eslint-plugin-power-apps has no error", lint(&linter));
    count.check("it would have one for eval and new Function", lint_finds(&linter));
    Ok(())
}

/// Every script of dist/, from a copy: the linter reads nothing outside its own folder.
fn lint(linter: &Node) -> Outcome {
    let copy = linter.folder().join("scripts");
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(|why| format!("{} cannot be cleared: {why}.", copy.display()))?;
    }
    for part in ["dist/webresources", "dist/npm", "pkg-template/samples/form-script"] {
        copy_scripts(&root().join(part), &copy.join(part))
            .map_err(|why| format!("The shipped scripts cannot be copied: {why}."))?;
    }
    run(eslint(linter).args(["--quiet", "scripts"]))
}

fn lint_finds(linter: &Node) -> Outcome {
    let script = linter.folder().join("scripts/bad.js");
    for bad in ["eval(name);\n", "new Function(name);\n", "window.top.name;\n"] {
        fs::write(&script, bad).map_err(|why| format!("{} cannot be written: {why}.", script.display()))?;
        let status = eslint(linter).arg("scripts/bad.js").stdout(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) {
            return Err(format!("The linter says nothing of {bad}"));
        }
    }
    fs::remove_file(&script).map_err(|why| format!("{} cannot be removed: {why}.", script.display()))
}

fn eslint(linter: &Node) -> Command {
    let mut command = linter.tool("eslint/bin/eslint.js");
    command.current_dir(linter.folder());
    command
}

fn copy_scripts(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_scripts(&path, &target)?;
        } else if path.extension().is_some_and(|extension| extension == "js") {
            fs::copy(path, target)?;
        }
    }
    Ok(())
}

/// Microsoft's samples: only their zips are checked out.
fn samples() -> Option<PathBuf> {
    given(SAMPLES_AT).or_else(|| {
        let folder = root().join("target/solution/samples");
        if folder.join(".git/complete").exists() {
            return Some(folder);
        }
        section("Fetching Microsoft's sample solutions (once)");
        fs::remove_dir_all(&folder).ok();
        let path = folder.to_string_lossy().into_owned();
        let slow = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30"];
        let clone = ["clone", "--quiet", "--depth=1", "--filter=blob:none", "--no-checkout", SAMPLES, &path];
        let within = ["-C", &path];
        let sparse = ["sparse-checkout", "set", "--no-cone", "*.zip"];
        let steps: [&[&str]; 3] = [
            &[slow.as_slice(), &clone].concat(),
            &[within.as_slice(), &sparse].concat(),
            &[&within[..], &["checkout", "--quiet"]].concat(),
        ];
        let done = steps.iter().all(|step| run(&mut command("git", step)).is_ok());
        (done && fs::write(folder.join(".git/complete"), "").is_ok()).then_some(folder)
    })
}

/// Microsoft's schema of ribbons, where it and its validator can be had; else that is said.
fn usable_schemas() -> Option<PathBuf> {
    let usable = schemas().filter(|_| setup::xmllint().map_err(|why| println!("{why}")).is_ok());
    if usable.is_none() {
        println!(
            "left out: Microsoft's schema of ribbons; it takes xmllint, and {SCHEMAS_AT} may name a folder with it"
        );
    }
    usable
}

fn schemas() -> Option<PathBuf> {
    given(SCHEMAS_AT).or_else(|| {
        let folder = root().join("target/solution/schemas");
        if folder.join("RibbonCore.xsd").exists() {
            return Some(folder);
        }
        section("Fetching Microsoft's schemas (once)");
        fs::create_dir_all(&folder).ok()?;
        let zip = folder.join("Schemas.zip").to_string_lossy().into_owned();
        let into = folder.to_string_lossy().into_owned();
        let curl = [
            "--silent",
            "--show-error",
            "--fail",
            "--location",
            "--max-time",
            "60",
            "--output",
            &zip,
            SCHEMAS,
        ];
        run(&mut command("curl", &curl)).ok()?;
        run(&mut command("unzip", &["-q", "-o", "-j", &zip, "Ribbon*.xsd", "-d", &into])).ok()?;
        Some(folder)
    })
}

/// Both zips that `cargo xtask dist` made.
fn zips() -> Outcome<Vec<PathBuf>> {
    let folder = root().join("dist/solution");
    let entries =
        fs::read_dir(&folder).map_err(|why| format!("{} cannot be read: {why}.", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "zip")).collect())
}

fn given(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}
