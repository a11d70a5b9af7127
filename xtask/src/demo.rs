//! `cargo xtask demo`: builds, starts everything, prints the address, runs until Ctrl-C. With `--check` a headless browser
//! uses it as a person would, and the last line says what was seen.

use crate::{
    dist::{self, Package},
    run::{Outcome, command, run, section},
    setup,
};

/// Where the demo's certificates lie; made there when missing, never committed.
const CERTIFICATES: &str = "target/demo/certificates";

pub(crate) fn demo(arguments: &[String]) -> Outcome {
    let check = arguments.iter().any(|argument| argument == "--check");
    setup::wasm_pack()?;
    setup::node()?;
    if check {
        setup::chromium()?;
    }
    dist::dist(&Package::localhost())?;
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
