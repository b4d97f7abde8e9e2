//! What the tests of this folder share.

use std::fs;
use std::path::Path;

use super::Ticket;
use crate::proto::OperationKey;
use crate::proto::Seq;
use crate::proto::checksum::Sha256;

pub(super) fn request() -> Sha256 {
    Sha256::of(b"http://host/ git.export {}")
}

pub(super) fn ticket() -> Ticket {
    Ticket {
        operation: "git.export".to_owned(),
        request: request(),
        key: OperationKey::new("Wc3nP0wq7ZbE4m_Xk2TtRA").unwrap(),
        epoch: "e1\n\u{e4}".to_owned(),
        ttl_ms: 600_000,
        chunk_bytes: 3,
    }
}

pub(super) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// The names in `folder`, sorted.
pub(super) fn entries(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|it| name(it).unwrap()).collect();
    names.sort();
    names
}
