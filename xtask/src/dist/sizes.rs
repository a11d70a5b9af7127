//! What the broker weighs on the wire, beside the library that people would otherwise load, bundled in the same run.

use super::tools::{self, Node};
use crate::run::{Outcome, output, section};
use std::{fs, path::Path};

/// The most that the broker's file may weigh, compressed with brotli: everything that a token needs, below the 61 kB that
/// Microsoft's library takes for the sign-in alone. The first slice (popup sign-in, tokens, exchange, no storage) was held to 38,000 and
/// weighed 37,505; what came since is the configuration, Power Apps' user, the vault, the hidden frame, the redirect, frames and prompts; tabs that take
/// turns, renewal ahead of time, sign-out everywhere, what the status panel shows, and answers before the WebAssembly is there.
const BUDGET: u64 = 54_800;

const COMPARED: &str = "@azure/msal-browser";

/// Prints the table, and refuses a broker beyond its budget.
pub(crate) fn report(node: &Node, broker: &Path) -> Outcome {
    let compared = tools::target().join("dist/msal.js");
    fs::write(&compared, node.bundle_export("PublicClientApplication", COMPARED)?)
        .map_err(|why| format!("{} cannot be written: {why}.", compared.display()))?;
    let text = output(node.script("sizes.mjs").arg(broker).arg(&compared))?;
    let rows: Vec<Vec<u64>> =
        text.lines().map(|line| line.split(' ').filter_map(|size| size.parse().ok()).collect()).collect();
    section("Sizes");
    println!("{:<28}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip", "brotli");
    for (name, row) in ["talxis_tokenmanagement.js", "@azure/msal-browser 5.30.0"].iter().zip(&rows) {
        let cells: String = row.iter().map(|size| format!("{size:>10}")).collect();
        println!("{name:<28}{cells}");
    }
    within_budget(rows.first().and_then(|row| row.get(2)).copied())
}

fn within_budget(brotli: Option<u64>) -> Outcome {
    match brotli {
        Some(size) if size <= BUDGET => Ok(()),
        Some(size) => {
            Err(format!("The broker weighs {size} bytes in brotli, {} more than its budget.", size - BUDGET))
        }
        None => Err("The sizes could not be read.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_too_many_fails() {
        assert!(within_budget(Some(BUDGET)).is_ok());
        assert!(within_budget(Some(BUDGET + 1)).is_err());
        assert!(within_budget(None).is_err());
    }
}
