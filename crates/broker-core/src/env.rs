//! The browser, as the core sees it: verbs of a browser, never of OAuth. The shell implements it over web-sys, tests over
//! a fake with a manual clock, so that every flow runs on the host.

use crate::{Account, Departure, Json, guid};
use std::future::Future;

/// What the core may ask of the outside. No call holds a borrow of core state.
pub trait Env: 'static {
    /// A parsed JSON value.
    type Json: Json;
    /// A sign-in window that was opened; dropping it closes it if it is still there.
    type Popup: 'static;
    /// The wait for an answer.
    type Sent: Future<Output = Result<Reply<Self::Json>, Unreachable>> + Unpin + 'static;
    /// A wait whose end says nothing.
    type Wait: Future + Unpin;
    /// A mailbox for one redirect response; dropping it stops listening and forgets the pending record.
    type Inbox: Inbox<Json = Self::Json>;

    /// Milliseconds since the epoch.
    fn now(&self) -> u64;
    /// 32 unpredictable bytes, as 64 hexadecimal digits in lower case.
    fn random(&self) -> String;
    /// Runs a future to its end whether or not anybody waits for it.
    fn spawn(&self, future: impl Future<Output = ()> + 'static);
    /// Resolves after so many milliseconds; the timer is cleared on drop.
    fn sleep(&self, ms: u32) -> Self::Wait;

    /// Parses JSON text. What is not JSON has no members.
    fn parse_json(&self, text: &str) -> Self::Json;
    /// Parses form text, as [`Inbox::response`] does.
    fn parse_form(&self, text: &str) -> Self::Json;
    /// Parses JSON text in base64url without padding (RFC 4648 §5). What is not that, to the letter, has no members.
    fn parse_base64url(&self, text: &str) -> Self::Json;
    /// POSTs a form without credentials, custom headers or redirects, so that no CORS preflight is needed.
    fn post_form(&self, url: &str, body: &str) -> Self::Sent;

    /// What Power Apps says about who uses it, read anew on each call.
    fn host(&self) -> HostFacts;
    /// Whether the user acted recently enough for a window to open.
    fn activated(&self) -> bool;
    /// Whether this tab, or as the fact may be the browser, remembers this from an earlier page load.
    fn remembers(&self, fact: Fact) -> bool;
    /// Remembers it, or forgets it.
    fn remember(&self, fact: Fact, holds: bool);
    /// Takes a turn of this name among the tabs of the browser; what goes on in one tab shares it. Resolves when it is this tab's and what
    /// the others stored meanwhile was taken in, or after so long that waiting helps nobody, or at once where there are no locks. Dropping it
    /// gives it back, as soon as what this tab has to store is stored.
    fn lock(&self, name: &str) -> Self::Wait;
    /// Opens a hidden frame; dropping the wait removes it. Resolves if the page's Content-Security-Policy refuses it.
    fn open_frame(&self, url: &str) -> Self::Wait;
    /// Opens the sign-in window, now, within this call; none if the browser refuses. As long as it is open, other tabs invite nobody; what they do
    /// afterwards comes after they have taken in what this one stored.
    fn open_popup(&self, url: &str) -> Option<Self::Popup>;
    /// Shows one non-modal invitation to sign in; without an address, to leave the page for it. On the user's click the window opens inside the click's handler. Dropping
    /// the future withdraws the invitation. Nothing is shown while another tab has a sign-in window open, unless that takes too long.
    fn invite(&self, url: &str) -> impl Future<Output = Invitation<Self::Popup>> + Unpin;
    /// Asks in a surface of ours whether to sign out everywhere, likewise.
    fn confirm(&self, url: &str) -> impl Future<Output = Invitation<Self::Popup>> + Unpin;
    /// Resolves if the user gives up on an open window in a surface of ours; never resolves otherwise. The same surface
    /// lets the user open the window again, at its address. A closed window alone is no sign: under COOP it looks closed at once.
    fn given_up(&self, popup: &Self::Popup) -> Self::Wait;
    /// Stores a departure. Resolves when that is done, or failed.
    fn keep(&self, departure: &Departure) -> Self::Wait;
    /// Goes to an address with the whole page. Resolves only if that is impossible, as it is when no departure was stored.
    fn leave(&self, url: &str) -> Self::Wait;
    /// Starts listening for the response of one pending redirect. To be called before a window opens, unless
    /// everybody knows the id.
    fn inbox(&self, id: &str) -> Self::Inbox;

    /// What a later page load may go on with has changed: a snapshot is worth storing.
    fn changed(&self);
    /// Tells listeners what happened.
    fn emit(&self, event: Event<'_>);
}

/// Something that is remembered between page loads: in the tab unless another place is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Hidden frames bring nothing, as far as is known since the last sign-in by hand.
    FramesFail,
    /// The user said no: nothing prompts until `sign_in`.
    Refused,
    /// The user signed out: nobody is signed in again without being asked. In all tabs, until the browser's session ends.
    SignedOut,
}

impl Fact {
    /// What it is remembered by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FramesFail => "no-frames",
            Self::Refused => "refused",
            Self::SignedOut => "signed-out",
        }
    }
}

/// The redirect response of one sign-in.
pub trait Inbox: 'static {
    /// As [`Env::Json`].
    type Json: Json;
    /// The response's fields. It comes as form text (RFC 6749 appendix B), a query or fragment without its `?` or `#`. What is
    /// longer than any response of Entra (16 kB), not the form of any text, or repeats a field has no members.
    fn response(&mut self) -> impl Future<Output = Self::Json> + Unpin;
}

/// An HTTP answer that arrived.
pub struct Reply<J> {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, where it could be read.
    pub retry_after: Option<u64>,
    /// The body, if it is JSON.
    pub body: Option<J>,
}

/// No HTTP answer arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// For whatever reason; browsers do not tell.
    Failed,
    /// The browser says that it is offline.
    Offline,
    /// The page's Content-Security-Policy does not let the page go there.
    Refused,
}

/// What became of an invitation.
pub enum Invitation<P> {
    /// The user accepted and the window is open.
    Opened(P),
    /// The user accepted, and there is no window: none was asked for, or the browser refused it within the click.
    Accepted,
    /// Nothing could be shown.
    Blocked,
    /// The user declined.
    Declined,
}

/// What Power Apps says about who uses it.
#[derive(Clone, Debug, Default)]
pub struct HostFacts {
    /// The tenant id.
    pub tenant: Option<String>,
    /// The user's sign-in name.
    pub login_hint: Option<String>,
    /// The environment's address, where the packaged redirect page lies.
    pub client_url: Option<String>,
    /// The user's object in the tenant. Nobody else is served here.
    pub object_id: Option<String>,
    /// Whether this is the mobile app, whose web view has no windows.
    pub mobile: bool,
    /// Whether a page of another origin shows the app in a frame: storage and channels may be others than those of a window.
    pub framed: bool,
    /// Whether Power Apps or the browser is offline.
    pub offline: bool,
    /// Whether nobody sees the page.
    pub hidden: bool,
}

impl HostFacts {
    /// Whether tokens of this account may be served here: it is the user of Power Apps, or Power Apps names none.
    pub(crate) fn is_user(&self, account: &Account) -> bool {
        let same = |fact: &Option<String>, own: &str| {
            fact.as_deref().is_none_or(|fact| guid::parse(fact).is_some_and(|fact| fact == own))
        };
        same(&self.tenant, &account.tenant_id) && same(&self.object_id, &account.object_id)
    }
}

/// Something a listener may want to know (contract §1, `BrokerEvent`).
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The correlation id of the call that caused it; empty: none, like the next one.
    pub correlation_id: &'a str,
    /// The control client it is about.
    pub client: &'a str,
    /// The code of the failure.
    pub code: Option<crate::Code>,
}

/// `BrokerEventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A call failed.
    Error,
    /// The user is being asked to act.
    Interaction,
    /// The user signed in.
    SignedIn,
    /// The user signed out.
    SignedOut,
    /// A token was handed out that did not come from the cache.
    Token,
}

impl EventKind {
    /// The text in JavaScript.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Interaction => "interaction",
            Self::SignedIn => "signedin",
            Self::SignedOut => "signedout",
            Self::Token => "token",
        }
    }
}
