//! `cargo xtask soak`: what takes too long for every change. Each soak is a function that comes to the text of its report,
//! which is written to `target/soak/`; a new one is a file under `soak/` and a row here.

mod exchange;
mod fuzz;
mod sts_fuzz;

use crate::run::{Outcome, root, section};
use std::fs;

/// A soak: its name, and what runs it and says in a few lines what it saw.
type Soak = (&'static str, fn(&Length) -> Outcome<String>);

/// In the order in which they run.
const SOAKS: [Soak; 3] = [("exchange", exchange::soak), ("fuzz", fuzz::soak), ("sts-fuzz", sts_fuzz::soak)];

/// How long the soaks may take: the whole length, or less to try one out.
pub(crate) struct Length {
    /// For those that run for a time, such as fuzzing.
    pub(crate) minutes: u32,
    /// For those that run until so many are done, such as exchanges.
    pub(crate) count: u64,
}

pub(crate) fn soak(arguments: &[String]) -> Outcome {
    let names = || SOAKS.map(|(name, _)| name).join("|");
    let usage = || format!("cargo xtask soak takes --only {}, --minutes N and --count N.", names());
    let mut length = Length { minutes: 30, count: 1_000_000 };
    let mut chosen = SOAKS.to_vec();
    for option in arguments.chunks(2) {
        match option {
            [flag, only] if flag == "--only" => chosen.retain(|(name, _)| name == only),
            [flag, minutes] if flag == "--minutes" => {
                length.minutes = minutes.parse().map_err(|_| usage())?
            }
            [flag, count] if flag == "--count" => length.count = count.parse().map_err(|_| usage())?,
            _ => return Err(usage()),
        }
    }
    if chosen.is_empty() {
        return Err(usage());
    }
    let folder = root().join("target/soak");
    fs::create_dir_all(&folder).map_err(|why| format!("target/soak cannot be made: {why}."))?;
    // One that fails keeps none of the others from running.
    let failed: Vec<&str> = chosen
        .into_iter()
        .filter_map(|(name, run)| {
            section(&format!("Soak: {name}"));
            let outcome = run(&length);
            let report = outcome.as_ref().unwrap_or_else(|why| why);
            println!("{report}");
            let written = fs::write(folder.join(format!("{name}.txt")), report);
            (outcome.is_err() || written.is_err()).then_some(name)
        })
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("These soaks failed: {}.", failed.join(", "))) }
}
