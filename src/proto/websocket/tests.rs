//! Whole messages out of frames that come in any pieces, and every rule that can be broken.

mod frames;
mod limits;
mod oracle;

use bytes::{BufMut, Bytes, BytesMut};

use super::*;

const MOST: usize = 1 << 20;

/// One frame as a server writes it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(len.try_into().unwrap()),
        len @ 126..65_536 => {
            frame.push(126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a reader makes of `bytes` that come in pieces of these lengths, over and over; the pieces
/// go where a socket would put them. Everything has to be used up, and nothing beside it asked for.
fn read_in(
    reader: &mut MessageReader,
    bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Message>, Option<FrameError>) {
    let (mut rest, mut input, mut messages) = (bytes, BytesMut::new(), Vec::new());
    let mut pieces = pieces.iter().cycle();
    loop {
        match reader.read(&mut input) {
            Ok(Some(message)) => messages.push(message),
            Ok(None) if rest.is_empty() => return (messages, None),
            Ok(None) => {
                let most = (*pieces.next().unwrap()).clamp(1, rest.len());
                let len = if let Some(room) = reader.room() {
                    assert!(input.is_empty(), "bytes were left before room was asked for");
                    let len = most.min(room.len());
                    assert!(len > 0);
                    room[..len].copy_from_slice(&rest[..len]);
                    reader.advance(len);
                    len
                } else {
                    input.put_slice(&rest[..most]);
                    most
                };
                rest = &rest[len..];
            }
            Err(error) => {
                assert_eq!(reader.read(&mut BytesMut::from(&b"\x81\x00"[..])), Err(error));
                assert!(reader.room().is_none());
                return (messages, Some(error));
            }
        }
    }
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
