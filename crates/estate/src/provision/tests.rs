//! What the script says for the example, and what mistakes are called.

use super::*;

const EXAMPLE: &str = include_str!("../../../../deploy/estate.example.toml");

fn refused(from: &str, to: &str) -> ProvisionError {
    assert!(EXAMPLE.contains(from), "the example no longer has {from}");
    provision(&Estate::parse(&EXAMPLE.replacen(from, to, 1)).unwrap()).unwrap_err()
}

#[test]
fn no_id_of_the_file_that_entra_gives_itself_is_in_the_script() {
    let script = provision(&Estate::parse(EXAMPLE).unwrap()).unwrap();
    for id in ["b0000000-", "c0000000-", "a0000000-"] {
        assert!(!script.contains(id), "{id}");
    }
}

#[test]
fn each_environment_has_its_redirect_uri_at_the_broker_and_its_origin_at_the_sts() {
    let script = provision(&Estate::parse(EXAMPLE).unwrap()).unwrap();
    for environment in ["https://contoso.crm4.dynamics.com", "https://contoso-test.crm4.dynamics.com"] {
        let uri = format!("\"{environment}/WebResources/talxis_/tokenbroker/redirect.html\"");
        assert_eq!(script.matches(&uri).count(), 1, "{uri}");
        let (_, sts) = script.split_once("talxis-sts.toml <<END").unwrap();
        assert!(sts.contains(&format!("\"{environment}\"")), "{environment}");
    }
}

#[test]
fn the_same_estate_gives_the_same_script() {
    let estate = Estate::parse(EXAMPLE).unwrap();
    assert_eq!(provision(&estate), provision(&estate));
}

#[test]
fn what_a_real_tenant_needs_and_the_estate_lacks_is_named() {
    let no_deployment = EXAMPLE.split("[broker]").nth(1).unwrap();
    let estate = Estate::parse(&format!("[broker]{no_deployment}")).unwrap();
    assert_eq!(provision(&estate), Err(ProvisionError::NoDeployment));
    let slash = refused("https://sts.contoso.example", "https://sts.contoso.example/");
    assert!(slash.to_string().starts_with("deployment.sts is \"https://sts.contoso.example/\""), "{slash}");
    let environment = refused("https://contoso-test.crm4", "http://contoso-test.crm4");
    assert!(environment.to_string().starts_with("tenants.contoso.environments is"), "{environment}");
    let none = refused("environments = [\"https", "environments = [] # [\"https");
    assert_eq!(none, ProvisionError::NoEnvironment("contoso".to_owned()));
    let id = refused("id = \"70000000-0000-4000-8000-000000000001\"", "id = \"contoso.onmicrosoft.com\"");
    assert!(matches!(id, ProvisionError::NotAGuid { .. }), "{id}");
    let home = refused("# home = \"contoso\"", "home = \"fabrikam\"");
    assert_eq!(home, ProvisionError::Home("contoso".to_owned()));
    let broker = refused("[\"broker\", \"graph\"", "[\"graph\"");
    let (tenant, missing) = ("contoso".to_owned(), "broker".to_owned());
    assert_eq!(broker, ProvisionError::NoPrincipal { tenant, missing });
    let more = "[backends.\"Data Feed\"]\nclient_id = \"x\"\ndisplay_name = \"x\"\nidentifier_uris = []\nscopes = []\n";
    let name = refused("[tenants.contoso]", &format!("{more}[tenants.contoso]"));
    assert_eq!(name, ProvisionError::BadName("Data Feed".to_owned()));
}

#[test]
fn a_second_tenant_gets_principals_and_consents_and_the_home_must_be_named() {
    let start = EXAMPLE.find("[tenants.contoso]").unwrap();
    let end = EXAMPLE.find("[[tenants.contoso.users]]").unwrap();
    let other = EXAMPLE[start..end]
        .replace("contoso", "fabrikam")
        .replace("70000000-0000-4000-8000-000000000001", OTHER);
    let two = format!("{EXAMPLE}\n{other}");
    let unnamed = provision(&Estate::parse(&two).unwrap()).unwrap_err();
    assert_eq!(unnamed, ProvisionError::Home("contoso, fabrikam".to_owned()));

    let named = two.replacen("# home = ", "home = ", 1);
    let script = provision(&Estate::parse(&named).unwrap()).unwrap();
    assert!(!script.contains("AzureADMyOrg"));
    let (first, second) = script.split_once(&format!("\nsign_in {OTHER}")).unwrap();
    assert!(first.contains("applications(uniqueName=") && !second.contains("applications(uniqueName="));
    assert_eq!(second.matches("\ngrant ").count(), 3);
}

const OTHER: &str = "70000000-0000-4000-8000-000000000002";
