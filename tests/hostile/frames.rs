//! Frames that are none, that lie about their length, or that never end.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{
    HELLO, KIB, LARGE, MIB, MOST_LARGE, STREAM, asked, floods, nothing, pong, sends, text,
};
use crate::support::peer::{BINARY, CLOSE, CONTINUATION, FINAL, PING, TEXT, frame};

const BROKEN: &str = "Lost/Protocol";
const TOO_LARGE: &str = "Lost/MessageTooLarge";

fn ping() -> Asked {
    Asked::to(Task::Ping(1))
}

/// A frame's header that declares a length in eight bytes.
fn declaring(len: u64) -> Vec<u8> {
    let mut header = vec![FINAL | TEXT, 127];
    header.extend(len.to_be_bytes());
    header
}

/// A behaviour that is over with these bytes.
fn bytes(name: &'static str, ends: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    let bytes = bytes.into();
    Case::new(name, ping(), ends, sends(STREAM, move |_| bytes))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = lengths();
    cases.extend(fragments());
    cases.extend(forms());
    cases.extend(silence());
    cases
}

fn lengths() -> Vec<Case> {
    vec![
        bytes("a frame that declares 2^40 bytes", TOO_LARGE, declaring(1 << 40)),
        bytes("a frame that declares 2^63 - 1 bytes", TOO_LARGE, declaring(u64::MAX >> 1)),
        bytes("a frame that declares 2^63 bytes", BROKEN, declaring(1 << 63)),
        bytes("a length that is not in its shortest form", BROKEN, declaring(5)),
        bytes("64 MiB declared, not one byte sent", "Idle", declaring(64 << 20)),
        Case::new(
            "a ping said to be 126 bytes long",
            ping(),
            BROKEN,
            sends(STREAM, |_| vec![FINAL | PING, 126, 0, 126]),
        ),
    ]
}

fn fragments() -> Vec<Case> {
    let begun = |rest: Vec<u8>| {
        move |id: &str| {
            let mut frames = frame(TEXT, format!(r#"{{"id":"{id}","x":""#).as_bytes());
            frames.extend(rest);
            frames
        }
    };
    let endless = |len: usize| {
        asked(STREAM, move |mut asked| async move {
            let start = format!(r#"{{"id":"{}","success":true,"data":""#, asked.id);
            asked.peer.send(&frame(TEXT, start.as_bytes())).await;
            let piece = frame(CONTINUATION, &vec![b'x'; len]);
            asked.peer.flood(&piece, 256 * MIB, true).await;
            asked.peer.fall_silent().await;
        })
    };
    let one_byte = asked(STREAM, |mut asked| async move {
        asked.peer.send(&frame(TEXT, b"{")).await;
        let piece = frame(CONTINUATION, b" ").repeat(64 * KIB);
        asked.peer.flood(&piece, 16 * MIB, true).await;
        asked.peer.fall_silent().await;
    });
    let empty = asked(STREAM, |mut asked| async move {
        asked.peer.send(&frame(TEXT, b"")).await;
        let piece = frame(CONTINUATION, b"").repeat(64 * KIB);
        asked.peer.flood(&piece, 16 * MIB, true).await;
        asked.peer.fall_silent().await;
    });
    let patient = Asked { idle_ms: 60_000, ..ping() };
    let large = Asked { max_message: Some(LARGE), ..patient.clone() };
    let small = Asked { max_message: Some(2 * MIB), ..patient.clone() };
    vec![
        Case::new("fragments of one byte, by the million", ping(), BROKEN, one_byte),
        Case::new("empty fragments, by the million", ping(), BROKEN, empty),
        Case::new(
            "empty messages, by the million",
            patient,
            "ok",
            floods(STREAM, 2 * MIB, |_| frame(FINAL | TEXT, b""), pong),
        ),
        Case::new("a text that never ends", large, TOO_LARGE, endless(MIB))
            .costs_at_most(MOST_LARGE),
        Case::new(
            "a text that never ends, with --max-message 2MiB",
            small,
            TOO_LARGE,
            endless(KIB),
        ),
        Case::new(
            "a message inside another",
            ping(),
            BROKEN,
            sends(STREAM, begun(frame(FINAL | TEXT, HELLO))),
        ),
        bytes("a fragment of no message", BROKEN, frame(FINAL | CONTINUATION, HELLO)),
        Case::new(
            "utf-8 that is wrong across two fragments",
            ping(),
            BROKEN,
            sends(STREAM, |id| {
                let mut frames =
                    frame(TEXT, format!("{{\"id\":\"{id}\",\"x\":\"\u{fc}").as_bytes());
                frames.truncate(frames.len() - 1);
                frames[1] -= 1;
                frames.extend(frame(FINAL | CONTINUATION, b"\xff\"}"));
                frames
            }),
        ),
    ]
}

fn forms() -> Vec<Case> {
    let close = |code: u16| frame(FINAL | CLOSE, &code.to_be_bytes());
    // What a deflated "hello" is, as if that had been agreed on.
    let deflated = [0xca, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    vec![
        bytes("a masked frame", BROKEN, [FINAL | TEXT, 0x85, 1, 2, 3, 4, 0, 0, 0, 0, 0]),
        bytes("a compressed frame nobody asked for", BROKEN, frame(FINAL | 0x40 | TEXT, &deflated)),
        bytes("all reserved bits", BROKEN, frame(FINAL | 0x70 | TEXT, HELLO)),
        bytes("a reserved opcode", BROKEN, frame(FINAL | 0x3, HELLO)),
        bytes("a reserved opcode for control", BROKEN, frame(FINAL | 0xB, HELLO)),
        bytes("a ping in fragments", BROKEN, frame(PING, HELLO)),
        bytes("close code 0", BROKEN, close(0)),
        bytes("close code 1005", BROKEN, close(1005)),
        bytes("close code 65535", BROKEN, close(65_535)),
        bytes("half a close code", BROKEN, frame(FINAL | CLOSE, &[3])),
        bytes(
            "a close whose reason is no utf-8",
            BROKEN,
            frame(FINAL | CLOSE, b"\x03\xe8\xff\xfe"),
        ),
        bytes("a text that is no utf-8", BROKEN, frame(FINAL | TEXT, b"{\"id\":\"\xff\xfe\"}")),
        Case::new(
            "a goodbye, and a flood behind it",
            ping(),
            "Lost/ByPeer",
            asked(STREAM, move |mut asked| async move {
                asked.peer.send(&close(1000)).await;
                asked.peer.flood(&frame(FINAL | BINARY, &[0; 64 * KIB]), 64 * MIB, true).await;
            }),
        ),
    ]
}

fn silence() -> Vec<Case> {
    let half = |id: &str| {
        let mut whole = text(&format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true}}}}"#));
        whole.truncate(whole.len() - 5);
        whole
    };
    let impatient = Asked { ping_ms: 200, idle_ms: 60_000, ..ping() };
    vec![
        Case::new("a text that stops in the middle", ping(), "Idle", sends(STREAM, half)),
        Case::new(
            "a text that stops, and pings that get no answer",
            impatient,
            "Lost/Unresponsive",
            sends(STREAM, half),
        ),
        Case::new("no answer at all", ping(), "Idle", sends(STREAM, nothing)),
    ]
}
