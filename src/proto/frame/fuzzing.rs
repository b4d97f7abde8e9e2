//! All readers of frames give the same frame.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use super::write::FrameWriter;
use super::{Body, ChunkMessage, Envelope, Kind, UnfinishedChunk, Unreadable, scan};
use crate::fuzzing::{Input, Pieces, Vectors};
use crate::proto::buffers::{Buffer, BufferPool};
use crate::proto::request::Mode;

const MODES: [Mode; 2] = [Mode::Stream, Mode::Single];

/// A text is the same frame for the short cut and for the full reader. Decoded while it comes, in
/// any pieces, it is the chunk that the full reader finds, or becomes the text that it was.
///
/// Input: how it is cut, how much of what follows is known, the text.
pub fn frame(data: &[u8]) {
    let mut input = Input::new(data);
    let (pieces, hints) = (input.pieces(), input.byte());
    let bytes = input.rest();
    if let Ok(text) = std::str::from_utf8(bytes) {
        readers_agree(text);
    }
    if let Some(message) = decode(bytes, pieces, hints) {
        is_that_chunk(&message, bytes);
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = vectors.texts("frames", &[&Pieces::WHOLE[..], &[0]].concat());
    seeds.extend(vectors.texts("frames", &[7, 1, 31, 2, 1]));
    for len in [300, 600, 1_400] {
        let bytes: Vec<u8> = (0..=250).cycle().take(len).collect();
        let text = FrameWriter::new("git_1").chunk(7, &bytes, Some(12));
        seeds.push([&[150, 33, 64, 205, 2], text.as_bytes()].concat());
    }
    seeds
}

/// The chunk that `bytes` are, decoded while they come; `None` if they are to be read as a text,
/// of which nothing was lost then.
pub(crate) fn decode(bytes: &[u8], pieces: Pieces, hints: u8) -> Option<ChunkMessage> {
    let (mut unfinished, mut pool) = (UnfinishedChunk::default(), BufferPool::default());
    let text_of = |unfinished: &mut UnfinishedChunk, pool: &mut BufferPool| {
        let mut text = Buffer::with_capacity(bytes.len() + 8);
        unfinished.put_text(&mut text, pool);
        text
    };
    let mut taken = 0;
    for piece in pieces.of(bytes) {
        let left = bytes.len() - taken - piece.len();
        // What is known to follow is the rest of a frame, which may be a part of the message.
        let follows = if hints & 1 == 0 { left } else { left.min(usize::from(hints)) };
        let likely = if hints & 2 == 0 { 0 } else { usize::from(hints) * 16 };
        if unfinished.push(piece, follows, likely, &mut pool).is_err() {
            assert_eq!(text_of(&mut unfinished, &mut pool)[..], bytes[..taken]);
            return None;
        }
        taken += piece.len();
    }
    let message = unfinished.finish(bytes.len(), &mut pool).ok();
    if message.is_none() {
        assert_eq!(text_of(&mut unfinished, &mut pool)[..], *bytes);
    }
    message
}

/// Asserts that the full reader finds this chunk in a text.
pub(crate) fn is_that_chunk(message: &ChunkMessage, text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    assert_eq!(message.text_bytes, text.len());
    for mode in MODES {
        let mut mended = String::new();
        let envelope = Envelope::parse(text, &mut mended).unwrap();
        assert_eq!(envelope.id(), &*message.id);
        let Ok(Body::Chunk(chunk)) = envelope.body(mode) else { unreachable!("no chunk") };
        assert_eq!(chunk.decode(&mut BufferPool::default()).unwrap(), message.chunk);
    }
}

fn readers_agree(text: &str) {
    let chunk_id = scan::chunk_id(text);
    for mode in MODES {
        let fast = found(text, mode, |text, mended| Envelope::read(text, mended));
        let exact = found(text, mode, |text, mended| Envelope::parse(text, mended));
        assert_eq!(fast, exact);
        if let (Some(id), Ok((found, kind, _))) = (chunk_id, exact) {
            assert_eq!((id, Kind::Chunk), (found.as_str(), kind));
        }
    }
}

type Reader = for<'a> fn(&'a str, &'a mut String) -> Result<Envelope<'a>, Unreadable>;

/// Id, kind and all that a reader finds, in words.
fn found(text: &str, mode: Mode, read: Reader) -> Result<(String, Kind, String), Unreadable> {
    let mut mended = String::new();
    let envelope = read(text, &mut mended)?;
    let (id, kind) = (envelope.id().to_owned(), envelope.kind(mode));
    let is_parse_error = envelope.is_parse_error();
    Ok((id, kind, format!("{is_parse_error} {:?}", envelope.body(mode))))
}
