//! Whether the peer is still there: what came, what went out, and when last.

use std::time::Duration;

use tokio::time::Instant;

use super::error::CloseCause;
use super::limits::SILENT_PINGS;
use super::meter::Traffic;

/// Looks at the traffic of a connection each time a ping is due.
#[derive(Debug)]
pub(crate) struct Liveness {
    traffic: Traffic,
    limit: Duration,
    read: Watched,
    written: Watched,
}

/// A count, and when it last was another or did not matter.
#[derive(Debug)]
struct Watched {
    count: u64,
    since: Instant,
}

impl Liveness {
    pub(crate) fn new(traffic: Traffic, ping_interval: Duration, now: Instant) -> Self {
        let limit = ping_interval.saturating_mul(SILENT_PINGS);
        let watched = || Watched { count: 0, since: now };
        Self { traffic, limit, read: watched(), written: watched() }
    }

    /// Gives the cause if the peer is gone: it sent nothing for too long, or takes nothing.
    ///
    /// While the socket `is_held` on our side, silence says nothing; while nothing `is_waiting`
    /// to be written, neither does that nothing was.
    pub(crate) fn check(
        &mut self,
        now: Instant,
        is_held: bool,
        is_waiting: bool,
    ) -> Option<CloseCause> {
        let silent = self.read.still_for(self.traffic.read(), is_held, now);
        let stuck = self.written.still_for(self.traffic.written(), !is_waiting, now);
        if silent >= self.limit {
            return Some(CloseCause::Unresponsive { silent });
        }
        (stuck >= self.limit).then_some(CloseCause::NotReading { stuck })
    }
}

impl Watched {
    fn still_for(&mut self, count: u64, is_excused: bool, now: Instant) -> Duration {
        if count != self.count || is_excused {
            *self = Self { count, since: now };
        }
        now.duration_since(self.since)
    }
}
