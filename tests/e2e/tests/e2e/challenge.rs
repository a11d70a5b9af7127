//! Continuous access evaluation where it counts: a control's script, of another origin than the API, reads the challenge.

use crate::ADELE;
use e2e::{Result, on_stage};
use entra_dev::{Command, Demand, MintRequest};
use serde_json::json;

#[test]
fn a_control_can_read_the_challenge_of_an_api_of_another_origin() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let entra = stage.demo.entra();
            let order = MintRequest::new("graph").client("file-picker").claim("xms_cc", json!(["CP1"]));
            let token = entra.mint(order);
            entra.perform(Command::RevokeSessions { user: ADELE.to_owned() }).unwrap();

            stage.open_bare_page().await?;
            let call = format!(
                "fetch('/demo.json').then((page) => page.json())
                     .then(({{ graph }}) => fetch(graph + '/v1.0/me', {{ headers: {{ Authorization: 'Bearer {token}' }} }}))
                     .then(({{ status, headers }}) => ({{ status, challenge: headers.get('WWW-Authenticate') }}))"
            );
            let answer = stage.value(&stage.ask(&call).await?).await?;
            assert_eq!(answer["status"], 401);
            let challenge = answer["challenge"].as_str().unwrap_or_default();
            assert!(challenge.contains(r#"error="insufficient_claims", claims=""#), "{answer}");
            Ok(())
        },
    )
}

#[test]
fn a_second_factor_that_the_exchange_wants_is_one_prompt_and_the_call_goes_on() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            crate::signed_in_page(stage).await?;
            let asked = stage.ask(&crate::get_token("filePicker", crate::GRAPH)).await?;
            stage.value(&asked).await?;
            let before = crate::count(stage, crate::interactive);
            stage.demo.entra().demand("contoso", "graph", Demand::SecondFactor).unwrap();

            let twenty = format!(
                "Promise.all(Array.from({{ length: 20 }}, () => {})).then((results) => results.length)",
                crate::get_token("calendar", crate::GRAPH)
            );
            let asked = stage.ask(&twenty).await?;
            stage.click_in_surface("Sign in").await?;
            stage.enter_sign_in_window().await?;
            stage.the("button[value=second_factor]").await?.click().await?;
            stage.leave_sign_in_window().await?;
            assert_eq!(stage.value(&asked).await?, 20);
            assert_eq!(crate::count(stage, crate::interactive), before + 1);
            // The session keeps it: another client asks nobody.
            let asked = stage.ask(&crate::get_token("addressPicker", crate::GRAPH)).await?;
            stage.value(&asked).await?;
            assert_eq!(crate::count(stage, crate::interactive), before + 1);
            Ok(())
        },
    )
}
