//! The ribbon against Microsoft's schema, and the traps that a schema does not know.

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

#[test]
#[ignore = "needs Microsoft's ribbon schema"]
fn our_ribbon_keeps_to_microsofts_schema_and_a_broken_one_does_not() {
    let schemas = std::env::var_os("RIBBON_SCHEMAS").expect("a folder with RibbonCore.xsd");
    let breaks = |archive: &Archive| check::ribbons_by_schema(archive, Path::new(&schemas)).unwrap();
    assert_eq!(breaks(&archive(true)), []);
    assert_eq!(breaks(&changed("Default=\"true\"", "Default=\"perhaps\"")).len(), 1);
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
