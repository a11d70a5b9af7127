//! `cargo xtask provision`: prints what registers an estate in a real tenant. The program is `crates/estate`'s, which xtask can start without.

use crate::run::{Outcome, command, run};

pub(crate) fn provision(arguments: &[String]) -> Outcome {
    if !matches!(arguments, [from, _] if from == "--from") {
        return Err("cargo xtask provision takes --from ESTATE.".to_owned());
    }
    let mut command =
        command("cargo", &["run", "--quiet", "--package", "estate", "--bin", "provision", "--"]);
    run(command.args(arguments))
}
