//! README.md is held to its word: its tests exist, its commands work. Its Rust is a documentation test of the library.

// Helpers of tests may fail the way tests do; clippy.toml allows it inside test functions only.
#![allow(clippy::panic, clippy::unwrap_used)]

use entra_dev::Command;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{self, Child, Stdio},
};

const README: &str = include_str!("../README.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The words in backticks that name a test: `module::function`, with the suite in front where it is another crate's.
fn tests_named_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|word| word.contains("::") && !word.ends_with("::"))
}

fn exists(test: &str) -> bool {
    let (module, function) = test.rsplit_once("::").unwrap();
    let (folder, module) = match module.split_once("::") {
        Some(("interop", module)) => ("tests/interop/tests/interop", module),
        Some(("demo", module)) => ("crates/demo/tests/over_http", module),
        _ => ("crates/entra-dev/tests/over_http", module),
    };
    let source = fs::read_to_string(root().join(folder).join(module.replace("::", "/")).with_extension("rs"))
        .unwrap_or_default();
    let mut lines = source.lines().map(str::trim_start);
    let declared = [format!("fn {function}("), format!("async fn {function}(")];
    let is_test = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let mut before = "";
    lines.any(|line| {
        let found = is_test(before) && declared.iter().any(|start| line.starts_with(start.as_str()));
        before = line;
        found
    })
}

#[test]
fn every_test_that_the_readme_names_exists() {
    let prose = README.split("## What it imitates").nth(1).unwrap();
    let named: Vec<&str> = tests_named_in(prose).collect();
    assert!(named.len() > 80, "only {} tests are named", named.len());
    let missing: Vec<&&str> = named.iter().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_name_that_is_no_tests_is_found_out() {
    for wrong in [
        "weather::at",
        "weather::nothing",
        "world::start",
        "nowhere::a_delay_delays",
        "interop::weather::a_delay_delays",
    ] {
        assert!(!exists(wrong), "{wrong}");
    }
}

#[test]
fn every_behaviour_of_the_tables_is_shown_by_a_test() {
    for heading in ["\n| behaviour |", "\n| difference |"] {
        let table = README.split_once(heading).unwrap().1.split("\n\n").next().unwrap();
        let rows: Vec<&str> = table.lines().skip(2).filter(|row| !row.starts_with("| **")).collect();
        assert!(rows.len() > 5, "{heading}");
        for row in rows {
            assert!(tests_named_in(row).next().is_some(), "{row}");
        }
    }
}

#[test]
fn every_command_of_the_second_port_has_an_example() {
    // The message names all commands there are.
    let commands = serde_json::from_str::<Command>("\"?\"").unwrap_err().to_string();
    let commands: Vec<&str> = commands.split('`').skip(3).step_by(2).collect();
    assert!(commands.contains(&"advance") && commands.len() > 15, "{commands:?}");
    for command in commands {
        let example = curls().any(|line| {
            line.contains(&format!("'{{ \"{command}\"")) || line.contains(&format!("'\"{command}\"'"))
        });
        assert!(example, "{command}");
    }
}

fn shell() -> impl Iterator<Item = &'static str> {
    let blocks = README.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.flat_map(str::lines)
}

fn curls() -> impl Iterator<Item = &'static str> {
    shell().filter(|line| line.starts_with("curl "))
}

/// The program, as the README starts it, on free ports.
struct Program {
    child: Child,
    origin: String,
    control: String,
}

impl Program {
    fn start() -> Self {
        let line = shell().find_map(|line| line.strip_prefix("cargo run -p entra-dev -- ")).unwrap();
        let words = line.split(" #").next().unwrap().split_whitespace();
        let mut child = process::Command::new(env!("CARGO_BIN_EXE_entra-dev"))
            .args(words.map(|word| word.replace(":8401", ":0")))
            .args(["--listen", "127.0.0.1:0", "--certificates"])
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-certificates"))
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = || {
            let line = said.next().unwrap();
            let from = line.find("http://").unwrap_or_else(|| panic!("{line}"));
            line.get(from..).unwrap().split(' ').next().unwrap().replace("login.localhost", "127.0.0.1")
        };
        let (origin, control) = (address(), address());
        Self { child, origin, control }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn the_program_starts_and_answers_as_the_readme_says() {
    let program = Program::start();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for line in curls() {
        let url = line.rsplit(' ').next().unwrap();
        let url = url
            .replace("http://localhost:8400", &program.origin)
            .replace("http://127.0.0.1:8401", &program.control);
        let request = match line.split('\'').nth(1) {
            Some(json) => http.post(url).header("content-type", "application/json").body(json),
            None => http.get(url),
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{line}\n{text}");
        assert!(!line.contains("\"mint\"") || text.contains("eyJ"), "{line}\n{text}");
    }
}
