//! Time, injected: everything here asks this clock, so that a test moves a day in no time.
//!
//! Never sleeps. Latency that a scenario asks for is the network's, not the clock's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// A clock that shows the system's time plus whatever it was moved ahead. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    ahead: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that shows the system's time.
    #[must_use]
    pub fn system() -> Self {
        Self { ahead: Arc::default() }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        let system = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        system.as_secs() + self.ahead.load(Ordering::Relaxed)
    }

    /// Moves it ahead.
    pub fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}

/// `2026-11-23 19:55:30Z`, as Entra writes it in errors.
pub(crate) fn timestamp(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    // Days to a civil date in the proleptic Gregorian calendar, years starting in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_calendar_dates() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29 00:00:00Z");
        assert_eq!(timestamp(1_795_463_730), "2026-11-23 19:55:30Z");
    }

    #[test]
    fn clones_move_together() {
        let clock = Clock::system();
        let before = clock.clone().now();
        clock.clone().advance(Duration::from_secs(86_400));
        assert!(clock.now() >= before + 86_400);
    }
}
