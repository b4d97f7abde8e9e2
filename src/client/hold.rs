//! How long the socket has been held up by a caller that did not read.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Adds up the times in which the driver did not read; idle limits are put off by as much.
#[derive(Debug, Default)]
pub(crate) struct HoldClock(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    total: Duration,
    since: Option<Instant>,
}

impl HoldClock {
    /// The driver stops reading.
    pub(crate) fn hold(&self, now: Instant) {
        self.with(|held| held.since.get_or_insert(now).to_owned());
    }

    /// The driver reads again.
    pub(crate) fn release(&self, now: Instant) {
        self.with(|held| {
            if let Some(since) = held.since.take() {
                held.total = held.total.saturating_add(now.saturating_duration_since(since));
            }
        });
    }

    /// All the time held so far, the present hold included.
    pub(crate) fn total(&self, now: Instant) -> Duration {
        self.with(|held| {
            let present = held.since.map(|at| now.saturating_duration_since(at));
            held.total.saturating_add(present.unwrap_or_default())
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Held) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
