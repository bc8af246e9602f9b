//! The clock as something that is passed in. Only `app` owns one that reads the system's time.

use super::{Day, Moment};

/// Tells the moment and the civil day. The two may differ on purpose: a demonstration is frozen on a day.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;

    /// The present civil day; where the clock is frozen, the day it is frozen on.
    fn today(&self) -> Day {
        self.now().day()
    }
}

/// A clock that stands still, for tests, replay and the simulation.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Moment);

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        self.0
    }
}
