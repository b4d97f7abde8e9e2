//! Runs of operations: what each has done, and what the server does of them in time.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::super::{Change, GrowingBytes, OperationId, Pace, Payload};
use super::server::{Server, outcome};
use super::work::{Hidden, Work, WorkStep};
use crate::proto::OperationKey;
use crate::server::refusal::Refusal;

/// One run of an operation.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Run {
    pub(in crate::server::core) id: OperationId,
    /// The key that it was begun with, if any.
    pub(in crate::server::core) key: Option<OperationKey>,
    /// What it is a run of.
    pub(in crate::server::core) work: usize,
    /// Which run of that it is, counted from 0.
    pub(in crate::server::core) nth: usize,
    pub(super) start: Instant,
    /// How much of the plan is done; all of it once the run was stopped.
    pub(super) done: usize,
    pub(super) chunk_bytes: u64,
    pub(super) is_hashed: bool,
    pub(super) growing: Option<(Arc<Payload>, usize)>,
    /// How often each chunk was sent.
    pub(super) sent: Vec<u16>,
    /// The last chunk that was sent.
    pub(super) highest: u64,
    /// Whether its client asks for all of it once more, next time.
    pub(in crate::server::core) is_reread: bool,
    pub(super) latest_connection: u64,
    /// Since when nobody is sent anything of it.
    pub(super) alone_since: Option<Instant>,
    pub(in crate::server::core) freed: Option<Why>,
}

/// Why something is not known any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum Why {
    Control,
    Disconnected,
    Time,
    Quota,
    Ended,
    Fault,
}

impl Run {
    /// One of its chunks goes out.
    pub(super) fn note_sent(&mut self, seq: u64) {
        if let Some(sent) = self.sent.get_mut(usize::try_from(seq - 1).unwrap()) {
            *sent += 1;
        }
        self.highest = self.highest.max(seq);
    }
}

impl Server {
    /// Works on what is due, and frees what has expired.
    pub(in crate::server::core) fn handle_timeout(&mut self, now: Instant) {
        let works = Rc::clone(&self.works);
        for at in 0..self.runs.len() {
            let work = &works[self.runs[at].work];
            while let Some((after, step)) = work.plan.get(self.runs[at].done) {
                if self.runs[at].start + *after > now {
                    break;
                }
                self.runs[at].done += 1;
                self.work(at, work, *step, now);
            }
        }
        self.handle_expired(now);
    }

    pub(super) fn handle_expired(&mut self, now: Instant) {
        self.note_changes(Why::Quota, now);
        self.core.handle_timeout(now);
        self.note_changes(Why::Time, now);
    }

    fn work(&mut self, at: usize, work: &Work, step: WorkStep, now: Instant) {
        let run = &mut self.runs[at];
        let (id, payload) = (run.id, work.payload(run.nth));
        match step {
            WorkStep::Progress(n) => {
                self.core.handle_progress(id, n, 100, format!("CLAS ZCL_{n}"));
            }
            WorkStep::Warning(n) => {
                self.core.handle_warning(id, format!("PROG Z{n}"), "ODD", "odd".into());
            }
            WorkStep::Grow(bytes) => {
                let (chunk_bytes, is_hashed) = (run.chunk_bytes, run.is_hashed);
                let source = || Box::new(GrowingBytes::default());
                let growing = run.growing.get_or_insert_with(|| {
                    (Arc::new(Payload::new(source(), chunk_bytes, None, is_hashed)), 0)
                });
                let end = (growing.1 + bytes).min(payload.len());
                growing.0.grow(&payload[growing.1..end]).unwrap();
                growing.1 = end;
                let payload = Arc::clone(&growing.0);
                self.core.handle_growth(id, &payload);
            }
            WorkStep::Finish => {
                let whole = if let Some((growing, grown)) = &run.growing {
                    growing.grow(&payload[*grown..]).unwrap();
                    Arc::clone(growing)
                } else {
                    let source = Box::new(Hidden(payload.clone()));
                    let pace = work.pace.map(|every| Pace { start: now, every });
                    let whole = Payload::new(source, run.chunk_bytes, pace, run.is_hashed);
                    whole.hash().unwrap();
                    Arc::new(whole)
                };
                self.core.handle_outcome(id, Ok(outcome(whole)));
            }
            WorkStep::Fail => {
                let refusal = Refusal::new(Refusal::GIT_ERROR, "no such package");
                self.core.handle_outcome(id, Err(refusal));
            }
        }
    }

    /// The last frame of a stream was sent.
    pub(super) fn note_last_sent(&mut self, run: usize, now: Instant) {
        let run = &mut self.runs[run];
        if self.core.known.get(&run.id).is_none_or(|operation| operation.stream.is_none()) {
            // That of a stream that was superseded may come after that of the other.
            run.alone_since.get_or_insert(now);
        }
        self.note_changes(Why::Ended, now);
    }

    /// Whether a run will do more, or has chunks that are not made yet.
    pub(in crate::server::core) fn is_making(&self, run: usize, now: Instant) -> bool {
        let run = &self.runs[run];
        let operation = self.core.known.get(&run.id);
        let payload = operation.and_then(|operation| operation.payload());
        let is_paced = payload.is_some_and(|payload| payload.available(now).1.is_some());
        is_paced || run.done < self.works[run.work].plan.len()
    }

    /// How many bytes of chunks were sent that had been sent before.
    pub(in crate::server::core) fn resent_bytes(&self) -> u64 {
        let again = |run: &Run| run.sent.iter().map(|sent| sent.saturating_sub(1)).sum::<u16>();
        self.runs.iter().map(|run| u64::from(again(run)) * run.chunk_bytes).sum()
    }

    /// Notes what was freed, and why. `true` if there was anything.
    pub(in crate::server::core) fn note_changes(&mut self, why: Why, now: Instant) -> bool {
        let mut has_freed = false;
        for change in self.core.poll_changes() {
            let Change::Freed(id) = change else { continue };
            let Some(run) = self.runs.iter_mut().rfind(|run| run.id == id) else { continue };
            has_freed = true;
            run.done = usize::MAX;
            run.freed.get_or_insert(why);
            let ttl = self.offer.retention.ttl;
            let is_due = run.alone_since.is_some_and(|since| since + ttl <= now);
            assert!(why != Why::Time || is_due, "freed before its time");
        }
        has_freed
    }
}
