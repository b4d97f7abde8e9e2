//! What a client has of a payload.

use super::work::Work;
use crate::proto::checksum::{Sha256, Sha256Hasher};

/// What came: compared byte by byte with what the operation gives, and hashed.
#[derive(Clone, Debug, Default)]
pub(in crate::server::core) struct Received {
    length: usize,
    hasher: Sha256Hasher,
    /// Whether some byte is another than in the payload of an even run, and of an odd one.
    differs: [bool; 2],
}

impl Received {
    pub(in crate::server::core) fn push(&mut self, bytes: &[u8], work: &Work) {
        let end = self.length + bytes.len();
        for (differs, payload) in self.differs.iter_mut().zip(&work.payloads) {
            *differs |= payload.get(self.length..end) != Some(bytes);
        }
        self.length = end;
        self.hasher.update(bytes);
    }

    pub(in crate::server::core) fn len(&self) -> usize {
        self.length
    }

    pub(in crate::server::core) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(in crate::server::core) fn sha256(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// Whether it is the whole payload of run number `run`, counted from 0.
    pub(in crate::server::core) fn is_whole(&self, work: &Work, run: usize) -> bool {
        !self.differs[run % 2] && self.length == work.payload(run).len()
    }
}
