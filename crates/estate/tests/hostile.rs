//! An estate that somebody hostile wrote: what the administrator runs holds its texts as data, or is not printed at all.
//!
//! A script that is printed is run in an empty folder with `sh` and an `az` that changes nothing. Every hostile text wants a file `P`.

#![allow(clippy::panic, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

use estate::{Estate, provision};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

const EXAMPLE: &str = include_str!("../../../deploy/estate.example.toml");

/// Creates what is sent, says to every other question that it found it, and knows nobody else's hand in anything.
const AZ: &str =
    "#!/bin/sh\ncase \"$*\" in *length*) echo 0;; *reverse*|*isFallback*) ;; *) echo found;; esac\n";

/// Runs what is printed for the example with these changes; its folder, or why it was refused.
fn run(name: &str, changes: &[(&str, &str)]) -> Result<PathBuf, String> {
    let text = changes.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the example no longer has {from}");
        text.replace(from, to)
    });
    let script = provision(&Estate::parse(&text).unwrap()).map_err(|why| why.to_string())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(folder.join("bin")).unwrap();
    let az = folder.join("bin/az");
    fs::write(&az, AZ).unwrap();
    fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("provision.sh"), script).unwrap();
    let path = format!("{}:{}", az.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut sh = Command::new("sh");
    let output = sh.arg("provision.sh").current_dir(&folder).env("PATH", path).output().unwrap();
    assert!(!folder.join("P").exists(), "{name}: a text of the estate was run");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(folder)
}

#[track_caller]
fn refused(name: &str, changes: &[(&str, &str)], why: &str) {
    match run(name, changes) {
        Ok(_) => panic!("{name}: a script was printed"),
        Err(said) => assert!(said.starts_with(why), "{name}: {said}"),
    }
}

#[test]
fn a_scope_is_no_shell_and_no_query() {
    let change = |scope| [("\"User.Read\"", scope)];
    let place = "backends.graph.scopes is ";
    refused("scope-shell", &change("\"x$(touch P)\""), place);
    refused("scope-query", &change("\"x' || value=='Directory.ReadWrite.All\""), place);
    refused("scope-empty", &change("\"\""), place);
}

#[test]
fn a_granted_scope_is_no_shell_and_no_json() {
    let change = [("\"API.AccessAsUser.All\"", r#""a\";touch P;: \"""#)];
    refused("granted-scope", &change, "backends.data-feed.scopes is ");
}

#[test]
fn the_name_of_a_tenant_is_a_name() {
    let change = [
        ("[tenants.contoso]", r#"[tenants."a\ntouch P\n#"]"#),
        ("[[tenants.contoso.", "[[tenants.\"a\\ntouch P\\n#\"."),
    ];
    refused("tenant", &change, "a name in tenants is \"a\\ntouch P\\n#\"");
    let change = [("tenants.contoso", "tenants.\"a; touch P\"")];
    refused("tenant-on-one-line", &change, "\"a; touch P\" should be a name of");
}

#[test]
fn an_app_has_an_id_and_a_name_as_others_have() {
    let app = |name: &str, id: &str, why: &str| {
        let app = format!("[apps.{name}]\nclient_id = {id}\ndisplay_name = \"x\"\n\n[tenants.contoso]");
        let used = format!("[{name}, \"broker\", \"graph\"");
        refused("app", &[("[tenants.contoso]", &app), ("[\"broker\", \"graph\"", &used)], why);
    };
    let hostile = r#"'e";touch P;: "'"#;
    app("'other'", hostile, "apps.other.client_id is ");
    app(hostile, "'70000000-0000-4000-8000-00000000000e'", r#""e\";touch P;: \"" should be a name of"#);
}

#[test]
fn no_text_has_a_second_line() {
    let end = r#"\nEND\ntouch P\n"#;
    let uris = format!("identifier_uris = [\"api://a{end}\", ");
    refused(
        "identifier-uri",
        &[("identifier_uris = [\"api", &(uris + "\"api"))],
        "backends.data-feed.identifier_uris is ",
    );
    for (place, text) in [
        ("deployment.sts", "https://sts.contoso.example"),
        ("broker.display_name", "TALXIS - Client"),
        ("broker.redirect_uris", "{app}/WebResources/talxis_/tokenbroker/redirect.html"),
        ("controls.file-picker.display_name", "TALXIS - PCF.FilePicker"),
        ("controls.file-picker.alias", "filePicker"),
        ("tenants.contoso.environments", "https://contoso.crm4.dynamics.com"),
        ("tenants.contoso.users.username", "adele@contoso.example"),
    ] {
        refused(place, &[(&format!("\"{text}"), &format!("\"{end}{text}"))], &format!("{place} is "));
    }
    for invisible in ["\\u2028", "\\u202e", "\\u0085", "\\t"] {
        refused("invisible", &[("TALXIS - Client", invisible)], "broker.display_name is ");
    }
}

#[test]
fn no_text_has_the_holes_of_the_script() {
    for hole in ["\\ue000HOME\\ue001", "\\ue000x:-$(touch P)\\ue001"] {
        refused("hole", &[("\"TALXIS - Client\"", &format!("\"{hole}\""))], "broker.display_name is ");
    }
}

#[test]
fn what_a_text_may_be_comes_out_as_it_was() {
    let hostile = r#"'"; touch P; $(touch P) `touch P` ${HOME} \ <<END "#;
    let toml = format!("'''{hostile}'''");
    let folder = run(
        "permitted",
        &[
            ("\"TALXIS - Client\"", &toml),
            ("\"Data Feed\"", &toml),
            ("\"filePicker\"", &toml),
            ("\"api://a0000000-0000-4000-8000-000000000002\"", &toml),
            ("\"{app}/WebResources/talxis_/tokenbroker/redirect.html\"", &toml),
        ],
    );
    let config = fs::read_to_string(folder.unwrap().join("broker-config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["clients"][hostile], "found");
}

#[test]
fn two_scopes_never_share_a_variable() {
    let more = r#"
[backends.data]
client_id = "e0000000-0000-4000-8000-000000000001"
display_name = "Data"
identifier_uris = ["https://data.example"]
scopes = ["stock.Read", "stock-read"]
registered_elsewhere = true
[backends.data-stock]
client_id = "e0000000-0000-4000-8000-000000000002"
display_name = "Stock"
identifier_uris = ["https://stock.example"]
scopes = ["Read"]
registered_elsewhere = true
"#;
    let asked = "data = [\"stock.Read\", \"stock-read\"], data-stock = [\"Read\"], data-feed = [\"API";
    let text = EXAMPLE.replace("data-feed = [\"API", asked) + more;
    let script = provision(&Estate::parse(&text).unwrap()).unwrap();
    let set =
        script.lines().filter_map(|line| line.split_once("=$(look \"servicePrincipals").map(|set| set.0));
    let mut names: Vec<&str> = set.collect();
    let (number, scopes, principals) = (names.len(), 5 + 3, 5);
    names.sort_unstable();
    names.dedup();
    assert_eq!((number, names.len()), (scopes + principals, number), "{names:?}");
}
