//! `provision --from estate.toml`: prints the script of [`estate::provision()`].

use estate::{Estate, provision};
use std::{error::Error, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match script(&arguments) {
        Ok(script) => {
            print!("{script}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("provision: {why}");
            ExitCode::FAILURE
        }
    }
}

fn script(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    match arguments {
        [from, file] if from == "--from" => Ok(provision(&Estate::load(Path::new(file))?)?),
        _ => Err("give it the estate: --from estate.toml".into()),
    }
}
