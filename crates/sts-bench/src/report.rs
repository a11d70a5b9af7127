//! The rows of the measurement, for people and as JSON.

use crate::load::Measured;
use serde_json::{Value, json};
use std::time::Duration;

/// Everything that was measured.
pub(crate) struct Report {
    connections: usize,
    seconds: u64,
    rows: Vec<Row>,
}

struct Row {
    server: String,
    users: usize,
    name: &'static str,
    value: f64,
}

impl Report {
    pub(crate) fn new(connections: usize, seconds: u64) -> Self {
        Self { connections, seconds, rows: Vec::new() }
    }

    /// Answers from the cache, and what they cost.
    pub(crate) fn cached(
        &mut self,
        server: &str,
        users: usize,
        measured: &Measured,
        spent: Duration,
        generator: Duration,
    ) {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / measured.answers().max(1) as f64;
        self.row(server, users, "cached_rps", measured.per_second());
        self.row(server, users, "cached_p50_ms", measured.percentile(0.5));
        self.row(server, users, "cached_p99_ms", measured.percentile(0.99));
        self.row(server, users, "cached_p999_ms", measured.percentile(0.999));
        self.row(server, users, "cpu_us_per_request", each(spent));
        self.row(server, users, "generator_cpu_us_per_request", each(generator));
    }

    /// What the server adds to the identity provider's own time, one request after the other.
    pub(crate) fn uncached(&mut self, server: &str, users: usize, through: &Measured, direct: &Measured) {
        self.row(server, users, "uncached_p50_ms", through.percentile(0.5));
        self.row(server, users, "provider_p50_ms", direct.percentile(0.5));
        let overhead = through.percentile(0.5) - direct.percentile(0.5);
        self.row(server, users, "uncached_overhead_ms", overhead);
    }

    /// Resident memory before the first request, and what each cached token added.
    pub(crate) fn memory(&mut self, server: &str, users: usize, idle: u64, filled: u64) {
        self.row(server, users, "idle_mb", idle as f64 / 1e6);
        if users >= 1_000 {
            let each = filled.saturating_sub(idle) as f64 / users as f64;
            self.row(server, users, "kb_per_token", each / 1e3);
        }
    }

    /// Prints all rows and what follows from them.
    pub(crate) fn print(mut self, as_json: bool) {
        self.compare();
        if as_json {
            let rows: Vec<Value> = self
                .rows
                .iter()
                .map(|row| json!({ "server": row.server, "users": row.users, "name": row.name, "value": row.value }))
                .collect();
            let json = json!({
                "connections": self.connections, "seconds": self.seconds,
                "processors": "servers on one, generator and identity provider on another", "rows": rows,
            });
            println!("{json}");
            return;
        }
        println!(
            "{} connections, {} s each; servers on one processor, generator and identity provider on another",
            self.connections, self.seconds
        );
        for row in &self.rows {
            println!("{:12} {:>7} users  {:30} {:>12.3}", row.server, row.users, row.name, row.value);
        }
    }

    /// The rows that say how servers and sizes compare.
    fn compare(&mut self) {
        let value = |server: &str, users, name| {
            let row = self.rows.iter().find(|row| row.server == server && row.users == users && row.name == name);
            row.map(|row| row.value)
        };
        let ratio = |over: Option<f64>, under: Option<f64>| Some(over? / under?);
        let rps = |server| value(server, 1_000, "cached_rps");
        let compared = [
            ("cached_rps_vs_default", 1_000, ratio(rps("ours"), rps("default"))),
            ("cached_rps_vs_best", 1_000, ratio(rps("ours"), rps("best"))),
            (
                "p50_100k_vs_1",
                100_000,
                ratio(value("ours", 100_000, "cached_p50_ms"), value("ours", 1, "cached_p50_ms")),
            ),
        ];
        for (name, users, value) in compared {
            if let Some(value) = value {
                self.row("ours", users, name, value);
            }
        }
    }

    fn row(&mut self, server: &str, users: usize, name: &'static str, value: f64) {
        self.rows.push(Row { server: server.to_owned(), users, name, value });
    }
}
