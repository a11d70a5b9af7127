//! What a fresh machine lacks is installed here, once and visibly. Where it cannot be, the message says what to do.

use crate::run::{Outcome, command, has, probe, root, run, section};
use std::{fs, path::Path, process::Command};

const WASM: &str = "wasm32-unknown-unknown";
/// As the README says.
const OLDEST_NODE: u32 = 20;

/// Rust's standard library for WebAssembly.
pub(crate) fn wasm_target() -> Outcome {
    let folder = probe(&mut command("rustc", &["--print", "target-libdir", "--target", WASM]));
    if folder.is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    section("Installing Rust's WebAssembly target");
    install(&mut command("rustup", &["target", "add", WASM])).map_err(|why| {
        format!(
            "{why}\nThe broker is compiled to {WASM}, and this toolchain has no standard library for it. Install one \
             (with rustup, or your distribution's package for Rust on WebAssembly) and select it with RUSTUP_TOOLCHAIN."
        )
    })
}

/// wasm-pack, and through it the wasm-bindgen CLI of the locked version.
pub(crate) fn wasm_pack() -> Outcome {
    wasm_target()?;
    if has("wasm-pack") {
        return Ok(());
    }
    section("Installing wasm-pack (about two minutes, once)");
    install(&mut command("cargo", &["install", "wasm-pack"]))
        .map_err(|why| format!("{why}\nInstall wasm-pack yourself and make sure that it is on PATH."))
}

/// Node, for the packer's npm tools and the tests of scripts.
pub(crate) fn node() -> Outcome {
    let version = probe(&mut command("node", &["--version"])).filter(|_| has("npm"));
    new_enough(version.as_deref().map(str::trim))
}

/// Whether a Node that says so of itself will do.
fn new_enough(version: Option<&str>) -> Outcome {
    let major = version.and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse::<u32>().ok());
    if major.is_some_and(|major| major >= OLDEST_NODE) {
        return Ok(());
    }
    let found = version
        .map_or_else(|| "they are not both on PATH".to_owned(), |version| format!("node is {version}"));
    Err(format!(
        "Node.js {OLDEST_NODE} or later with npm is needed, and {found}: install it from https://nodejs.org or your \
         distribution, and make sure that node and npm are on PATH."
    ))
}

/// A folder's npm packages, in the versions of its lock file. None of them needs its install script.
pub(crate) fn npm(folder: &str) -> Outcome {
    node()?;
    let read = |path: &str| fs::read(root().join(folder).join(path)).ok();
    // What is there when everything was installed: the list, as it was then.
    let stamp = "node_modules/.installed";
    let wanted = read("package-lock.json");
    if wanted.is_some() && read(stamp) == wanted {
        return Ok(());
    }
    section(&format!("Installing the npm packages of {folder}"));
    install(
        command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(root().join(folder)),
    )?;
    fs::write(root().join(folder).join(stamp), wanted.unwrap_or_default())
        .map_err(|why| format!("{folder}/{stamp} cannot be written: {why}."))
}

/// Chromium and its WebDriver.
pub(crate) fn chromium() -> Outcome {
    if has("chromedriver") && ["chromium", "google-chrome", "chrome"].into_iter().any(has) {
        return Ok(());
    }
    let advice = "The browser tests need Chromium and chromedriver of the same version on PATH.";
    debian("Chromium and its driver", &["chromium", "chromium-driver"], advice)
}

/// Firefox and its WebDriver, which Debian has no package of.
pub(crate) fn firefox() -> Outcome {
    if !["firefox-esr", "firefox"].into_iter().any(has) {
        debian("Firefox", &["firefox-esr"], "The tests in Firefox need firefox or firefox-esr on PATH.")?;
    }
    if has("geckodriver") {
        return Ok(());
    }
    section("Installing geckodriver (about two minutes, once)");
    install(&mut command("cargo", &["install", "geckodriver"]))
        .map_err(|why| format!("{why}\nInstall geckodriver yourself and make sure that it is on PATH."))
}

/// WebKit, its WebDriver, and a display that nobody sees: it has no headless mode.
pub(crate) fn webkit() -> Outcome {
    if ["WebKitWebDriver", "xvfb-run", "xauth"].into_iter().all(has) {
        return Ok(());
    }
    let advice = "The tests in WebKit need WebKitWebDriver and MiniBrowser of WebKitGTK and xvfb-run on PATH, which exist for Linux; \
                  elsewhere choose another with --browser.";
    debian("WebKit, its driver and Xvfb", &["webkit2gtk-driver", "xvfb", "xauth"], advice)
}

/// Installs Debian's packages where there are any, and otherwise gives advice.
fn debian(what: &str, packages: &[&str], advice: &str) -> Outcome {
    if !has("apt-get") {
        return Err(format!("{advice} Install {what}."));
    }
    section(&format!("Installing {what} from Debian's packages"));
    install(&mut command("apt-get", &["update", "-q"]))
        .and_then(|()| {
            let words = [["install", "-y", "--no-install-recommends"].as_slice(), packages].concat();
            install(command("apt-get", &words).env("DEBIAN_FRONTEND", "noninteractive"))
        })
        .map_err(|why| format!("{why}\n{advice} As root: apt-get install {}", packages.join(" ")))
}

/// libxml2's validator, for ribbons.
pub(crate) fn xmllint() -> Outcome {
    if has("xmllint") {
        return Ok(());
    }
    debian("xmllint", &["libxml2-utils"], "Ribbons are validated with xmllint.")
}

/// Redis, for the STS's second level.
pub(crate) fn redis() -> Outcome {
    if has("redis-server") {
        return Ok(());
    }
    debian("Redis", &["redis-server"], "The STS's tests need redis-server on PATH.")
}

/// cargo-deny. It is a second pair of eyes on licences and sources: where it cannot be had, that is said and no error.
pub(crate) fn cargo_deny() -> bool {
    if has("cargo-deny") {
        return true;
    }
    section("Installing cargo-deny (a few minutes, once)");
    install(&mut command("cargo", &["install", "cargo-deny"])).map_err(|why| eprintln!("{why}")).is_ok()
}

/// Runs an installer. What it says goes to standard error, as sections do.
fn install(command: &mut Command) -> Outcome {
    run(command.stdout(std::io::stderr()))
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn an_old_node_is_refused_by_its_version_and_a_missing_one_by_what_to_install() {
        for good in ["v20.20.2", "v22.0.0", "v24.1.0", "v100.0.0"] {
            assert_eq!(new_enough(Some(good)), Ok(()), "{good}");
        }
        for (bad, found) in
            [(Some("v18.19.1"), "node is v18.19.1"), (Some(""), "node is"), (None, "not both on PATH")]
        {
            let why = new_enough(bad).unwrap_err();
            assert!(why.contains("Node.js 20 or later") && why.contains(found), "{why}");
        }
    }
}
