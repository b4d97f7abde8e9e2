//! Operations that were kept for their time and are gone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::operation::Owner;

/// How many are remembered; the oldest is forgotten first.
const MAX_TOMBSTONES: usize = 1_024;
/// For how long one is remembered: an hour.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Remembers for a while which operations have expired, so that a client is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Tombstones(VecDeque<(Owner, Instant)>);

impl Tombstones {
    pub(super) fn insert(&mut self, owner: Owner, now: Instant) {
        if self.0.len() >= MAX_TOMBSTONES {
            self.0.pop_front();
        }
        self.0.push_back((owner, now));
    }

    pub(super) fn contains(&self, owner: &Owner) -> bool {
        self.0.iter().any(|(other, _)| other == owner)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let is_old = |since: &Instant| now.saturating_duration_since(*since) >= REMEMBERED;
        while self.0.front().is_some_and(|(_, since)| is_old(since)) {
            self.0.pop_front();
        }
    }
}
