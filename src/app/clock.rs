//! Clocks that read the system's time, and its randomness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::base::{Clock, Day, Moment};
use crate::store::StoreError;
use crate::store::vault::Entropy;

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands on one civil day: it starts at nine in the morning and runs, but never leaves the day.
#[derive(Debug, Clone, Copy)]
pub struct FrozenDay {
    day: Day,
    started: Instant,
}

impl FrozenDay {
    /// A clock frozen on `day`.
    pub fn on(day: Day) -> Self {
        Self { day, started: Instant::now() }
    }
}

impl Clock for FrozenDay {
    fn now(&self) -> Moment {
        let nine = self.day.begins().plus_seconds(9 * 3600);
        let elapsed = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let end = self.day.plus_days(1).begins();
        Moment(nine.0.saturating_add(elapsed).min(end.0 - 1))
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), StoreError> {
        getrandom::fill(buffer).map_err(|error| StoreError::Unavailable(format!("no randomness: {error}")))
    }
}
