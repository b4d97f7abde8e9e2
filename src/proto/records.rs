//! Payloads that are records: bytes in, one JSON value after the other out.
//!
//! ```text
//!           white space      comma           value
//!              ┌──┐         ┌──────────────────────────┐
//!              │  ▼         ▼                          │
//!   Bom ──▶ Format ──`[`──▶ Before ──────────────▶ Element ──`]`──▶ After
//!              │              └───── `]`, if it is empty ────────────▲
//!              └──── anything else ──▶ Line, until the payload ends
//! ```

mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod nesting;

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;

use memchr::memchr;
use serde::de::DeserializeOwned;

use super::payload::PayloadReader;
pub use error::RecordError;
use nesting::{Nesting, Stop};

/// The largest record taken, in bytes of its JSON text: 1 MiB.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// How many lists and objects may be open inside one another in a record of an array.
pub const MAX_RECORD_DEPTH: u32 = 128;

/// How much is read at once from a payload that is kept, in bytes.
const BLOCK_BYTES: usize = 64 << 10;
/// What some writers put before UTF-8.
const BOM: [u8; 3] = *b"\xef\xbb\xbf";

/// The limits that hold for records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordLimits {
    /// The largest record, in bytes of its JSON text without white space around it; inclusive.
    /// This much is held at most. Default [`MAX_RECORD_BYTES`].
    pub max_record_bytes: usize,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { max_record_bytes: MAX_RECORD_BYTES }
    }
}

impl RecordLimits {
    /// Takes records of at most so many bytes.
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }
}

/// One record of a payload.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Which one it is, counted from 1.
    pub index: u64,
    /// Its text, without white space around it. It may be no JSON: whoever reads it finds out.
    pub json: &'a [u8],
}

impl Record<'_> {
    /// What the record says.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] if it is no JSON or no `T`; the records after it can still be read.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, RecordError> {
        serde_json::from_slice(self.json)
            .map_err(|source| RecordError::Invalid { index: self.index, source: Arc::new(source) })
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, {} bytes)", self.index, self.json.len())
    }
}

/// Parts a payload into its records, from pieces that may be cut anywhere.
///
/// *Shape*: one JSON value a line, lines ended by LF or CRLF, blank lines skipped, the last one
/// with or without its end; or one JSON array. The first byte that is no white space decides: `[`
/// opens the array. A byte order mark before it is skipped. Nothing at all is no record.
///
/// Where a value ends is all that is looked for; whether it is JSON is for its reader to say. A
/// record that lies inside one piece is not copied, others are put together once, and no more than
/// one record is ever held. The time is linear in the bytes, however they are cut.
/// *Source*: PROTOCOL 4.8.
///
/// ```
/// use longhaul::proto::records::{RecordLimits, RecordSplitter};
///
/// let mut splitter = RecordSplitter::new(RecordLimits::default());
/// let mut numbers: Vec<u32> = Vec::new();
/// for mut piece in [&b"1\n2"[..], b"3\n\n4"] {
///     while let Some(record) = splitter.next_in(&mut piece)? {
///         numbers.push(record.parse()?);
///     }
/// }
/// if let Some(record) = splitter.finish()? {
///     numbers.push(record.parse()?);
/// }
/// assert_eq!(numbers, [1, 23, 4]);
/// # Ok::<(), longhaul::proto::records::RecordError>(())
/// ```
pub struct RecordSplitter {
    limits: RecordLimits,
    place: Place,
    /// What is open inside the record where `place` is [`Place::Element`]; else nothing is.
    nesting: Nesting,
    /// The start of a record whose end has not come, at most `limits.max_record_bytes`; it starts
    /// with no white space.
    held: Vec<u8>,
    /// Whether `held` is a whole record that was handed out, and of no more use.
    is_handed_out: bool,
    /// How many records were handed out.
    count: u64,
    /// How many bytes were taken.
    offset: u64,
    /// Why nothing more can be told.
    failed: Option<RecordError>,
}

/// Where in a payload the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At its start, after this many bytes of a byte order mark.
    Bom(usize),
    /// Before the first byte that says which form it has.
    Format,
    /// In a line, or between two.
    Line,
    /// In an array, before a value; or, if it `may_close`, before its end.
    Before { may_close: bool },
    /// In a value of an array.
    Element,
    /// Behind the end.
    After,
}

impl RecordSplitter {
    /// A splitter at the start of a payload.
    pub fn new(limits: RecordLimits) -> Self {
        Self {
            limits,
            place: Place::Bom(0),
            nesting: Nesting::default(),
            held: Vec::new(),
            is_handed_out: false,
            count: 0,
            offset: 0,
            failed: None,
        }
    }

    /// The next record, if it ends in `piece`; what was looked at is taken off the piece's front.
    ///
    /// `None` means that the piece is used up, and that the next is wanted or
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`RecordError`], and the same from then on. All records before the trouble have been given.
    pub fn next_in<'s, 'p: 's>(
        &'s mut self,
        piece: &mut &'p [u8],
    ) -> Result<Option<Record<'s>>, RecordError> {
        self.start()?;
        match self.scan(piece) {
            Ok(Some(end)) => Ok(Some(self.hand_out(end))),
            Ok(None) => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The last record, where the payload ends without the end of its line.
    ///
    /// # Errors
    /// [`RecordError::Truncated`] if an array is not closed; what `next_in` failed with, if it did.
    pub fn finish(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        self.start()?;
        match self.place {
            Place::Bom(0 | 3) | Place::Format | Place::After => {}
            Place::Line if self.held.is_empty() => {}
            Place::Line => {
                self.place = Place::After;
                return Ok(Some(self.hand_out(&[])));
            }
            Place::Bom(_) | Place::Before { .. } | Place::Element => {
                let error = RecordError::Truncated { index: self.index(), offset: self.offset };
                return Err(self.fail(error));
            }
        }
        self.place = Place::After;
        Ok(None)
    }

    /// Fails again if it has failed, and forgets the record that was handed out last.
    fn start(&mut self) -> Result<(), RecordError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.is_handed_out {
            self.held.clear();
            self.is_handed_out = false;
        }
        Ok(())
    }

    /// The rest of a record that ends in the piece; `None` where the piece ends first.
    fn scan<'p>(&mut self, piece: &mut &'p [u8]) -> Result<Option<&'p [u8]>, RecordError> {
        loop {
            if matches!(self.place, Place::Format | Place::Before { .. } | Place::After)
                || (self.place == Place::Line && self.held.is_empty())
            {
                let white = piece.iter().take_while(|byte| is_white(**byte)).count();
                self.take(piece, white);
            }
            let Some(&byte) = piece.first() else { return Ok(None) };
            match self.place {
                Place::Bom(matched) if BOM.get(matched) == Some(&byte) => {
                    self.take(piece, 1);
                    self.place = Place::Bom(matched.saturating_add(1));
                }
                Place::Bom(0 | 3) => self.place = Place::Format,
                Place::Format if byte == b'[' => {
                    self.take(piece, 1);
                    self.place = Place::Before { may_close: true };
                }
                Place::Format => self.place = Place::Line,
                Place::Before { may_close: true } if byte == b']' => {
                    self.take(piece, 1);
                    self.place = Place::After;
                }
                Place::Before { .. } if !matches!(byte, b',' | b']') => self.place = Place::Element,
                Place::Line => return self.line(piece),
                Place::Element => return self.element(piece),
                Place::Bom(_) | Place::Before { .. } | Place::After => {
                    return Err(self.malformed(byte));
                }
            }
        }
    }

    fn line<'p>(&mut self, piece: &mut &'p [u8]) -> Result<Option<&'p [u8]>, RecordError> {
        let end = memchr(b'\n', piece);
        let part = self.take(piece, end.unwrap_or(piece.len()));
        self.check_size(part)?;
        if end.is_some() {
            self.take(piece, 1);
            return Ok(Some(part));
        }
        self.hold(part);
        Ok(None)
    }

    fn element<'p>(&mut self, piece: &mut &'p [u8]) -> Result<Option<&'p [u8]>, RecordError> {
        let (len, stop) = self.nesting.scan(piece);
        let part = self.take(piece, len);
        self.check_size(part)?;
        match stop {
            Stop::Exhausted => {
                self.hold(part);
                return Ok(None);
            }
            Stop::End(b',') => self.place = Place::Before { may_close: false },
            Stop::End(_) => self.place = Place::After,
            Stop::TooDeep => {
                let (index, limit) = (self.index(), MAX_RECORD_DEPTH);
                return Err(RecordError::TooDeep { index, limit });
            }
            Stop::Mismatch(byte) => return Err(self.malformed(byte)),
        }
        self.take(piece, 1);
        Ok(Some(part))
    }

    /// Takes `len` bytes off the front of a piece.
    fn take<'p>(&mut self, piece: &mut &'p [u8], len: usize) -> &'p [u8] {
        let (taken, rest) = piece.split_at_checked(len).unwrap_or((*piece, &[]));
        *piece = rest;
        self.offset = self.offset.saturating_add(u64::try_from(taken.len()).unwrap_or(u64::MAX));
        taken
    }

    /// Whether the record has room for `part`. White space at its end takes none.
    fn check_size(&self, part: &[u8]) -> Result<(), RecordError> {
        let limit = self.limits.max_record_bytes;
        let room = limit.saturating_sub(self.held.len());
        if part.len() > room && trim_end(part).len() > room {
            return Err(RecordError::TooLarge { index: self.index(), limit });
        }
        Ok(())
    }

    /// Keeps `part`, which was checked; what there is no room for is white space.
    ///
    /// If the record goes on behind that, it is too large, and `held` being full tells.
    fn hold(&mut self, part: &[u8]) {
        let room = self.limits.max_record_bytes.saturating_sub(self.held.len());
        self.held.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    /// The record that ends with `end`.
    fn hand_out<'s>(&'s mut self, end: &'s [u8]) -> Record<'s> {
        self.count = self.index();
        let json = if self.held.is_empty() {
            end
        } else {
            self.hold(end);
            self.is_handed_out = true;
            &self.held
        };
        Record { index: self.count, json: trim_end(json) }
    }

    /// The record that is being read, or that would come next.
    fn index(&self) -> u64 {
        self.count.saturating_add(1)
    }

    fn malformed(&self, byte: u8) -> RecordError {
        RecordError::Malformed { index: self.index(), offset: self.offset, byte }
    }

    fn fail(&mut self, error: RecordError) -> RecordError {
        self.held = Vec::new();
        self.failed.insert(error).clone()
    }
}

impl fmt::Debug for RecordSplitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordSplitter")
            .field("place", &self.place)
            .field("count", &self.count)
            .field("offset", &self.offset)
            .field("held_bytes", &self.held.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// Calls `visit` with each record of a payload, from where it stands to its end, and gives their
/// number.
///
/// # Errors
/// [`RecordError`]: the payload is no list of records, cannot be read, or `visit` says so.
pub fn each_record(
    payload: &mut dyn PayloadReader,
    limits: RecordLimits,
    mut visit: impl FnMut(Record<'_>) -> Result<(), RecordError>,
) -> Result<u64, RecordError> {
    let mut splitter = RecordSplitter::new(limits);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = match payload.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(RecordError::Unreadable { source: Arc::new(error) }),
        };
        let mut piece = block.get(..read).unwrap_or_default();
        while let Some(record) = splitter.next_in(&mut piece)? {
            visit(record)?;
        }
    }
    if let Some(record) = splitter.finish()? {
        visit(record)?;
    }
    Ok(splitter.count)
}

/// White space as JSON has it.
fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| !is_white(*byte));
    last.and_then(|last| bytes.get(..=last)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
