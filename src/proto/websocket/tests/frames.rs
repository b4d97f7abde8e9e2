//! Messages, fragments, control frames, and what is wrong with them.

use super::*;

#[test]
fn messages_come_in_order_whatever_their_length() {
    for len in [0, 1, 125, 126, 65_535, 65_536, 100_000, MOST] {
        let payload = bytes(len);
        let twice = all(&[frame(FINAL | BINARY, &payload), frame(FINAL | TEXT, b"after")]);
        assert_eq!(read(&twice), (vec![binary(&payload), text("after")], None), "{len}");
    }
}

#[test]
fn control_frames_come_between_fragments() {
    let frames = all(&[
        frame(TEXT, "gr\u{fc}".as_bytes().split_last().unwrap().1),
        frame(FINAL | PING, b"are you there"),
        frame(CONTINUATION, &[0xBC]),
        frame(FINAL | PONG, b""),
        frame(CONTINUATION, b""),
        frame(FINAL | CONTINUATION, b"n"),
        frame(FINAL | CLOSE, b"\x03\xE8bye"),
        b"what comes behind is of no interest".to_vec(),
    ]);
    let ping = Message::Ping(Bytes::from_static(b"are you there"));
    let goodbye = Goodbye { code: 1000, reason: "bye".into() };
    let messages = vec![ping, Message::Pong, text("gr\u{fc}n"), Message::Close(Some(goodbye))];
    assert_eq!(read(&frames), (messages, None));
}

#[test]
fn a_close_ends_a_message_that_has_not() {
    let frames = all(&[frame(BINARY, b"half"), frame(FINAL | CLOSE, b"")]);
    assert_eq!(read(&frames), (vec![Message::Close(None)], None));
}

#[test]
fn fragments_are_put_together_in_one_piece() {
    let payload = bytes(MOST);
    for size in [1_000, 4_096, 65_536, 300_000] {
        let last = payload.len().div_ceil(size) - 1;
        let frames: Vec<_> = payload
            .chunks(size)
            .enumerate()
            .map(|(index, piece)| {
                let opcode = if index == 0 { BINARY } else { CONTINUATION };
                frame(if index == last { FINAL | opcode } else { opcode }, piece)
            })
            .collect();
        let mut reader = MessageReader::new(MOST);
        for _ in 0..3 {
            let read = read_in(&mut reader, &all(&frames), &[65_536]);
            assert_eq!(read, (vec![binary(&payload)], None));
        }
    }
}

#[test]
fn codes_of_a_close_are_those_that_may_be_sent() {
    for code in [1000_u16, 1003, 1007, 1011, 1014, 3000, 4999] {
        let (messages, error) = read(&frame(FINAL | CLOSE, &code.to_be_bytes()));
        let goodbye = Goodbye { code, reason: String::new() };
        assert_eq!((messages, error), (vec![Message::Close(Some(goodbye))], None));
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        let refused = error(&frame(FINAL | CLOSE, &code.to_be_bytes()));
        assert_eq!(refused, FrameError::CloseCode { code });
    }
    assert_eq!(error(&frame(FINAL | CLOSE, &[3])), FrameError::HalfCloseCode { byte: 3 });
    let reason = error(&frame(FINAL | CLOSE, b"\x03\xE8ab\xFF"));
    assert_eq!(reason, FrameError::InvalidReason { valid_up_to: 2 });
    assert_eq!(reason.close_code(), 1007);
}

#[test]
fn text_is_utf_8_as_a_whole() {
    let cut = &"\u{20ac}".as_bytes()[..2];
    for invalid in [&b"ab\xFF"[..], b"ab\xC0\x80", b"ab\xED\xA0\x80", &[b"ab", cut].concat()] {
        let refused = error(&frame(FINAL | TEXT, invalid));
        assert_eq!(refused, FrameError::InvalidText { valid_up_to: 2, len: invalid.len() });
        assert_eq!(refused.close_code(), 1007);
        assert_eq!(read(&frame(FINAL | BINARY, invalid)).1, None);
    }
}

#[test]
fn fragments_have_an_order() {
    let alone = FrameError::NothingToContinue;
    assert_eq!(error(&frame(CONTINUATION, b"x")), alone);
    let behind = all(&[frame(FINAL | TEXT, b""), frame(FINAL | CONTINUATION, b"")]);
    assert_eq!(read(&behind), (vec![text("")], Some(alone)));
    for opcode in [TEXT, BINARY, FINAL | TEXT] {
        let inside = all(&[frame(TEXT, b"abc"), frame(opcode, b"x")]);
        assert_eq!(error(&inside), FrameError::MessageInMessage { got: 3 });
    }
}

#[test]
fn a_broken_header_is_refused_before_its_payload_has_come() {
    assert_eq!(error(&[0xC1]), FrameError::ReservedBits { bits: 0b100 });
    assert_eq!(error(&[0x83]), FrameError::ReservedOpcode { opcode: 3 });
    assert_eq!(error(&[0x0A]), FrameError::FragmentedControl { opcode: 10 });
    assert_eq!(error(&[0x89, 126]), FrameError::ControlTooLong { opcode: 9 });
    assert_eq!(error(&[0x81, 126, 0, 125]), FrameError::LengthForm { declared: 125, bytes: 2 });
    let masked = error(&[0x81, 0x85]);
    assert_eq!((masked, masked.close_code()), (FrameError::Masked, 1002));
    // Also inside a message, and with a whole message before.
    let inside = all(&[frame(TEXT, b"abc"), vec![0xB0]]);
    assert_eq!(error(&inside), FrameError::ReservedBits { bits: 0b011 });
    let (messages, refused) = read(&all(&[frame(FINAL | TEXT, b"abc"), vec![0x8F, 0x00]]));
    assert_eq!(messages, [text("abc")]);
    assert_eq!(refused, Some(FrameError::ReservedOpcode { opcode: 15 }));
}

#[test]
fn an_ordinary_chunk_behind_an_unusual_one_has_the_same_form_however_both_come() {
    let chunk = |data: &str| {
        frame(
            FINAL | TEXT,
            format!(r#"{{"id":"git_1","type":"chunk","seq":1,"data":"{data}"}}"#).as_bytes(),
        )
    };
    let (plain, broken) = ("QUJD".repeat(400), "QUJD\\n".repeat(400));
    let (messages, error) = read(&all(&[chunk(&broken), chunk(&plain), chunk(&plain)]));
    assert_eq!((messages.len(), error), (3, None));
    assert!(messages.iter().all(|message| matches!(message, Message::Text(_))));
}
