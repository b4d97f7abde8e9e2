//! How many sessions there are and were, and what they asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Counts what all connections of a server do.
#[derive(Debug, Default)]
pub(super) struct Census {
    max_sessions: Option<usize>,
    sessions: AtomicUsize,
    most_sessions: AtomicUsize,
    /// How many sessions there were, those that are open counted.
    all_sessions: AtomicU64,
    longest_micros: AtomicU64,
}

/// A session's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    census: Arc<Census>,
    /// Counts the sessions of the server from 1.
    pub(super) number: u64,
}

/// Measures a heavy request until it is dropped.
pub(super) struct Stopwatch<'a> {
    census: &'a Census,
    start: Instant,
}

impl Census {
    pub(super) fn new(max_sessions: Option<usize>) -> Self {
        Self { max_sessions, ..Self::default() }
    }

    /// A place for one more session, if there is one.
    pub(super) fn seat(self: &Arc<Self>) -> Option<Seat> {
        let max = self.max_sessions.unwrap_or(usize::MAX);
        let one_more = |open: usize| open.checked_add(1).filter(|open| *open <= max);
        let before = self.sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        self.most_sessions.fetch_max(before.ok()?.saturating_add(1), Ordering::Relaxed);
        let number = self.all_sessions.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Some(Seat { census: Arc::clone(self), number })
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    pub(super) fn most_sessions(&self) -> usize {
        self.most_sessions.load(Ordering::Relaxed)
    }

    pub(super) fn stopwatch(&self) -> Stopwatch<'_> {
        Stopwatch { census: self, start: Instant::now() }
    }

    pub(super) fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_micros.load(Ordering::Relaxed))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.census.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.census.longest_micros.fetch_max(micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_once_dropped() {
        let census = Arc::new(Census::new(Some(2)));
        let (one, _two) = (census.seat().unwrap(), census.seat().unwrap());
        assert!(census.seat().is_none());
        assert_eq!(census.sessions(), 2);
        drop(one);
        assert_eq!(census.sessions(), 1);
        assert_eq!(census.seat().unwrap().number, 3);
        let _four = census.seat().unwrap();
        assert!(census.seat().is_none());
        assert_eq!(census.most_sessions(), 2);
    }
}
