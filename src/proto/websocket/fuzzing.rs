//! The same messages, or the same error, however the bytes come.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use bytes::Bytes;

use super::pieces::{frame, read_in_pieces};
use super::{FrameError, Message, MessageReader, MessageText};
use crate::fuzzing::{Input, Pieces, Vectors, message_text};
use crate::proto::frame::fuzzing::is_that_chunk;
use crate::proto::frame::write::FrameWriter;

/// The limit on a message.
const MOST: usize = 64 << 10;
/// What ends a message in an input that is not bytes on the wire.
const END: u8 = 0xff;

/// What comes on a connection gives the same messages and ends in the same error in any pieces,
/// and nothing is set aside beyond the limit on messages. What was put into frames comes out of
/// them, and a chunk that was decoded on the way is the one that its text says.
///
/// Input: how it is cut, whether it is bytes on the wire or messages to be put into frames and
/// in what lengths, and these.
pub fn websocket(data: &[u8]) {
    let mut input = Input::new(data);
    let (pieces, is_wire) = (input.pieces(), input.byte() & 1 == 0);
    if is_wire {
        let bytes = input.rest();
        let whole = read_in(bytes, [usize::MAX].into_iter());
        assert_eq!(read_in(bytes, pieces.lengths()), whole);
        assert_eq!(read_in(bytes, std::iter::repeat(1)), whole);
        return;
    }
    let fragments = input.pieces();
    let (mut wire, mut expected) = (Vec::new(), Vec::new());
    while !input.is_empty() {
        put_message(&mut wire, input.until(END), fragments, &mut expected);
    }
    let whole = read_in(&wire, [usize::MAX].into_iter());
    assert_eq!(read_in(&wire, pieces.lengths()), whole);
    let (messages, error) = whole;
    assert_eq!(error, None);
    assert_eq!(messages.len(), expected.len());
    for (message, expected) in messages.iter().zip(&expected) {
        match (message, expected) {
            (Message::Chunk(chunk), Message::Text(text)) => is_that_chunk(chunk, text.as_bytes()),
            _ => assert_eq!(message, expected),
        }
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in vectors.of("frames") {
        let messages = case["messages"].as_array().into_iter().flatten();
        let texts: Vec<_> = messages.filter_map(message_text).collect();
        let texts: Vec<_> = texts.iter().map(String::as_bytes).collect();
        seeds.push([&[0, 0, 0, 0, 1, 0, 0, 40, 0], &texts.join(&END)[..]].concat());
    }
    let bytes: Vec<u8> = (0..=250).cycle().take(1_300).collect();
    let text = FrameWriter::new("git_1").chunk(1, &bytes, Some(0));
    for pieces in [[100, 3, 210, 1], [0, 0, 0, 0], [0, 220, 9, 0]] {
        seeds.push([&pieces[..], &[1], &pieces[..], text.as_bytes()].concat());
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        let fragments = Input::new(&pieces).pieces();
        for text in [text.as_bytes(), b"\xf0", b"\x81", text.as_bytes()] {
            put_message(&mut wire, text, fragments, &mut expected);
        }
        wire.extend(b"\x88\x02\x03\xe8");
        seeds.push([&pieces[..], &[0], &wire].concat());
    }
    seeds
}

/// Puts a message into frames: text if it is UTF-8, a ping between its fragments where they are
/// short.
fn put_message(wire: &mut Vec<u8>, payload: &[u8], fragments: Pieces, expected: &mut Vec<Message>) {
    let payload = &payload[..payload.len().min(MOST)];
    let text = MessageText::new(Bytes::copy_from_slice(payload));
    let mut opcode = if text.is_ok() { 1 } else { 2 };
    let mut sent = 0;
    for fragment in fragments.of(payload) {
        if sent > 0 && fragment.len() == 3 {
            wire.extend(frame(0x89, fragment));
            expected.push(Message::Ping(Bytes::copy_from_slice(fragment)));
        }
        sent += fragment.len();
        let is_last = sent == payload.len();
        wire.extend(frame(opcode | if is_last { 0x80 } else { 0 }, fragment));
        opcode = 0;
    }
    if payload.is_empty() {
        wire.extend(frame(0x80 | opcode, payload));
    }
    let binary = || Message::Binary(Bytes::copy_from_slice(payload));
    expected.push(text.map_or_else(|_| binary(), Message::Text));
}

/// What a reader makes of `bytes` in pieces of these lengths, with no more set aside than it may.
fn read_in(
    bytes: &[u8],
    lengths: impl Iterator<Item = usize>,
) -> (Vec<Message>, Option<FrameError>) {
    read_in_pieces(&mut MessageReader::new(MOST), bytes, lengths, |reader| {
        assert!(reader.set_aside() <= 2 * MOST + MOST / 8);
    })
}
