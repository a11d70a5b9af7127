//! A million exchanges under load, each returned token compared with the client token that earned it.

use super::Length;
use crate::run::{Outcome, command, output, run};

pub(crate) fn soak(length: &Length) -> Outcome<String> {
    run(&mut command("cargo", &["build", "--release", "--package", "sts"]))?;
    let count = length.count.to_string();
    let words = ["run", "--release", "--quiet", "--package", "sts-bench", "--"];
    let more = ["--server", "target/release/talxis-sts", "--soak", &count];
    output(&mut command("cargo", &[words.as_slice(), &more].concat()))
}
