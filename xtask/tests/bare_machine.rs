//! xtask on a machine that lacks things: the real program, with nothing on its PATH but what a test puts there. What stands there for
//! cargo and for installers changes nothing on this machine, and says so on standard output.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    sync::Mutex,
};

/// A program that is being written while another test starts one cannot be started (ETXTBSY).
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A machine with these programs, each a line of shell script.
fn on_a_machine_with(name: &str, programs: &[(&str, &str)], words: &[&str]) -> Output {
    let _guard = ONE_AT_A_TIME.lock();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).unwrap();
    for (program, line) in programs {
        let file = path.join(program);
        fs::write(&file, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.args(words).env("PATH", &path).env("RIBBON_SCHEMAS", &path).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_solution_is_checked_without_the_schema_where_nobody_can_install_its_validator() {
    let programs = [("cargo", "echo \"$@\"")];
    let output = on_a_machine_with("no-xmllint", &programs, &["check-solution", "README.md"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(said.contains("left out: Microsoft's schema") && said.contains("-- check README.md"), "{said}");
}

#[test]
fn a_solution_that_is_not_there_is_named_before_anything_is_installed() {
    let output = on_a_machine_with("nothing", &[], &["check-solution", "README.md", "missing.zip"]);
    let said = text(&output.stderr);
    assert!(said.contains("missing.zip is no file") && output.stdout.is_empty(), "{said}");
}

#[test]
fn a_bench_for_programs_prints_its_rows_and_nothing_else_while_everything_is_installed() {
    let noise = |program| (program, "echo noise");
    let programs = [
        ("cargo", "case $1 in run) echo '[{\"row\":1}]';; *) echo noise;; esac"),
        ("node", "echo v20.0.0"),
        noise("apt-get"),
        noise("npm"),
        noise("rustup"),
    ];
    let output = on_a_machine_with("fresh", &programs, &["bench", "--only", "client", "--json"]);
    let said = text(&output.stderr);
    assert_eq!(text(&output.stdout), "[{\"row\":1}]\n", "{said}");
    for what in ["Rust's WebAssembly target", "wasm-pack", "Chromium and its driver"] {
        assert!(said.contains(&format!("==> Installing {what}")), "{said}");
    }
}

#[test]
fn a_wrong_command_line_is_refused_before_anything_is_installed_or_built() {
    let lines = [
        "demo --prot 1",
        "demo --check --port",
        "dist --version 1.2.3",
        "dist --sts-host https://sts.example",
        "dist --prefx abc",
        "test --onyl lint",
        "bench --jsn",
        "soak --minuts 3",
        "provision --form estate.toml",
    ];
    for line in lines {
        let output = on_a_machine_with("nothing", &[], &line.split(' ').collect::<Vec<_>>());
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(" takes "), "{line}: {said}");
        assert!(!said.contains("==>") && !said.contains("could not be started"), "{line}: {said}");
    }
}

#[test]
fn help_is_given_whatever_the_task_and_starts_nothing() {
    for words in [["--help"].as_slice(), &["demo", "--help"], &["dist", "--prefix", "abc", "--help"]] {
        let output = on_a_machine_with("nothing", &[], words);
        assert!(output.status.success() && text(&output.stdout).starts_with("cargo xtask demo"), "{words:?}");
    }
}

#[test]
fn what_a_program_complains_of_before_it_fails_is_seen() {
    let programs = [("cargo", "echo 'no space left' >&2; exit 1"), ("node", "echo v20.0.0"), ("npm", "")];
    let present = [("wasm-pack", ""), ("chromedriver", ""), ("chromium", ""), ("rustc", "echo /")];
    let programs = [programs.as_slice(), &present].concat();
    let output = on_a_machine_with("full-disk", &programs, &["bench", "--only", "client", "--json"]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.starts_with("no space left\n"), "{said}");
    assert!(said.contains("xtask: cargo xtask dist") && said.contains("failed (exit status: 1)"), "{said}");
}
