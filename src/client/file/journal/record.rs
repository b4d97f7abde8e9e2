//! The lines of a journal: `<CRC-32 of the rest, 8 hex digits> <JSON>`.

use std::io::{BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use super::{Header, Stretch, Ticket};
use crate::proto::OperationKey;
use crate::proto::Seq;
use crate::proto::checksum::{Crc32, Sha256};

/// The only version there is.
const VERSION: u32 = 1;
/// The longest line, in bytes: what somebody else calls a journal may have no end.
const MOST_LINE_BYTES: u64 = 1 << 16;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderRecord {
    version: u32,
    operation: String,
    request: String,
    key: String,
    epoch: String,
    ttl_ms: u64,
    chunk_size: u64,
    target: String,
    part: String,
    created: u64,
}

#[derive(Serialize, Deserialize)]
struct StretchRecord {
    next: u64,
    offset: u64,
    crc32: String,
}

/// The first line; `None` if it would be longer than what is read again.
pub(in crate::client::file) fn header_line(header: &Header) -> Option<String> {
    let Header { ticket, target, part, created_ms } = header;
    let line = line(&HeaderRecord {
        version: VERSION,
        operation: ticket.operation.clone(),
        request: ticket.request.to_string(),
        key: ticket.key.as_str().to_owned(),
        epoch: ticket.epoch.clone(),
        ttl_ms: ticket.ttl_ms,
        chunk_size: ticket.chunk_bytes,
        target: target.to_string(),
        part: part.clone(),
        created: *created_ms,
    })?;
    (line.len() as u64 <= MOST_LINE_BYTES).then_some(line)
}

/// A line after the first.
pub(in crate::client::file) fn stretch_line(stretch: &Stretch) -> Option<String> {
    let Stretch { next, offset, crc32 } = stretch;
    line(&StretchRecord { next: next.get(), offset: *offset, crc32: crc32.to_string() })
}

fn line(record: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(record).ok()?;
    Some(format!("{} {json}\n", Crc32::of(json.as_bytes())))
}

/// Reads the lines of a journal, up to the first that is not whole.
#[derive(Debug)]
pub(in crate::client::file) struct Records<R> {
    from: BufReader<R>,
    line: Vec<u8>,
    end: u64,
}

impl<R: Read> Records<R> {
    /// Reads the first line; `None` if it is not one of ours.
    pub(in crate::client::file) fn begin(from: R) -> Option<(Header, Self)> {
        let mut records = Self { from: BufReader::new(from), line: Vec::new(), end: 0 };
        let record: HeaderRecord = records.next()?;
        if record.version != VERSION {
            return None;
        }
        let header = Header {
            ticket: Ticket {
                operation: record.operation,
                request: Sha256::from_hex(&record.request)?,
                key: OperationKey::new(&record.key)?,
                epoch: record.epoch,
                ttl_ms: record.ttl_ms,
                chunk_bytes: record.chunk_size,
            },
            target: Sha256::from_hex(&record.target)?,
            part: record.part,
            created_ms: record.created,
        };
        Some((header, records))
    }

    /// The next line; `None` at the end of what is whole.
    pub(in crate::client::file) fn stretch(&mut self) -> Option<Stretch> {
        let record: StretchRecord = self.next()?;
        Some(Stretch {
            next: Seq::new(record.next)?,
            offset: record.offset,
            crc32: Crc32::from_hex(&record.crc32)?,
        })
    }

    /// Where the last line ends that was read, in bytes.
    pub(in crate::client::file) fn end(&self) -> u64 {
        self.end
    }

    fn next<T: for<'a> Deserialize<'a>>(&mut self) -> Option<T> {
        self.line.clear();
        let mut bounded = (&mut self.from).take(MOST_LINE_BYTES);
        bounded.read_until(b'\n', &mut self.line).ok()?;
        let record = serde_json::from_slice(json_of(&self.line)?).ok()?;
        self.end = self.end.saturating_add(self.line.len() as u64);
        Some(record)
    }
}

fn json_of(line: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = line.strip_suffix(b"\n")?.split_at_checked(8)?;
    let crc = Crc32::from_hex(std::str::from_utf8(digits).ok()?)?;
    let json = rest.strip_prefix(b" ")?;
    (crc == Crc32::of(json)).then_some(json)
}
