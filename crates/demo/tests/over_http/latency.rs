//! The way to Entra and to the STS can be made as long as it is in the world, for benchmarks.

use crate::world::{client, options, started};
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(40);

#[tokio::test]
async fn answers_of_entra_and_of_the_sts_take_as_long_as_told() {
    let options = demo::Options { latency: LATENCY, ..options("latency", "") };
    let demo = started(options).await;
    let tenant = &demo.estate().tenants["contoso"].id;
    let config: serde_json::Value = serde_json::from_str(demo.broker_config()).unwrap();
    let sts = config["sts"].as_str().unwrap();
    let discovery = format!("{}/{tenant}/v2.0/.well-known/openid-configuration", demo.entra().origin());
    for (host, address) in [("login.localhost", discovery), ("sts.localhost", format!("{sts}/livez"))] {
        let begun = Instant::now();
        let answer = client(host).get(&address).send().await.unwrap();
        assert!(answer.status().is_success(), "{address}: {}", answer.status());
        assert!(begun.elapsed() >= LATENCY, "{address} answered after {:?}", begun.elapsed());
    }
}
