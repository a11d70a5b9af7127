//! Continuous access evaluation where it counts: a control's script, of another origin than the API, reads the challenge.

use crate::ADELE;
use e2e::{Result, on_stage};
use entra_dev::{Command, MintRequest};
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
