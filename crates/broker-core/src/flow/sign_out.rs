//! Sign-out everywhere (contract §1; OpenID Connect RP-Initiated Logout §2; entra.md §1.1): confirmed by the user, whose click opens the page
//! that ends the session at Entra. Nothing is signed out before that click; here, nobody is signed in after it, whatever Entra does.

use crate::{
    Code, Env, Inbox, Invitation, Result, Secret, SignInRequest,
    authorize::Prompt,
    core::Core,
    encoding,
    flow::{
        attempt::{Ask, Attempt, by_relay},
        redirect,
    },
    race::{First, race},
};
use std::rc::Rc;

/// For how long Entra's page may be silent, in milliseconds: it may ask which account it is about.
const LONGEST_WAIT: u32 = 60_000;

/// The id on which the redirect page answers where Entra gives it nothing to say. Not a `state`: Dataverse refuses a web resource with that
/// in its query (powerapps.md §3.1), and pkg-template/redirect.js has this id too.
const NOBODY: &str = "00000000000000000000000000000000";

/// Signs out here and at Entra.
///
/// # Errors
/// `user_cancelled`, or `popup_blocked` in a frame of another site's page, where nothing was signed out; `popup_timeout` and `storage_unavailable` where Entra did not answer.
pub(crate) async fn everywhere<E: Env>(core: Rc<Core<E>>) -> Result<()> {
    let ask = Ask::for_sign_in(core.config()?, SignInRequest::default());
    let mut attempt = Attempt::new(&core, &ask, &ask.request, Prompt::AsNeeded)?;
    attempt.pending.state = NOBODY.to_owned();
    let account = core.account();
    let query = encoding::form(
        "",
        &[
            ("client_id", &ask.config.client_id),
            ("post_logout_redirect_uri", &attempt.redirect_uri),
            ("logout_hint", account.as_ref().map_or("", |account| &account.login_hint)),
        ],
    );
    let url = [&attempt.tenant_url, "/oauth2/v2.0/logout?", &query].concat();
    attempt.url = by_relay(core.env.host().framed, &attempt.redirect_uri, url);

    let popup = match core.env.confirm(&attempt.url).await {
        Invitation::Opened(popup) => popup,
        Invitation::Declined => return Err(Code::UserCancelled.into()),
        // A frame of another site's page never leaves: Entra refuses to be framed.
        Invitation::Accepted if !core.env.host().framed => {
            core.sign_out();
            attempt.sign_outs = core.sign_outs();
            attempt.pending.verifier = Secret::new(String::new()); // There is no code to come back with.
            return redirect::depart(&core, &ask, &attempt).await;
        }
        Invitation::Accepted | Invitation::Blocked => return Err(Code::PopupBlocked.into()),
    };
    // Not before the user's click: anybody's window can come to the redirect page without a response, and say so.
    let mut inbox = core.env.inbox(attempt.pending.id());
    core.sign_out();
    let answer = race(inbox.response(), core.env.sleep(LONGEST_WAIT)).await;
    drop(popup);
    match answer {
        First::Left(_) => Ok(()),
        First::Right(_) => Err(Code::PopupTimeout.into()),
    }
}
