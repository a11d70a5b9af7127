//! Packing and unpacking lose nothing, and give the same bytes each time.

use super::{archive, dist, source, zip};
use solution::{Archive, Kind, Options, Source, Texts, check, fill, pack, unpack};

const KINDS: [(Kind, bool); 2] = [(Kind::Managed, true), (Kind::Unmanaged, false)];

#[test]
fn both_zips_are_without_findings_and_differ_as_they_should() {
    for (_, managed) in KINDS {
        assert_eq!(check::check(&zip(managed)), []);
    }
    assert_eq!(check::differences(&archive(true), &archive(false)), []);
}

#[test]
fn packing_again_gives_the_same_bytes() {
    for (kind, managed) in KINDS {
        assert!(pack(&source(), kind).unwrap().write().unwrap() == zip(managed));
    }
}

#[test]
fn packed_unpacked_and_packed_again_are_the_same_bytes() {
    for (kind, managed) in KINDS {
        let unpacked = unpack(&archive(managed)).unwrap();
        assert!(pack(&unpacked, kind).unwrap().write().unwrap() == zip(managed));
    }
    assert!(unpack(&archive(true)).unwrap() == source(), "the managed zip has all of the source form");
}

#[test]
fn zips_that_differ_elsewhere_are_told() {
    let mut other = archive(false);
    let icon = other.0.iter_mut().find(|(name, _)| name.contains("icon")).unwrap();
    icon.1.push(b' ');
    assert_eq!(check::differences(&archive(true), &other).len(), 1);
    let fewer = Archive(other.0.into_iter().skip(1).collect());
    assert!(check::differences(&archive(true), &fewer).len() > 1);
}

#[test]
fn another_publisher_gets_a_solution_with_nothing_of_ours_in_its_names() {
    let root = dist().join("../..");
    let templates = Source::read(&root.join("pkg-template/solution")).unwrap();
    let resources = Source::read(&root.join("dist/webresources")).unwrap().0;
    let renamed = resources.into_iter().map(|(name, content)| (name.replacen("talxis", "abc", 1), content));
    let resources = Source(renamed.collect());
    let keys = ["label", "tooltip", "variable", "variableDescription", "setting", "settingDescription"];
    let texts = Texts::parse(&keys.map(|key| format!("1033\t{key}\tText\n")).concat());
    for ribbon in [true, false] {
        let options = Options {
            prefix: "abc".to_owned(),
            publisher: "Contoso s.r.o.".to_owned(),
            version: "2.3.4.5".to_owned(),
            webresource_guid: Some("0E0DBEEF-0000-4000-8000-00000000CAFE".to_owned()),
            ribbon,
        };
        let source = fill(&templates, &resources, &texts, &options).unwrap();
        for (kind, _) in KINDS {
            let archive = pack(&source, kind).unwrap();
            assert_eq!(check::check_archive(&archive), []);
            let has_ribbon = ribbon && kind == Kind::Managed;
            let customizations =
                String::from_utf8(archive.get("customizations.xml").unwrap().to_vec()).unwrap();
            assert_eq!(customizations.contains("RibbonDiffXml"), has_ribbon);
            assert!(customizations.contains("{0e0dbeef-0000-4000-8000-00000000cafe}"));
            for (name, content) in &archive.0 {
                let names = name.ends_with(".xml").then(|| String::from_utf8_lossy(content).into_owned());
                assert!(!name.contains("talxis") && !names.unwrap_or_default().contains("talxis"), "{name}");
            }
        }
    }
}
