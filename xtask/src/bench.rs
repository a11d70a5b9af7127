//! `cargo xtask bench`: our figures beside a peer's, from one run. With `--json` only a JSON array of rows is printed on standard
//! output. It succeeds when it ran, whatever it measured.

use crate::{
    dist::{self, Package},
    run::{Outcome, command, output, run},
    setup,
};

/// The programs of `tests/bench`, by what `--only` calls them.
const KINDS: [&str; 1] = ["form-load"];

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
    setup::wasm_pack()?;
    setup::node()?;
    setup::chromium()?;
    if json {
        return print_json(&kinds);
    }
    dist::dist(&Package::localhost())?;
    kinds.iter().try_for_each(|kind| {
        run(&mut command("cargo", &["run", "--release", "--package", "bench", "--bin", kind]))
    })
}

/// Everything but the rows goes to standard error, what builds included.
fn print_json(kinds: &[&str]) -> Outcome {
    let built =
        command("cargo", &["xtask", "dist", "--authority-host", ".localhost", "--sts-host", ".localhost"]);
    output(&mut { built }).ok_or("cargo xtask dist failed: run it by itself to see why.")?;
    let mut rows = Vec::new();
    for kind in kinds {
        let words = ["run", "--release", "--quiet", "--package", "bench", "--bin", kind, "--", "--json"];
        let text =
            output(&mut command("cargo", &words)).ok_or_else(|| format!("The benchmark {kind} failed."))?;
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        rows.extend((!inner.is_empty()).then(|| inner.to_owned()));
    }
    println!("[{}]", rows.join(","));
    Ok(())
}
