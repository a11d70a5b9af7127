//! Windows and invitations, and the user in front of them.

use super::{FakeEnv, Wait, signal::Signal};
use crate::{Inbox, Invitation};
use serde_json::{Map, Value};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

#[derive(Default)]
pub(crate) struct Windows {
    pub(crate) activated: Cell<bool>,
    pub(crate) gave_up: Signal<()>,
    /// Where the surface that waits with the user would open the window again.
    pub(crate) again: RefCell<String>,
    /// Whether the tab remembers that hidden frames work; none in a browser where they never do, as long as no test says so.
    pub(crate) frames: Cell<Option<bool>>,
    /// The tab remembers a refusal.
    pub(crate) refused: Cell<bool>,
    pub(crate) frame_refused: Signal<()>,
    framed: RefCell<Vec<String>>,
    /// The last window or frame.
    last: RefCell<String>,
    left: RefCell<Vec<String>>,
    blocked: Cell<bool>,
    opened: RefCell<Vec<String>>,
    closed: Rc<Cell<usize>>,
    invited: RefCell<Vec<String>>,
    withdrawn: Rc<Cell<usize>>,
    answer: Signal<bool>,
    inboxes: RefCell<Vec<(String, Signal<String>)>>,
}

/// A window; dropping it is closing it.
pub struct FakePopup {
    pub(crate) url: String,
    _closes: Count,
    /// What is held as long as it is open.
    _turn: Option<Wait>,
}

impl FakePopup {
    pub(crate) fn with(self, turn: Wait) -> Self {
        Self { _turn: Some(turn), ..self }
    }
}

/// Where the response of one sign-in arrives.
pub struct FakeInbox(Signal<String>);

/// Counts its own end.
struct Count(Rc<Cell<usize>>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl Inbox for FakeInbox {
    type Json = Value;

    fn response(&mut self) -> impl Future<Output = Value> + Unpin {
        Box::pin(async { fields(&self.0.wait().await) })
    }
}

/// As the browser's inbox reads a response, but for what form text cannot be.
pub(crate) fn fields(form: &str) -> Value {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(form.as_bytes()) {
        if fields.insert(name.into_owned(), value.into()).is_some() {
            return Value::Null;
        }
    }
    fields.into()
}

impl Windows {
    pub(crate) fn open(&self, url: &str) -> Option<FakePopup> {
        // The id of a sign-out is everybody's: who listens for it before the click hears anybody.
        let early = !parameter(url, "state").is_empty();
        assert_eq!(
            self.inbox(url).is_some(),
            early,
            "when a window opens, the inbox of a sign-in listens, and no other"
        );
        self.activated.set(false); // One window per click.
        if self.blocked.get() {
            return None;
        }
        self.opened.borrow_mut().push(url.to_owned());
        self.last.replace(url.to_owned());
        Some(FakePopup { url: url.to_owned(), _closes: Count(self.closed.clone()), _turn: None })
    }

    pub(crate) fn leave(&self, url: &str) {
        self.last.replace(url.to_owned());
        self.left.borrow_mut().push(url.to_owned());
    }

    pub(crate) fn open_frame(&self, url: &str) -> FakePopup {
        assert!(self.inbox(url).is_some(), "a frame may open only when its inbox listens");
        self.framed.borrow_mut().push(url.to_owned());
        self.last.replace(url.to_owned());
        FakePopup { url: url.to_owned(), _closes: Count(self.closed.clone()), _turn: None }
    }

    pub(crate) async fn invite(&self, url: &str) -> Invitation<FakePopup> {
        self.invited.borrow_mut().push(url.to_owned());
        let gone = Count(self.withdrawn.clone());
        let accepted = self.answer.wait().await;
        std::mem::forget(gone);
        if url.is_empty() {
            return if accepted { Invitation::Accepted } else { Invitation::Declined };
        }
        match accepted.then(|| self.open(url)) {
            None => Invitation::Declined,
            Some(None) => Invitation::Accepted,
            Some(Some(popup)) => Invitation::Opened(popup),
        }
    }

    pub(crate) fn listen(&self, id: &str) -> FakeInbox {
        let signal = Signal::default();
        self.inboxes.borrow_mut().push((id.to_owned(), signal.clone()));
        FakeInbox(signal)
    }

    fn inbox(&self, url: &str) -> Option<Signal<String>> {
        let state = parameter(url, "state");
        // Who only signs out is answered where nobody is named.
        let id =
            if state.is_empty() { "00000000000000000000000000000000" } else { state.split('.').next()? };
        self.inboxes.borrow().iter().find(|inbox| inbox.0 == id).map(|inbox| inbox.1.clone())
    }
}

/// What the user and the browser do.
impl FakeEnv {
    /// The user clicks somewhere on the page.
    pub fn click(&self) {
        self.0.windows.activated.set(true);
    }

    /// Whether the browser refuses windows from now on.
    pub fn block_popups(&self, blocked: bool) {
        self.0.windows.blocked.set(blocked);
    }

    /// The user answers the invitation.
    pub fn answer_invitation(&self, accept: bool) {
        self.0.windows.answer.send(accept);
        self.run();
    }

    /// The user gives up on the open window.
    pub fn give_up(&self) {
        self.0.windows.gave_up.send(());
        self.run();
    }

    /// The page's policy refuses the hidden frame.
    pub fn refuse_frame(&self) {
        self.0.windows.frame_refused.send(());
        self.run();
    }

    /// Where the open window goes if the user opens it again.
    #[must_use]
    pub fn again(&self) -> String {
        self.0.windows.again.borrow().clone()
    }

    /// The user signs in in the last window that opened.
    pub fn finish_sign_in(&self) {
        let state = self.parameter("state");
        self.respond(&["code=good&state=", &state].concat());
    }

    /// This browser has hidden frames that may work.
    pub fn allow_frames(&self) {
        self.0.windows.frames.set(Some(true));
    }

    /// The addresses that the whole page went to.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        self.0.windows.left.borrow().clone()
    }

    /// The addresses of all hidden frames.
    #[must_use]
    pub fn framed(&self) -> Vec<String> {
        self.0.windows.framed.borrow().clone()
    }

    /// The redirect page passes this response on to the last hidden frame's sign-in; `STATE` stands for its state.
    pub fn respond_in_frame(&self, response: &str) {
        let url = self.framed().pop().expect("no frame is open");
        let response = response.replace("STATE", &parameter(&url, "state"));
        self.0.windows.inbox(&url).expect("nobody listens").send(response);
        self.run();
    }

    /// The redirect page passes this response on to the last window's sign-in.
    pub fn respond(&self, response: &str) {
        let url = self.opened().pop().expect("no window is open");
        self.0.windows.inbox(&url).expect("nobody listens").send(response.to_owned());
        self.run();
    }

    /// A parameter of the address of the last window or frame.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        parameter(&self.0.windows.last.borrow(), name)
    }

    /// The addresses of all windows that opened.
    #[must_use]
    pub fn opened(&self) -> Vec<String> {
        self.0.windows.opened.borrow().clone()
    }

    /// How many windows were closed by the broker.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.0.windows.closed.get()
    }

    /// The addresses of all invitations.
    #[must_use]
    pub fn invited(&self) -> Vec<String> {
        self.0.windows.invited.borrow().clone()
    }

    /// How many invitations went away without an answer.
    #[must_use]
    pub fn withdrawn(&self) -> usize {
        self.0.windows.withdrawn.get()
    }
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').map_or("", |parts| parts.1);
    let found = form_urlencoded::parse(query.as_bytes()).find(|field| field.0 == name);
    found.map(|field| field.1.into_owned()).unwrap_or_default()
}
