//! Turns among tabs: one at a time, freed by whatever ends them, and never waited for too long.

use super::{Patched, hooks, js, turn};
use crate::web::{Waiting, lock};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Waker},
};
use wasm_bindgen_test::wasm_bindgen_test;

/// Another tab has the turn, until this script ends it.
fn another_tab(name: &str) {
    js(&format!(
        "navigator.locks.request('talxis-broker:{name}', () => new Promise((resolve) => {{ window.endTurn = resolve; }}))"
    ));
}

fn has_begun(wait: &mut Waiting) -> bool {
    Pin::new(wait).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Whether it begins before the test has waited for half a second.
async fn begins(wait: &mut Waiting) -> bool {
    for _ in 0..25 {
        if has_begun(wait) {
            return true;
        }
        turn().await;
    }
    false
}

/// Comes back when so many wait for the turn, or have it.
async fn are_known(name: &str, expected: f64) -> bool {
    for _ in 0..25 {
        if known(name).await == expected {
            return true;
        }
        turn().await;
    }
    false
}

/// How many wait for the turn, or have it.
async fn known(name: &str) -> f64 {
    let query = format!(
        "navigator.locks.query().then(({{ held, pending }}) => [...held, ...pending].filter((lock) => lock.name === 'talxis-broker:{name}').length)"
    );
    let promise = wasm_bindgen::JsCast::unchecked_into::<js_sys::Promise>(js(&query));
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap().as_f64().unwrap()
}

#[wasm_bindgen_test]
async fn a_turn_begins_when_the_other_tab_ends_its_own() {
    another_tab("a");
    assert!(are_known("a", 1.0).await);
    let mut wait = lock(&hooks(), "a");
    assert!(!has_begun(&mut wait));
    turn().await;
    assert!(!has_begun(&mut wait));
    js("endTurn()");
    assert!(begins(&mut wait).await);
    drop(wait);
    assert!(are_known("a", 0.0).await);
}

#[wasm_bindgen_test]
async fn who_shares_a_turn_waits_for_nobody_and_the_last_one_ends_it() {
    let mut first = lock(&hooks(), "b");
    let mut second = lock(&hooks(), "b");
    assert!(begins(&mut first).await && begins(&mut second).await);
    drop(first);
    assert!(are_known("b", 1.0).await);
    drop(second);
    assert!(are_known("b", 0.0).await);
}

#[wasm_bindgen_test]
async fn who_leaves_while_waiting_is_not_waited_for() {
    another_tab("c");
    turn().await;
    drop(lock(&hooks(), "c"));
    assert!(are_known("c", 1.0).await);
    js("endTurn()");
}

#[wasm_bindgen_test]
async fn a_dead_instance_gives_its_turn_back() {
    let mut wait = lock(&hooks(), "d");
    assert!(begins(&mut wait).await);
    js("instance.abort()");
    assert!(are_known("d", 0.0).await);
    drop(wait);
}

#[wasm_bindgen_test]
async fn nobody_waits_longer_than_twenty_seconds_or_where_there_are_no_locks() {
    another_tab("e");
    assert!(are_known("e", 1.0).await);
    let mut wait = {
        js("window.realTimeout = setTimeout");
        let _soon = Patched::new("setTimeout", "(run, ms) => realTimeout(run, ms === 20000 ? 0 : ms)");
        lock(&hooks(), "e")
    };
    assert!(begins(&mut wait).await);
    js("endTurn()");

    js("Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true })");
    let mut wait = lock(&hooks(), "f");
    let begun = begins(&mut wait).await;
    js("delete navigator.locks");
    assert!(begun);
}
