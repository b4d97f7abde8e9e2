//! What the clients did, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use longhaul::proto::Stats;
use serde::{Deserialize, Serialize};

/// How many losses are told of in words.
const MOST_TOLD: usize = 20;

/// Sums over all clients.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// How many operations of each kind ended.
    pub(crate) operations: BTreeMap<String, u64>,
    /// Requests sent, those that went on or asked again among them.
    pub(crate) asked: u64,
    /// Bytes of payloads.
    pub(crate) bytes: u64,
    pub(crate) clients: u64,
    pub(crate) reconnects: u64,
    pub(crate) resumes: u64,
    /// Connections that were not made at the first try.
    pub(crate) redials: u64,
    /// What must not be asked twice, and was cut before anything was kept of it.
    pub(crate) cut_once: u64,
    /// Operations that were attached to again, since an older resume came late and took them over.
    pub(crate) late: u64,
    /// Requests that still waited when their client was closed.
    pub(crate) pending: u64,
    pub(crate) wrong: u64,
    pub(crate) hung: u64,
    pub(crate) failed: u64,
    /// The first losses.
    pub(crate) lost: Vec<String>,
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) enum Ended {
    Well,
    /// By an error that nobody can do anything about.
    CutOnce,
    /// At the second try, as what is left while it is being resumed may need.
    Late,
    Wrong,
    Hung,
    Failed(String),
}

impl Tally {
    pub(crate) fn note(&mut self, kind: String, what: &str, ended: Ended) {
        let (count, how) = match ended {
            Ended::Well => (None, String::new()),
            Ended::CutOnce => {
                self.cut_once += 1;
                (None, String::new())
            }
            Ended::Late => {
                self.late += 1;
                (None, String::new())
            }
            Ended::Wrong => (Some(&mut self.wrong), "was wrong".to_owned()),
            Ended::Hung => (Some(&mut self.hung), "never ended".to_owned()),
            Ended::Failed(error) => (Some(&mut self.failed), error),
        };
        if let Some(count) = count {
            *count += 1;
            if self.lost.len() < MOST_TOLD {
                self.lost.push(format!("{what}: {how}"));
            }
        }
        *self.operations.entry(kind).or_default() += 1;
    }

    /// Adds what a client has counted that is closed.
    pub(crate) fn note_client(&mut self, stats: &Stats) {
        self.clients += 1;
        self.asked += stats.requests;
        self.bytes += stats.chunk_bytes;
        self.reconnects += stats.reconnects;
        self.resumes += stats.resumes;
        self.pending += stats.pending;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (kind, count) in other.operations {
            *self.operations.entry(kind).or_default() += count;
        }
        for (sum, more) in [
            (&mut self.asked, other.asked),
            (&mut self.bytes, other.bytes),
            (&mut self.clients, other.clients),
            (&mut self.reconnects, other.reconnects),
            (&mut self.resumes, other.resumes),
            (&mut self.redials, other.redials),
            (&mut self.cut_once, other.cut_once),
            (&mut self.late, other.late),
            (&mut self.pending, other.pending),
            (&mut self.wrong, other.wrong),
            (&mut self.hung, other.hung),
            (&mut self.failed, other.failed),
        ] {
            *sum += more;
        }
        self.lost.extend(other.lost);
        self.lost.truncate(MOST_TOLD);
    }

    pub(crate) fn losses(&self) -> u64 {
        self.wrong + self.hung + self.failed
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<_> =
            self.operations.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let sum: u64 = self.operations.values().sum();
        writeln!(f, "operations: {sum}: {}", operations.join(", "))?;
        writeln!(
            f,
            "requests: {}, payload bytes: {}, clients: {}, reconnects: {}, resumes: {}, redials: {}",
            self.asked, self.bytes, self.clients, self.reconnects, self.resumes, self.redials
        )?;
        writeln!(f, "typed errors of what must not be asked twice: {}", self.cut_once)?;
        writeln!(f, "attached again, since an older resume came late: {}", self.late)?;
        write!(
            f,
            "losses: {} ({} wrong, {} hung, {} failed)",
            self.losses(),
            self.wrong,
            self.hung,
            self.failed
        )
    }
}
