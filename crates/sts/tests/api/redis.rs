//! The shared second level, over a real Redis: what two processes gain by it, and that its faults cost nobody an answer.

use crate::{
    program::{Program, balancer, folder},
    world::{Beside, World},
};
use entra_dev::MintRequest;
use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A Redis of this test's own, on a free port.
struct Redis {
    port: u16,
    process: Option<Child>,
    /// More than any test waits, unless it is about waiting.
    budget_ms: u32,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, process: None, budget_ms: 20_000 };
        redis.run();
        redis
    }

    fn run(&mut self) {
        let port = self.port.to_string();
        let arguments = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let process = Command::new("redis-server").args(arguments).stdout(Stdio::null()).spawn();
        // `cargo xtask test` installs it.
        self.process = Some(process.unwrap());
        while self.connection().is_none() {}
    }

    fn connection(&self) -> Option<redis::Connection> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).ok()?;
        client.get_connection().ok()
    }

    fn ask<T: redis::FromRedisValue>(&self, words: &[&[u8]]) -> T {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut self.connection().unwrap()).unwrap()
    }

    fn names(&self) -> Vec<Vec<u8>> {
        self.ask(&[b"KEYS", b"*"])
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// The table that makes a service use it.
    fn table(&self) -> String {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sts-redis-{}", self.port));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            fs::write(folder.join(name), text).unwrap();
            folder.join(name).display().to_string()
        };
        format!(
            "[cache.redis]\nurl_file = '{}'\nencryption_key_file = '{}'\nindex_key_file = '{}'\nbudget_ms = {}\n[limits]\nuser_per_minute = 100000",
            file("url", &format!("redis://127.0.0.1:{}", self.port)),
            file("encryption", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            file("index", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="),
            self.budget_ms,
        )
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn two(redis: &Redis) -> World {
    World::configured("", &redis.table()).await
}

async fn second<'w>(world: &'w World, redis: &Redis) -> Beside<'w> {
    let configuration = World::configuration(&world.entra, "", &redis.table());
    world.beside(World::server(&world.entra, &configuration).await)
}

/// Waits until so many tokens are in Redis.
async fn left(redis: &Redis, number: usize) {
    while redis.names().len() < number {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_earned_the_other_finds() {
    let redis = Redis::start();
    let world = two(&redis).await;
    let other = second(&world, &redis).await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let first = world.call_with(&token).send().await;
    left(&redis, 1).await;
    let second = other.call_with(&token).send().await;
    assert_eq!(first.text("access_token"), second.text("access_token"));
    assert_eq!(world.asked(), 1);
    let value: Vec<u8> = redis.ask(&[b"GET", &redis.names()[0]]);
    let text = String::from_utf8_lossy(&value).into_owned();
    assert!(!text.contains("eyJ") && !text.contains("scope"), "it is sealed");
    let seconds: i64 = redis.ask(&[b"TTL", &redis.names()[0]]);
    assert!((1..=3600).contains(&seconds), "it ends with the client token: {seconds}");
}

/// The program twice with one Redis, and a balancer that gives each of 500 connections to them in turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_stampede_on_two_processes_is_one_question_of_each_at_most_and_none_once_one_has_asked() {
    let redis = Redis::start();
    let world = World::start().await;
    let file = folder("stampede").join("sts.toml");
    fs::write(&file, World::configuration(&world.entra, "", &redis.table())).unwrap();
    let ((_one, first), (_other, second)) = (Program::start(&file), Program::start(&file));
    let balancer = balancer(&[first, second]).await;
    // A connection for each request: the balancer counts connections.
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let stampede = async |token: &str, number: usize| {
        let ask = || tokio::spawn(world.call_with(token).to(&balancer, &client).send());
        for answer in (0..number).map(|_| ask()).collect::<Vec<_>>() {
            let answer = answer.await.unwrap().unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            let body: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            let earned = crate::world::claims(body["access_token"].as_str().unwrap());
            assert_eq!(earned["oid"], crate::world::claims(token)["oid"]);
        }
    };
    stampede(&world.entra.mint(MintRequest::new("file-picker")), 500).await;
    assert!((1..=2).contains(&world.asked()), "{}", world.asked());

    world.entra.clear_requests();
    let warm = world.entra.mint(MintRequest::new("file-picker"));
    stampede(&warm, 1).await;
    left(&redis, 2).await;
    stampede(&warm, 500).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_values_that_were_swapped_are_misses_for_both() {
    let redis = Redis::start();
    let world = two(&redis).await;
    let other = second(&world, &redis).await;
    let token = |user: &str| world.entra.mint(MintRequest::new("file-picker").user(user));
    let users = [token("adele@contoso.example"), token("boris@contoso.example")];
    let mut earned = Vec::new();
    for token in &users {
        earned.push(world.call_with(token).send().await);
    }
    left(&redis, 2).await;
    let names = redis.names();
    let values: Vec<Vec<u8>> = names.iter().map(|name| redis.ask(&[b"GET", name])).collect();
    let () = redis.ask(&[b"SET", &names[0], &values[1]]);
    let () = redis.ask(&[b"SET", &names[1], &values[0]]);
    for (token, earned) in users.iter().zip(&earned) {
        let answer = other.call_with(token).send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            crate::world::claims(answer.text("access_token").unwrap())["oid"],
            crate::world::claims(earned.text("access_token").unwrap())["oid"]
        );
    }
    assert_eq!(world.asked(), 4, "neither value opened in the other's place");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_under_load_and_back_again_fails_nobody() {
    let mut redis = Redis::start();
    let world = two(&redis).await;
    let mut calls = Vec::new();
    for step in 0..90 {
        match step {
            30 => redis.kill(),
            60 => redis.run(),
            _ => {}
        }
        calls.push(world.good().spawn());
        tokio::task::yield_now().await;
    }
    for call in calls {
        assert_eq!(call.await.unwrap().status, 200);
    }
    // Once it is back and was left alone for long enough, it is used again.
    loop {
        world.entra.clock().advance(Duration::from_secs(3));
        world.good().send().await;
        if !redis.names().is_empty() {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_slow_costs_its_budget_once_and_then_nothing() {
    let mut redis = Redis::start();
    redis.budget_ms = 300;
    let world = two(&redis).await;
    world.good().send().await;
    left(&redis, 1).await;
    let () = redis.ask(&[b"CLIENT", b"PAUSE", b"60000", b"ALL"]);
    let started = Instant::now();
    assert_eq!(world.good().send().await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for _ in 0..20 {
        assert_eq!(world.good().send().await.status, 200);
    }
    assert!(started.elapsed() < Duration::from_secs(10), "it is left alone: {:?}", started.elapsed());
}
