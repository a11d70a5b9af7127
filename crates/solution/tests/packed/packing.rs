//! Packing and unpacking lose nothing, and give the same bytes each time.

use super::{archive, source, zip};
use solution::{Archive, Kind, check, pack, unpack};

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
