//! Fuzzing of everything in the STS that reads what strangers write: the form of a request, a client token, and the configuration.
//!
//! A target judges an input with the product, and again by rules that are written from the contract and not from the code; both must
//! come to the same. A target also has *plants*: the product as it would be with one check removed. Removing a check is the same as
//! making the input pass it, so a plant mends the input and leaves the product alone. A target that does not notice its plants is
//! worth nothing; `tests/corpus.rs` sees to that.

mod config;
mod form;
mod mutate;
mod token;

pub use mutate::Mutator;

use std::{fs, path::PathBuf};

/// What the rules say of a judgement: nothing, or which one it breaks.
pub type Verdict = Result<(), String>;

/// A way in for foreign input.
pub struct Target {
    /// Its name, and that of its corpus and its dictionary.
    pub name: &'static str,
    /// The checks that can be removed.
    pub plants: &'static [&'static str],
    /// Judges an input, with this check removed.
    pub check: fn(input: &[u8], plant: Option<&str>) -> Verdict,
    /// Whether the product accepts an input: that of a seed whose name begins with `good` it must.
    pub accepts: fn(input: &[u8]) -> bool,
}

/// All of them.
pub const TARGETS: [Target; 3] = [form::TARGET, token::TARGET, config::TARGET];

impl Target {
    /// Inputs worth keeping, by name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn corpus(&self) -> std::io::Result<Vec<(String, Vec<u8>)>> {
        let mut seeds = Vec::new();
        for entry in fs::read_dir(here().join("corpus").join(self.name))? {
            let entry = entry?;
            seeds.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
        seeds.sort();
        Ok(seeds)
    }

    /// The words of its language, from a dictionary as libFuzzer reads it: one in quotation marks on each line.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn dictionary(&self) -> std::io::Result<Vec<String>> {
        let text = fs::read_to_string(here().join("dictionaries").join(format!("{}.dict", self.name)))?;
        let word = |line: &str| {
            Some(line.strip_prefix('"')?.strip_suffix('"')?.replace("\\\"", "\"").replace("\\x0a", "\n"))
        };
        Ok(text.lines().filter_map(word).collect())
    }
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The verdict where product and rules must come to the same.
fn same(accepted: bool, right: bool, what: &dyn Fn() -> String) -> Verdict {
    match (accepted, right) {
        (true, false) => Err(format!("what breaks a rule was accepted: {}", what())),
        (false, true) => Err(format!("what keeps all rules was refused: {}", what())),
        _ => Ok(()),
    }
}
