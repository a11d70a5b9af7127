//! `cargo xtask demo`: builds, starts everything, prints the address, runs until Ctrl-C. With `--check` a headless browser
//! uses it as a person would, and the last line says what was seen. `cargo xtask screenshots` does so for the pictures in docs/.

use crate::{
    dist::{self, Package},
    run::{Outcome, command, run, section},
    setup,
};

/// Where the demo's certificates lie; made there when missing, never committed.
const CERTIFICATES: &str = "target/demo/certificates";
/// What crates/demo/src/options.rs knows, each with a value.
const OPTIONS: [&str; 7] =
    ["--estate", "--solution", "--www", "--certificates", "--port", "--lookalike", "--serve-for"];

pub(crate) fn demo(arguments: &[String]) -> Outcome {
    let (check, rest) = words(arguments)?;
    prepare(check)?;
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

/// Whether to check, and the words for the demo; refused here, because the demo itself hears of them only when everything is built.
fn words(arguments: &[String]) -> Outcome<(bool, Vec<&str>)> {
    let (check, rest): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| *argument == "--check");
    match rest.chunks(2).find(|option| !matches!(option, [name, _] if OPTIONS.contains(name))) {
        None => Ok((!check.is_empty(), rest)),
        Some(wrong) => Err(format!(
            "cargo xtask demo takes --check, and each with a value {}: not {}.",
            OPTIONS.join(", "),
            wrong.join(" ")
        )),
    }
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

#[cfg(test)]
mod tests {
    use super::OPTIONS;
    use std::collections::BTreeSet;

    #[test]
    fn the_options_are_those_that_the_demo_itself_knows() {
        let source = include_str!("../../crates/demo/src/options.rs");
        let known = source.split('"').filter(|text| {
            text.starts_with("--") && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase())
        });
        assert_eq!(known.collect::<BTreeSet<_>>(), BTreeSet::from(OPTIONS));
    }
}
