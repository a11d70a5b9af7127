//! The command line under `cargo xtask dist` and `cargo xtask check-solution`: reads files, says what was made or found.

use solution::{Archive, Kind, Options, Source, Texts, check, fill, pack};
use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
solution fill --templates DIR --webresources DIR --texts FILE --out DIR --prefix P --publisher NAME --version V [--webresource-guid GUID] [--without-ribbon]
solution check [--schemas DIR] FILE...";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((verb, rest)) if verb == "fill" => make(rest),
        Some((verb, rest)) if verb == "check" => examine(rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("solution: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The unpacked form, and both zips.
fn make(words: &[String]) -> Result<bool, Box<dyn Error>> {
    let mut ribbon = true;
    let mut values = BTreeMap::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--without-ribbon" {
            ribbon = false;
        } else {
            values.insert(word.as_str(), words.next().ok_or_else(|| format!("{word} needs a value"))?);
        }
    }
    let value = |name: &str| values.get(name).copied().ok_or_else(|| format!("{name} is missing"));
    let options = Options {
        prefix: value("--prefix")?.clone(),
        publisher: value("--publisher")?.clone(),
        version: value("--version")?.clone(),
        webresource_guid: values.get("--webresource-guid").map(|guid| (*guid).clone()),
        ribbon,
    };
    let templates = Source::read(Path::new(value("--templates")?))?;
    let resources = Source::read(Path::new(value("--webresources")?))?;
    let texts = Texts::parse(&fs::read_to_string(value("--texts")?)?);
    let source = fill(&templates, &resources, &texts, &options)?;
    let out = PathBuf::from(value("--out")?);
    source.write(&out.join("source"))?;
    let name = format!("{}_TokenBroker_{}", options.prefix, options.version.replace('.', "_"));
    let mut good = true;
    for (kind, suffix) in [(Kind::Unmanaged, ""), (Kind::Managed, "_managed")] {
        let bytes = pack(&source, kind)?.write()?;
        let findings = check::check(&bytes);
        findings.iter().for_each(|finding| println!("{finding}"));
        good &= findings.is_empty();
        fs::write(out.join(format!("{name}{suffix}.zip")), bytes)?;
        println!("{name}{suffix}.zip");
    }
    Ok(good)
}

/// Each file by itself, and both of one solution beside each other.
fn examine(words: &[String]) -> Result<bool, Box<dyn Error>> {
    let (schemas, files) = match words {
        [option, folder, files @ ..] if option == "--schemas" => (Some(Path::new(folder)), files),
        files => (None, files),
    };
    if files.is_empty() {
        return Err(USAGE.into());
    }
    let mut good = true;
    let mut archives = Vec::new();
    for file in files {
        let bytes = fs::read(file).map_err(|why| format!("{file} cannot be read: {why}"))?;
        let mut findings = check::check(&bytes);
        if let Ok(archive) = Archive::read(&bytes) {
            if let Some(schemas) = schemas {
                findings.extend(check::ribbons_by_schema(&archive, schemas)?);
            }
            archives.push(archive);
        }
        findings.iter().for_each(|finding| println!("{file}: {finding}"));
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        println!("{file}: {errors} errors, {} warnings", findings.len() - errors);
        good &= errors == 0;
    }
    if let [one, other] = archives.as_slice() {
        let findings = check::differences(one, other);
        findings.iter().for_each(|finding| println!("beside each other: {finding}"));
        good &= findings.is_empty();
    }
    Ok(good)
}
