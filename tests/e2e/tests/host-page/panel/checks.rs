//! *Run checks*: fine in the whole look-alike, and each check fails in one that is broken in that way, and says what to do.

use super::{Seen, all_consented, copied, open, run_checks, sign_in};
use e2e::{Result, Stage, on_stage};
use serde_json::Value;
use std::collections::BTreeMap;

/// The checks of every environment; beside them each client has one.
const CHECKS: [&str; 8] = ["ribbon", "host", "tenant", "variables", "redirect", "sts", "csp", "coop"];

#[test]
fn in_a_whole_environment_every_check_is_fine() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            all_consented(stage);
            open(stage, &[]).await?;
            sign_in(stage).await?;
            let seen = run_checks(stage).await?;
            println!("{seen:#?}");
            println!("{:#}", copied(stage).await?);
            for (id, Seen { outcome, text }) in &seen {
                assert_eq!(outcome, "ok", "{id}: {text}");
            }
            let mut wanted: Vec<&str> = CHECKS.to_vec();
            wanted.extend(["client:filePicker", "client:calendar"]);
            wanted.sort_unstable();
            assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), wanted);
            Ok(())
        },
    )
}
