//! Third-party cookies, allowed and blocked by the browser's own preference: whether Entra's session comes along from a hidden frame.
//!
//! This is about the browsers and not about the broker: what other tests say with cookies blocked is worth as much as this.

use crate::ADELE;
use e2e::{Result, ThirdPartyCookies, on_stage_with, until};
use serde_json::Value;

/// Whether a hidden frame of Entra in the app sends the session that the browser has there.
fn session_of_a_hidden_frame(cookies: ThirdPartyCookies) -> Result<bool> {
    let mut had_session = None;
    on_stage_with(
        cookies,
        |_| {},
        async |stage| {
            stage.sign_in_elsewhere_as(ADELE).await?;
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            let _: Value = stage
                .script(&format!(
                    "const frame = document.createElement('iframe');
                     frame.hidden = true;
                     frame.src = {:?};
                     document.body.append(frame);",
                    stage.authorize_url("none")
                ))
                .await?;
            let asked = until("Entra to be asked", async || Ok(stage.demo.entra().requests().pop())).await?;
            had_session = Some(asked.had_session);
            Ok(())
        },
    )?;
    Ok(had_session.unwrap())
}

#[test]
fn where_third_party_cookies_are_allowed_a_hidden_frame_has_entras_session() -> Result {
    assert!(session_of_a_hidden_frame(ThirdPartyCookies::Allowed)?);
    Ok(())
}

#[test]
fn where_third_party_cookies_are_blocked_a_hidden_frame_has_no_session() -> Result {
    assert!(!session_of_a_hidden_frame(ThirdPartyCookies::Blocked)?);
    Ok(())
}
