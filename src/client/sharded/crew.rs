//! The sessions of one export: how many there may be, and which are free.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::session::{Door, Session};
use crate::client::link::Link;

/// The sessions, counted whether they are free or at work.
#[derive(Debug)]
pub(super) struct Crew {
    first: Arc<Link>,
    door: Door,
    free: Vec<Session>,
    /// All that there are, those that are being opened as well.
    count: usize,
    at_work: usize,
    allowed: usize,
    /// Since when the server is busy, without anything having gone well.
    busy_since: Option<Instant>,
}

impl Crew {
    /// The session that is there, and room for others up to `allowed` in all.
    pub(super) fn new(first: Arc<Link>, allowed: usize) -> Self {
        let door = Door::default();
        let free = vec![Session::new(Arc::clone(&first), true, door.clone())];
        Self { first, door, free, count: 1, at_work: 0, allowed, busy_since: None }
    }

    pub(super) fn first(&self) -> &Arc<Link> {
        &self.first
    }

    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    pub(super) fn at_work(&self) -> usize {
        self.at_work
    }

    /// A free session, to be put to work.
    pub(super) fn take(&mut self) -> Option<Session> {
        let session = self.free.pop()?;
        self.at_work = self.at_work.saturating_add(1);
        Some(session)
    }

    /// A session that was taken has ended its work, and is free, rests, or is gone.
    pub(super) fn ended(&mut self) {
        self.at_work = self.at_work.saturating_sub(1);
    }

    /// A session is free, or one too many.
    pub(super) fn add(&mut self, session: Session) {
        // The first stays, for it takes what others cannot.
        if self.count > self.allowed && !session.is_first {
            self.count = self.count.saturating_sub(1);
        } else {
            self.free.push(session);
        }
    }

    /// There is nothing to do for a session that was taken.
    pub(super) fn idle(&mut self, session: Session) {
        self.ended();
        self.free.insert(0, session);
    }

    /// Whether there is no session but the first.
    pub(super) fn is_alone(&self) -> bool {
        self.count <= 1
    }

    /// How many are free.
    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// Whether another session may be opened; it counts from then on.
    pub(super) fn may_open(&mut self) -> bool {
        let may = self.count < self.allowed;
        if may {
            self.count = self.count.saturating_add(1);
        }
        may
    }

    /// A session that was opened beside the first.
    pub(super) fn add_opened(&mut self, link: Link) {
        self.add(Session::new(Arc::new(link), false, self.door.clone()));
    }

    /// A session is gone, or did not come about; the server is not asked for that many again.
    pub(super) fn lost(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.allowed = self.count.max(1);
    }

    /// The server has too much to do: one session less, unless it is the last. Gives for how long
    /// that has been so without anything having gone well.
    pub(super) fn note_busy(&mut self, now: Instant) -> Duration {
        self.allowed = self.allowed.min(self.count).saturating_sub(1).max(1);
        now.saturating_duration_since(*self.busy_since.get_or_insert(now))
    }

    /// The server works.
    pub(super) fn note_success(&mut self) {
        self.busy_since = None;
    }
}
