//! Frames as a server writes them, and a reader that gets them in pieces: for tests and fuzzing.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what does not hold is to end in a panic"
)]

use bytes::{BufMut, BytesMut};

use super::{FrameError, Message, MessageReader};

/// One frame as a server writes it.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(len.try_into().expect("it is below 126")),
        len @ 126..65_536 => {
            frame.push(126);
            frame.extend(u16::try_from(len).expect("it is below 65,536").to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend(u64::try_from(len).expect("lengths have 64 bits at most").to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// What `reader` makes of `bytes` that come in pieces of these lengths, and whole once there are no
/// more; the pieces go where a socket would put them. Everything has to be used up, and nothing
/// beside it asked for. `looks_on` sees the reader whenever it needs more.
pub(super) fn read_in_pieces(
    reader: &mut MessageReader,
    bytes: &[u8],
    mut lengths: impl Iterator<Item = usize>,
    mut looks_on: impl FnMut(&MessageReader),
) -> (Vec<Message>, Option<FrameError>) {
    let (mut rest, mut input, mut messages) = (bytes, BytesMut::new(), Vec::new());
    loop {
        match reader.read(&mut input) {
            Ok(Some(message)) => messages.push(message),
            Ok(None) if rest.is_empty() => return (messages, None),
            Ok(None) => {
                looks_on(reader);
                let most = lengths.next().unwrap_or(usize::MAX).clamp(1, rest.len());
                let len = if let Some(room) = reader.room() {
                    assert!(input.is_empty(), "bytes were left before room was asked for");
                    assert!(!room.is_empty());
                    let len = most.min(room.len());
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
