//! What `installFakeBroker` promises its users (contract §8): that the packed broker does the same. The suite is written once, in
//! tests/npm/conformance.mjs; there it runs over the fake, here over the real one.

use crate::pages::{GRAPH, on_page, run, sign_in};
use e2e::Result;
use serde_json::{Value, json};
use std::{fs, path::Path};

#[test]
fn the_packed_broker_keeps_what_the_fake_promises() -> Result {
    on_page(async |stage| {
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../npm/conformance.mjs");
        stage.demo.host().set_web_resource("npm/conformance.js", fs::read(suite).unwrap()).unwrap();
        sign_in(stage).await?;
        let body = format!(
            "const {{ conformance }} = await import('/WebResources/npm/conformance.js');
             const given = {{ page: window, request: {{ client: 'filePicker', scopes: ['{GRAPH}'] }} }};
             const seen = [];
             for (const [name, holds] of Object.entries(conformance))
                 seen.push(await holds(given).then(() => 'kept', (error) => `${{name}}: ${{error.message}}`));
             return seen;"
        );
        let seen: Value = run(stage, &body).await?;
        assert_eq!(seen, json!(vec!["kept"; 7]));
        Ok(())
    })
}
