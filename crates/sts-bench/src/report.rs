//! The rows of the measurement, for people and as JSON, in the shape of every benchmark here: ours, a peer's, ratio, target.

use crate::load::Measured;
use serde_json::{Value, json};
use std::time::Duration;

/// Everything that was measured.
pub(crate) struct Report {
    conditions: String,
    facts: Vec<Fact>,
}

/// One figure of one server.
struct Fact {
    server: String,
    users: usize,
    name: &'static str,
    unit: &'static str,
    value: f64,
}

/// One figure of ours beside a peer's.
struct Row {
    name: String,
    ours: f64,
    peer: Option<f64>,
    unit: &'static str,
    /// The least or the most that it may be.
    target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    /// Under these conditions, which are printed with the rows.
    pub(crate) fn new(conditions: String) -> Self {
        Self { conditions, facts: Vec::new() }
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
        for (name, unit, value) in [
            ("cached_rps", "1/s", measured.per_second()),
            ("cached_p50", "ms", measured.percentile(0.5)),
            ("cached_p99", "ms", measured.percentile(0.99)),
            ("cached_p99.9", "ms", measured.percentile(0.999)),
            ("cpu_per_request", "us", each(spent)),
            ("generator_cpu_per_request", "us", each(generator)),
        ] {
            self.fact(server, users, name, unit, value);
        }
    }

    /// What the server adds to the identity provider's own time, one request after the other.
    pub(crate) fn uncached(&mut self, server: &str, users: usize, through: &Measured, direct: &Measured) {
        let (through, direct) = (through.percentile(0.5), direct.percentile(0.5));
        self.fact(server, users, "uncached_p50", "ms", through);
        self.fact(server, users, "provider_p50", "ms", direct);
        self.fact(server, users, "uncached_overhead", "ms", through - direct);
    }

    /// Resident memory before the first request, and what each cached token added.
    pub(crate) fn memory(&mut self, server: &str, users: usize, idle: u64, filled: u64) {
        self.fact(server, users, "idle", "MB", idle as f64 / 1e6);
        if users >= 1_000 {
            let each = filled.saturating_sub(idle) as f64 / users as f64;
            self.fact(server, users, "kb_per_token", "kB", each / 1e3);
        }
    }

    /// Prints the rows: the targets first, then every figure of ours beside each peer's.
    pub(crate) fn print(&self, as_json: bool) {
        let rows = self.rows();
        if as_json {
            eprintln!("{}", self.conditions);
            println!("{}", Value::Array(rows.iter().map(Row::to_json).collect()));
            return;
        }
        println!("{}", self.conditions);
        println!("{:<52}{:>12}{:>12}{:>9}{:>9}  unit", "figure", "ours", "peer", "ratio", "target");
        for row in &rows {
            let cell =
                |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"));
            let (peer, ratio, target) =
                (cell(row.peer), cell(row.ratio()), cell(row.target.map(Target::figure)));
            let verdict = if row.is_met() { "" } else { "  MISSED" };
            println!(
                "{:<52}{:>12.3}{peer:>12}{ratio:>9}{target:>9}  {}{verdict}",
                row.name, row.ours, row.unit
            );
        }
    }

    fn rows(&self) -> Vec<Row> {
        let row = |name: &str, ours: Option<f64>, peer: Option<f64>, unit, target| {
            Some(Row { name: name.to_owned(), ours: ours?, peer, unit, target: Some(target) })
        };
        let many = self.facts.iter().map(|fact| fact.users).max().unwrap_or(1);
        let rps = |server| self.value(server, 1_000, "cached_rps");
        let p50 = |users| self.value("ours", users, "cached_p50");
        let compared = |name: &str, peer: Option<f64>, target| {
            peer.and_then(|peer| row(name, rps("ours"), Some(peer), "1/s", Target::AtLeast(target)))
        };
        let targets = [
            compared("cached_rps_vs_default", rps("default"), 60.0),
            compared("cached_rps_vs_best", rps("best"), 5.0),
            row("p50_100k_vs_1", p50(many), p50(1), "ms", Target::AtMost(1.5)),
            row(
                "uncached_overhead_ms",
                self.value("ours", 1_000, "uncached_overhead"),
                None,
                "ms",
                Target::AtMost(1.0),
            ),
            row("idle_mb", self.value("ours", 1, "idle"), None, "MB", Target::AtMost(15.0)),
            row("kb_per_token", self.value("ours", many, "kb_per_token"), None, "kB", Target::AtMost(3.5)),
        ];
        let figures =
            self.facts.iter().filter(|fact| fact.server == "ours").flat_map(|fact| self.compared(fact));
        targets.into_iter().flatten().chain(figures).collect()
    }

    /// A figure of ours beside that of each peer that has it.
    fn compared(&self, fact: &Fact) -> Vec<Row> {
        let name = format!("{} ({} users)", fact.name, fact.users);
        let row = |name, peer| Row { name, ours: fact.value, peer, unit: fact.unit, target: None };
        let beside = |peer| self.value(peer, fact.users, fact.name).map(|value| (peer, value));
        let peers: Vec<_> = ["default", "best"].into_iter().filter_map(beside).collect();
        if peers.is_empty() {
            return vec![row(name, None)];
        }
        peers.into_iter().map(|(peer, value)| row(format!("{name} vs {peer}"), Some(value))).collect()
    }

    fn value(&self, server: &str, users: usize, name: &str) -> Option<f64> {
        let fits = |fact: &&Fact| fact.server == server && fact.users == users && fact.name == name;
        self.facts.iter().find(fits).map(|fact| fact.value)
    }

    fn fact(&mut self, server: &str, users: usize, name: &'static str, unit: &'static str, value: f64) {
        self.facts.push(Fact { server: server.to_owned(), users, name, unit, value });
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.peer.map(|peer| self.ours / peer)
    }

    fn is_met(&self) -> bool {
        let figure = self.ratio().unwrap_or(self.ours);
        match self.target {
            Some(Target::AtLeast(least)) => figure >= least,
            Some(Target::AtMost(most)) => figure <= most,
            None => true,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "ours": self.ours, "peer": self.peer, "unit": self.unit, "ratio": self.ratio(),
            "target": self.target.map(Target::figure), "ok": self.is_met(),
        })
    }
}

impl Target {
    fn figure(self) -> f64 {
        match self {
            Self::AtLeast(figure) | Self::AtMost(figure) => figure,
        }
    }
}
