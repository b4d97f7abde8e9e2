//! Going on with an operation that is kept. *Source*: PROTOCOL 6.4.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::operation::{OperationId, Owner};
use super::operations::Operations;
use super::payload::Payload;
use super::stream::{StreamKey, StreamTerms};
use crate::proto::checksum::Sha256;
use crate::proto::{Resume, ServerError};
use crate::server::refusal::Refusal;

/// A resume of which all but the digest was found right.
#[derive(Debug)]
pub(crate) struct ResumeCheck {
    operation: OperationId,
    payload: Option<Arc<Payload>>,
    resume: Resume,
}

impl ResumeCheck {
    /// Whether the client has what the server has. May read and hash for a while.
    pub(crate) fn is_right(&self) -> io::Result<bool> {
        let prefix = match &self.payload {
            Some(payload) => payload.prefix(self.resume.offset)?,
            None => Some(Sha256::of(b"")),
        };
        Ok(prefix == Some(self.resume.sha256))
    }
}

/// How a stream takes over.
impl Operations {
    /// Checks a resume, but for its digest: that is for [`ResumeCheck::is_right`], and then
    /// [`resume`](Self::resume).
    ///
    /// # Errors
    /// `RESUME_UNKNOWN`, `RESUME_EXPIRED` or `RESUME_MISMATCH`.
    pub(crate) fn check_resume(
        &mut self,
        owner: &Owner,
        resume: Resume,
        now: Instant,
    ) -> Result<ResumeCheck, Refusal> {
        self.handle_timeout(now);
        let known = self.owners.get(owner).copied();
        let known = known.and_then(|id| Some((id, self.known.get(&id)?)));
        let Some((id, operation)) = known else {
            return Err(if self.expired.contains(owner) { expired() } else { unknown() });
        };
        if operation.epoch != resume.epoch {
            return Err(mismatch("another epoch"));
        }
        if operation.border(resume.next.get()) != Some(resume.offset) {
            return Err(mismatch("nextSeq and offset are no border of a chunk"));
        }
        Ok(ResumeCheck { operation: id, payload: operation.payload().cloned(), resume })
    }

    /// Goes on with an operation in a new stream; the stream that had it ends with `SUPERSEDED`.
    ///
    /// # Errors
    /// `RESUME_MISMATCH` if `is_right` is not, `RESUME_UNKNOWN` if it was freed since the check.
    pub(crate) fn resume(
        &mut self,
        check: &ResumeCheck,
        is_right: bool,
        key: StreamKey,
        terms: StreamTerms,
    ) -> Result<OperationId, Refusal> {
        let operation = self.known.get(&check.operation);
        let operation = operation.filter(|operation| operation.owner.is_some());
        let operation = operation.ok_or_else(unknown)?;
        if operation.epoch != check.resume.epoch || !is_right {
            return Err(mismatch("sha256 is another one"));
        }
        let told = operation.warnings.len();
        self.attach(check.operation, key, terms, check.resume.next.get(), told);
        Ok(check.operation)
    }
}

pub(super) fn unknown() -> Refusal {
    Refusal::new(ServerError::RESUME_UNKNOWN, "no operation has this key")
}

pub(super) fn expired() -> Refusal {
    Refusal::new(ServerError::RESUME_EXPIRED, "the operation was kept for its time and is gone")
}

pub(super) fn mismatch(message: &str) -> Refusal {
    Refusal::new(ServerError::RESUME_MISMATCH, message)
}
