//! How much a peer can make the reader hold.

use bytes::{BufMut, BytesMut};

use super::*;
use crate::proto::buffers::MAX_BUFFER_BYTES;

/// What is set aside for the message under way.
fn set_aside(reader: &mut MessageReader) -> usize {
    // Asking for it is what sets it aside.
    let _ = reader.room();
    reader.set_aside()
}

/// The header of a binary message in one frame of so many bytes.
fn header(len: usize) -> BytesMut {
    let mut header = BytesMut::from(&[FINAL | BINARY, 127][..]);
    header.put_u64(len.try_into().unwrap());
    header
}

#[test]
fn a_message_beyond_the_limit_is_refused_by_its_header() {
    let at = |len: usize| FrameError::MessageTooLarge { got: len, limit: MOST };
    assert_eq!(MessageReader::new(MOST).read(&mut header(MOST)), Ok(None));
    for len in [MOST + 1, usize::MAX >> 1] {
        let mut reader = MessageReader::new(MOST);
        assert_eq!(reader.read(&mut header(len)), Err(at(len)));
        assert_eq!(set_aside(&mut reader), 0);
    }
    assert_eq!(at(MOST + 1).close_code(), 1009);
}

#[test]
fn fragments_count_together() {
    let frames =
        all(&[frame(TEXT, &[b'a'; 1_000]), frame(CONTINUATION, &vec![b'a'; MOST - 1_000])]);
    let beyond = all(&[frames.clone(), frame(FINAL | CONTINUATION, b"a")]);
    let got = MOST + 1;
    assert_eq!(error(&beyond), FrameError::MessageTooLarge { got, limit: MOST });
    let exact = all(&[frames, frame(FINAL | CONTINUATION, b"")]);
    assert_eq!(read(&exact).1, None);
}

#[test]
fn a_message_has_so_many_fragments_and_no_more() {
    let piece = frame(CONTINUATION, b"a");
    let mut frames = frame(TEXT, b"a");
    for _ in 2..MAX_FRAGMENTS {
        frames.extend_from_slice(&piece);
    }
    let whole = all(&[frames.clone(), frame(FINAL | CONTINUATION, b"a")]);
    let mut reader = MessageReader::new(MOST);
    let (messages, error) = read_in(&mut reader, &whole, &[65_536]);
    assert_eq!((messages.len(), error), (1, None));
    frames.extend_from_slice(&piece);
    frames.extend_from_slice(&piece);
    let refused = FrameError::TooManyFragments { limit: MAX_FRAGMENTS };
    assert_eq!(read_in(&mut reader, &frames, &[65_536]).1, Some(refused));
    assert_eq!(refused.close_code(), 1008);
}

#[test]
fn empty_fragments_in_a_row_are_few() {
    let empty = |count: u32| frame(CONTINUATION, b"").repeat(count.try_into().unwrap());
    let row = all(&[frame(TEXT, b"a"), empty(MAX_EMPTY_FRAGMENTS)]);
    let more = all(&[row.clone(), frame(CONTINUATION, b"b"), empty(MAX_EMPTY_FRAGMENTS)]);
    assert_eq!(read(&more).1, None);
    let pinged = all(&[row, frame(FINAL | PING, b"x"), empty(1)]);
    let limit = MAX_EMPTY_FRAGMENTS;
    assert_eq!(error(&pinged), FrameError::TooManyEmptyFragments { limit });
    // Whole messages with nothing in them are a kind of ping to some.
    assert_eq!(read(&frame(FINAL | TEXT, b"").repeat(1_000)).0.len(), 1_000);
}

#[test]
fn room_for_a_large_message_grows_with_what_comes() {
    let len = 5 * MAX_BUFFER_BYTES;
    let payload: Vec<u8> = (0..=250).cycle().take(len).collect();
    let mut reader = MessageReader::new(len);
    assert_eq!(reader.read(&mut header(len)), Ok(None));
    let (mut come, mut most) = (0_usize, 0);
    let message = loop {
        let held = set_aside(&mut reader);
        assert!(held <= MAX_BUFFER_BYTES.max(2 * come), "{held} for {come}");
        most = most.max(held);
        let room = reader.room().unwrap();
        let piece = &payload[come..come + room.len().min(1_000_000)];
        room[..piece.len()].copy_from_slice(piece);
        come += piece.len();
        reader.advance(piece.len());
        if let Some(message) = reader.read(&mut BytesMut::new()).unwrap() {
            break message;
        }
    };
    assert_eq!((come, most >= len), (len, true));
    assert!(matches!(message, Message::Binary(bytes) if bytes == payload));
}

#[test]
fn a_large_message_in_fragments_is_put_together_as_it_came() {
    let payload: Vec<u8> = (0..=250).cycle().take(2 * MAX_BUFFER_BYTES + 12_345).collect();
    let (first, rest) = payload.split_at(3_000_001);
    let (second, third) = rest.split_at(MAX_BUFFER_BYTES);
    let frames = all(&[
        frame(BINARY, first),
        frame(CONTINUATION, second),
        frame(FINAL | PING, b"x"),
        frame(FINAL | CONTINUATION, third),
    ]);
    for pieces in [&[usize::MAX][..], &[70_000, 3], &[1_000_000]] {
        let mut reader = MessageReader::new(payload.len());
        let (messages, error) = read_in(&mut reader, &frames, pieces);
        assert_eq!((messages.len(), error), (2, None));
        assert!(matches!(&messages[1], Message::Binary(bytes) if *bytes == payload));
    }
}

#[test]
fn messages_of_about_the_same_length_use_the_same_memory() {
    let mut reader = MessageReader::new(MOST);
    let (mut places, mut waiting) = (std::collections::BTreeSet::new(), Vec::new());
    for turn in 0..100 {
        let payload = vec![b'a'; 900_000 + turn * 13];
        let half = payload.len() / 2;
        let frames = if turn % 2 == 0 {
            frame(FINAL | TEXT, &payload)
        } else {
            all(&[frame(TEXT, &payload[..half]), frame(FINAL | CONTINUATION, &payload[half..])])
        };
        let (mut messages, _) = read_in(&mut reader, &frames, &[10_000]);
        let Some(Message::Text(text)) = messages.pop() else { panic!("no text") };
        assert_eq!(text.len(), payload.len());
        places.insert(text.as_ptr());
        waiting.push(text);
        if waiting.len() == 3 {
            waiting.clear();
        }
    }
    // Beside those that wait, one that the first message in fragments outgrew.
    assert!(places.len() <= 5, "{}", places.len());
}

#[test]
fn little_text_does_not_hold_much_memory() {
    let mut reader = MessageReader::new(MOST);
    let long = all(&[frame(TEXT, &vec![b'a'; MOST - 1]), frame(FINAL | CONTINUATION, b"a")]);
    let place = |messages: &[Message]| match messages {
        [Message::Text(text)] => text.as_bytes().as_ptr_range(),
        other => panic!("{other:?}"),
    };
    let (first, _) = read_in(&mut reader, &long, &[usize::MAX]);
    let memory = place(&first);
    drop(first);
    let short = all(&[frame(TEXT, b"a"), frame(FINAL | CONTINUATION, b"b")]);
    let (short, _) = read_in(&mut reader, &short, &[usize::MAX]);
    assert_eq!(short, [text("ab")]);
    assert!(!memory.contains(&place(&short).start), "it lies where a long one lay");
}
