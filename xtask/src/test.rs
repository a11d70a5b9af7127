//! `cargo xtask test`: every check that CI runs, cheapest first. The last line counts them all.

use crate::{
    dist::{self, Pins},
    lint,
    run::{Outcome, command, section, watch},
    setup,
};
use std::process::Command;

/// Runs the checks of one kind and counts them.
type Run = fn(&mut Count) -> Outcome;

/// The kinds of checks, in the order in which they run.
const KINDS: [(&str, Run); 6] = [
    ("lint", lint::lint),
    ("host", host),
    ("browser", browser),
    ("e2e", e2e),
    ("host-page", host_page),
    ("interop", interop),
];

/// How many checks passed and failed.
#[derive(Default)]
pub(crate) struct Count {
    passed: u32,
    failed: u32,
}

impl Count {
    /// Counts one check, and names it if it failed.
    pub(crate) fn check(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok: {name}");
            }
            Err(why) => {
                self.failed += 1;
                println!("FAILED: {name}\n{why}");
            }
        }
    }

    /// Runs a test program and counts what its `test result:` lines say. One that ends badly without having counted a
    /// failure (it did not compile, it crashed) is a failure by itself.
    fn tests(&mut self, command: &mut Command) -> Outcome {
        let before = self.failed;
        let success = watch(command, |line| {
            let line = line.trim();
            if let Some(result) = line.strip_prefix("test result:") {
                self.passed += number_before(result, "passed");
                self.failed += number_before(result, "failed");
            }
        })?;
        if !success && self.failed == before {
            self.failed += 1;
        }
        Ok(())
    }
}

pub(crate) fn test(arguments: &[String]) -> Outcome {
    let only = match arguments {
        [] => None,
        [flag, kind] if flag == "--only" && KINDS.iter().any(|(name, _)| name == kind) => Some(kind.as_str()),
        _ => {
            let kinds = KINDS.map(|(name, _)| name).join("|");
            return Err(format!("cargo xtask test takes nothing, or --only {kinds}."));
        }
    };
    let mut count = Count::default();
    for (name, kind) in KINDS {
        if only.is_none_or(|only| only == name) {
            kind(&mut count)?;
        }
    }
    println!("\ntotal: {} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { Ok(()) } else { Err("Not everything passed.".to_owned()) }
}

fn host(count: &mut Count) -> Outcome {
    setup::redis()?;
    section("Host tests");
    count.tests(&mut command("cargo", &["test", "--workspace", "--no-fail-fast"]))
}

fn browser(count: &mut Count) -> Outcome {
    setup::wasm_pack()?;
    setup::chromium()?;
    section("Browser tests of the effects");
    count.tests(&mut command("wasm-pack", &["test", "--headless", "--chrome"]))
}

fn e2e(count: &mut Count) -> Outcome {
    over_the_packed_broker(count, "e2e", "e2e", "End-to-end tests over the packed broker")
}

/// Where the broker lives: the windows and frames of a model-driven app, its configuration and its user.
fn host_page(count: &mut Count) -> Outcome {
    over_the_packed_broker(count, "e2e", "host-page", "The packed broker in a model-driven app look-alike")
}

/// Code that nobody here wrote: MSAL for the browser, Node and Python, oidc-provider, jose, PyJWT.
fn interop(count: &mut Count) -> Outcome {
    over_the_packed_broker(count, "interop", "interop", "Foreign clients and servers, unmodified")
}

fn over_the_packed_broker(count: &mut Count, package: &str, suite: &str, what: &str) -> Outcome {
    setup::wasm_pack()?;
    setup::node()?;
    setup::chromium()?;
    let built = dist::dist(&Pins::localhost());
    let usable = built.is_ok();
    count.check("the packed broker builds and keeps its size", built);
    if !usable {
        return Ok(());
    }
    section(what);
    let test = ["test", "--package", package, "--test", suite, "--", "--test-threads=1"];
    count.tests(&mut command("cargo", &test))
}

/// The number in front of a word, as in `3 passed; 0 failed;`.
fn number_before(text: &str, word: &str) -> u32 {
    let mut words = text.split([' ', ';']).filter(|word| !word.is_empty());
    let mut last = 0;
    words
        .find_map(|next| {
            if next == word {
                return Some(last);
            }
            last = next.parse().unwrap_or(0);
            None
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn the_numbers_of_a_result_line_are_read() {
        let line = " FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.11s";
        assert_eq!((number_before(line, "passed"), number_before(line, "failed")), (12, 3));
    }
}
