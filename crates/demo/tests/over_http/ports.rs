//! Ports that somebody has already.

use crate::world::{options, start_or_fail};
use demo::Options;
use std::net::TcpListener;

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_what_the_option_takes() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    // The app's own, and the one after it, which is Entra's.
    for first in [port, port - 1] {
        let why =
            start_or_fail(Options { port: first, ..options("ports", "") }).await.err().unwrap().to_string();
        assert!(
            why.starts_with("cannot listen on port ") && why.contains("`--port N` takes N to N+5"),
            "{why}"
        );
    }
}
