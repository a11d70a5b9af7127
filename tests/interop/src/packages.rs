//! Installing the packages, once and visibly, in the versions of the lock files: npm's below `node/`, Python's in a virtual
//! environment below the build folder. Nothing is installed anywhere else.

use crate::{Result, built, here};
use e2e::packages::{install_once, npm, run};
use std::{path::PathBuf, process::Command};

/// The folder of the Node scripts, with their packages beside them.
pub(crate) fn node() -> Result<PathBuf> {
    let folder = here().join("node");
    npm(&folder)?;
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
