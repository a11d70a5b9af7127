//! What Power Apps tells about its user and its address. The facade reads it, anew on each call (pkg-template/identity.js), because it
//! also has to wait for it; here it only comes in.

use crate::{hooks::Hooks, json::Value};
use broker_core::{HostFacts, Json};

/// Power Apps' facts.
#[must_use]
pub fn facts(hooks: &Hooks) -> HostFacts {
    let facts = Value::new(hooks.host());
    HostFacts {
        tenant: facts.text("tenant"),
        login_hint: facts.text("loginHint"),
        client_url: facts.text("clientUrl"),
        object_id: facts.text("objectId"),
        mobile: facts.flag("mobile").unwrap_or_default(),
        framed: facts.flag("framed").unwrap_or_default(),
        hidden: facts.flag("hidden").unwrap_or_default(),
        offline: facts.flag("offline").unwrap_or_default(),
    }
}
