//! `cargo xtask bench`: our figures beside a peer's, from one run. With `--json` only a JSON array of rows is printed on standard
//! output. It succeeds when it ran, whatever it measured.

use crate::{
    dist::{self, Package},
    run::{Outcome, command, output, run},
    setup,
};

/// The programs, by what `--only` calls them: those of `tests/bench`, and the STS's own.
const KINDS: [&str; 3] = ["client", "form-load", STS];
const STS: &str = "sts";
/// The STS's peers, with their packages.
const PEERS: &str = "crates/sts-bench/node";

pub(crate) fn bench(arguments: &[String]) -> Outcome {
    let usage = || format!("cargo xtask bench takes --only {} and --json.", KINDS.join("|"));
    let (mut only, mut json) = (None, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => json = true,
            "--only" => only = Some(words.next().ok_or_else(usage)?.as_str()),
            _ => return Err(usage()),
        }
    }
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| only.is_none_or(|only| only == *kind)).collect();
    if kinds.is_empty() {
        return Err(usage());
    }
    let packed = kinds.iter().any(|kind| *kind != STS);
    if packed {
        setup::wasm_pack()?;
        setup::node()?;
        setup::chromium()?;
    }
    if json {
        return print_json(&kinds, packed);
    }
    if packed {
        dist::dist(&Package::localhost())?;
    }
    kinds.iter().try_for_each(|kind| {
        build(kind)?;
        run(&mut command("cargo", &program(kind, &[])))
    })
}

/// What a benchmark measures beside itself: the STS is a program of its own, its peers are Node's.
fn build(kind: &str) -> Outcome {
    if kind != STS {
        return Ok(());
    }
    setup::npm(PEERS)?;
    run(&mut command("cargo", &["build", "--release", "--package", "sts"]))
}

/// The words with which cargo runs a benchmark.
fn program<'a>(kind: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let chosen = if kind == STS {
        vec!["--package", "sts-bench", "--", "--server", "target/release/talxis-sts", "--scripts", PEERS]
    } else {
        vec!["--package", "bench", "--bin", kind, "--"]
    };
    [["run", "--release", "--quiet"].as_slice(), &chosen, more].concat()
}

/// Everything but the rows goes to standard error, what builds included.
fn print_json(kinds: &[&str], packed: bool) -> Outcome {
    if packed {
        let pins = ["--authority-host", ".localhost", "--sts-host", ".localhost"];
        let mut dist = command("cargo", &[["xtask", "dist"].as_slice(), &pins].concat());
        output(&mut dist)?;
    }
    let mut rows = Vec::new();
    for kind in kinds {
        build(kind)?;
        let text = output(&mut command("cargo", &program(kind, &["--json"])))?;
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        rows.extend((!inner.is_empty()).then(|| inner.to_owned()));
    }
    println!("[{}]", rows.join(","));
    Ok(())
}
