//! Configurations that would send a user's tokens elsewhere: refused, by field, before a byte leaves.

use crate::assert_code;
use e2e::{Failure, Result, Stage, on_stage};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// A host that nobody should call, and how often somebody did.
struct Foreign {
    port: u16,
    calls: Arc<AtomicU32>,
}

impl Foreign {
    fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&calls);
        std::thread::spawn(move || {
            for _connection in listener.incoming() {
                counting.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, calls }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

fn config(stage: &Stage) -> Value {
    let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
    config["tenant"] = json!(stage.tenant());
    config
}

#[test]
fn a_hostile_configuration_is_refused_and_not_one_byte_leaves() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let foreign = Foreign::listen();
            let port = foreign.port;
            stage.open_bare_page().await?;
            let attempts = [
                ("sts", json!(format!("https://127.0.0.1:{port}"))),
                ("sts", json!(format!("http://127.0.0.1:{port}"))),
                ("sts", json!(format!("https://sts.localhost.evil.example:{port}"))),
                ("sts", json!(format!("https://sts.localhost@127.0.0.1:{port}"))),
                ("sts", json!("javascript:alert(1)")),
                ("authority", json!(format!("https://127.0.0.1:{port}"))),
                ("authority", json!("http://login.evil.example")),
                ("authority", json!("javascript:alert(1)")),
                ("redirectUri", json!("javascript:alert(1)")),
                ("redirectUri", json!(format!("http://127.0.0.1:{port}/redirect.html"))),
                ("verison", json!(1)),
                ("version", json!(2)),
            ];
            for (field, value) in attempts {
                let mut hostile = config(stage);
                hostile[field] = value.clone();
                let asked = stage.ask(&format!("talxisBroker.configure({hostile})")).await?;
                let accepted = |why| Failure::wrong(format!("{field} = {value}: {why}"));
                let error = stage.refusal(&asked).await.map_err(accepted)?;
                assert_code(&error, "config_invalid");
                let message = error.message.unwrap_or_default();
                assert!(message.contains(field), "{message:?} does not name {field}");
            }
            let asked = stage.ask("talxisBroker.getToken({ client: 'filePicker', timeoutMs: 200 })").await?;
            stage.refusal(&asked).await?;
            assert_eq!(foreign.calls(), 0, "something was sent to the foreign host");
            let addresses: Vec<String> = stage
                .script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
                .await?;
            let elsewhere = addresses.iter().find(|address| !address.starts_with(stage.demo.origin()));
            assert_eq!(elsewhere, None);
            // The listener would have noticed: a request that is really made does reach it.
            let _: Value = stage
                .script_async(&format!(
                    "const [done] = arguments; fetch('https://127.0.0.1:{port}/').then(() => done(1), () => done(2));"
                ))
                .await
                .unwrap_or_default();
            assert!(
                foreign.calls() > 0,
                "the foreign host cannot be reached at all: the test proves nothing"
            );
            Ok(())
        },
    )
}

#[test]
fn a_second_configuration_is_refused_and_changes_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let mut second = config(stage);
            second["sts"] = json!("http://other.localhost:1");
            let asked = stage.ask(&format!("talxisBroker.configure({second})")).await?;
            assert_code(&stage.refusal(&asked).await?, "config_invalid");
            let asked = stage.ask_by_click("talxisBroker.signIn()").await?;
            stage.sign_in_as(crate::ADELE).await?;
            stage.value(&asked).await?;
            let asked = stage.ask(&crate::get_token("filePicker", crate::GRAPH)).await?;
            stage.value(&asked).await?;
            Ok(())
        },
    )
}
