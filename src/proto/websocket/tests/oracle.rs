//! The same as another reader of WebSockets, whatever valid frames come and however they are cut.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

use super::*;

/// Bytes to be read, and a place for answers that nobody looks at.
struct Recorded<'a>(&'a [u8]);

impl Read for Recorded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Recorded<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the other reader makes of it.
fn theirs(bytes: &[u8]) -> (Vec<Message>, Option<tungstenite::Error>) {
    let config = WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    let mut socket = WebSocket::from_raw_socket(Recorded(bytes), Role::Client, Some(config));
    let mut messages = Vec::new();
    loop {
        messages.push(match socket.read() {
            Ok(tungstenite::Message::Text(it)) => text(it.as_str()),
            Ok(tungstenite::Message::Binary(it)) => Message::Binary(it),
            Ok(tungstenite::Message::Ping(it)) => Message::Ping(it),
            Ok(tungstenite::Message::Pong(_)) => Message::Pong,
            Ok(tungstenite::Message::Close(it)) => Message::Close(
                it.map(|it| Goodbye { code: it.code.into(), reason: it.reason.to_string() }),
            ),
            Ok(tungstenite::Message::Frame(_)) => unreachable!("only when writing"),
            Err(error) => return (messages, Some(error)),
        });
    }
}

/// A message in fragments, with control frames between them.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "\\PC{0,40}",
        1 => "[a-z]{120,130}",
        1 => (0_usize..80_000).prop_map(|len| "a\u{e4}\u{20ac}".repeat(len / 3)),
    ];
    let between = prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(FINAL | PING, &bytes)),
        1 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(FINAL | PONG, &bytes)),
    ];
    let pieces = prop::collection::vec((piece, between, 0_usize..4), 1..6);
    (pieces, any::<bool>()).prop_map(|(pieces, is_text)| {
        let last = pieces.len() - 1;
        let (mut frames, mut carried) = (Vec::new(), Vec::new());
        for (index, (piece, between, cut)) in pieces.into_iter().enumerate() {
            let opcode = match index {
                0 if is_text => TEXT,
                0 => BINARY,
                _ => CONTINUATION,
            };
            // A fragment may end within a character.
            let mut payload = std::mem::take(&mut carried);
            payload.extend_from_slice(piece.as_bytes());
            if index < last {
                carried = payload.split_off(payload.len().saturating_sub(cut));
            }
            frames.extend(frame(if index == last { FINAL | opcode } else { opcode }, &payload));
            if index < last {
                frames.extend(between);
            }
        }
        frames
    })
}

fn goodbye() -> impl Strategy<Value = Vec<u8>> {
    let codes = prop::sample::select(vec![1000_u16, 1001, 1009, 1011, 3000, 4999]);
    (codes, "[a-z\u{e4}]{0,50}").prop_map(|(code, reason)| {
        frame(FINAL | CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
    })
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..12, 1_usize..5_000, 1_usize..200_000], 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn valid_frames_are_the_same_messages_however_they_come(
        frames in prop::collection::vec(message(), 0..8),
        goodbye in prop::option::of(goodbye()),
        pieces in pieces(),
    ) {
        let mut bytes = frames.concat();
        bytes.extend(goodbye.into_iter().flatten());
        let ours = read_in(&mut MessageReader::new(MOST), &bytes, &pieces);
        prop_assert_eq!(ours, (theirs(&bytes).0, None));
    }

    #[test]
    fn whatever_comes_is_read_the_same_in_any_pieces(
        frames in prop::collection::vec(message(), 0..3),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        pieces in pieces(),
    ) {
        let mut bytes = frames.concat();
        for (place, byte) in places {
            if !bytes.is_empty() {
                let place = place.index(bytes.len().min(200));
                bytes[place] = byte;
            }
        }
        let ours = read_in(&mut MessageReader::new(MOST), &bytes, &pieces);
        prop_assert_eq!(&read_in(&mut MessageReader::new(MOST), &bytes, &[usize::MAX]), &ours);
        // What they refuse we refuse as well, and there is nothing more that we take than they do.
        // They look at text before it has all come, and at what comes behind a close.
        let (messages, error) = theirs(&bytes);
        let is_later = |error: &tungstenite::Error| matches!(
            error,
            tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
                | tungstenite::Error::ConnectionClosed
                | tungstenite::Error::Utf8(_)
        );
        if matches!(ours.0.last(), Some(Message::Close(_))) {
            prop_assert_eq!(&ours.0[..], messages.get(..ours.0.len()).unwrap_or_default());
        } else if ours.1.is_none() {
            prop_assert!(error.as_ref().is_none_or(is_later), "{:?}", error);
            // So they may have ended before a control frame that stands between its fragments.
            let ends_early = matches!(error, Some(tungstenite::Error::Utf8(_)));
            let read = if ends_early { messages.len().min(ours.0.len()) } else { ours.0.len() };
            prop_assert_eq!(ours.0.get(..read).unwrap_or_default(), &messages[..]);
        }
    }
}
