//! `cargo xtask`: the one entry for people and CI. This file only dispatches; each task is a file of its own.

mod bench;
mod demo;
mod dist;
mod lint;
mod provision;
mod run;
mod setup;
mod soak;
mod solution;
mod test;

use run::Outcome;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo [--check] [--port N] [--serve-for URL] [--estate FILE] [--lookalike SWITCH=VALUE,...]
                 [--solution ZIP] [--www DIR] [--certificates DIR]
                                                           start everything on this machine; --check drives it and says what it saw;
                                                           --serve-for gives a control's harness a broker
cargo xtask screenshots                                    take the pictures in docs/ anew
cargo xtask test [--only lint|host|fuzz|npm|solution|browser|e2e|host-page|pcf|interop] [--browser chromium|firefox|webkit]
                                                           every check that CI runs, or one kind, or e2e in one browser
cargo xtask bench [--only client|form-load|sts] [--json]   figures beside a peer's, measured in one run
cargo xtask soak [--only exchange|fuzz|sts-fuzz] [--minutes N] [--count N]   what takes too long for every change; reports in target/soak/
cargo xtask dist [--authority-host HOST] [--sts-host HOST] [--config FILE] [--prefix P] [--publisher NAME] [--version V]
                 [--webresource-guid GUID] [--without-ribbon]  build dist/, the solution included, and print its sizes
cargo xtask check-solution FILE...                         what an import of these solutions would stumble over
cargo xtask provision --from ESTATE                        print the script that registers it all in a real tenant";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nxtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome {
    std::env::set_current_dir(run::root())
        .map_err(|why| format!("The project's root cannot be entered: {why}."))?;
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    match arguments.split_first() {
        Some((task, rest)) if task == "bench" => bench::bench(rest),
        Some((task, rest)) if task == "demo" => demo::demo(rest),
        Some((task, [])) if task == "screenshots" => demo::screenshots(),
        Some((task, rest)) if task == "soak" => soak::soak(rest),
        Some((task, rest)) if task == "test" => test::test(rest),
        Some((task, rest)) if task == "dist" => dist::command(rest),
        Some((task, rest)) if task == "provision" => provision::provision(rest),
        Some((task, rest)) if task == "check-solution" => solution::check(rest),
        _ => Err(format!("Which task?\n\n{USAGE}")),
    }
}
