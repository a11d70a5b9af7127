//! The checks that run no product code: format, clippy, dependencies, and the house's rules for files.

use crate::{
    run::{Outcome, command, output, run, section},
    setup,
    test::Count,
};

const WASM: &str = "wasm32-unknown-unknown";

/// Crates that would cost the WebAssembly more than they give, with their price. See `cargo tree -i` when one turns up.
const TOO_LARGE_FOR_WASM: [(&str, &str); 9] = [
    ("chrono", "the browser has a clock"),
    ("idna", "184 kB with url"),
    ("regex", "783 kB"),
    ("regex-lite", "64 kB"),
    ("reqwest", "the browser has fetch"),
    ("serde_json", "45 kB; the browser has JSON.parse"),
    ("time", "the browser has a clock"),
    ("tokio", "the browser has an event loop"),
    ("url", "184 kB; the browser has URL"),
];

pub(crate) fn lint(count: &mut Count) -> Outcome {
    section("Checks without running");
    setup::wasm_target()?;
    count.check("the code is formatted", run(&mut command("cargo", &["fmt", "--all", "--check"])));
    for scope in [
        ["--workspace", "--all-targets"].as_slice(),
        &["--package", "e2e", "--test", "e2e", "--test", "host-page", "--test", "pcf"],
        &["--package", "interop", "--test", "interop"],
        &["--package", "solution", "--test", "packed", "--test", "microsoft"],
        &["--package", "talxis-broker", "--target", WASM, "--all-targets"],
    ] {
        let arguments: Vec<&str> = ["clippy", "--quiet"]
            .into_iter()
            .chain(scope.iter().copied())
            .chain(["--", "-D", "warnings"])
            .collect();
        count.check(&format!("clippy {}", scope.join(" ")), run(&mut command("cargo", &arguments)));
    }
    count.check("no large crate is in the WebAssembly", wasm_graph());
    count.check("files say what they are for", files_explain_themselves());
    count.check("no file names a machine", no_machine_paths());
    if setup::cargo_deny() {
        let kinds = ["deny", "check", "licenses", "bans", "sources"];
        count.check("cargo deny: licences, bans, sources", run(&mut command("cargo", &kinds)));
    } else {
        println!("left out: cargo deny could not be installed");
    }
    Ok(())
}

fn wasm_graph() -> Outcome {
    let tree =
        ["tree", "--package", "talxis-broker", "--target", WASM, "--edges", "normal", "--prefix", "none"];
    let tree = output(&mut command("cargo", &tree))?;
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    match TOO_LARGE_FOR_WASM.iter().find(|(name, _)| names.contains(name)) {
        None => Ok(()),
        Some((name, price)) => Err(format!("{name} is in the broker's WebAssembly ({price}).")),
    }
}

/// Every source file starts with a sentence on what it decides.
fn files_explain_themselves() -> Outcome {
    each_tracked(&["*.rs"], |path, text| {
        text.starts_with("//!") || text.starts_with("#![cfg") && text.contains("\n//!") || {
            eprintln!("{path} does not start with //!.");
            false
        }
    })
}

/// Nothing committed knows where it was written. The patterns are put together here so that this file has none of them.
fn no_machine_paths() -> Outcome {
    let homes = ["home", "root", "Users"].map(|folder| format!("/{folder}/"));
    each_tracked(&["*"], |path, text| {
        let found = homes.iter().find(|home| {
            text.match_indices(home.as_str()).any(|(at, _)| {
                !text
                    .get(..at)
                    .unwrap_or_default()
                    .ends_with(|before: char| before.is_alphanumeric() || ".-_}".contains(before))
            })
        });
        found.is_none_or(|home| {
            eprintln!("{path} names a path below {home}.");
            false
        })
    })
}

fn each_tracked(patterns: &[&str], mut good: impl FnMut(&str, &str) -> bool) -> Outcome {
    let arguments: Vec<&str> = ["ls-files", "--cached", "--others", "--exclude-standard", "--"]
        .into_iter()
        .chain(patterns.iter().copied())
        .collect();
    let files = output(&mut command("git", &arguments))?;
    let mut bad = 0;
    for path in files.lines() {
        if let Ok(text) = std::fs::read_to_string(path) {
            bad += u32::from(!good(path, &text));
        }
    }
    if bad == 0 { Ok(()) } else { Err(format!("{bad} files break this rule.")) }
}
