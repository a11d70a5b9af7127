//! Installing packages that nobody here wrote, once and visibly, in the versions of a lock file, and nowhere but beside it.

use crate::{Failure, Result};
use std::{fs, io::Write, path::Path, process::Command, sync::Mutex};

/// Two tests must not install at the same time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs a folder's npm packages. None of them needs its install script.
///
/// # Errors
/// When npm is not there or fails.
pub fn npm(folder: &Path) -> Result {
    install_once(&folder.join("package-lock.json"), &folder.join("node_modules/.installed"), || {
        let mut npm = Command::new("npm");
        run(
            "Installing the npm packages of the tests",
            npm.args(["ci", "--ignore-scripts", "--loglevel=error"]).current_dir(folder),
        )
    })
}

/// Installs unless `stamp` says that exactly this list is installed.
///
/// # Errors
/// When the list cannot be read, or installing fails.
pub fn install_once(list: &Path, stamp: &Path, install: impl FnOnce() -> Result) -> Result {
    let system = |path: &Path| {
        let what = path.display().to_string();
        |source| Failure::System { what, source }
    };
    let _one_at_a_time = INSTALLING.lock();
    let wanted = fs::read(list).map_err(system(list))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).map_err(system(stamp))
}

/// Runs a program, visibly.
///
/// # Errors
/// When it is not there or fails.
pub fn run(what: &str, command: &mut Command) -> Result {
    // To the real output, which tests otherwise keep back.
    let _ = writeln!(std::io::stdout(), "\n==> {what}");
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| Failure::System { what: program.clone(), source };
    let status = command.status().map_err(failed)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::wrong(format!("{what}: {program} failed ({status}).")))
    }
}
