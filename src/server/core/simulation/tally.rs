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
    /// The most that was held at a time, in bytes: by a client, and by a server with what was on its
    /// way.
    pub(super) most_held: usize,
    pub(super) most_served: usize,
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
        self.most_served = self.most_served.max(other.most_served);
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

    /// What so many schedules have to come to, and these did not: a simulator that does not do what
    /// it is there for finds nothing either. No number is 0 for the fewest schedules that are asked.
    pub(super) fn too_few(&self) -> Vec<String> {
        let n = self.schedules;
        let mut least = vec![
            ("transfers".to_owned(), self.transfers, n * 10),
            ("verified".to_owned(), self.verified, n * 5),
            ("verified by a digest".to_owned(), self.by_digest, n * 2),
            ("resumed".to_owned(), self.resumes, n / 2),
            ("changed".to_owned(), self.changed, n / 200),
        ];
        for kind in FaultKind::ALL {
            // Seldom is there anything kept at that moment that could be freed.
            let is_rare = matches!(kind, FaultKind::Quota | FaultKind::Expire);
            let share = if is_rare { 200 } else { 50 };
            least.push((format!("{kind:?}"), *self.faults.get(kind).unwrap_or(&0), n / share));
        }
        for end in ENDS {
            least.push(((*end).to_owned(), *self.ends.get(*end).unwrap_or(&0), n / 100));
        }
        least.retain(|(_, count, least)| count < least);
        least.iter().map(|(name, count, least)| format!("{name} {count} < {least}")).collect()
    }
}

/// Ends that are not seldom, each of which the oracle explains in its own way.
const ENDS: &[&str] = &[
    "Deadline",
    "Idle",
    "Lost",
    "Sink",
    "Gap",
    "Crc",
    "Digest",
    "BUSY",
    "RESUME_UNKNOWN",
    "RESUME_EXPIRED",
    "GIT_ERROR",
    "SERVICE_EXCEPTION",
];

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} schedules, {} events, {} connections, {} transfers: {} verified ({} by a digest), \
             {} changed by a flipped bit where no digest was agreed on; {} resumed; at most {} \
             bytes held by a client, and {} by a server",
            self.schedules,
            self.events,
            self.connections,
            self.transfers,
            self.verified,
            self.by_digest,
            self.changed,
            self.resumes,
            self.most_held,
            self.most_served,
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
