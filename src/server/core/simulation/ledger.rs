//! What a transfer was given, chunk by chunk: what its core has to make of it.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::super::halves::Content;
use crate::proto::buffers::BufferPool;
use crate::proto::checksum::{Crc32, Sha256, Sha256Hasher};
use crate::proto::frame::{BinaryEnvelope, Body, Frame};
use crate::proto::{Exchange, Feature, Mode};

/// The chunks that came, as their messages say.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    chunks: BTreeMap<u64, Bytes>,
    /// From which on an assembler that goes on can compare.
    begins: u64,
}

/// One chunk as its message says.
#[derive(Debug)]
pub(super) struct Entry {
    seq: u64,
    bytes: Bytes,
    declared: Option<Crc32>,
}

/// What a chunk is to its transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    New,
    /// It came before.
    Again,
    /// It may not be taken.
    Wrong(Defect),
}

/// Why a chunk may not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    Crc,
    Conflict,
    BeyondWindow,
}

impl Entry {
    pub(super) fn read(content: &Content) -> Option<Self> {
        match content {
            Content::Chunk(chunk) => Some(Self {
                seq: chunk.seq(),
                bytes: chunk.bytes().clone(),
                declared: chunk.declared_crc32(),
            }),
            Content::Binary(message) => {
                let chunk = BinaryEnvelope::read(message).ok()?.chunk().ok()?;
                let bytes = message.slice_ref(chunk.bytes);
                Some(Self { seq: chunk.header.seq, bytes, declared: chunk.header.crc32 })
            }
            Content::Text(text) => {
                let mut mended = String::new();
                let frame = Frame::read(text, Mode::Stream, &mut mended).ok()?;
                let Ok(Body::Chunk(chunk)) = frame.body else { return None };
                let decoded = chunk.decode(&mut BufferPool::default()).ok()?;
                Some(Self {
                    seq: decoded.seq(),
                    bytes: decoded.bytes().clone(),
                    declared: decoded.declared_crc32(),
                })
            }
        }
    }
}

impl Ledger {
    /// The request goes on from this chunk, over a new connection: what waited behind a gap has to
    /// come again.
    pub(super) fn go_on(&mut self, next: u64) {
        self.chunks.split_off(&next);
    }

    /// The request begins at this chunk with an assembler that knows nothing of those before.
    pub(super) fn begin(&mut self, next: u64) {
        self.go_on(next);
        self.begins = next;
    }

    /// Notes a chunk that is about to be taken, and says what is wrong with it.
    pub(super) fn note(&mut self, entry: &Entry, exchange: &Exchange, window: u64) -> Noted {
        let terms = exchange.terms();
        let next = exchange.next_chunk().get();
        let has = |feature| terms.features.contains(feature);
        let forgotten = next.saturating_sub(terms.limits.remembered_chunks as u64).max(self.begins);
        if entry.seq < forgotten.min(next) || entry.seq == 0 {
            return Noted::Again;
        }
        if has(Feature::Credit) && entry.seq > (next - 1).saturating_add(window) {
            return Noted::Wrong(Defect::BeyondWindow);
        }
        let actual = Crc32::of(&entry.bytes);
        if entry.declared.is_some_and(|declared| declared != actual)
            || entry.declared.is_none() && has(Feature::Checksum)
        {
            return Noted::Wrong(Defect::Crc);
        }
        match self.chunks.get(&entry.seq) {
            Some(before) if *before != entry.bytes => Noted::Wrong(Defect::Conflict),
            Some(_) => Noted::Again,
            None => {
                self.chunks.insert(entry.seq, entry.bytes.clone());
                Noted::New
            }
        }
    }

    /// Whether no chunk was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The digest of all chunks that came, which are `count`; `None` if one is missing.
    pub(super) fn sha256(&self, count: u64) -> Option<Sha256> {
        let mut hasher = Sha256Hasher::default();
        for seq in 1..=count {
            hasher.update(self.chunks.get(&seq)?);
        }
        Some(hasher.finish())
    }
}
