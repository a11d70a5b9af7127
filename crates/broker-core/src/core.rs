//! The broker's state and its public methods. State sits in cells that are never borrowed across an await or a call of the
//! environment. What happens in a call is told in `flow/`.

use crate::{
    Account, CachedToken, Code, Env, Error, Event, EventKind, Fact, Json, Pins, Result, SignInRequest,
    TokenRequest, TokenResult,
    cache::{Cache, Key, Token},
    config::{Config, Storage},
    flow, guid,
    members::invalid,
    session::{RefreshToken, Session},
    single_flight::Flights,
    snapshot::StoredToken,
    url,
};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

/// The broker, over one browser window.
pub struct Core<E: Env> {
    pub(crate) env: E,
    pins: Pins,
    config: RefCell<Option<Rc<Config>>>,
    session: RefCell<Option<Session>>,
    cache: RefCell<Cache>,
    sign_outs: Cell<u32>,
    /// The user signed in by hand on this page, so Entra knows her.
    pub(crate) by_hand: Cell<bool>,
    /// A hidden frame found nobody all the same: the browser keeps her from it, and this page pays for no other.
    pub(crate) frames_fail: Cell<bool>,
    /// The browser refused a window within the user's click on our own button: it will refuse the next one too.
    pub(crate) refuses_windows: Cell<bool>,
    pub(crate) invitation: RefCell<Option<Rc<flow::invitation::Open<E::Popup>>>>,
    pub(crate) calls: Flights,
    pub(crate) refreshes: Flights,
    /// At most one.
    pub(crate) sign_ins: Flights,
    /// Who asked for the last one.
    pub(crate) asking: RefCell<Option<Rc<flow::attempt::Ask>>>,
    /// At most one.
    pub(crate) silent_sign_ins: Flights,
}

impl<E: Env> Core<E> {
    /// A broker without configuration.
    pub fn new(env: E, pins: Pins) -> Rc<Self> {
        Rc::new(Self {
            env,
            pins,
            config: RefCell::default(),
            session: RefCell::default(),
            cache: RefCell::default(),
            sign_outs: Cell::default(),
            by_hand: Cell::default(),
            frames_fail: Cell::default(),
            refuses_windows: Cell::default(),
            invitation: RefCell::default(),
            calls: Flights::default(),
            refreshes: Flights::default(),
            sign_ins: Flights::default(),
            asking: RefCell::default(),
            silent_sign_ins: Flights::default(),
        })
    }

    /// Whether this could be the configuration. Keeps nothing of it.
    ///
    /// # Errors
    /// `config_invalid`, naming the field.
    pub fn check(&self, config: &E::Json) -> Result<()> {
        self.parse(config).map(|_| ())
    }

    /// Takes the configuration, once, and the aliases of other solutions, by the name of the variable that lists them. Says where the
    /// session is to be kept. Sends nothing.
    ///
    /// # Errors
    /// `config_invalid`, naming the field; also when there is a configuration already.
    pub fn configure(&self, config: &E::Json, clients: &E::Json) -> Result<Storage> {
        if self.config.borrow().is_some() {
            return Err(Error::new(
                Code::ConfigInvalid,
                "The broker is configured already: configure() works once.",
            ));
        }
        let mut config = self.parse(config)?;
        for source in clients.names() {
            config.clients.add(&source, clients.member(&source).as_ref());
        }
        let storage = config.storage;
        self.config.replace(Some(Rc::new(config)));
        Ok(storage)
    }

    fn parse(&self, config: &E::Json) -> Result<Config> {
        let config = Config::parse(config, &self.pins)?;
        // A page of another origin would get the response and could never hand it over (contract §5).
        let environment = self.env.host().client_url.unwrap_or_default();
        let foreign =
            !environment.is_empty() && url::origin(&config.redirect_uri) != url::origin(&environment);
        if foreign && !config.redirect_uri.is_empty() {
            return Err(invalid("redirectUri", "must be a page of this environment"));
        }
        Ok(config)
    }

    /// A token for a control: from the cache, or by the flow of `flow/get_token.rs`. Where the user has to be asked and just
    /// acted, the window opens before this returns.
    ///
    /// # Errors
    /// Any code of the contract that a host window can give.
    pub fn get_token(
        self: &Rc<Self>,
        request: TokenRequest,
    ) -> impl Future<Output = Result<TokenResult>> + use<E> {
        flow::get_token::get_token(self, request)
    }

    /// Signs in, in a window that opens before this returns; at once if somebody is signed in and nobody else is asked for.
    ///
    /// # Errors
    /// `popup_blocked`, `user_cancelled` and what Entra refuses.
    pub fn sign_in(
        self: &Rc<Self>,
        request: SignInRequest,
    ) -> impl Future<Output = Result<Rc<Account>>> + use<E> {
        flow::sign_in::sign_in(self, request)
    }

    /// Comes back from a sign-in that left the page: the stored departure, and the response's form text.
    ///
    /// # Errors
    /// As [`Core::sign_in`]; a response that is not the answer to it is `identity_provider`.
    pub fn come_back(
        self: &Rc<Self>,
        stored: E::Json,
        response: &str,
    ) -> impl Future<Output = Result<Rc<Account>>> + use<E> {
        flow::redirect::come_back(self.clone(), stored, self.env.parse_form(response))
    }

    /// Forgets the session and every token, and lets nobody sign in again without the user. What is under way ends in an error and
    /// leaves nothing behind.
    pub fn sign_out(&self) {
        self.end();
        // Entra still knows the user: the next call's hidden frame would bring the session back.
        self.env.remember(Fact::SignedOut, true);
    }

    /// Signs out here and at Entra, once the user has confirmed it.
    ///
    /// # Errors
    /// `user_cancelled` if not, and where Entra did not answer: then it is only here that nobody is signed in.
    pub fn sign_out_everywhere(self: &Rc<Self>) -> impl Future<Output = Result<()>> + use<E> {
        flow::sign_out::everywhere(self.clone())
    }

    /// Who is signed in.
    pub fn account(&self) -> Option<Rc<Account>> {
        self.part_with_others();
        self.session().map(|session| session.account().clone())
    }

    /// Signs out whoever is not the user of Power Apps, before anything is served: the user may have changed, or has only now
    /// become known.
    pub(crate) fn part_with_others(&self) {
        if self.session().is_some_and(|session| !self.env.host().is_user(session.account())) {
            self.part();
        }
    }

    /// The session was ended in another tab. Without one here there is nothing to end: nobody's message takes a question away from the user.
    pub fn part(&self) {
        if self.session.borrow().is_some() {
            self.end();
        }
    }

    fn end(&self) {
        self.sign_outs.set(self.sign_outs.get().wrapping_add(1));
        let signed_in = self.session.borrow().is_some();
        self.forget();
        if signed_in {
            self.emit(EventKind::SignedOut, "", "", None);
        }
    }

    pub(crate) fn config(&self) -> Result<Rc<Config>> {
        let config = self.config.borrow().clone();
        Ok(config.ok_or(Code::NotConfigured)?)
    }

    /// The tenant, as Power Apps says it, else as configured; empty: none.
    pub(crate) fn tenant(&self, config: &Config) -> String {
        let host = self.env.host().tenant.as_deref().and_then(guid::parse);
        host.unwrap_or_else(|| config.tenant.clone())
    }

    pub(crate) fn session(&self) -> Option<Session> {
        self.session.borrow().clone()
    }

    /// The session, if its refresh token is good for another while.
    pub(crate) fn usable_session(&self) -> Option<Session> {
        self.session().filter(|session| session.refresh_token(self.env.now()).is_some())
    }

    /// Whether this is still the session: nobody signed out, and nobody else signed in.
    pub(crate) fn is_current(&self, session: &Session) -> bool {
        self.session().is_some_and(|current| current.is(session))
    }

    /// How often somebody signed out.
    pub(crate) fn sign_outs(&self) -> u32 {
        self.sign_outs.get()
    }

    /// Lets what began at this count of sign-outs go on.
    ///
    /// # Errors
    /// `login_required` if somebody signed out since.
    pub(crate) fn still_wanted(&self, sign_outs: u32) -> Result<()> {
        if self.sign_outs() == sign_outs { Ok(()) } else { Err(signed_out()) }
    }

    /// Takes a sign-in in. Tokens of another account are erased before anything is served.
    pub(crate) fn begin(&self, account: Rc<Account>, token: RefreshToken) {
        self.env.remember(Fact::Refused, false);
        self.env.remember(Fact::SignedOut, false);
        match self.session() {
            Some(session) if session.belongs_to(&account) => session.resume(token),
            before => {
                if before.is_some() {
                    self.forget();
                }
                self.session.replace(Some(Session::new(account, Some(token))));
            }
        }
        self.env.changed();
    }

    /// Entra or the STS declared a sign-in void; for `sign_ins` see [`Session::revoke`].
    pub(crate) fn revoke(&self, session: &Session, sign_ins: u32) {
        session.revoke(sign_ins);
        self.env.changed();
    }

    fn forget(&self) {
        self.env.changed();
        self.calls.close();
        self.refreshes.close();
        self.sign_ins.close();
        self.silent_sign_ins.close();
        self.session.take();
        self.cache.take();
        if let Some(invitation) = self.invitation.take() {
            invitation.call_off();
        }
    }

    /// What the cache holds for a session.
    pub(crate) fn cached(&self, key: Key<'_>) -> Option<Rc<Token>> {
        let now = self.env.now();
        self.cache.borrow().find(key, now)
    }

    /// What a flight has just brought.
    ///
    /// # Errors
    /// `login_required` if somebody signed out since.
    pub(crate) fn brought(&self, key: Key<'_>) -> Result<Rc<Token>> {
        self.cache.borrow().fresh(key).ok_or_else(signed_out)
    }

    /// Remembers what a flight brought.
    ///
    /// # Errors
    /// `login_required` if the session that it departed from is over: then it is not remembered, and not handed out.
    pub(crate) fn store(&self, session: &Session, key: Key<'_>, token: Token) -> Result<()> {
        if !self.is_current(session) {
            return Err(signed_out());
        }
        let now = self.env.now();
        // Twenty tokens that came together, in this tab or on another computer, are not renewed together.
        token.refresh_on.update(|at| at.saturating_add(u64::from(self.jitter()) * 1000));
        self.cache.borrow_mut().put(key, Rc::new(token), now);
        self.env.changed();
        Ok(())
    }

    /// Some number below 256.
    pub(crate) fn jitter(&self) -> u32 {
        self.env.random().bytes().map(u32::from).sum::<u32>() % 256
    }

    /// Remembers a token that was stored, unless one that lasts longer is here, and without telling that anything changed.
    pub(crate) fn put(&self, key: Key<'_>, token: Token, stored_on: u64) {
        let mut cache = self.cache.borrow_mut();
        if cache.fresh(key).is_none_or(|own| own.expires_on < token.expires_on) {
            cache.put(key, Rc::new(token), stored_on);
        }
    }

    /// Goes on with a session that was stored. Whoever is being asked to sign in is asked no longer.
    pub(crate) fn arrive(&self, session: Session) -> Session {
        self.session.replace(Some(session.clone()));
        if let Some(invitation) = self.invitation.take() {
            invitation.be_met();
        }
        self.emit(EventKind::SignedIn, "", "", None);
        session
    }

    /// What the cache holds, for storing.
    pub(crate) fn stored_tokens(&self) -> Vec<StoredToken> {
        self.cache.borrow().stored()
    }

    /// Forgets exactly this token; a newer one under the same key stays.
    pub(crate) fn discard(&self, token: &Rc<Token>) {
        self.cache.borrow_mut().discard(token);
        self.env.changed();
    }

    /// What the cache holds, for diagnostics.
    pub(crate) fn cached_tokens(&self) -> Vec<CachedToken> {
        self.cache.borrow().tokens()
    }

    /// Tells listeners what happened; an empty client is none.
    pub(crate) fn emit(&self, kind: EventKind, id: &str, client: &str, code: Option<Code>) {
        self.env.emit(Event { kind, correlation_id: id, client, code });
    }

    /// Tells listeners that whoever asked is signed in. A session that is only prolonged is no news.
    pub(crate) fn tell_signed_in(&self, ask: &flow::attempt::Ask) {
        self.emit(EventKind::SignedIn, &ask.request.correlation_id, &ask.client, None);
    }

    /// A failed call, as its caller and the listeners get to know it.
    pub(crate) fn report(&self, id: &str, client: &str, mut error: Box<Error>) -> Box<Error> {
        self.emit(EventKind::Error, id, client, Some(error.code));
        error.correlation_id.get_or_insert_with(|| id.to_owned());
        error
    }
}

/// What a call is told that somebody signed out of.
pub(crate) fn signed_out() -> Box<Error> {
    Error::new(Code::LoginRequired, "The user signed out meanwhile: call signIn().")
}
