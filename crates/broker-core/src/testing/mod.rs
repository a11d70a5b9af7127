//! A browser that is none: manual clock, recorded requests, windows and invitations that the test answers. Random bytes are
//! predictable here and nowhere else. For scenario tests; never part of a product.
#![allow(clippy::expect_used, clippy::panic, clippy::missing_panics_doc)] // A wrong test shall stop.

mod executor;
mod honest;
mod json;
pub mod judges;
mod signal;
mod windows;

pub use executor::Call;
pub use honest::{AUTHORITY, BROKER, CORRELATION_ID, STS, TENANT, USER, account, config, id_token};
pub use json::{parse, reply};
#[cfg(test)]
pub(crate) use windows::fields;
pub use windows::{FakeInbox, FakePopup};

use crate::{Code, Departure, Env, Event, EventKind, Fact, HostFacts, Invitation, Reply, Unreachable};
use base64::prelude::*;
use executor::Executor;
use serde_json::Value;
use signal::Signal;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
};
use windows::Windows;

/// An answer of the network.
pub type Answer = Result<Reply<Value>, Unreachable>;

/// A window of a browser. Clones are the same window.
#[derive(Clone, Default)]
pub struct FakeEnv(Rc<World>);

#[derive(Default)]
struct World {
    now: Cell<u64>,
    timers: RefCell<Vec<(u64, Signal<()>)>>,
    seed: Cell<u8>,
    executor: Executor,
    windows: Windows,
    facts: RefCell<HostFacts>,
    latency: Cell<u32>,
    requests: RefCell<Vec<Request>>,
    answers: RefCell<Vec<(Kind, Answer)>>,
    minted: Cell<u32>,
    /// The challenges that only the user can meet, and whether the user can.
    insists: RefCell<Vec<(String, bool)>>,
    events: RefCell<Vec<(EventKind, Option<Code>)>>,
    changes: Cell<u32>,
    departures: RefCell<Vec<Value>>,
    stuck: Cell<bool>,
    browser: Rc<Browser>,
}

/// What the tabs of a browser have in common.
#[derive(Default)]
struct Browser {
    turns: RefCell<Vec<Turn>>,
    waiting: RefCell<Vec<Waker>>,
    signed_out: Cell<bool>,
    /// What another tab stored is taken in by this, whenever a tab's turn comes.
    reread: RefCell<Option<Rc<dyn Fn()>>>,
}

/// A tab's turn, or its wait for one.
struct Turn {
    name: String,
    tab: *const World,
    shares: usize,
}

type Sent = Pin<Box<dyn Future<Output = Answer>>>;
type Wait = Pin<Box<dyn Future<Output = ()>>>;

/// A form that was posted.
#[derive(Clone)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// What, in order.
    pub fields: Vec<(String, String)>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authorization code is redeemed.
    Code,
    /// A refresh token is redeemed.
    Refresh,
    /// A client token is exchanged.
    Exchange,
}

impl Request {
    /// A field; empty if it is not there.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.0 == name).map_or("", |field| field.1.as_str())
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.field("grant_type") {
            "authorization_code" => Kind::Code,
            "refresh_token" => Kind::Refresh,
            sts_wire::GRANT_TYPE => Kind::Exchange,
            other => panic!("there is no grant {other}"),
        }
    }
}

impl FakeEnv {
    /// A window of Power Apps in which nobody has clicked yet, before an honest Entra and an honest STS.
    #[must_use]
    pub fn new() -> Self {
        let env = Self::default();
        env.0.now.set(1_700_000_000_000);
        env.0.facts.replace(HostFacts {
            tenant: Some(TENANT.to_owned()),
            login_hint: Some("adele@contoso.example".to_owned()),
            client_url: Some("https://contoso.crm.example".to_owned()),
            object_id: Some(USER.to_owned()),
            ..HostFacts::default()
        });
        env
    }

    /// Another tab of the same browser, with a clock and a network of its own.
    #[must_use]
    pub fn new_tab(&self) -> Self {
        let tab = Self(Rc::new(World { browser: self.0.browser.clone(), ..World::default() }));
        tab.0.now.set(self.now());
        tab.set_host(self.facts());
        tab
    }

    /// What a tab does about what the others stored, when its turn comes.
    pub fn on_turn(&self, reread: impl Fn() + 'static) {
        self.0.browser.reread.replace(Some(Rc::new(reread)));
    }

    /// The tab is closed in the middle of whatever it does.
    pub fn kill(&self) {
        let tab = Rc::as_ptr(&self.0);
        self.0.browser.end(|turn| turn.tab != tab);
    }

    /// What Power Apps says.
    #[must_use]
    pub fn facts(&self) -> HostFacts {
        self.0.facts.borrow().clone()
    }

    /// What Power Apps says from now on.
    pub fn set_host(&self, facts: HostFacts) {
        self.0.facts.replace(facts);
    }

    /// How long the network takes from now on, in milliseconds.
    pub fn set_latency(&self, ms: u32) {
        self.0.latency.set(ms);
    }

    /// The next request of this kind is answered so; several such answers keep their order.
    pub fn answer_next(&self, kind: Kind, answer: Answer) {
        self.0.answers.borrow_mut().push((kind, answer));
    }

    /// Entra takes this challenge as met only after a sign-in that asked for it; if it can be met at all.
    pub fn insist(&self, challenge: &str, can_be_met: bool) {
        self.0.insists.borrow_mut().push((challenge.to_owned(), can_be_met));
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.0.requests.borrow().clone()
    }

    /// How many requests of this kind there were.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.0.requests.borrow().iter().filter(|request| request.kind() == kind).count()
    }

    /// Every event so far.
    #[must_use]
    pub fn events(&self) -> Vec<EventKind> {
        self.0.events.borrow().iter().map(|event| event.0).collect()
    }

    /// The codes that listeners were told.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        self.0.events.borrow().iter().filter_map(|event| event.1).collect()
    }

    /// What was stored of the last sign-in that left the page.
    #[must_use]
    pub fn departure(&self) -> Option<Value> {
        self.0.departures.borrow().last().cloned()
    }

    /// The browser keeps nothing from now on, so that the page cannot be left.
    pub fn keep_nothing(&self) {
        self.0.stuck.set(true);
    }

    /// How often there was something new to store.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.0.changes.get()
    }

    /// Starts a call and runs until nothing moves.
    pub fn start<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Call<T> {
        let call = self.0.executor.call(future);
        self.run();
        call
    }

    /// Runs until nothing moves.
    pub fn run(&self) {
        self.0.executor.run();
    }

    /// Moves the clock, stopping at each timer on the way.
    pub fn advance(&self, ms: u64) {
        self.run();
        let target = self.now() + ms;
        while let Some(due) = self.0.next_timer(target) {
            self.0.now.set(due.0);
            due.1.send(());
            self.run();
        }
        self.0.now.set(target);
    }

    /// Turns the clock to another time without letting any pass.
    pub fn set_clock(&self, now: u64) {
        self.0.now.set(now);
    }
}

impl World {
    fn next_timer(&self, until: u64) -> Option<(u64, Signal<()>)> {
        let mut timers = self.timers.borrow_mut();
        let (at, _) =
            timers.iter().enumerate().filter(|timer| timer.1.0 <= until).min_by_key(|timer| timer.1.0)?;
        Some(timers.swap_remove(at))
    }
}

impl Browser {
    /// A share in the tab's turn of this name.
    fn take(&self, name: &str, tab: *const World) {
        let mut turns = self.turns.borrow_mut();
        match turns.iter_mut().find(|turn| turn.name == name && turn.tab == tab) {
            Some(turn) => turn.shares += 1,
            None => turns.push(Turn { name: name.to_owned(), tab, shares: 1 }),
        }
    }

    /// Whether it has begun.
    fn is_first(&self, name: &str, tab: *const World) -> bool {
        self.turns.borrow().iter().find(|turn| turn.name == name).is_some_and(|turn| turn.tab == tab)
    }

    /// Leaves the turns that stay.
    fn end(&self, stays: impl FnMut(&mut Turn) -> bool) {
        self.turns.borrow_mut().retain_mut(stays);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}

/// The turn of the tab that has a sign-in window open.
const SIGN_IN: &str = "sign-in";

/// Gives a share of a turn back.
struct Share(FakeEnv, String);

impl Drop for Share {
    fn drop(&mut self) {
        let tab = Rc::as_ptr(&self.0.0);
        self.0.0.browser.end(|turn| {
            turn.shares -= usize::from(turn.name == self.1 && turn.tab == tab);
            turn.shares > 0
        });
    }
}

impl Env for FakeEnv {
    type Json = Value;
    type Popup = FakePopup;
    type Sent = Sent;
    type Wait = Wait;
    type Inbox = FakeInbox;

    fn now(&self) -> u64 {
        self.0.now.get()
    }

    fn random(&self) -> String {
        self.0.seed.set(self.0.seed.get().wrapping_add(1));
        format!("{:02x}", self.0.seed.get()).repeat(32)
    }

    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.0.executor.spawn(future);
    }

    fn sleep(&self, ms: u32) -> Wait {
        let signal = Signal::default();
        self.0.timers.borrow_mut().push((self.now() + u64::from(ms), signal.clone()));
        Box::pin(async move { signal.wait().await })
    }

    fn parse_json(&self, text: &str) -> Value {
        parse(text).unwrap_or_default()
    }

    fn parse_base64url(&self, text: &str) -> Value {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn post_form(&self, url: &str, body: &str) -> Sent {
        let fields = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let request = Request { url: url.to_owned(), fields };
        self.0.requests.borrow_mut().push(request.clone());
        let env = self.clone();
        Box::pin(async move {
            if env.0.latency.get() > 0 {
                env.sleep(env.0.latency.get()).await;
            }
            let scripted = {
                let mut answers = env.0.answers.borrow_mut();
                let at = answers.iter().position(|answer| answer.0 == request.kind());
                at.map(|at| answers.remove(at).1)
            };
            scripted.unwrap_or_else(|| env.honest_answer(&request))
        })
    }

    fn host(&self) -> HostFacts {
        self.0.facts.borrow().clone()
    }

    fn activated(&self) -> bool {
        self.0.windows.activated.get()
    }

    fn remembers(&self, fact: Fact) -> bool {
        match fact {
            Fact::FramesFail => self.0.windows.frames.get() != Some(true),
            Fact::Refused => self.0.windows.refused.get(),
            Fact::SignedOut => self.0.browser.signed_out.get(),
        }
    }

    fn remember(&self, fact: Fact, holds: bool) {
        match fact {
            Fact::FramesFail => self.0.windows.frames.update(|frames| frames.and(Some(!holds))),
            Fact::Refused => self.0.windows.refused.set(holds),
            Fact::SignedOut => self.0.browser.signed_out.set(holds),
        }
    }

    fn lock(&self, name: &str) -> Wait {
        let (browser, tab) = (self.0.browser.clone(), Rc::as_ptr(&self.0));
        browser.take(name, tab);
        let (share, mut waited) = (Share(self.clone(), name.to_owned()), false);
        Box::pin(poll_fn(move |context| {
            if !browser.is_first(&share.1, tab) {
                waited = true;
                browser.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            let reread = browser.reread.borrow().clone();
            if let Some(reread) = reread.filter(|_| waited) {
                reread();
            }
            Poll::Ready(())
        }))
    }

    fn open_frame(&self, url: &str) -> Wait {
        let (env, frame) = (self.clone(), self.0.windows.open_frame(url));
        Box::pin(async move {
            env.0.windows.frame_refused.wait().await;
            drop(frame);
        })
    }

    fn open_popup(&self, url: &str) -> Option<FakePopup> {
        self.0.windows.open(url).map(|popup| popup.with(self.lock(SIGN_IN)))
    }

    fn invite(&self, url: &str) -> impl Future<Output = Invitation<FakePopup>> + Unpin {
        let (env, url) = (self.clone(), url.to_owned());
        Box::pin(async move {
            env.lock(SIGN_IN).await;
            // Whoever learnt meanwhile that the user is signed in withdraws it first.
            let mut asked = false;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            match env.0.windows.invite(&url).await {
                Invitation::Opened(popup) => Invitation::Opened(popup.with(env.lock(SIGN_IN))),
                other => other,
            }
        })
    }

    fn confirm(&self, url: &str) -> impl Future<Output = Invitation<FakePopup>> + Unpin {
        self.invite(url)
    }

    fn given_up(&self, popup: &FakePopup) -> Wait {
        self.0.windows.again.replace(popup.url.clone());
        let gave_up = self.0.windows.gave_up.clone();
        Box::pin(async move { gave_up.wait().await })
    }

    fn inbox(&self, id: &str) -> FakeInbox {
        self.0.windows.listen(id)
    }

    fn parse_form(&self, text: &str) -> Value {
        windows::fields(text)
    }

    fn keep(&self, departure: &Departure) -> Wait {
        self.0.departures.borrow_mut().push(serde_json::json!({
            "issuer": departure.issuer, "state": departure.state, "nonce": departure.nonce,
            "verifier": departure.verifier.expose(), "tenant": departure.tenant,
            "redirectUri": departure.redirect_uri, "correlationId": departure.correlation_id,
        }));
        match self.0.latency.get() {
            0 => Box::pin(async {}),
            ms => self.sleep(ms),
        }
    }

    fn leave(&self, url: &str) -> Wait {
        self.0.windows.leave(url);
        if self.0.stuck.get() { Box::pin(async {}) } else { Box::pin(std::future::pending()) }
    }

    fn changed(&self) {
        self.0.changes.set(self.changes() + 1);
    }

    fn emit(&self, event: Event<'_>) {
        self.0.events.borrow_mut().push((event.kind, event.code));
    }
}
