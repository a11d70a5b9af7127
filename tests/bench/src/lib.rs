//! What benchmarks have in common: a figure of ours beside a peer's, measured in the same run, and how they are shown.
//!
//! A benchmark is a program that measures and prints; it never fails because of what it measured. What must hold in any case,
//! sizes and counts, is a test and not here.

use serde::Serialize;

/// One figure beside a peer's.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Our figure.
    pub ours: f64,
    /// The peer's; none where a target is absolute.
    pub peer: Option<f64>,
    /// The unit of both.
    pub unit: &'static str,
    /// Ours through the peer's.
    pub ratio: Option<f64>,
    /// The most, or with [`Row::at_least`] the least, that the ratio may be, or without a peer our figure itself.
    pub target: Option<f64>,
    /// Whether the target is kept; true where there is none.
    pub ok: bool,
    /// What a reader of the table must know to compare the two.
    #[serde(skip)]
    pub note: String,
}

impl Row {
    /// A figure without a target.
    #[must_use]
    pub fn new(name: &str, ours: f64, peer: Option<f64>, unit: &'static str) -> Self {
        let ratio = peer.map(|peer| ours / peer);
        Self { name: name.to_owned(), ours, peer, unit, ratio, target: None, ok: true, note: String::new() }
    }

    /// The two figures are to be compared with this in mind.
    #[must_use]
    pub fn noting(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The ratio, or without a peer the figure, may be at most this.
    #[must_use]
    pub fn at_most(self, target: f64) -> Self {
        let ok = self.ratio.unwrap_or(self.ours) <= target;
        Self { target: Some(target), ok, ..self }
    }

    /// The ratio, or without a peer the figure, must be at least this.
    #[must_use]
    pub fn at_least(self, target: f64) -> Self {
        let ok = self.ratio.unwrap_or(self.ours) >= target;
        Self { target: Some(target), ok, ..self }
    }
}

/// Prints the rows: as a table, or with `--json` as a JSON array and nothing else.
pub fn print(rows: &[Row]) {
    if std::env::args().any(|word| word == "--json") {
        println!("{}", serde_json::to_string(rows).unwrap_or_default());
        return;
    }
    println!("{:<36}{:>12}{:>12}{:>9}{:>9}  unit", "figure", "ours", "peer", "ratio", "target");
    for row in rows {
        let cell =
            |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"));
        let verdict = if row.ok { "" } else { "  MISSED" };
        let note = if row.note.is_empty() { String::new() } else { format!("  ({})", row.note) };
        println!(
            "{:<36}{:>12.3}{:>12}{:>9}{:>9}  {}{verdict}{note}",
            row.name,
            row.ours,
            cell(row.peer),
            cell(row.ratio),
            cell(row.target),
            row.unit
        );
    }
}

/// The value below which this share of the figures lies; 0 if there are none.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // Ranks are small.
pub fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        let figures = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([0.5, 0.95, 0.2].map(|share| percentile(&figures, share)), [3.0, 5.0, 1.0]);
        assert!(percentile(&[], 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_target_is_of_the_ratio_where_there_is_a_peer() {
        assert!(Row::new("x", 2.0, Some(80.0), "us").at_most(0.025).ok);
        assert!(!Row::new("x", 3.0, Some(80.0), "us").at_most(0.025).ok);
        assert!(!Row::new("x", 3.0, None, "ms").at_most(2.0).ok);
        assert!(Row::new("x", 300.0, Some(5.0), "rps").at_least(60.0).ok);
    }
}
