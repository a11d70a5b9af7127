//! What stands in the log after good and bad exchanges, down to the finest level.

use crate::world::{DATA_FEED, World};
use entra_dev::{MintRequest, SignedBy};
use serde_json::Value;
use std::{
    cell::RefCell,
    io::Write,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tracing::level_filters::LevelFilter;

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes for the thread it is on: each test has one of its own, and its runtime no other.
struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// From now on everything is kept that is logged on this thread.
fn capture() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = sts::log::subscriber(|| ThisThread, LevelFilter::TRACE);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    WRITTEN.with_borrow_mut(Vec::clear);
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn captured() -> String {
    String::from_utf8(WRITTEN.with_borrow(Vec::clone)).unwrap()
}

#[tokio::test]
async fn no_token_secret_assertion_address_or_description_is_ever_written() {
    capture();
    let world = World::start().await;

    let good = world.entra.mint(MintRequest::new("file-picker"));
    let forged =
        world.entra.mint(MintRequest::new("file-picker").signed_by(SignedBy::NobodyUnderTheTenantsKid));
    let strange = world.entra.mint(MintRequest::new("file-picker").claim("aud", "adele@contoso.example"));
    let ungranted = world.entra.mint(MintRequest::new("invoice-recognition"));
    let granted = world.call_with(&good).send().await;
    assert_eq!(granted.status, 200);
    assert_eq!(world.call_with(&forged).send().await.status, 400);
    assert_eq!(world.call_with(&strange).send().await.status, 403);
    assert_eq!(world.call_with(&ungranted).field("scope", DATA_FEED).send().await.status, 400);
    assert_eq!(world.call_with("adele@contoso.example").send().await.status, 400);
    assert_eq!(
        world.good().also("claims", r#"{"access_token":{"x":"adele@contoso.example"}}"#).send().await.status,
        200
    );

    let text = captured();
    assert_eq!(text.matches("\"status\":").count(), 6, "every exchange is written down: {text}");
    for token in [&good, &forged, &strange, &ungranted, granted.text("access_token").unwrap()] {
        for segment in token.split('.') {
            assert!(!text.contains(segment), "{segment}");
        }
    }
    // The header of every client assertion and of every token begins with these letters: `{"` in base64url.
    for secret in ["eyJ", "contoso.example", "client_assertion", "BEGIN", "AADSTS", "Trace ID"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn libraries_write_nothing() {
    capture();
    let world = World::start().await;
    assert_eq!(world.good().send().await.status, 200);
    let text = captured();
    let targets: Vec<_> =
        text.lines().map(|line| read(line)["target"].as_str().unwrap().to_owned()).collect();
    assert!(!targets.is_empty() && targets.iter().all(|target| target.starts_with("sts::")), "{targets:?}");
}

#[tokio::test]
async fn strangers_have_only_so_many_lines_a_second_and_users_all_of_theirs() {
    capture();
    let entra = World::entra().await;
    let time = Arc::new(AtomicU64::new(entra.clock().now()));
    let clock = sts::Clock::from_fn({
        let time = Arc::clone(&time);
        move || time.load(Relaxed)
    });
    let config = sts::Config::parse(&World::configuration(&entra, "", "")).unwrap();
    let server = sts::Server::start(config, clock).await.unwrap();
    let world = World::of(entra, server);
    for _ in 0..120 {
        assert_eq!(world.good().origin(Some("https://evil.example")).send().await.status, 403);
        assert_eq!(
            world.good().field("scope", "https://graph.microsoft.com/Mail.Read").send().await.status,
            400
        );
    }
    let count = |outcome: &str| captured().matches(outcome).count();
    assert_eq!((count("unauthorized_client"), count("invalid_scope")), (50, 120));
    time.fetch_add(1, Relaxed);
    world.good().origin(Some("https://evil.example")).send().await;
    let text = captured();
    assert_eq!(read(text.lines().last().unwrap())["left_out"], 70);
}

#[tokio::test]
async fn an_exchange_is_one_line_that_a_support_person_can_find() {
    const CORRELATION: &str = "11111111-2222-4333-8444-555555555555";
    capture();
    let world = World::start().await;
    let refused = world.call(MintRequest::new("invoice-recognition")).field("scope", DATA_FEED);
    refused.field("client-request-id", CORRELATION).send().await;

    let text = captured();
    let [line] =
        text.lines().filter(|line| line.contains("\"status\":")).collect::<Vec<_>>().try_into().unwrap();
    let line = read(line);
    assert_eq!(line["correlation_id"], CORRELATION);
    assert_eq!(line["aud"], "c0000000-0000-4000-8000-000000000007");
    assert_eq!(line["tid"], "70000000-0000-4000-8000-000000000001");
    assert_eq!(
        [&line["outcome"], &line["reason"]],
        ["consent_required", "The control client lacks consent for the backend."]
    );
    assert_eq!([&line["aadsts"], &line["status"]], [65001, 400]);
    assert!(line["ms"].is_u64());
}
