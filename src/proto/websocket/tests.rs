//! Whole messages out of frames that come in any pieces, and every rule that can be broken.

mod frames;
mod limits;
mod oracle;

use bytes::Bytes;

use super::pieces::{frame, read_in_pieces};
use super::*;

const MOST: usize = 1 << 20;

const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What `reader` makes of `bytes` in pieces of these lengths, over and over.
fn read_in(
    reader: &mut MessageReader,
    bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Message>, Option<FrameError>) {
    read_in_pieces(reader, bytes, pieces.iter().copied().cycle(), |_| {})
}

/// What a new reader makes of `bytes`, which is the same however they come.
fn read(bytes: &[u8]) -> (Vec<Message>, Option<FrameError>) {
    let whole = read_in(&mut MessageReader::new(MOST), bytes, &[usize::MAX]);
    for pieces in [&[1][..], &[2, 3, 1], &[7], &[100, 1]] {
        assert_eq!(read_in(&mut MessageReader::new(MOST), bytes, pieces), whole, "{pieces:?}");
    }
    whole
}

fn error(bytes: &[u8]) -> FrameError {
    read(bytes).1.expect("it is refused")
}

fn text(text: impl Into<Vec<u8>>) -> Message {
    Message::Text(MessageText::new(text.into().into()).unwrap())
}

fn bytes(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Frames one after the other.
fn all(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.concat()
}

fn binary(bytes: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(bytes))
}
