//! `demo-check`: uses the demo as a person would, in a headless browser, and says what it saw.
//!
//! Nothing is taken from the page's own word where it can be seen from outside: prompts are elements of the document,
//! popups are the browser's windows, sign-ins and exchanges are lines of Entra's log. The last line is for machines; any
//! deviation ends it with a sentence and a failure.

use demo::{FORM, Options};
use e2e::{Claims, Failure, Result, Stage, thumbprint, until};
use entra_dev::{Endpoint, GrantType, Outcome, Request};
use estate::{Control, User};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
};

/// What a person saw.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    prompts: usize,
    popups: usize,
    tokens: usize,
    refused: usize,
}

/// What a person should see.
const EXPECTED: Seen = Seen { prompts: 1, popups: 1, tokens: 5, refused: 2 };

/// The controls that are refused, with the code of the contract.
const REFUSED: [(&str, &str); 2] =
    [("people-grid", "app_not_in_tenant"), ("invoice-recognition", "consent_required")];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("demo check failed: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result {
    let words = std::env::args().skip(1);
    let stage = Stage::set(Options::of_project(Path::new(""))?.with_arguments(words)?).await?;
    let checked = check(&stage).await;
    stage.browser.quit().await?;
    let Seen { prompts, popups, tokens, refused } = checked?;
    println!("demo check: prompts={prompts} popups={popups} tokens={tokens} refused={refused}");
    Ok(())
}

async fn check(stage: &Stage) -> Result<Seen> {
    let user = stage.demo.estate().tenants.values().find_map(|tenant| tenant.users.first());
    let user = user.ok_or_else(|| Failure::wrong("The estate has no user."))?;
    let (prompts, popups) = sign_in(stage, user).await?;
    until("every control to settle", async || {
        Ok((stage.count(".control[data-state=waiting]").await? == 0).then_some(()))
    })
    .await?;
    let mut seen = Seen { prompts: prompts + prompts_since(stage).await?, popups, tokens: 0, refused: 0 };
    for (name, backends) in FORM {
        match stage.the(&card(name)).await?.attr("data-state").await?.as_deref() {
            Some("answered") => {
                seen.tokens += 1;
                answered(stage, name, backends, user).await?;
            }
            _ => {
                seen.refused += 1;
                refused(stage, name).await?;
            }
        }
    }
    check_log(stage, &stage.demo.entra().requests())?;
    check_exchanges(stage).await?;
    if seen == EXPECTED {
        Ok(seen)
    } else {
        Err(Failure::wrong(format!("Seen was {seen:?} instead of {EXPECTED:?}.")))
    }
}

/// Accepts the notification and signs in. Comes to the prompts and windows that were there for it.
async fn sign_in(stage: &Stage, user: &User) -> Result<(usize, usize)> {
    stage.open_app().await?;
    stage.the(".notification .action").await?;
    let prompts = stage.count(".notification").await?;
    let _: Value = stage
        .script(
            "window.promptsSince = 0;
             new MutationObserver((changes) => {
                 for (const { addedNodes } of changes) window.promptsSince += addedNodes.length;
             }).observe(document.getElementById('notifications'), { childList: true });",
        )
        .await?;
    stage.accept_notification().await?;
    stage.enter_sign_in_window().await?;
    let popups = stage.browser.popups().await?.len();
    stage.sign_in_as(&user.username).await?;
    Ok((prompts, popups))
}

async fn prompts_since(stage: &Stage) -> Result<usize> {
    stage.script("return window.promptsSince").await
}

/// Prints a control that got its answers, after looking into its tokens.
async fn answered(stage: &Stage, name: &str, backends: &[&str], user: &User) -> Result {
    let estate = stage.demo.estate();
    let control = control(stage, name)?;
    let client = token(stage, control, "null").await?;
    expect(name, "client token's aud", &client.aud, &control.client_id)?;
    expect(name, "client token's azp", &client.azp, &estate.broker.client_id)?;
    let mut line = format!("{name}: client token aud={} azp={}", client.aud, client.azp);
    for backend in backends {
        let scopes: Vec<String> = control
            .backends
            .get(*backend)
            .into_iter()
            .flatten()
            .filter_map(|value| estate.scope(backend, value))
            .collect();
        let claims = token(stage, control, &Value::from(scopes).to_string()).await?;
        expect(name, "backend token's aud", &claims.aud, estate.client_id(backend).unwrap_or_default())?;
        expect(name, "backend token's azp", &claims.azp, &control.client_id)?;
        expect(name, "backend token's oid", &claims.oid, &user.id)?;
        line += &format!("; {backend} token aud={} azp={} oid={}", claims.aud, claims.azp, claims.oid);
    }
    let mut answers = Vec::new();
    for answer in stage.the(&card(name)).await?.find_all(thirtyfour::By::Css(".answer strong")).await? {
        answers.push(answer.text().await?);
    }
    if answers.len() != backends.len() {
        return Err(Failure::wrong(format!(
            "{name} shows {} answers for {} calls.",
            answers.len(),
            backends.len()
        )));
    }
    if backends.first() == Some(&"graph") {
        expect(name, "first answer", answers.first().map_or("", String::as_str), &user.name)?;
    }
    println!("{line}; the API says {}", answers.join(" and "));
    Ok(())
}

/// Prints a control that was refused, after looking at what the user is told.
async fn refused(stage: &Stage, name: &str) -> Result {
    let element = stage.the(&card(name)).await?;
    let code = element.attr("data-code").await?.unwrap_or_default();
    let unexpected = || Failure::wrong(format!("{name} should be answered and was refused with {code}."));
    let (_, expected) = REFUSED.iter().find(|(control, _)| *control == name).ok_or_else(unexpected)?;
    expect(name, "code", &code, expected)?;
    let told = stage.the(&format!("{} .refusal strong", card(name))).await?.text().await?;
    let link = stage.the(&format!("{} a", card(name))).await?.attr("href").await?.unwrap_or_default();
    println!("{name}: refused with {code}; the user reads \"{told}\" and can follow {link}");
    Ok(())
}

/// The claims of a token that the page holds already; scopes as JSON, or null for the client token itself.
async fn token(stage: &Stage, control: &Control, scopes: &str) -> Result<Claims> {
    let call =
        format!("talxisBroker.getToken({{ client: '{}', scopes: {scopes} ?? undefined }})", control.alias);
    let result = stage.value(&stage.ask(&call).await?).await?;
    Claims::of(result.get("accessToken").and_then(Value::as_str).unwrap_or_default())
}

/// Entra's own log: one sign-in, one exchange per client and backend, each signed with that client's certificate.
fn check_log(stage: &Stage, log: &[Request]) -> Result {
    let sign_ins =
        log.iter().filter(|request| request.endpoint == Endpoint::Authorize { interactive: true }).count();
    expect("Entra's log", "number of sign-ins", &sign_ins.to_string(), "1")?;

    let exchanges = |ended: fn(Outcome) -> bool| -> Vec<&Request> {
        let on_behalf_of = Endpoint::Token { grant: GrantType::OnBehalfOf };
        log.iter().filter(|request| request.endpoint == on_behalf_of && ended(request.outcome)).collect()
    };
    let mut expected: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (name, backends) in FORM {
        let refused = REFUSED.iter().any(|(control, _)| *control == name);
        for backend in backends.iter().filter(|_| !refused) {
            let estate = stage.demo.estate();
            let key =
                (control(stage, name)?.client_id.as_str(), estate.client_id(backend).unwrap_or_default());
            expected.insert(key, name);
        }
    }
    let granted = exchanges(|outcome| outcome == Outcome::Ok);
    let pairs: BTreeSet<(&str, &str)> = granted
        .iter()
        .map(|request| (request.client_id.as_str(), request.resource.as_deref().unwrap_or_default()))
        .collect();
    if granted.len() != expected.len() || !pairs.iter().eq(expected.keys()) {
        return Err(Failure::wrong(format!(
            "Entra's log has {} exchanges for {} pairs of client and backend, not one for each of {}.",
            granted.len(),
            pairs.len(),
            expected.len()
        )));
    }
    for request in &granted {
        let key = (request.client_id.as_str(), request.resource.as_deref().unwrap_or_default());
        let name = expected.get(&key).copied().unwrap_or_default();
        let pem =
            stage.demo.certificates().certificate(name).map_err(|why| Failure::wrong(why.to_string()))?;
        let signer = request.signer.as_ref();
        expect(name, "assertion's alg", signer.map_or("", |signer| &signer.alg), "PS256")?;
        expect(
            name,
            "assertion's x5t#S256",
            signer.map_or("", |signer| &signer.thumbprint),
            &thumbprint(&pem)?,
        )?;
    }
    let refused = exchanges(|outcome| outcome != Outcome::Ok);
    let only: Vec<_> = refused.iter().map(|request| (request.client_id.as_str(), request.outcome)).collect();
    let invoices = control(stage, "invoice-recognition")?.client_id.as_str();
    if only != [(invoices, Outcome::Refused(65_001))] {
        return Err(Failure::wrong(format!(
            "Entra's log has other refused exchanges than one with 65001: {only:?}."
        )));
    }
    Ok(())
}

/// The browser's own timings: the STS was asked once per client and backend, and once for the exchange that is refused. The
/// control client without a principal never got that far.
async fn check_exchanges(stage: &Stage) -> Result {
    let asked: usize = stage
        .script(
            "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/oauth2/token')).length",
        )
        .await?;
    expect("the browser", "number of exchanges", &asked.to_string(), "7")
}

fn control<'a>(stage: &'a Stage, name: &str) -> Result<&'a Control> {
    let control = stage.demo.estate().controls.get(name);
    control.ok_or_else(|| Failure::wrong(format!("The estate has no control {name}.")))
}

fn card(name: &str) -> String {
    format!(".control[data-control={name}]")
}

fn expect(who: &str, what: &str, is: &str, should: &str) -> Result {
    if is == should {
        Ok(())
    } else {
        Err(Failure::wrong(format!("{who}: the {what} is {is:?}, not {should:?}.")))
    }
}
