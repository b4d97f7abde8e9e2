//! What a run, or many, came to.

use std::collections::BTreeMap;
use std::fmt;

use super::faults::FaultKind;

/// Counts of schedules, transfers, how they ended, and what went wrong on purpose.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) schedules: u64,
    pub(super) events: u64,
    pub(super) transfers: u64,
    pub(super) verified: u64,
    /// Of these, with a digest of the server.
    pub(super) by_digest: u64,
    /// Payloads that a flipped bit had changed, where no digest was agreed on.
    pub(super) changed: u64,
    /// Typed errors, and callers who wanted no more.
    pub(super) ends: BTreeMap<String, u64>,
    /// Why transfers began again from nothing.
    pub(super) restarts: BTreeMap<String, u64>,
    pub(super) resumes: u64,
    pub(super) connections: u64,
    pub(super) faults: BTreeMap<FaultKind, u64>,
    /// The most that all transfers of one schedule held together at a time, parked and not yet read,
    /// in bytes.
    pub(super) most_held: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.events += other.events;
        self.transfers += other.transfers;
        self.verified += other.verified;
        self.by_digest += other.by_digest;
        self.changed += other.changed;
        self.resumes += other.resumes;
        self.connections += other.connections;
        self.most_held = self.most_held.max(other.most_held);
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        for (cause, count) in other.restarts {
            *self.restarts.entry(cause).or_default() += count;
        }
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
    }

    pub(super) fn count_fault(&mut self, kind: FaultKind) {
        *self.faults.entry(kind).or_default() += 1;
    }

    /// The kinds of fault that never met anything.
    pub(super) fn missing(&self) -> Vec<FaultKind> {
        FaultKind::ALL.iter().copied().filter(|kind| !self.faults.contains_key(kind)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} schedules, {} events, {} connections, {} transfers: {} verified ({} by a digest), \
             {} changed by a flipped bit where no digest was agreed on; {} resumed, at most {} \
             bytes held",
            self.schedules,
            self.events,
            self.connections,
            self.transfers,
            self.verified,
            self.by_digest,
            self.changed,
            self.resumes,
            self.most_held,
        )?;
        let list = |counts: &BTreeMap<String, u64>| {
            let each: Vec<_> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
            each.join(", ")
        };
        writeln!(f, "ended otherwise: {}", list(&self.ends))?;
        writeln!(f, "began again: {}", list(&self.restarts))?;
        let faults = self.faults.iter().map(|(kind, n)| (format!("{kind:?}"), *n)).collect();
        write!(f, "faults: {}", list(&faults))
    }
}
