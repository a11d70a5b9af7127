//! The STS's readers under libFuzzer, led by coverage, from the kept corpus. It needs a C++ compiler, and no other Rust than the
//! project's: `-Cpasses=sancov-module` is all that `cargo fuzz` asks a nightly one for, address sanitizer aside, and there is no
//! unsafe code here.

use super::Length;
use crate::run::{Outcome, command, root, run};
use std::{fs, process::Stdio};

/// In `crates/sts-fuzz`.
const TARGETS: [&str; 3] = ["form", "token", "config"];

const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

pub(crate) fn soak(length: &Length) -> Outcome<String> {
    // With a target named, scripts of dependencies are built without all that.
    let target = "x86_64-unknown-linux-gnu";
    let words = [
        "build",
        "--release",
        "--package",
        "sts-fuzz",
        "--features",
        "coverage",
        "--target",
        target,
        "--target-dir",
        "target/fuzz",
    ];
    run(command("cargo", &words).env("RUSTFLAGS", COVERAGE).env("CARGO_PROFILE_RELEASE_LTO", "off"))?;
    let program = format!("target/fuzz/{target}/release/sts-fuzz");
    let seconds = u64::from(length.minutes) * 60 / TARGETS.len() as u64;
    let reports = TARGETS.map(|target| fuzz(&program, target, seconds.max(10)));
    let failed = reports.iter().any(Result::is_err);
    let report = reports.map(|report| report.unwrap_or_else(|why| why)).join("\n");
    if failed { Err(report) } else { Ok(report) }
}

fn fuzz(program: &str, target: &str, seconds: u64) -> Outcome<String> {
    let (found, kept) = (format!("target/soak/corpus-{target}"), format!("crates/sts-fuzz/corpus/{target}"));
    fs::create_dir_all(root().join(&found)).map_err(|why| format!("{found} cannot be made: {why}."))?;
    let options = [
        found.as_str(),
        &kept,
        &format!("-dict=crates/sts-fuzz/dictionaries/{target}.dict"),
        &format!("-artifact_prefix=target/soak/{target}-"),
        &format!("-max_total_time={seconds}"),
        "-max_len=40000",
        "-timeout=10",
        "-print_final_stats=1",
    ];
    let output = command(program, &options)
        .env("STS_FUZZ_TARGET", target)
        .stdout(Stdio::null())
        .output()
        .map_err(|why| format!("{program} could not be started: {why}."))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let end: Vec<&str> = said.lines().rev().take(30).collect();
        return Err(format!("{target}: failed.\n{}", end.into_iter().rev().collect::<Vec<_>>().join("\n")));
    }
    let figure = |name: &str| {
        let line = said.lines().rev().find(|line| line.contains(name)).unwrap_or_default();
        line.split(name).nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or("?").to_owned()
    };
    Ok(format!(
        "{target}: {} executions in {seconds} s, {} edges covered, nothing found",
        figure("number_of_executed_units:"),
        figure(" cov: "),
    ))
}
