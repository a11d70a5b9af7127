//! The solution as `cargo xtask dist` made it: the checker over it and over damaged copies.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod mutations;
mod packing;
mod ribbon;

use solution::{Archive, Source};
use std::path::{Path, PathBuf};

/// `dist/solution/`.
fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/solution")
}

fn source() -> Source {
    Source::read(&dist().join("source")).expect("`cargo xtask dist` makes it")
}

/// The zip whose name ends so.
fn zip(managed: bool) -> Vec<u8> {
    let names = std::fs::read_dir(dist()).expect("`cargo xtask dist` makes it");
    let mut found = names.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.ends_with(".zip") && name.ends_with("_managed.zip") == managed
    });
    std::fs::read(found.next().expect("both zips")).unwrap()
}

fn archive(managed: bool) -> Archive {
    Archive::read(&zip(managed)).unwrap()
}
