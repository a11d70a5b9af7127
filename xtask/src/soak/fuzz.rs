//! Ten million executions of the property tests of everything in the broker that reads foreign input (tests/fuzz), and a longer run of those
//! of its JavaScript.

use super::Length;
use crate::{
    run::{Outcome, command, watch},
    test,
};

/// The core's executions for each unit of the soak's length, a million by default.
const EXECUTIONS: u64 = 10;
/// How many of the soak's units make one input for each target of the JavaScript.
const PER_RUN: u64 = 10;

pub(crate) fn soak(length: &Length) -> Outcome<String> {
    let executions = (length.count * EXECUTIONS).to_string();
    let words = ["run", "--release", "--quiet", "--package", "fuzz", "--", &executions];
    let mut report = String::new();
    let core = watch(&mut command("cargo", &words), |line| report += &[line, "\n"].concat())?;
    let runs = length.count / PER_RUN;
    report += &format!("in JavaScript, {runs} inputs for each target:\n");
    let pages = watch(&mut test::foreign_input_of_pages(runs)?, |line| {
        if ["not ok", "# pass", "# fail"].iter().any(|start| line.starts_with(start)) {
            report += &[line, "\n"].concat();
        }
    })?;
    if core && pages {
        Ok(report)
    } else {
        Err([&report, "A rule is broken: the lines above say which."].concat())
    }
}
