//! The ribbon against a schema, and the traps that a schema does not know.

use super::archive;
use solution::{Archive, check};
use std::path::Path;

/// The managed solution with a change in `customizations.xml`.
fn changed(from: &str, to: &str) -> Archive {
    let mut changed = archive(true);
    let (_, content) = changed.0.iter_mut().find(|(name, _)| name == "customizations.xml").unwrap();
    let text = String::from_utf8(content.clone()).unwrap();
    assert!(text.contains(from), "{from}");
    *content = text.replacen(from, to, 1).into_bytes();
    changed
}

fn messages(archive: &Archive) -> String {
    check::check_archive(archive).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is known of Microsoft's; `cargo xtask test --only solution` holds the packed zips to theirs, where it is to be had.
#[test]
fn our_ribbon_keeps_to_the_schema_and_a_broken_one_does_not() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packed/schema");
    let breaks = |archive: &Archive| check::ribbons_by_schema(archive, &schemas).unwrap().len();
    assert_eq!(breaks(&archive(true)), 0);
    for (from, to) in [
        ("Default=\"true\"", "Default=\"perhaps\""),
        ("TokenBroker.isEnabled", "TokenBroker is enabled"),
        ("<CustomActions>", "<LocLabels /><CustomActions>"),
    ] {
        assert_eq!(breaks(&changed(from, to)), 1, "{to}");
    }
}

#[test]
fn a_rule_that_hides_its_own_control_and_a_place_that_shows_none_are_told() {
    assert!(messages(&changed("Default=\"true\"", "Default=\"false\"")).contains("may never show"));
    let nowhere = changed("Mscrm.GlobalTab.New.Controls", "Mscrm.GlobalTab.ApplicationCommon.Controls");
    assert!(messages(&nowhere).contains("where no command is known to show"));
}

#[test]
fn a_function_that_the_library_does_not_have_is_an_error() {
    let told = messages(&changed("TokenBroker.isEnabled", "TokenBroker.isEnabledX"));
    assert!(told.contains("talxis_tokenmanagement.js has nothing that is called isEnabledX"), "{told}");
}
