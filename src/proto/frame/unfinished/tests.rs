use proptest::prelude::*;

use super::*;
use crate::proto::frame::{Body, Frame};
use crate::proto::request::Mode;

/// What a text is, come in pieces of these lengths in turns; the last one as long as need be.
fn read(text: &str, lengths: &[usize]) -> Result<ChunkMessage, String> {
    let (mut chunk, mut pool) = (UnfinishedChunk::default(), BufferPool::default());
    // What was before leaves nothing behind.
    chunk.push(br#"{"id":"x","type":"chunk","seq":1,"data":"QUJDQ"#, 9, 9, &mut pool).unwrap();
    chunk.begin();
    let (mut rest, mut lengths) = (text.as_bytes(), lengths.iter().cycle());
    while !rest.is_empty() {
        let len = lengths.next().map_or(rest.len(), |len| *len);
        let (piece, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if chunk.push(piece, behind.len(), 0, &mut pool).is_err() {
            return Err(as_text(&mut chunk, rest, &mut pool));
        }
        rest = behind;
    }
    chunk.finish(text.len(), &mut pool).map_err(|_| as_text(&mut chunk, rest, &mut pool))
}

fn as_text(chunk: &mut UnfinishedChunk, rest: &[u8], pool: &mut BufferPool) -> String {
    let mut text = Buffer::with_capacity(20_000);
    chunk.put_text(&mut text, pool);
    text.put(rest);
    String::from_utf8(text.to_vec()).unwrap()
}

/// What the readers of whole texts say of it.
fn oracle(text: &str) -> Option<(String, DecodedChunk)> {
    let mut mended = String::new();
    let frame = Frame::read(text, Mode::Stream, &mut mended).ok()?;
    let Ok(Body::Chunk(chunk)) = frame.body else { return None };
    Some((frame.id.into_owned(), chunk.decode(&mut BufferPool::default()).ok()?))
}

/// A chunk is what the other readers make of it; whatever is not taken is there as it came.
fn check(text: &str, lengths: &[usize]) -> bool {
    match read(text, lengths) {
        Ok(message) => {
            assert_eq!(Some((message.id.to_string(), message.chunk)), oracle(text), "{text}");
            assert_eq!(message.text_bytes, text.len());
            true
        }
        Err(same) => {
            assert_eq!(same, text);
            false
        }
    }
}

const USUAL: [&str; 6] = [
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":""}"#,
    r#"{"id":"a","type":"chunk","seq":0,"data":"QUI="}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJDRA==","offset":7,"crc32":"a3830348"}"#,
    r#" { "type":"chunk" , "crc32":"00000000","offset":0,"seq":9,"id":"b","data" : "QUJDREVG" } "#,
    "{\"id\":\"ü\",\"type\":\"chunk\",\"data\":\"QQ==\",\r\n\"seq\":18446744073709551615}",
];

const UNUSUAL: [&str; 24] = [
    r#"{"id":"a","seq":1,"data":"QUJD","type":"chunk"}"#,
    r#"{"type":"chunk","seq":1,"data":"QUJD","id":"a"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QU\/D"}"#,
    "{\"id\":\"a\",\"type\":\"chunk\",\"seq\":1,\"data\":\"QUJD\\nQUJD\"}",
    "{\"id\":\"a\",\"type\":\"chunk\",\"seq\":1,\"data\":\"QUJD\nQUJD\"}",
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJ"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QR=="}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QQ==QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJDäöüQ"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD","data":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD","seq":1}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD","more":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD","crc32":"zzzzzzzz"}"#,
    r#"{"id":"a","type":"chunk","seq":1e3,"data":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":18446744073709551616,"data":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","data":"QUJD"}"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD"} x"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD""#,
    r#"{"id":"a","type":"chunk","seq":1,"data":"QUJD"#,
    r#"{"id":"a","type":"chunk","seq":1,"data":null}"#,
    r#"{"id":"a","type":"progress","done":1,"data":"QUJD"}"#,
    r#"{"id":"ä","typ"#,
    "[]",
    "",
];

#[test]
fn ordinary_chunks_are_decoded_wherever_they_are_cut() {
    for text in USUAL {
        for len in 1..=text.len() {
            assert!(check(text, &[len]), "{text} in pieces of {len}");
            assert!(check(text, &[len, text.len()]), "{text} cut at {len}");
        }
    }
}

#[test]
fn whatever_is_unusual_comes_back_as_it_was_wherever_it_is_cut() {
    for text in UNUSUAL {
        for len in 1..=text.len() {
            assert!(!check(text, &[len]), "{text} in pieces of {len}");
            assert!(!check(text, &[len, text.len()]), "{text} cut at {len}");
        }
    }
}

#[test]
fn what_stands_around_the_data_is_bounded() {
    let most = MAX_FIELDS_BYTES;
    for (before, behind, is_chunk) in
        [(most, most, true), (most + 1, 0, false), (0, most + 1, false)]
    {
        let head = r#"{"id":"a","type":"chunk","seq":1,"data":""#;
        let (before, behind) = (before.saturating_sub(head.len()), behind.saturating_sub(2));
        let text = format!("{}{head}QUJD\"{}}}", " ".repeat(before), " ".repeat(behind));
        for len in [1, 7, most, 10_000] {
            assert_eq!(check(&text, &[len]), is_chunk, "{before} and {behind} in {len}");
        }
    }
}

proptest! {
    #[test]
    fn any_payload_in_any_pieces(
        payload in proptest::collection::vec(any::<u8>(), 0..5_000),
        lengths in proptest::collection::vec(1_usize..3_000, 1..8),
        spoilt in proptest::option::of((any::<prop::sample::Index>(), any::<char>())),
    ) {
        let crc32 = Crc32::of(&payload);
        let mut text = format!(
            r#"{{"id":"git_1","type":"chunk","seq":3,"data":"{}","offset":5,"crc32":"{crc32}"}}"#,
            encode(&payload),
        );
        let is_whole = spoilt.is_none();
        if let Some((at, with)) = spoilt {
            let at = at.index(text.len());
            text.replace_range(at..=at, with.encode_utf8(&mut [0; 4]));
        }
        let is_chunk = check(&text, &lengths);
        prop_assert!(is_chunk || !is_whole);
    }
}
