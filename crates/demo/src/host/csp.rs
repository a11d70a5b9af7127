//! The content security policies that Dataverse sends (powerapps.md §3.3), word by word, and what an administrator adds.
//!
//! The policy is the environment's: the same for every document that carries it, whatever the page does.

use super::Switches;
use estate::Addresses;

/// Stands for the platform's own hosts, which the reference leaves open.
const PLATFORM: &str = "https://content.powerapps.com";

/// Who needs a place in a policy.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) at: Addresses,
    pub(crate) graph: String,
    pub(crate) feed: String,
    pub(crate) outer: String,
}

/// Which kind of document asks for its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// main.aspx.
    Main,
    /// An HTML web resource, or blank.html.
    Other,
}

/// The header's value for a document; none where the environment has no policy, as is the default.
pub(crate) fn policy(document: Document, switches: &Switches, origins: &Origins) -> Option<String> {
    // powerapps.md §3.3 [U] switch `csp-on`
    if document == Document::Other && switches.is("csp-on", "main") {
        return None;
    }
    // powerapps.md §7 [V] switch `framing`
    let ancestor =
        if switches.is("framing", "outer") { format!(" {}", origins.outer) } else { String::new() };
    let ancestors = format!("frame-ancestors 'self' https://*.powerapps.com{ancestor}");
    // powerapps.md §3.3 [V] switch `csp`
    if switches.is("csp", "default") {
        Some(format!(
            "script-src * 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:; style-src * 'unsafe-inline'; \
             font-src * data:; {ancestors}"
        ))
    } else if !switches.is("csp", "none") {
        Some(strict(switches, origins) + &ancestors)
    } else {
        None
    }
}

fn strict(switches: &Switches, origins: &Origins) -> String {
    let Origins { at, graph, feed, .. } = origins;
    let script = if switches.is("csp", "strict") { "" } else { " 'wasm-unsafe-eval'" };
    let (connect, frame) = if switches.is("csp", "strict-wasm") {
        (format!(" {} {} {graph} {feed}", at.authority, at.sts), format!(" {}", at.authority))
    } else {
        (String::new(), String::new())
    };
    // powerapps.md §10.3 [U] switch `csp-platform`
    let platform = if switches.is("csp-platform", "with-entra") {
        format!("{PLATFORM} {}", at.authority)
    } else {
        PLATFORM.to_owned()
    };
    format!(
        "script-src 'self' {platform}{script}; worker-src 'self' blob:; \
         connect-src 'self' blob: data: wss: {platform}{connect}; frame-src 'self' blob: {platform}{frame}; \
         img-src 'self' blob: data: {platform}; base-uri 'none'; form-action {platform}; default-src 'self'; "
    )
}
