//! Ten million executions of the property tests of everything in the broker that reads foreign input (tests/fuzz), and a longer run of those
//! of its JavaScript.

use super::Length;
use crate::{
    run::{Outcome, command, output},
    test,
};

/// The core's executions for each unit of the soak's length, a million by default.
const EXECUTIONS: u64 = 10;
/// How many of the soak's units make one input for each target of the JavaScript.
const PER_RUN: u64 = 10;

pub(crate) fn soak(length: &Length) -> Outcome<String> {
    let executions = (length.count * EXECUTIONS).to_string();
    let words = ["run", "--release", "--quiet", "--package", "fuzz", "--", &executions];
    let core = output(&mut command("cargo", &words))
        .ok_or_else(|| format!("Run cargo {} to see which rule is broken.", words.join(" ")))?;
    let runs = length.count / PER_RUN;
    let pages = output(&mut test::foreign_input_of_pages(runs)?)
        .ok_or("Run node --test in tests/fuzz/node to see which rule is broken.")?;
    let counted = pages.lines().filter(|line| line.starts_with("# pass") || line.starts_with("# fail"));
    Ok(format!(
        "{core}in JavaScript, {runs} inputs for each target:\n{}\n",
        counted.collect::<Vec<_>>().join("\n")
    ))
}
