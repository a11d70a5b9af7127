//! `cargo xtask demo`: builds, starts everything, prints the address, runs until Ctrl-C. With `--check` a headless browser
//! uses it as a person would, and the last line says what was seen. `cargo xtask screenshots` does so for the pictures in docs/.

use crate::{
    dist::{self, Package},
    run::{Outcome, command, run, section},
    setup,
};

/// Where the demo's certificates lie; made there when missing, never committed.
const CERTIFICATES: &str = "target/demo/certificates";

pub(crate) fn demo(arguments: &[String]) -> Outcome {
    let check = arguments.iter().any(|argument| argument == "--check");
    prepare(check)?;
    let rest = arguments.iter().map(String::as_str).filter(|argument| *argument != "--check");
    let program: &[&str] = if check { &["e2e", "--bin", "demo-check"] } else { &["demo", "--bin", "demo"] };
    section(if check { "Checking the demo in headless Chromium" } else { "Starting the demo" });
    let words: Vec<&str> = ["run", "--package"]
        .into_iter()
        .chain(program.iter().copied())
        .chain(["--", "--certificates", CERTIFICATES])
        .chain(rest)
        .collect();
    run(&mut command("cargo", &words))
}

pub(crate) fn screenshots() -> Outcome {
    prepare(true)?;
    section("Taking pictures of the demo in headless Chromium");
    run(&mut command("cargo", &["run", "--package", "e2e", "--bin", "screenshots", "--", "docs"]))
}

/// What is needed: the packed broker for this machine, and a browser where one looks.
fn prepare(browser: bool) -> Outcome {
    setup::wasm_pack()?;
    setup::node()?;
    if browser {
        setup::chromium()?;
    }
    dist::dist(&Package::localhost())
}
