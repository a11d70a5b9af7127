//! Whose tokens are served: those of the user of Power Apps, however late and by whatever way that user becomes known.

use crate::{
    ADELE, GRAPH, get_token,
    pages::{on_page, run},
};
use e2e::{Result, Stage, on_stage, until};
use entra_dev::{Endpoint, GrantType};
use serde_json::{Value, json};

/// Another member of the tenant.
const OTHER: &str = "boris@contoso.example";

/// Signs in on the form, and waits until its five tokens are there and stored.
pub(crate) async fn signed_in(stage: &Stage, username: &str) -> Result {
    stage.open_app().await?;
    stage.accept_notification().await?;
    stage.sign_in_as(username).await?;
    until("five answers", async || {
        Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
    })
    .await?;
    let asked = stage.ask(&silently()).await?;
    let token = stage.value(&asked).await?["accessToken"].as_str().unwrap_or_default().len();
    // Each of the thirteen tokens is about as long as this one.
    until("the session to be stored", async || Ok((stage.stored_bytes().await? > 13 * token).then_some(())))
        .await
}

/// Whether the vault holds a session.
pub(crate) async fn is_stored(stage: &Stage) -> Result<bool> {
    Ok(stage.stored_bytes().await? > 0)
}

pub(crate) fn silently() -> String {
    format!("talxisBroker.getToken({{ client: 'filePicker', scopes: [{GRAPH:?}], interaction: 'never' }})")
}

pub(crate) fn sign_ins(stage: &Stage) -> usize {
    crate::count(stage, |request| request.endpoint == Endpoint::Authorize { interactive: true })
}

/// Adele's tokens are stored, then the app is opened as somebody else in the same profile.
fn opened_as_another(switches: &[&str]) -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            assert!(stage.demo.host().run_as(OTHER), "there is no such user");
            stage.demo.host().set_switches(switches).unwrap();
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(
                stage.refusal(&asked).await?.code.as_deref(),
                Some("interaction_required"),
                "{switches:?}"
            );
            assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null);
            until("the first user's entries to be gone", async || {
                Ok((!is_stored(stage).await?).then_some(()))
            })
            .await?;

            // The other user signs in as usual, and the first one cannot.
            stage.accept_notification().await?;
            stage.sign_in_as(OTHER).await?;
            let asked = stage.ask(&silently()).await?;
            let result = stage.value(&asked).await?;
            assert_eq!(result["account"]["username"], OTHER, "{switches:?}");
            Ok(())
        },
    )
}

#[test]
fn another_user_of_the_same_profile_gets_nothing_of_the_first() -> Result {
    opened_as_another(&[])
}

#[test]
fn another_user_who_becomes_known_late_gets_nothing_of_the_first() -> Result {
    opened_as_another(&["preload=late", "tenant=late", "xrm=after-rule"])
}

#[test]
fn another_user_whom_only_the_web_api_names_gets_nothing_of_the_first() -> Result {
    opened_as_another(&["preload=absent", "tenant=absent"])
}

#[test]
fn only_the_user_of_power_apps_can_sign_in() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.accept_notification().await?;
            stage.sign_in_as(OTHER).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("account_mismatch"));
            assert!(!is_stored(stage).await?);
            Ok(())
        },
    )
}

/// However Power Apps tells its user, the sign-in goes to the right tenant and names the right user.
fn found(switches: &[&str]) -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.demo.host().set_switches(switches).unwrap();
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.accept_notification().await?;
            stage.enter_sign_in_window().await?;
            let hint = stage.the("#username").await?.prop("value").await?;
            assert_eq!(hint.as_deref(), Some(ADELE), "{switches:?}");
            stage.sign_in_as(ADELE).await?;
            assert_eq!(stage.value(&asked).await?["account"]["tenantId"], stage.tenant(), "{switches:?}");
            assert_eq!(sign_ins(stage), 1);
            Ok(())
        },
    )
}

#[test]
fn the_page_itself_tells_its_user() -> Result {
    found(&["preload=main", "tenant=organizationTenant"])?;
    found(&["preload=everywhere", "tenant=tenantId"])
}

#[test]
fn the_web_api_tells_the_user_where_the_page_does_not() -> Result {
    found(&["preload=absent", "tenant=late"])
}

#[test]
fn the_web_api_tells_the_tenant_where_the_page_does_not() -> Result {
    found(&["preload=late", "tenant=absent"])
}

#[test]
fn offline_a_cached_token_is_served_and_anything_else_ends_at_once() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            stage.demo.host().set_switches(&["client-state=offline"]).unwrap();
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.value(&asked).await?["fromCache"], true);
            let before = crate::count(stage, |_| true);
            let asked = stage.ask("talxisBroker.getToken({ client: 'documents', timeoutMs: 5000 })").await?;
            let error = stage.refusal(&asked).await?;
            assert_eq!((error.code.as_deref(), error.retryable), (Some("network"), Some(true)));
            assert_eq!(crate::count(stage, |_| true), before);
            Ok(())
        },
    )
}

#[test]
fn the_mobile_app_asks_nobody_unless_it_is_told_to_and_serves_what_is_there() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            stage.demo.host().set_switches(&["client=mobile"]).unwrap();
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.value(&asked).await?["fromCache"], true);
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            for call in [get_token("filePicker", GRAPH), "talxisBroker.signIn()".to_owned()] {
                let asked = stage.ask_by_click(&call).await?;
                assert_eq!(
                    stage.refusal(&asked).await?.code.as_deref(),
                    Some("unsupported_client"),
                    "{call}"
                );
            }
            assert!(stage.browser.popups().await?.is_empty());

            stage.configure_but("mobile", "popup");
            let _: Value = stage.script("sessionStorage.clear()").await?;
            stage.open_app().await?;
            // Entra still knows her: the window closes by itself.
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
            Ok(())
        },
    )
}

#[test]
fn a_user_who_takes_anothers_place_while_the_web_api_fails_gets_nothing_of_the_first() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.demo.host().set_switches(&["preload=absent"]).unwrap();
            signed_in(stage, ADELE).await?;
            let _: Value = stage
                .script(
                    "const context = Xrm.Utility.getGlobalContext();
                     const userSettings = { value: { userId: '{D0000000-0000-4000-8000-0000000000FF}' } };
                     Xrm.Utility.getGlobalContext = () => Object.create(context, { userSettings });
                     const web = window.fetch;
                     window.fetch = (url, init) => String(url).includes('/api/data/') ? Promise.reject(new TypeError('no')) : web(url, init);",
                )
                .await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("account_mismatch"));
            assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null);
            Ok(())
        },
    )
}

#[test]
fn a_guest_signs_in_with_the_address_of_home() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let guest =
                stage.demo.host().users().into_iter().find(|user| user.windows_live_id.contains("#EXT#"));
            let guest = guest.expect("the estate has a guest");
            assert!(stage.demo.host().run_as(&guest.username));
            stage.demo.host().set_switches(&["preload=absent"]).unwrap();
            stage.open_app().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(&guest.username).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            let account = stage.value(&asked).await?["account"].clone();
            assert_eq!(
                (account["guest"].as_bool(), account["objectId"].as_str()),
                (Some(true), Some(guest.object_id.as_str()))
            );
            let refreshed = crate::count(stage, |request| crate::granted(request, GrantType::RefreshToken));
            assert!(refreshed > 0);
            Ok(())
        },
    )
}

/// A page of Power Apps whose Web API answers as the test says: the functions `tell(status, objectId)` and `kept()`, and the `user`.
const WEB_API: &str = "
    const user = 'd0000000-0000-4000-8000-00000000000a';
    window.Xrm = xrm();
    const context = { ...Xrm.Utility.getGlobalContext(), userSettings: { userId: `{${user}}` }, organizationSettings: window.settings ?? {} };
    Xrm.Utility.getGlobalContext = () => context;
    const web = window.fetch;
    const says = (body, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status }));
    const variables = { value: [{ schemaname: 'talxis_TokenBrokerConfig', defaultvalue: JSON.stringify(config) }] };
    const tell = (status, azureactivedirectoryobjectid) => {
        window.fetch = (url, init) => !url.includes('/api/data/') ? web(url, init) : url.includes('environmentvariable') ? says(variables)
            : says({ azureactivedirectoryobjectid, Detail: { TenantId: config.tenant } }, status);
    };
    const call = () => codeOf(talxisBroker.getToken({ client: 'filePicker', interaction: 'never', timeoutMs: 20000 }));
    const kept = () => JSON.parse(sessionStorage.getItem('talxis-broker:user'))?.objectId ?? null;
";

#[test]
fn a_web_api_that_fails_for_a_moment_is_asked_again() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            const seen = [];
            for (const status of [503, 429, 401, 200]) {
                tell(status, user);
                await call();
                seen.push(kept());
            }
            return [seen, user];";
        let seen: Value = run(stage, &[WEB_API, body].concat()).await?;
        assert_eq!(seen[0], json!([null, null, null, seen[1]]));
        Ok(())
    })
}

#[test]
fn a_user_whom_the_page_names_by_no_id_is_one_whom_it_does_not_name() -> Result {
    on_page(async |stage| {
        let body = "
            window.__preload = { aadObjectId: 'undefined' };
            context.organizationSettings = { organizationTenant: 'contoso.example' };
            await load(window);
            tell(200, user);
            await call();
            return [kept(), user];";
        let seen: Value = run(stage, &[WEB_API, body].concat()).await?;
        assert_eq!(seen[0], seen[1]);
        Ok(())
    })
}

#[test]
fn a_web_api_that_never_answers_is_not_waited_for_without_end() -> Result {
    on_page(async |stage| {
        let body = "
            const { timeout } = AbortSignal;
            const late = new AbortController();
            AbortSignal.timeout = () => late.signal;
            await load(window);
            window.fetch = (url, { signal }) => new Promise((_, no) => signal?.addEventListener('abort', () => no(signal.reason)));
            const ready = codeOf(talxisBroker.ready);
            const first = call();
            late.abort('late');
            const soon = new Promise((done) => setTimeout(done, 3000, 'still waiting'));
            const codes = [await Promise.race([ready, soon]), await Promise.race([first, soon])];
            Object.assign(AbortSignal, { timeout });
            tell(200, user);
            return [codes, await call()];";
        let seen: Value = run(stage, &[WEB_API, body].concat()).await?;
        assert_eq!(seen, json!([["network", "network"], "interaction_required"]));
        Ok(())
    })
}
