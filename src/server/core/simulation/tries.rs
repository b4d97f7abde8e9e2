//! How often and for how long a transfer tries again: no more than it may, and no less before it
//! gives up.

use std::time::{Duration, Instant};

/// How often it tries again without a new byte.
const TRIES: u32 = 5;
/// For how long it may be without a connection in all, without a new byte.
const WITHIN: Duration = Duration::from_secs(15);
/// The shortest pause.
const LEAST_PAUSE: Duration = Duration::from_millis(20);
/// The longest first pause; each is at most twice as long as that before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// What a transfer has spent of its tries since there last was a new byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    count: u32,
    /// How long it was without a connection, up to the last one.
    apart: Duration,
    /// Since when it is.
    parted: Option<Instant>,
}

impl Tries {
    /// It tries again, at `until`.
    pub(super) fn begin(&mut self, now: Instant, until: Instant) {
        self.count += 1;
        self.parted = Some(now);
        // It may start over once more.
        assert!(self.count <= TRIES + 1, "{} tries without a new byte", self.count);
        assert!(self.count <= TRIES || until == now, "a connection is tried once more than it may");
        let apart = self.apart + (until - now);
        let is_bounded = apart <= WITHIN || until == now;
        assert!(is_bounded, "it is to try again after {apart:?} without a connection");
    }

    /// Its request goes out.
    pub(super) fn handle_sent(&mut self, now: Instant) {
        if let Some(parted) = self.parted.take() {
            self.apart += now - parted;
        }
    }

    /// Whether it may give up. `asked` is how long the server wants it to wait.
    pub(super) fn is_spent(&self, asked: Option<Duration>) -> bool {
        let most = FIRST_PAUSE.saturating_mul(1 << self.count.min(8)).min(MOST_PAUSE);
        let pause = asked.map_or(most, |asked| asked.max(LEAST_PAUSE));
        self.count >= TRIES || self.apart + pause > WITHIN
    }
}
