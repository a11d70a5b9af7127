//! The control on forms of the look-alike: what it asks for is counted at Entra and the API, what it does to the page by observers in
//! the page, and whatever comes after `destroy` is one too many.

use crate::{ADELE, FILES, client_tokens, exchanges, sample};
use e2e::{Failure, Result, Stage, on_stage, packages, until};
use entra_dev::Command;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// The platform's React of the manifest; and one whose strict mode mounts everything twice.
const REACT_16: &str = "react_16";
const REACT_18: &str = "react_18";

/// Counts from outside, from the start of the page: rejections that nobody handles, and requests for files. `watched[n]` has what the
/// nth control did after it was destroyed.
const WATCH: &str = "
    window.rejections = 0;
    addEventListener('unhandledrejection', () => { window.rejections += 1 });
    window.watched = [];
    window.afterDestroy = (control) => {
        const seen = { writes: 0, notifications: -control.notifications, control };
        control.destroy();
        new MutationObserver((records) => { seen.writes += records.length })
            .observe(control.element, { attributes: true, characterData: true, childList: true, subtree: true });
        window.watched.push(seen);
    };";

/// Plays a test in the app, whose environment has the sample as an imported solution would have brought it.
fn in_app(test: impl AsyncFnOnce(&mut Stage) -> Result) -> Result {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    packages::npm(&node)?;
    on_stage(
        // The sample answers challenges, by the npm package.
        |options| options.estate.controls.get_mut("file-picker").unwrap().cp1 = true,
        async |stage| {
            let umd = |folder: &Path, package: &str, name: &str| {
                folder.join("node_modules").join(package).join("umd").join(format!("{name}.development.js"))
            };
            let built = sample("out/controls/FileList");
            let files = [
                (built.join("bundle.js"), "cc_Contoso.FileList/bundle.js".to_owned()),
                (
                    built.join("strings/FileList.1033.resx"),
                    "cc_Contoso.FileList/strings/FileList.1033.resx".to_owned(),
                ),
                (umd(&sample(""), "react", "react"), format!("{REACT_16}/react.js")),
                (umd(&sample(""), "react-dom", "react-dom"), format!("{REACT_16}/react-dom.js")),
                (umd(&node, "react-18", "react"), format!("{REACT_18}/react.js")),
                (umd(&node, "react-dom-18", "react-dom"), format!("{REACT_18}/react-dom.js")),
            ];
            for (path, name) in files {
                let what = path.display().to_string();
                let content = fs::read(path).map_err(|source| Failure::System { what, source })?;
                stage
                    .demo
                    .host()
                    .set_web_resource(&name, content)
                    .map_err(|why| Failure::wrong(why.to_string()))?;
            }
            test(stage).await
        },
    )
}

/// Opens the form and puts the control on it so often.
async fn open_with(stage: &Stage, controls: usize) -> Result {
    stage.open_app_with(&[]).await?;
    stage.in_page(WATCH).await?;
    for _ in 0..controls {
        place(stage, REACT_16, false).await?;
    }
    Ok(())
}

async fn place(stage: &Stage, react: &str, strict: bool) -> Result {
    let settings = json!({
        "name": "Contoso.FileList", "react": react, "strict": strict,
        "parameters": { "url": null, "graph": stage.demo.graph() },
    });
    let placed = stage.ask(&format!("lookalike.customise({settings})")).await?;
    stage.value(&placed).await.map(drop)
}

async fn sign_in(stage: &Stage) -> Result {
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await
}

/// Waits until so many controls show the files.
async fn shown(stage: &Stage, controls: usize) -> Result {
    until("the files", async || {
        let files = crate::files(stage).await?;
        Ok((files == FILES.repeat(controls)).then_some(()))
    })
    .await
}

/// Waits until no control of the form waits, ours among them.
async fn settled(stage: &Stage) -> Result {
    until("every control to settle", async || {
        Ok((stage.count(".control[data-state=waiting], [aria-busy=true]").await? == 0).then_some(()))
    })
    .await
}

/// axe has nothing to say of what the control shows now.
async fn assert_accessible(stage: &Stage) -> Result {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe");
    packages::npm(&folder)?;
    let axe = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    let _: Value = stage.script(&axe).await?;
    let found: Value = stage
        .script_async(
            "const [done] = arguments;
             const told = (rules) => rules.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
             axe.run('.custom-control').then(({ violations, passes }) => done([told(violations), passes.length > 0]), (error) => done(String(error)));",
        )
        .await?;
    assert_eq!(found, json!([[], true]));
    Ok(())
}

/// How many requests for files the API answered or refused in this page load, by the browser's own record.
async fn asked(stage: &Stage) -> Result<usize> {
    stage
        .script("return performance.getEntriesByType('resource').filter(({ name }) => name.includes('/me/drive/')).length")
        .await
}

/// So many tokens for the sample's scope, and so many requests for files. The browser's record may be a moment behind the page.
async fn assert_costs(stage: &Stage, tokens: usize, requests: usize) -> Result {
    until("the requests", async || Ok((asked(stage).await? >= requests).then_some(()))).await?;
    assert_eq!((exchanges(stage), asked(stage).await?), (tokens, requests));
    Ok(())
}

/// How often the browser asked the STS in this page load: the controls of the form beside ours need seven exchanges.
async fn sts_requests(stage: &Stage) -> Result<usize> {
    stage
        .script("return performance.getEntriesByType('resource').filter(({ name }) => new URL(name).pathname === '/oauth2/token').length")
        .await
}

const OF_THE_OTHERS: usize = 7;

/// Nothing was rejected and left lying, and what was destroyed did nothing since.
async fn assert_quiet(stage: &Stage, destroyed: usize) -> Result {
    let seen: Value = stage
        .script("return [window.rejections, window.watched.map(({ writes, notifications, control }) => [writes, notifications + control.notifications])]")
        .await?;
    assert_eq!(seen, json!([0, vec![[0, 0]; destroyed]]));
    Ok(())
}

#[test]
fn two_instances_on_one_form_need_one_token() -> Result {
    in_app(async |stage| {
        open_with(stage, 2).await?;
        sign_in(stage).await?;
        shown(stage, 2).await?;
        assert_eq!(client_tokens(stage), 1);
        settled(stage).await?;
        assert_eq!(sts_requests(stage).await?, OF_THE_OTHERS + 1);
        assert_costs(stage, 1, 2).await?;
        assert_accessible(stage).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn fifty_updates_while_it_waits_and_fifty_afterwards_ask_for_nothing_more() -> Result {
    in_app(async |stage| {
        open_with(stage, 1).await?;
        let fifty = "for (let n = 0; n < 50; n += 1) lookalike.customs()[0].update({ url: `https://contoso.example/${n}` });";
        let _: Value = stage.script(fifty).await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        let _: Value = stage.script(fifty).await?;
        shown(stage, 1).await?;
        settled(stage).await?;
        assert_eq!(sts_requests(stage).await?, OF_THE_OTHERS + 1);
        assert_costs(stage, 1, 1).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn a_choice_is_the_controls_output_and_comes_back() -> Result {
    in_app(async |stage| {
        open_with(stage, 1).await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        stage.the(".contoso-file-list li:nth-child(3) button").await?.click().await?;
        stage.the(".contoso-file-list li:nth-child(3) button[aria-pressed=true]").await?;
        let notified: u32 = stage.script("return lookalike.customs()[0].notifications").await?;
        assert_eq!(notified, 1);
        Ok(())
    })
}

#[test]
fn another_record_is_another_instance_with_the_same_token() -> Result {
    in_app(async |stage| {
        open_with(stage, 1).await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        let _: Value = stage
            .script("const [control] = lookalike.customs(); const { destroy } = control; control.destroy = () => { control.destroy = destroy; afterDestroy(control) }")
            .await?;
        stage.open_record(2).await?;
        shown(stage, 1).await?;
        settled(stage).await?;
        assert_eq!(client_tokens(stage), 1);
        assert_costs(stage, 1, 2).await?;
        assert_quiet(stage, 1).await
    })
}

#[test]
fn a_control_that_is_destroyed_in_mid_call_does_nothing_afterwards() -> Result {
    in_app(async |stage| {
        open_with(stage, 2).await?;
        let _: Value = stage.script("afterDestroy(lookalike.customs()[0])").await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        settled(stage).await?;
        // Events reach nobody there either.
        stage.the("#sign-out").await?.click().await?;
        until("the files to go", async || Ok(crate::files(stage).await?.is_empty().then_some(()))).await?;
        assert_costs(stage, 1, 1).await?;
        assert_quiet(stage, 1).await
    })
}

#[test]
fn a_user_who_refuses_finds_a_button_and_gets_the_files_by_it() -> Result {
    in_app(async |stage| {
        open_with(stage, 1).await?;
        stage.accept_notification().await?;
        stage.cancel_on_the_sign_in_page().await?;
        let button = stage.the(".contoso-file-list button").await?;
        assert_eq!((button.text().await?.as_str(), exchanges(stage)), ("Sign in", 0));
        assert_accessible(stage).await?;
        button.click().await?;
        stage.sign_in_as(ADELE).await?;
        shown(stage, 1).await?;
        assert_costs(stage, 1, 1).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn a_missing_consent_is_said_with_the_link_for_an_administrator() -> Result {
    in_app(async |stage| {
        let revoke = Command::Revoke {
            tenant: "contoso".to_owned(),
            client: "file-picker".to_owned(),
            resource: "graph".to_owned(),
        };
        stage.demo.entra().perform(revoke).unwrap();
        open_with(stage, 1).await?;
        sign_in(stage).await?;
        let link = stage.the(".contoso-file-list [role=alert] a").await?;
        let consent = link.attr("href").await?.unwrap_or_default();
        let client = &stage.demo.estate().controls["file-picker"].client_id;
        assert!(consent.starts_with(stage.demo.entra().origin()) && consent.contains(client), "{consent}");
        assert_costs(stage, 0, 0).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn a_claims_challenge_of_the_api_costs_one_prompt_and_then_the_files_are_there() -> Result {
    in_app(async |stage| {
        open_with(stage, 1).await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        settled(stage).await?;
        stage.demo.entra().perform(Command::RevokeSessions { user: ADELE.to_owned() }).unwrap();
        place(stage, REACT_16, false).await?;
        sign_in(stage).await?;
        shown(stage, 2).await?;
        // One more token, and one more request: the challenge was answered once.
        assert_costs(stage, 2, 3).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn a_broker_that_comes_late_is_waited_for() -> Result {
    in_app(async |stage| {
        stage.demo.host().hold("talxis_tokenmanagement.js");
        open_with(stage, 1).await?;
        let status = stage.the(".contoso-file-list [role=status]").await?;
        assert_eq!(status.text().await?, "Loading…");
        let is_there: bool = stage.script("return 'talxisBroker' in window").await?;
        assert!(!is_there);
        stage.demo.host().release();
        sign_in(stage).await?;
        shown(stage, 1).await?;
        assert_costs(stage, 1, 1).await?;
        assert_quiet(stage, 0).await
    })
}

#[test]
fn strict_mode_mounts_twice_and_still_one_token_is_asked_for() -> Result {
    in_app(async |stage| {
        open_with(stage, 0).await?;
        place(stage, REACT_18, true).await?;
        sign_in(stage).await?;
        shown(stage, 1).await?;
        settled(stage).await?;
        assert_eq!(client_tokens(stage), 1);
        assert_eq!(sts_requests(stage).await?, OF_THE_OTHERS + 1);
        assert_costs(stage, 1, 1).await?;
        let _: Value = stage.script("afterDestroy(lookalike.customs()[0])").await?;
        stage.the("#sign-out").await?.click().await?;
        settled(stage).await?;
        assert_quiet(stage, 1).await
    })
}
