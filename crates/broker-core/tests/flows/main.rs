//! Whole calls over a fake browser with a manual clock: what the user sees, what the network sees, what the caller gets.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // A wrong test shall stop.

use broker_core::testing::{CORRELATION_ID, Call, FakeEnv, Kind, config, reply};
use broker_core::{
    Code, Core, Error, EventKind, Interaction, Pins, Result, SignInRequest, TokenRequest, TokenResult,
    Unreachable,
};
use serde_json::json;
use std::rc::Rc;

mod ahead;
mod calls;
mod choices;
mod endings;
mod failures;
mod identity;
mod prompts;
mod redirect;
mod sign_out;
mod silent;
mod step_up;
mod tabs;

const GRAPH: &str = "https://graph.microsoft.com/User.Read";
const FEED: &str = "api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All";
const HOUR: u64 = 3_600_000;

/// A page with a configured broker.
struct Page {
    env: FakeEnv,
    core: Rc<Core<FakeEnv>>,
}

impl Page {
    fn new() -> Self {
        let env = FakeEnv::new();
        let core = Core::new(env.clone(), Pins::default());
        core.configure(&config(), &json!({})).expect("the configuration is good");
        Self { env, core }
    }

    /// A page whose user is signed in and has had no token yet.
    fn signed_in() -> Self {
        let page = Self::new();
        let call = page.sign_in();
        page.env.finish_sign_in();
        assert!(call.take().expect("it has ended").is_ok());
        page
    }

    fn sign_in(&self) -> Call<Result<Rc<broker_core::Account>>> {
        self.sign_in_as(wish())
    }

    fn sign_in_as(&self, wish: SignInRequest) -> Call<Result<Rc<broker_core::Account>>> {
        let core = self.core.clone();
        self.env.start(async move { core.sign_in(wish).await })
    }

    fn call(&self, request: TokenRequest) -> Call<Result<TokenResult>> {
        let core = self.core.clone();
        self.env.start(async move { core.get_token(request).await })
    }

    fn get(&self, request: TokenRequest) -> Result<TokenResult> {
        self.call(request).take().expect("the call has ended")
    }

    fn fails(&self, request: TokenRequest) -> Box<Error> {
        self.get(request).err().expect("the call fails")
    }

    /// What the network was asked for since the last sign-in or call of this.
    fn counts(&self) -> [usize; 3] {
        [Kind::Code, Kind::Refresh, Kind::Exchange].map(|kind| self.env.count(kind))
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.env.events()
    }
}

fn request(client: &str, scopes: &[&str]) -> TokenRequest {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let correlation_id = CORRELATION_ID.to_owned();
    TokenRequest { client: client.to_owned(), scopes, correlation_id, ..TokenRequest::default() }
}

/// `signIn()` without options.
fn wish() -> SignInRequest {
    SignInRequest { correlation_id: CORRELATION_ID.to_owned(), ..SignInRequest::default() }
}

/// `signIn({ selectAccount: true })`.
fn choice() -> SignInRequest {
    SignInRequest { select_account: true, ..wish() }
}

/// `signIn({ loginHint })`.
fn hint(login_hint: &str) -> SignInRequest {
    SignInRequest { login_hint: login_hint.to_owned(), ..wish() }
}

fn forced(client: &str, scopes: &[&str]) -> TokenRequest {
    TokenRequest { force_refresh: true, ..request(client, scopes) }
}

fn silent(client: &str, scopes: &[&str]) -> TokenRequest {
    TokenRequest { interaction: Interaction::Never, ..request(client, scopes) }
}

fn text(result: &TokenResult) -> &str {
    result.access_token.expose()
}

fn entra_says(number: u64) -> broker_core::testing::Answer {
    Ok(reply(400, json!({ "error": "invalid_grant", "error_codes": [number] })))
}

fn sts_says(status: u16, error: &str) -> broker_core::testing::Answer {
    Ok(reply(status, json!({ "error": error })))
}

const UNREACHABLE: broker_core::testing::Answer = Err(Unreachable::Failed);
