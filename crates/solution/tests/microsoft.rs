//! Solutions that Microsoft exported, unmodified: what the checker calls an error must be one. A target of its own, because they are not
//! ours to give on: `cargo xtask test --only solution` fetches them and runs it, and says so where they are not to be had.

#![allow(clippy::expect_used, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

use solution::{Archive, check};
use std::{fs, path::Path};

const SAMPLES: &str = "SOLUTION_SAMPLES";
const AT_LEAST: usize = 5;

fn zips(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            zips(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "zip") {
            found.push(path);
        }
    }
}

#[test]
fn solutions_that_microsoft_exported_are_without_errors() {
    let folder = std::env::var_os(SAMPLES).expect("a folder of PowerApps-Samples");
    let mut files = Vec::new();
    zips(Path::new(&folder), &mut files);
    let mut seen = 0;
    for file in files {
        // Most are sample data and code.
        let bytes = fs::read(&file).unwrap();
        let Ok(archive) = Archive::read(&bytes) else { continue };
        if archive.get("solution.xml").is_none() {
            continue;
        }
        seen += 1;
        let errors: Vec<_> = check::check(&bytes).into_iter().filter(check::Finding::is_error).collect();
        assert_eq!(errors, [], "{}", file.display());
    }
    println!("{seen} solutions");
    assert!(seen >= AT_LEAST, "only {seen} solutions in {}", Path::new(&folder).display());
}
