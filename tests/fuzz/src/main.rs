//! The long run: `fuzz [executions] [seed]` spreads so many executions over all targets and says what each came to. Fails if a rule is broken.

use fuzz::targets;
use std::{process::ExitCode, time::Instant};

/// So many at once keep the memory of a run small, and show progress.
const AT_ONCE: u64 = 50_000;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let executions = numbers.first().copied().unwrap_or(10_000_000);
    let seed = numbers.get(1).copied().unwrap_or(1);
    let targets = targets();
    let share = executions.div_ceil(targets.len().max(1) as u64);
    let mut broken = 0;
    println!("{executions} executions over {} targets, seed {seed}", targets.len());
    for target in &targets {
        let begun = Instant::now();
        let run = |at: u64| {
            let count = u32::try_from(AT_ONCE.min(share - at * AT_ONCE)).unwrap_or_default();
            target.run(count, seed.wrapping_add(at), None)
        };
        let verdict = (0..share.div_ceil(AT_ONCE)).try_for_each(run);
        let seconds = begun.elapsed().as_secs_f64();
        match verdict {
            Ok(()) => println!("{:<20}{share:>12} executions{seconds:>9.1} s  ok", target.name),
            Err(why) => {
                broken += 1;
                println!("{:<20} BROKEN: {why}", target.name);
            }
        }
    }
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
