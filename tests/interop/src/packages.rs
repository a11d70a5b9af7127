//! Installing the packages, once and visibly, in the versions of the lock files: npm's below `node/`, Python's in a virtual
//! environment below the build folder. Nothing is installed anywhere else.

use crate::{Failure, Result, built, here, system};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

/// Two tests must not install at the same time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The folder of the Node scripts, with their packages beside them.
pub(crate) fn node() -> Result<PathBuf> {
    let folder = here().join("node");
    install_once(&folder.join("package-lock.json"), &folder.join("node_modules/.installed"), || {
        run(
            "Installing the npm packages of the interop tests",
            Command::new("npm").arg("ci").current_dir(&folder),
        )
    })?;
    Ok(folder)
}

/// The Python that has the packages.
pub(crate) fn python() -> Result<PathBuf> {
    let (folder, requirements) = (built("interop-venv"), here().join("python/requirements.txt"));
    let python = folder.join("bin/python");
    install_once(&requirements, &folder.join("installed"), || {
        run(
            "Making a Python environment for the interop tests",
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
        )?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run("Installing its packages", Command::new(&python).args(pip).arg(&requirements))
    })?;
    Ok(python)
}

/// Installs unless `stamp` says that exactly this list is installed.
fn install_once(list: &Path, stamp: &Path, install: impl FnOnce() -> Result) -> Result {
    let _one_at_a_time = INSTALLING.lock();
    let wanted = fs::read(list).map_err(system(list.display().to_string()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).map_err(system(stamp.display().to_string()))
}

fn run(what: &str, command: &mut Command) -> Result {
    // To the real output, which tests otherwise keep back.
    let _ = writeln!(std::io::stdout(), "\n==> {what}");
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(system(program.clone()))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::wrong(format!("{what}: {program} failed ({status}).")))
    }
}
