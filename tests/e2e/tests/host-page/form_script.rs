//! The sample of a form script (`pkg-template/samples/form-script`), in the script frame of the look-alike's forms.

use crate::{ADELE, FEED, count, granted, identity::sign_ins};
use demo::Options;
use e2e::{Result, Stage, on_stage, until, without_ribbon};
use entra_dev::GrantType;

const SAMPLE: &str = include_str!("../../../../pkg-template/samples/form-script/contoso_account.js");
const BROKER: &str = "talxis_tokenmanagement.js";
const FOUND: &str = "The registry has Contoso, a.s., Na Příkopě 1, Praha.";
const SIGN_IN: &str = "Press Sign-in status at the top and sign in to see what the company registry knows.";

/// As the sample's first lines say. There is no ribbon: the form's libraries alone bring the broker.
fn with_libraries(options: &mut Options) {
    without_ribbon(options);
    options.form_libraries = [BROKER, "contoso_account.js"].map(str::to_owned).to_vec();
}

/// The sample with this estate's address, for a client.
async fn open(stage: &Stage, client: &str) -> Result {
    let mut sample = SAMPLE.to_owned();
    for (from, to) in [("addressPicker", client), ("https://feed.example.com", stage.demo.feed_origin())] {
        assert!(sample.contains(from), "the sample has no {from}");
        sample = sample.replace(from, to);
    }
    assert!(sample.contains(FEED), "the sample asks for another scope than the estate has");
    stage.demo.host().set_web_resource("contoso_account.js", sample).unwrap();
    stage.open_app().await
}

/// What a form says: levels and texts of its notifications.
async fn said(stage: &Stage, form: &str) -> Result<Vec<(String, String)>> {
    let script = format!(
        "return [...document.querySelectorAll('{form} .form-notifications p')].map((line) => [line.dataset.level, line.textContent])"
    );
    stage.script(&script).await
}

async fn says(stage: &Stage, form: &str, level: &str, text: &str) -> Result {
    until(&format!("the notification {text:?}"), async || {
        Ok((said(stage, form).await? == [(level.to_owned(), text.to_owned())]).then_some(()))
    })
    .await
}

#[test]
fn forms_and_quick_create_tell_what_the_api_knows_after_one_sign_in() -> Result {
    on_stage(with_libraries, async |stage| {
        open(stage, "addressPicker").await?;
        stage.accept_notification().await?;
        stage.sign_in_as(ADELE).await?;
        says(stage, "#page", "INFO", FOUND).await?;
        stage.open_record(2).await?;
        says(stage, "#page", "INFO", FOUND).await?;
        stage.open_quick_create().await?;
        says(stage, ".panel", "INFO", FOUND).await?;
        let address_picker = &stage.demo.estate().controls["address-picker"].client_id;
        let asked = count(stage, |request| {
            granted(request, GrantType::RefreshToken) && request.resource.as_ref() == Some(address_picker)
        });
        assert_eq!((asked, sign_ins(stage)), (1, 1));
        Ok(())
    })
}

#[test]
fn after_a_refusal_it_says_where_to_sign_in_and_tries_again_once_somebody_did() -> Result {
    on_stage(with_libraries, async |stage| {
        open(stage, "addressPicker").await?;
        stage.accept_notification().await?;
        stage.enter_sign_in_window().await?;
        stage.cancel_on_the_sign_in_page().await?;
        says(stage, "#page", "WARNING", SIGN_IN).await?;
        let signed_in = stage.ask_by_click("talxisBroker.signIn()").await?;
        stage.sign_in_as(ADELE).await?;
        stage.value(&signed_in).await?;
        says(stage, "#page", "INFO", FOUND).await
    })
}

#[test]
fn a_missing_consent_is_told_with_the_address_at_which_it_can_be_given() -> Result {
    on_stage(with_libraries, async |stage| {
        open(stage, "invoiceRecognition").await?;
        stage.accept_notification().await?;
        stage.sign_in_as(ADELE).await?;
        let lines = until("a notification", async || {
            let lines = said(stage, "#page").await?;
            Ok((!lines.is_empty()).then_some(lines))
        })
        .await?;
        let [(level, text)] = lines.as_slice() else { panic!("{lines:?}") };
        let client = &stage.demo.estate().controls["invoice-recognition"].client_id;
        assert_eq!(level, "WARNING");
        assert!(text.contains("An administrator opens https://") || text.contains("opens http://"), "{text}");
        assert!(text.contains("/adminconsent") && text.contains(client), "{text}");
        Ok(())
    })
}
