//! No path of the build machine gets out: the compiler is told to write others, and the result is searched.

use crate::run::{Outcome, root};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiler flags, as items of a TOML list, that replace the beginnings of all paths that panics could mention.
pub(crate) fn remap_flags() -> Outcome<Vec<String>> {
    let cargo = cargo_home();
    // The last flag that matches wins, so the folders inside come after those around them.
    let mut replacements: Vec<(PathBuf, &str)> = Vec::new();
    replacements.extend(home().map(|home| (home, "~")));
    replacements.push((sysroot()?, "rust"));
    replacements.push((cargo.clone(), "cargo"));
    // One name for every registry, mirrors too: equal sources give equal bytes on another machine.
    if let Ok(registries) = fs::read_dir(cargo.join("registry/src")) {
        let mut registries: Vec<PathBuf> = registries.flatten().map(|entry| entry.path()).collect();
        registries.sort();
        replacements.extend(registries.into_iter().map(|registry| (registry, "crates")));
    }
    replacements.push((root(), "."));
    Ok(replacements
        .into_iter()
        .map(|(from, to)| format!("'--remap-path-prefix={}={to}'", from.display()))
        .collect())
}

/// The machine's paths that stand in any file of a folder, as file names with what was found.
pub(crate) fn in_folder(folder: &Path) -> Outcome<Vec<String>> {
    let failed = |why| format!("{} cannot be read: {why}.", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(in_folder(&path)?);
        } else {
            let text = fs::read_to_string(&path).map_err(failed)?;
            found.extend(in_text(&text).into_iter().map(|trace| format!("{trace} in {}", path.display())));
        }
    }
    Ok(found)
}

/// The machine's paths in a text, also in one whose characters are all mirrored and moved by the same distance, as the packed WebAssembly's are.
pub(crate) fn in_text(text: &str) -> Vec<String> {
    let characters: Vec<u32> = text.chars().map(u32::from).collect();
    traces().into_iter().filter(|trace| contains(&characters, trace)).collect()
}

fn contains(text: &[u32], trace: &str) -> bool {
    let trace: Vec<u32> = trace.chars().map(u32::from).collect();
    let mirrored = |window: &[u32]| {
        let mut shifts =
            window.iter().zip(&trace).map(|(character, wanted)| character.wrapping_add(*wanted) % 256);
        let first = shifts.next();
        shifts.all(|shift| Some(shift) == first)
    };
    text.windows(trace.len()).any(|window| window == trace || mirrored(window))
}

fn traces() -> Vec<String> {
    // Put together here, so that no file of ours names such a path, this one included.
    let homes = ["root", "home", "Users"].map(|folder| ["/", folder, "/"].concat());
    let usual = [":\\Users", ".cargo", ".rustup"].map(str::to_owned).into_iter().chain(homes);
    let own = home().into_iter().chain([root(), cargo_home()]).map(|path| path.display().to_string());
    usual.chain(own.filter(|path| path.len() > 4)).collect()
}

fn home() -> Option<PathBuf> {
    env::home_dir().filter(|home| home.parent().is_some())
}

fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME").map_or_else(|| home().unwrap_or_default().join(".cargo"), PathBuf::from)
}

fn sysroot() -> Outcome<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.map_err(|why| format!("rustc could not be asked for its folder: {why}."))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::literal;

    #[test]
    fn a_path_is_found_in_plain_text() {
        let home = ["", "home", ""].join("/");
        assert_eq!(in_text(&format!("panicked at {home}adele/x.rs")), [home]);
    }

    #[test]
    fn a_path_is_found_inside_the_packed_bytes() {
        let packed = literal::encode("\0\0\0\0\x01\x01 at /usr/local/.cargo/registry".as_bytes());
        assert_eq!(in_text(&packed.text), [".cargo"]);
    }

    #[test]
    fn an_ordinary_path_is_none() {
        assert!(
            in_text("./crates/broker-core/src/core.rs:12 https://login.microsoftonline.com/common")
                .is_empty()
        );
    }

    #[test]
    fn folders_inside_are_replaced_after_those_around_them() {
        let flags = remap_flags().unwrap();
        let at = |end: &str| flags.iter().position(|flag| flag.ends_with(end)).unwrap();
        assert!(at("=~'") < at("=cargo'"));
        assert_eq!(at("=.'"), flags.len() - 1);
    }
}
