//! The assembler against a map of numbers to bytes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};

use bytes::Bytes;

use super::{AssembleError, Assembled, CHUNK_OVERHEAD_BYTES, ChunkAssembler, Pushed, charge};
use crate::fuzzing::{Input, Vectors};
use crate::proto::base64::encode;
use crate::proto::checksum::Crc32;
use crate::proto::frame::{Chunk, DecodedChunk};
use crate::proto::id::Seq;
use crate::proto::limits::Limits;

/// What a step is, by the lowest bits of its first byte.
const STEP: u8 = 0x0f;
const DROP_PARKED: u8 = 14;
const FINISH: u8 = 15;
/// A chunk declares the CRC that it has, or another one.
const HAS_CRC: u8 = 0x10;
const HAS_WRONG_CRC: u8 = 0x20;
/// It declares where it stands by what has come so far, or elsewhere.
const HAS_OFFSET: u8 = 0x40;
const HAS_WRONG_OFFSET: u8 = 0x80;
/// By the second byte: it comes as text, which is no base64.
const IS_TEXT: u8 = 1;
const IS_BROKEN: u8 = 2;
/// Its number has eight bytes instead of one.
const HAS_LARGE_SEQ: u8 = 4;
/// Its bytes are those that its number stands for, not those of the input.
const IS_MADE_UP: u8 = 8;

/// After each step the assembler has given out and keeps what a map of numbers to bytes says, with
/// the same error where that has one, and keeps within its limits.
///
/// Input: limits, where it goes on from, then steps.
pub fn assembler(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = Limits {
        max_payload_bytes: u64::from(input.u16()),
        max_parked_bytes: usize::from(input.byte()) * 64,
        max_parked_chunks: usize::from(input.byte()),
        remembered_chunks: usize::from(input.byte()),
        max_empty_chunks: u32::from(input.byte()),
    };
    let start = (u64::from(input.byte()), u64::from(input.byte()));
    let next = Seq::new(start.0).unwrap_or(Seq::FIRST);
    let mut assembler = ChunkAssembler::continued(limits.clone(), next, start.1);
    let mut model = Model {
        limits,
        first: next.get(),
        start: start.1,
        chunks: BTreeMap::new(),
        next: next.get(),
        empty_in_a_row: 0,
    };
    let mut out: Vec<Bytes> = Vec::new();
    while !input.is_empty() {
        let (step, form) = (input.byte(), input.byte());
        match step & STEP {
            DROP_PARKED => {
                assembler.drop_parked();
                model.chunks.retain(|seq, _| *seq < model.next);
            }
            FINISH => {
                let total = u64::from(form);
                let size = (step & HAS_OFFSET != 0).then(|| u64::from(input.u16()));
                assert_eq!(assembler.clone().finish(total, size), model.finish(total, size));
            }
            _ => {
                let pushed = push(&mut assembler, &mut model, step, form, &mut input, &mut out);
                assert_eq!(out.concat(), model.delivered().concat());
                if pushed.is_err() {
                    // The transfer has failed.
                    return;
                }
            }
        }
        model.compare(&assembler);
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in vectors.of("frames") {
        let mut seed = vec![0xff, 0xff, 64, 20, 8, 3, 1, 0];
        for message in case["messages"].as_array().into_iter().flatten() {
            let Some(text) = message.as_str() else { continue };
            let Ok(frame) = serde_json::from_str::<serde_json::Value>(text) else { continue };
            let (Some(seq), Some(data)) = (frame["seq"].as_u64(), frame["data"].as_str()) else {
                if let Some(total) = frame["totalChunks"].as_u64().and_then(|it| it.try_into().ok())
                {
                    seed.extend([FINISH, total]);
                }
                continue;
            };
            let mut step = 0;
            step |= if frame["crc32"].is_null() { 0 } else { HAS_CRC };
            step |= if frame["offset"].is_null() { 0 } else { HAS_OFFSET };
            seed.extend([step, IS_TEXT | HAS_LARGE_SEQ]);
            seed.extend(seq.to_le_bytes());
            let chunk = Chunk { seq, data: data.into(), offset: None, crc32: None };
            let bytes = chunk.decode(&mut super::BufferPool::default());
            let bytes = bytes.map(DecodedChunk::into_bytes).unwrap_or_default();
            let bytes = bytes.get(..bytes.len().min(255)).unwrap_or_default();
            seed.push(bytes.len().try_into().unwrap_or_default());
            seed.extend(bytes);
        }
        seeds.push(seed);
    }
    seeds
}

fn push(
    assembler: &mut ChunkAssembler,
    model: &mut Model,
    step: u8,
    form: u8,
    input: &mut Input<'_>,
    out: &mut Vec<Bytes>,
) -> Result<(), Discriminant<AssembleError>> {
    let number = |has_large: bool, input: &mut Input<'_>| {
        if has_large { input.u64() } else { u64::from(input.byte()) }
    };
    let seq = number(form & HAS_LARGE_SEQ != 0, input);
    let len = usize::from(input.byte());
    let bytes = if form & IS_MADE_UP == 0 {
        input.bytes(len).to_vec()
    } else {
        seq.to_le_bytes().into_iter().cycle().take(len).collect()
    };
    let crc32 = match (step & HAS_WRONG_CRC != 0, step & HAS_CRC != 0) {
        (true, _) => Some(Crc32(!Crc32::of(&bytes).0)),
        (_, true) => Some(Crc32::of(&bytes)),
        _ => None,
    };
    let offset = match (step & HAS_WRONG_OFFSET != 0, step & HAS_OFFSET != 0) {
        (true, _) => Some(model.offset_of(seq).wrapping_add(1)),
        (_, true) => Some(model.offset_of(seq)),
        _ => None,
    };
    let is_broken = form & (IS_TEXT | IS_BROKEN) == IS_TEXT | IS_BROKEN;
    let expected = model.push(seq, &bytes, crc32, offset, is_broken);
    let got = if form & IS_TEXT == 0 {
        let chunk = DecodedChunk::new(seq, bytes.into()).declaring(offset, crc32);
        assembler.push_decoded(chunk, out)
    } else {
        let mut data = encode(&bytes);
        if is_broken {
            data.push('$');
        }
        assembler.push(&Chunk { seq, data: data.into(), offset, crc32 }, out)
    };
    assert_eq!(got.as_ref().map_err(discriminant), expected.as_ref().map_err(discriminant));
    got.map(|_| ()).map_err(|error| discriminant(&error))
}

/// A chunk and the offset that it declares.
type Numbered = (Vec<u8>, Option<u64>);

/// All chunks that came, in a map; whatever is asked is found by walking it.
struct Model {
    limits: Limits,
    /// The first chunk that is not there at the start, and the bytes before it.
    first: u64,
    start: u64,
    chunks: BTreeMap<u64, Numbered>,
    next: u64,
    empty_in_a_row: u32,
}

impl Model {
    fn delivered(&self) -> Vec<&[u8]> {
        self.chunks.range(..self.next).map(|(_, (bytes, _))| &bytes[..]).collect()
    }

    fn delivered_bytes(&self) -> u64 {
        self.start + self.delivered().concat().len() as u64
    }

    fn parked(&self) -> impl Iterator<Item = (&u64, &Numbered)> {
        self.chunks.range(self.next..)
    }

    fn offset_of(&self, seq: u64) -> u64 {
        let before = self.chunks.range(..seq).map(|(_, (bytes, _))| bytes.len() as u64);
        self.start + before.sum::<u64>()
    }

    fn push(
        &mut self,
        seq: u64,
        bytes: &[u8],
        crc32: Option<Crc32>,
        offset: Option<u64>,
        is_broken: bool,
    ) -> Result<Pushed, AssembleError> {
        let number = Seq::new(seq).ok_or(AssembleError::SeqZero)?;
        let is_remembered = seq < self.next
            && self.chunks.contains_key(&seq)
            && self.next - seq <= self.limits.remembered_chunks as u64;
        if seq < self.next && !is_remembered {
            return Ok(Pushed::Unchecked);
        }
        if is_broken {
            return Err(AssembleError::Base64 { seq: number, chars: 0 });
        }
        let crc = || match crc32.filter(|crc32| *crc32 != Crc32::of(bytes)) {
            Some(crc32) => Err(AssembleError::Crc { seq: number, expected: crc32, got: crc32 }),
            None => Ok(()),
        };
        let too_large = || AssembleError::TooLarge { seq: number, limit: 0 };
        let room = self.limits.max_payload_bytes.saturating_sub(self.delivered_bytes());
        let is_too_large = bytes.len() as u64 > room;
        if let Some((before, _)) = self.chunks.get(&seq) {
            crc()?;
            if before == bytes {
                return Ok(Pushed::Repeated);
            }
            let (zero, len) = (Crc32(0), 0);
            let (expected_bytes, got_bytes, expected, got) = (len, len, zero, zero);
            let seq = number;
            return Err(AssembleError::Conflict { seq, expected_bytes, expected, got_bytes, got });
        }
        let missing = number;
        if seq > self.next {
            if self.parked().count() >= self.limits.max_parked_chunks {
                return Err(AssembleError::ParkedChunks { missing, seq: number, limit: 0 });
            }
            crc()?;
            if is_too_large {
                return Err(too_large());
            }
            if self.parked_bytes() + charge(bytes.len()) > self.limits.max_parked_bytes {
                return Err(AssembleError::ParkedBytes { missing, seq: number, limit: 0 });
            }
            self.chunks.insert(seq, (bytes.to_vec(), offset));
            return Ok(Pushed::Parked);
        }
        if is_too_large {
            return Err(too_large());
        }
        self.check_offset(number, offset)?;
        crc()?;
        self.chunks.insert(seq, (bytes.to_vec(), offset));
        let mut unparked = 0;
        loop {
            let (bytes, offset) = &self.chunks[&self.next];
            let (len, offset) = (bytes.len() as u64, *offset);
            self.check_offset(number, offset)?;
            if len > self.limits.max_payload_bytes.saturating_sub(self.delivered_bytes()) {
                return Err(too_large());
            }
            self.empty_in_a_row = if len == 0 { self.empty_in_a_row + 1 } else { 0 };
            if self.empty_in_a_row > self.limits.max_empty_chunks {
                return Err(AssembleError::TooManyEmpty { seq: number, limit: 0 });
            }
            self.next += 1;
            if !self.chunks.contains_key(&self.next) {
                return Ok(Pushed::Delivered { unparked });
            }
            unparked += 1;
        }
    }

    fn check_offset(&self, seq: Seq, declared: Option<u64>) -> Result<(), AssembleError> {
        let expected = self.delivered_bytes();
        match declared.filter(|offset| *offset != expected) {
            Some(got) => Err(AssembleError::Offset { seq, expected, got }),
            None => Ok(()),
        }
    }

    fn parked_bytes(&self) -> usize {
        self.parked().map(|(_, (bytes, _))| bytes.len() + CHUNK_OVERHEAD_BYTES).sum()
    }

    fn finish(&self, total: u64, size: Option<u64>) -> Result<Assembled, AssembleError> {
        let last = self.parked().last().map_or(self.next - 1, |(seq, _)| *seq);
        if last > total {
            return Err(AssembleError::PastTotal { seq: Seq::new(last).unwrap(), total });
        }
        if let Some(missing) = (self.first..=total).find(|seq| !self.chunks.contains_key(seq)) {
            let (missing, parked) = (Seq::new(missing).unwrap(), self.parked().count());
            return Err(AssembleError::Gap { missing, total, parked });
        }
        let got = self.delivered_bytes();
        match size.filter(|size| *size != got) {
            Some(expected) => Err(AssembleError::Size { expected, got }),
            None => Ok(Assembled { chunks: total, bytes: got }),
        }
    }

    /// What the assembler says of itself, and what it keeps, against the map and the limits.
    fn compare(&self, assembler: &ChunkAssembler) {
        let limits = &self.limits;
        assert_eq!(assembler.next().get(), self.next);
        assert_eq!(assembler.delivered_chunks(), self.next - 1);
        assert_eq!(assembler.delivered_bytes(), self.delivered_bytes());
        assert_eq!(assembler.has_chunks(), self.next > 1 || self.parked().count() > 0);
        let parked = assembler.parked.iter().map(|(seq, parked)| (seq.get(), &parked.bytes[..]));
        assert!(parked.eq(self.parked().map(|(seq, (bytes, _))| (*seq, &bytes[..]))));
        assert_eq!(assembler.parked_bytes(), self.parked_bytes());
        assert!(assembler.parked_bytes() <= limits.max_parked_bytes);
        assert!(assembler.parked.len() <= limits.max_parked_chunks);
        assert!(assembler.remembered.len() <= limits.remembered_chunks);
        assert!(assembler.empty_in_a_row <= limits.max_empty_chunks);
        let most = limits.max_payload_bytes.max(self.start);
        assert!(assembler.delivered_bytes() <= most);
    }
}
