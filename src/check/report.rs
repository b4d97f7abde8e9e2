//! What came of checking a server.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::catalog::Check;
use crate::proto::Welcome;

/// What came of checking a server: one result for each check, in the order of PROTOCOL.md.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// What the server says of itself.
    pub server: Greeting,
    /// The operation that was asked for, such as `test.payload`; `None` where there was none.
    pub operation: Option<String>,
    /// The results.
    pub results: Vec<CheckResult>,
    /// How many requests were sent, bad ones and controls counted.
    pub requests: u64,
    /// How many connections were opened.
    pub connections: u64,
    /// How long all of it took.
    #[serde(rename = "elapsedMs", serialize_with = "milliseconds")]
    pub elapsed: Duration,
}

/// What the welcome said.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Greeting {
    /// The version of the server's handler.
    pub version: Option<String>,
    /// The domains it lists.
    pub domains: Vec<String>,
    /// The features that this crate knows; `None` if it names none.
    pub features: Option<Vec<&'static str>>,
}

/// What came of one check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CheckResult {
    /// What was checked.
    #[serde(flatten)]
    pub check: &'static Check,
    /// What came of it.
    pub status: Status,
    /// Why it was not checked; empty where it was.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: String,
    /// How often it was found otherwise than it should be.
    #[serde(skip_serializing_if = "is_zero")]
    pub times: u64,
    /// The first of what was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What came of a check, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Status {
    /// The server is as PROTOCOL.md says.
    Pass,
    /// The server does not offer what the check is about.
    NotOffered,
    /// The check is for servers of another kind, or with another operation.
    NotApplicable,
    /// It was not looked at, and why.
    Skipped,
    /// Worth knowing, and allowed: by PROTOCOL.md, or to servers that were written before it.
    Note,
    /// PROTOCOL.md says otherwise; a client that reads liberally copes.
    Deviation,
    /// A client cannot rely on it: a request fails, or something wrong is believed.
    Fault,
}

/// How grave a departure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Grade {
    /// See [`Status::Note`].
    Note,
    /// See [`Status::Deviation`].
    Deviation,
    /// See [`Status::Fault`].
    Fault,
}

/// One departure. Texts are cut, and keys of operations are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// How grave it is.
    pub grade: Grade,
    /// What was sent; the params of an operation of the user's are left out.
    pub sent: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub came: String,
}

/// Checks that were not looked at for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkippedChecks {
    /// Why.
    pub reason: String,
    /// How many.
    pub checks: usize,
}

impl Report {
    /// Whether nothing of what was looked at departs from PROTOCOL.md, notes aside; whether all was
    /// looked at, [`is_complete`](Self::is_complete) says.
    pub fn is_clean(&self) -> bool {
        self.worst() < Status::Deviation
    }

    /// The gravest of all results.
    pub fn worst(&self) -> Status {
        self.results.iter().map(|result| result.status).max().unwrap_or(Status::Pass)
    }

    /// Whether no check was skipped; what the server does not offer, and what is not for it, is not.
    pub fn is_complete(&self) -> bool {
        self.count(Status::Skipped) == 0
    }

    /// Why checks were skipped, the most frequent reason first.
    pub fn skipped(&self) -> Vec<SkippedChecks> {
        let mut skipped: Vec<SkippedChecks> = Vec::new();
        for result in self.results.iter().filter(|result| result.status == Status::Skipped) {
            match skipped.iter_mut().find(|known| known.reason == result.reason) {
                Some(known) => known.checks = known.checks.saturating_add(1),
                None => skipped.push(SkippedChecks { reason: result.reason.clone(), checks: 1 }),
            }
        }
        skipped.sort_by_key(|known| std::cmp::Reverse(known.checks));
        skipped
    }

    /// The result of a check, by its id.
    pub fn result(&self, id: &str) -> Option<&CheckResult> {
        self.results.iter().find(|result| result.check.id == id)
    }

    /// How many results have this status.
    pub fn count(&self, status: Status) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }
}

impl Greeting {
    pub(super) fn new(welcome: &Welcome) -> Self {
        Self {
            version: welcome.version.clone(),
            domains: welcome.domains.clone(),
            features: welcome.features.map(|features| features.names().collect()),
        }
    }
}

impl From<Grade> for Status {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Note => Self::Note,
            Grade::Deviation => Self::Deviation,
            Grade::Fault => Self::Fault,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::NotOffered => "not offered",
            Self::NotApplicable => "not applicable",
            Self::Skipped => "skipped",
            Self::Note => "note",
            Self::Deviation => "deviation",
            Self::Fault => "fault",
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(times: &u64) -> bool {
    *times == 0
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
