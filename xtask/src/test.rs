//! `cargo xtask test`: every check that CI runs, cheapest first. The last line counts them all.

use crate::{
    dist::{self, Package},
    lint,
    run::{Outcome, command, root, run, section, watch},
    setup, solution,
};
use std::process::Command;

/// A kind of checks: its name, and what runs and counts them; those that run in several browsers do so in these.
type Kind = (&'static str, fn(&mut Count, &[Browser]) -> Outcome);

/// In the order in which they run.
const KINDS: [Kind; 10] = [
    ("lint", |count, _| lint::lint(count)),
    ("host", |count, _| host(count)),
    ("fuzz", |count, _| fuzz(count)),
    ("npm", |count, _| npm(count)),
    ("solution", |count, _| if packed(count)? { solution::test(count) } else { Ok(()) }),
    ("browser", |count, _| browser(count)),
    ("e2e", e2e),
    ("host-page", |count, _| host_page(count)),
    ("pcf", |count, _| pcf(count)),
    ("interop", |count, _| interop(count)),
];

/// A browser by its name in `tests/e2e/src/engine.rs`, and what installs it.
type Browser = (&'static str, fn() -> Outcome);

const BROWSERS: [Browser; 3] =
    [("chromium", setup::chromium), ("firefox", setup::firefox), ("webkit", setup::webkit)];

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
    pub(crate) fn tests(&mut self, command: &mut Command) -> Outcome {
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
    let (kinds, browsers) = chosen(arguments)?;
    let mut count = Count::default();
    for (_, kind) in kinds {
        kind(&mut count, &browsers)?;
    }
    println!("\ntotal: {} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { Ok(()) } else { Err("Not everything passed.".to_owned()) }
}

/// Everything, or what `--only` and `--browser` leave of it.
fn chosen(arguments: &[String]) -> Outcome<(Vec<Kind>, Vec<Browser>)> {
    let (mut kinds, mut browsers) = (KINDS.to_vec(), BROWSERS.to_vec());
    for option in arguments.chunks(2) {
        match option {
            [flag, only] if flag == "--only" => kinds.retain(|(name, _)| name == only),
            [flag, only] if flag == "--browser" => browsers.retain(|(name, _)| name == only),
            _ => kinds.clear(),
        }
    }
    if kinds.is_empty() || browsers.is_empty() {
        let (kinds, browsers) = (KINDS.map(|(name, _)| name), BROWSERS.map(|(name, _)| name));
        return Err(format!(
            "cargo xtask test takes nothing, --only {}, and for e2e --browser {}.",
            kinds.join("|"),
            browsers.join("|")
        ));
    }
    Ok((kinds, browsers))
}

fn host(count: &mut Count) -> Outcome {
    setup::redis()?;
    section("Host tests");
    count.tests(&mut command("cargo", &["test", "--workspace", "--no-fail-fast"]))
}

/// What reads foreign input, with inputs that nobody would think of: about a minute, counted in executions, so that it is the same everywhere.
/// That each target notices each check that is removed is among the host tests.
fn fuzz(count: &mut Count) -> Outcome {
    section("Property tests of what reads foreign input");
    let core = ["run", "--release", "--quiet", "--package", "fuzz", "--", "3000000"];
    count.check("the core's judgements keep their rules", run(&mut command("cargo", &core)));
    let pages = run(&mut foreign_input_of_pages(30_000)?);
    count.check("the JavaScript's judgements keep theirs, and each missing check is noticed", pages);
    Ok(())
}

/// The property tests of the JavaScript, with so many inputs for each target.
pub(crate) fn foreign_input_of_pages(runs: u64) -> Outcome<Command> {
    setup::npm("tests/fuzz/node")?;
    // In words that a program can count, by every version of Node.
    let mut node = command("node", &["--test", "--test-reporter=tap", "tests/fuzz/node/foreign.test.mjs"]);
    node.env("FUZZ_RUNS", runs.to_string());
    Ok(node)
}

/// The npm package as it is packed: its files, types and size, and the consumers for which it has adapters, unmodified.
fn npm(count: &mut Count) -> Outcome {
    setup::node()?;
    section("The npm package and its consumers");
    dist::npm_package()?;
    setup::npm("tests/npm")?;
    let mut tests = command("node", &["--test", "tests/npm/package.test.mjs"]);
    count.check("the npm package keeps its promises, by its consumers", run(&mut tests));
    Ok(())
}

fn browser(count: &mut Count) -> Outcome {
    setup::wasm_pack()?;
    setup::chromium()?;
    section("Browser tests of the effects");
    count.tests(&mut command("wasm-pack", &["test", "--headless", "--chrome"]))
}

fn e2e(count: &mut Count, browsers: &[Browser]) -> Outcome {
    browsers.iter().try_for_each(|(_, install)| install())?;
    if !packed(count)? {
        return Ok(());
    }
    for (browser, _) in browsers {
        section(&format!("End-to-end tests over the packed broker, in {browser}"));
        // On WebKit's screen two windows would take the focus from each other.
        let at_once = if *browser == "webkit" { "1" } else { TWO };
        let cargo = suite("e2e", "e2e", at_once);
        let mut tests = match *browser {
            // It has no headless mode.
            "webkit" => {
                let display = ["--auto-servernum", "--server-args=-screen 0 1320x900x24", "cargo"];
                command("xvfb-run", &[display.as_slice(), &cargo].concat())
            }
            _ => command("cargo", &cargo),
        };
        count.tests(tests.env("E2E_ENGINE", browser))?;
        if *browser == "chromium" {
            section("The same where the solution has no ribbon: controls bring the broker");
            let those = ["form::", "frames::", "sign_in::", "scenarios::first_visit"];
            let mut tests = command("cargo", &[cargo.as_slice(), &those].concat());
            count.tests(tests.env("E2E_ENGINE", browser).env("E2E_WITHOUT_RIBBON", "1"))?;
        }
    }
    Ok(())
}

/// Where the broker lives: the windows and frames of a model-driven app, its configuration and its user.
fn host_page(count: &mut Count) -> Outcome {
    setup::chromium()?;
    if !packed(count)? {
        return Ok(());
    }
    // The tests put the addresses of their own servers in.
    let default = r#"{"version":1,"clientId":"b0000000-0000-4000-8000-000000000001","sts":"http://sts.localhost:1",
        "authority":"http://login.localhost:1","clients":{"packaged":"c0000000-0000-4000-8000-000000000001"}}"#;
    count.check("a package brings a configuration of its own", dist::with_default(default));
    section("The packed broker in a model-driven app look-alike");
    count.tests(&mut command("cargo", &suite("e2e", "host-page", TWO)))
}

/// The sample control for PCF developers: built by Microsoft's tools as they are, then on forms of the look-alike and in Microsoft's harness.
fn pcf(count: &mut Count) -> Outcome {
    setup::chromium()?;
    if !packed(count)? {
        return Ok(());
    }
    setup::npm(SAMPLE)?;
    section("The sample control, built by pcf-scripts");
    let npm = |arguments: &[&str]| {
        run(command("npm", arguments).current_dir(root().join(SAMPLE)).env(NO_TELEMETRY, "1"))
    };
    let built = npm(&["run", "build", "--", "--buildMode", "production"]).and_then(|()| sample_size());
    let usable = built.is_ok();
    count.check("pcf-scripts builds the sample control, and its bundle is small", built);
    count.check("the sample control's own unit tests", npm(&["test"]));
    if usable {
        section("The sample control in the look-alike and in pcf-start");
        count.tests(&mut command("cargo", &suite("e2e", "pcf", "1")))?;
    }
    Ok(())
}

const SAMPLE: &str = "pkg-template/samples/pcf-file-list";
/// Microsoft's tools report to Microsoft otherwise.
const NO_TELEMETRY: &str = "PP_TOOLS_TELEMETRY_OPTOUT";
/// The control, and what it took from the npm package; React is the platform's.
const SAMPLE_BUDGET: u64 = 12_000;

fn sample_size() -> Outcome {
    let bundle = root().join(SAMPLE).join("out/controls/FileList/bundle.js");
    let bytes = std::fs::metadata(&bundle)
        .map_err(|why| format!("{} cannot be read: {why}.", bundle.display()))?
        .len();
    println!("the sample control's bundle.js has {bytes} bytes");
    if bytes <= SAMPLE_BUDGET { Ok(()) } else { Err(format!("That is more than {SAMPLE_BUDGET}.")) }
}

/// Code that nobody here wrote: MSAL for the browser, Node and Python, oidc-provider, jose, PyJWT.
fn interop(count: &mut Count) -> Outcome {
    setup::chromium()?;
    if !packed(count)? {
        return Ok(());
    }
    section("Foreign clients and servers, unmodified");
    count.tests(&mut command("cargo", &suite("interop", "interop", "1")))
}

/// Packs the broker for this machine and says whether it can be used.
fn packed(count: &mut Count) -> Outcome<bool> {
    setup::wasm_pack()?;
    setup::node()?;
    let built = dist::dist(&Package::localhost());
    let usable = built.is_ok();
    count.check("the packed broker builds and keeps its size", built);
    Ok(usable)
}

/// Tests at once, each with a browser and servers of its own: while one waits for its browser, another has the processor.
const TWO: &str = "2";

fn suite<'a>(package: &'a str, name: &'a str, at_once: &'a str) -> [&'a str; 8] {
    ["test", "--package", package, "--test", name, "--", "--test-threads", at_once]
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
    use super::{chosen, number_before};

    #[test]
    fn the_numbers_of_a_result_line_are_read() {
        let line = " FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.11s";
        assert_eq!((number_before(line, "passed"), number_before(line, "failed")), (12, 3));
    }
    #[test]
    fn options_leave_one_kind_or_one_browser_and_mistakes_leave_nothing() {
        let chosen = |words: &str| {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            chosen(&words).map(|(kinds, browsers)| (kinds.len(), browsers.len())).ok()
        };
        assert_eq!(chosen(""), Some((10, 3)));
        assert_eq!(chosen("--only e2e --browser webkit"), Some((1, 1)));
        for wrong in ["--only", "--only e3e", "--browser lynx", "--only e2e --browser", "e2e", "--quick e2e"]
        {
            assert_eq!(chosen(wrong), None, "{wrong}");
        }
    }
}
