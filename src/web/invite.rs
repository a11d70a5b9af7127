//! Asking the user, without a dialog in the way: one invitation to sign in, and one surface while the window is open.
//!
//! The window opens inside the handler of the user's click, where every browser allows it. Everything shown goes when the
//! future is dropped.

use super::{
    Popup,
    once::Once,
    popup::Popups,
    surface::{Button, Surface},
};
use crate::{host, texts};
use broker_core::Invitation;
use js_sys::Promise;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Window;

/// Shows one invitation, in Power Apps' notification bar if there is one, and waits for the user.
pub(crate) async fn invite(popups: &Popups, url: &str) -> Invitation<Popup> {
    let _prompt = popups.prompts.begin();
    let answer = Once::new();
    let accept = accept(popups, url, answer.clone());
    let notification = Notification::show(&popups.window, accept.clone(), answer.clone());
    if notification.is_some()
        && let Some(invitation) = answer.take().await
    {
        return invitation;
    }
    let decline = answer.clone();
    let buttons: Vec<Button> = vec![
        (texts::SIGN_IN, Box::new(move || accept())),
        (texts::NOT_NOW, Box::new(move || decline.set(Some(Invitation::Declined)))),
    ];
    let surface =
        popups.window.document().and_then(|document| Surface::show(&document, texts::INVITATION, buttons));
    match surface {
        Some(_shown) => answer.take().await.unwrap_or(Invitation::Declined),
        // Nothing can be shown here, so nothing can be clicked.
        None => Invitation::Blocked,
    }
}

/// Shows that sign-in goes on in another window, and resolves when the user gives up on it.
pub(crate) async fn given_up(window: &Window, popup: &Popup, url: &str) {
    let cancelled = Once::new();
    let cancel = cancelled.clone();
    let buttons: Vec<Button> = vec![
        (texts::OPEN_AGAIN, Box::new(popup.reopen(url))),
        (texts::CANCEL, Box::new(move || cancel.set(()))),
    ];
    let _surface = window.document().and_then(|document| Surface::show(&document, texts::WAITING, buttons));
    cancelled.take().await;
}

/// None: the bar could not show it.
type Answer = Once<Option<Invitation<Popup>>>;

fn accept(popups: &Popups, url: &str, answer: Answer) -> Rc<dyn Fn()> {
    let (popups, url) = (popups.clone(), url.to_owned());
    Rc::new(move || answer.set(Some(popups.open(&url).map_or(Invitation::Blocked, Invitation::Opened))))
}

/// A line in Power Apps' notification bar. The bar does not tell when the user closes it: then only the caller's time limit ends
/// the waiting.
struct Notification {
    window: Window,
    shown: Rc<RefCell<Shown>>,
    _click: Closure<dyn FnMut()>,
}

enum Shown {
    NotYet,
    As(JsValue),
    Over,
}

impl Notification {
    fn show(window: &Window, accept: Rc<dyn Fn()>, answer: Answer) -> Option<Self> {
        let click = Closure::<dyn FnMut()>::new(move || accept());
        let adding = host::notify(window, texts::INVITATION, texts::SIGN_IN, click.as_ref())?;
        let shown = Rc::new(RefCell::new(Shown::NotYet));
        spawn_local(follow(window.clone(), adding, Rc::clone(&shown), answer));
        Some(Self { window: window.clone(), shown, _click: click })
    }
}

/// Waits for the line's id. Not awaited by the invitation: a click may come first.
async fn follow(window: Window, adding: Promise, shown: Rc<RefCell<Shown>>, answer: Answer) {
    match JsFuture::from(adding).await {
        Err(_) => answer.set(None),
        Ok(id) => {
            let over = matches!(*shown.borrow(), Shown::Over);
            if over {
                host::clear_notification(&window, &id);
            } else {
                shown.replace(Shown::As(id));
            }
        }
    }
}

impl Drop for Notification {
    fn drop(&mut self) {
        if let Shown::As(id) = self.shown.replace(Shown::Over) {
            host::clear_notification(&self.window, &id);
        }
    }
}
