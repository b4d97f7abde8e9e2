//! Why time passes for a transfer: there is always a reason, whatever else happens meanwhile.

use std::time::{Duration, Instant};

/// What a transfer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// For its turn: something of it can happen, and something else does first.
    Turn,
    /// For its caller, who is to begin or to come back.
    Caller,
    /// For the end of its pause before the next try.
    Pause,
    /// For the end of another's request, where the server takes one at a time.
    Line,
    /// For its own sink.
    Sink,
    /// For another, who holds up the connection.
    Held,
    /// For the network, which is stalled or lets nothing through.
    Network,
    /// For the work that the server does for it.
    Work,
    /// For a frame that was lost on its way, or became another's.
    Frame,
    /// For what the server says to a cancel.
    Outcome,
}

/// How long a transfer waited, and what for, since something last came of it.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    /// When the request went out, or progress or a new chunk was last taken.
    news: Instant,
    /// How long the connection had been held by then.
    held: Duration,
    waited: Vec<(Wait, Duration)>,
}

impl Waits {
    pub(super) fn new(start: Instant) -> Self {
        Self { news: start, held: Duration::ZERO, waited: Vec::new() }
    }

    /// Something has come of it, on a connection that was held for so long.
    pub(super) fn handle_news(&mut self, now: Instant, held: Duration) {
        self.news = now;
        self.held = held;
        self.waited.clear();
    }

    pub(super) fn pass(&mut self, wait: Wait, time: Duration) {
        match self.waited.iter_mut().find(|(before, _)| *before == wait) {
            Some((_, waited)) => *waited += time,
            None => self.waited.push((wait, time)),
        }
    }

    /// When nothing has come for `limit`, but for the time that the connection was held.
    pub(super) fn idle_at(&self, limit: Duration, held: Duration) -> Instant {
        self.news + limit + held.saturating_sub(self.held)
    }
}
