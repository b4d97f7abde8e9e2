use proptest::prelude::*;

use super::write::FrameWriter;
use super::*;
use crate::proto::checksum::{Crc32, Sha256};
use crate::proto::frame::write::PayloadDigest;

fn body(text: &str) -> Result<Body<'static>, FrameError> {
    read(text, Mode::Stream)
}

/// Reads with everything leaked, which a test may.
fn read(text: &str, mode: Mode) -> Result<Body<'static>, FrameError> {
    let text: &'static str = String::leak(text.to_owned());
    Frame::read(text, mode, Box::leak(Box::default())).unwrap().body
}

fn missing(kind: Kind, field: &'static str) -> FrameError {
    FrameError::Missing { kind, field }
}

fn invalid(kind: Kind, field: &'static str) -> FrameError {
    FrameError::Invalid { kind, field }
}

#[test]
fn what_a_server_writes_is_read_again() {
    let frames = FrameWriter::new("git_1");
    let chunk = frames.chunk(3, b"abc", Some(6));
    let Ok(Body::Chunk(chunk)) = body(&chunk) else { panic!("{chunk}") };
    assert_eq!((chunk.seq, chunk.offset, chunk.crc32), (3, Some(6), Some(Crc32::of(b"abc"))));
    let digest = PayloadDigest { size: 9, sha256: Sha256::of(b"x") };
    let complete = frames.complete(3, Some(digest), &serde_json::json!({"objectCount": 2}));
    let Ok(Body::Complete(complete)) = body(&complete) else { panic!("{complete}") };
    assert_eq!((complete.total_chunks, complete.size), (3, Some(9)));
    assert_eq!(complete.sha256, Some(digest.sha256));
    let busy = frames.error("BUSY", "later", Some(std::time::Duration::from_millis(250)));
    let Ok(Body::Error(busy)) = body(&busy) else { panic!("{busy}") };
    assert!(busy.is_busy() && busy.retry_after.unwrap().as_millis() == 250);
    let warning = frames.warning("CLAS A", "C", "m");
    assert!(matches!(body(&warning), Ok(Body::Warning(w)) if w.item.as_deref() == Some("CLAS A")));
    let refusal = frames.refusal("GIT_ERROR", "no \"such\"\npackage", None);
    let Ok(Body::Answer(answer)) = body(&refusal) else { panic!("{refusal}") };
    assert_eq!(answer.outcome.unwrap_err().message, "no \"such\"\npackage");
}

#[test]
fn an_accepted_frame_has_an_alias_or_none() {
    use std::time::Duration;
    let frames = FrameWriter::new("git_1");
    let accepted = |text: &str| match body(text) {
        Ok(Body::Accepted(accepted)) => accepted,
        other => panic!("{other:?}"),
    };
    let alias = crate::proto::Alias::new(u32::MAX).unwrap();
    let ttl = Duration::from_millis(9);
    let text = frames.accepted_with_alias(Some(("e\"1", ttl)), 6, alias);
    let both = accepted(&text);
    assert_eq!((both.epoch.as_deref(), both.ttl), (Some("e\"1"), Some(ttl)));
    assert_eq!((both.chunk_bytes, both.alias), (Some(6), Some(alias)));
    let bare = accepted(&frames.accepted_with_alias(None, 6, alias));
    assert_eq!((bare.epoch, bare.ttl, bare.alias), (None, None, Some(alias)));
    assert_eq!(accepted(&frames.accepted("e1", ttl, 6)).alias, None);
    assert_eq!(accepted(&text.replace("4294967295", "null")).alias, None);
    for wrong in ["0", "4294967296", "4294967303", "-1", "1.0", "\"7\"", "true"] {
        let text = text.replace("4294967295", wrong);
        assert_eq!(body(&text).unwrap_err(), invalid(Kind::Accepted, "alias"), "{text}");
    }
}

#[test]
fn escapes_in_data_are_undone_by_the_full_reader() {
    let Ok(Body::Chunk(chunk)) =
        body(r#"{"id":"a","type":"chunk","seq":1,"data":"a\/b\u002bc\r\n"}"#)
    else {
        panic!("no chunk")
    };
    assert_eq!(chunk.data, "a/b+c\r\n");
}

#[test]
fn type_inside_data_counts_for_streams_only() {
    let text = r#"{"id":"a","success":true,"data":{"type":"chunk","seq":2,"data":"QQ=="}}"#;
    assert!(
        matches!(read(text, Mode::Stream), Ok(Body::Chunk(c)) if c.seq == 2 && c.data == "QQ==")
    );
    assert!(matches!(read(text, Mode::Single), Ok(Body::Answer(_))));
    let other = r#"{"id":"a","success":true,"data":{"type":"CLAS","name":"ZCL_A"}}"#;
    assert!(matches!(read(other, Mode::Stream), Ok(Body::Answer(_))));
    let outer = r#"{"id":"a","type":"progress","done":1,"data":{"type":"chunk"}}"#;
    assert!(matches!(read(outer, Mode::Stream), Ok(Body::Progress(_))));
}

#[test]
fn complete_inside_data_keeps_its_result() {
    let text =
        r#"{"id":"a","success":true,"data":{"type":"complete","totalChunks":1,"objectCount":5}}"#;
    let Ok(Body::Complete(complete)) = body(text) else { panic!("no complete") };
    assert!(complete.data.unwrap().get().contains("objectCount"));
}

#[test]
fn frames_without_what_they_must_have() {
    let cases = [
        (r#"{"id":"a","type":"chunk","data":""}"#, missing(Kind::Chunk, "seq")),
        (r#"{"id":"a","type":"chunk","seq":1}"#, missing(Kind::Chunk, "data")),
        (r#"{"id":"a","type":"chunk","seq":1,"data":null}"#, missing(Kind::Chunk, "data")),
        (r#"{"id":"a","type":"complete","success":true}"#, missing(Kind::Complete, "totalChunks")),
        (r#"{"id":"a","type":"error"}"#, missing(Kind::Error, "error")),
        (r#"{"id":"a","type":"progress"}"#, missing(Kind::Progress, "done")),
        (r#"{"id":"a","type":"warning"}"#, missing(Kind::Warning, "message")),
        (r#"{"id":"a","data":{}}"#, missing(Kind::Answer, "success")),
        (r#"{"id":"a","type":"chunk","seq":1e3,"data":""}"#, invalid(Kind::Chunk, "seq")),
        (r#"{"id":"a","type":"chunk","seq":-1,"data":""}"#, invalid(Kind::Chunk, "seq")),
        (
            r#"{"id":"a","type":"chunk","seq":18446744073709551616,"data":""}"#,
            invalid(Kind::Chunk, "seq"),
        ),
        (r#"{"id":"a","type":"chunk","seq":1,"data":7}"#, invalid(Kind::Chunk, "data")),
        (
            r#"{"id":"a","type":"chunk","seq":1,"data":"","crc32":"12345"}"#,
            invalid(Kind::Chunk, "crc32"),
        ),
        (
            r#"{"id":"a","type":"complete","totalChunks":"2"}"#,
            invalid(Kind::Complete, "totalChunks"),
        ),
        (
            r#"{"id":"a","type":"complete","totalChunks":2,"success":"yes"}"#,
            invalid(Kind::Complete, "success"),
        ),
        (r#"{"id":"a","type":"progress","done":"half"}"#, invalid(Kind::Progress, "done")),
        (
            r#"{"id":"a","type":"chunk","seq":1,"seq":1,"data":""}"#,
            FrameError::Duplicate { kind: Kind::Chunk, field: "seq" },
        ),
        (
            r#"{"id":"a","type":"chunk","type":"chunk","seq":1,"data":""}"#,
            FrameError::Duplicate { kind: Kind::Chunk, field: "type" },
        ),
        (
            r#"{"id":"a","data":{"type":"chunk","seq":1,"seq":2,"data":""}}"#,
            FrameError::Duplicate { kind: Kind::Chunk, field: "seq" },
        ),
    ];
    for (text, error) in cases {
        assert_eq!(body(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn frames_without_a_usable_id_are_unreadable() {
    let cases = [
        ("", Unreadable::NotAnObject),
        ("hello", Unreadable::NotAnObject),
        ("[1]", Unreadable::NotAnObject),
        (r#"{"id":"a","type":"#, Unreadable::NotAnObject),
        (r#"{"type":"chunk","seq":1,"data":""}"#, Unreadable::NoId),
        (r#"{"id":7,"success":true}"#, Unreadable::NoId),
        (r#"{"id":null,"success":true}"#, Unreadable::NoId),
    ];
    for (text, error) in cases {
        assert_eq!(Envelope::read(text, &mut String::new()).unwrap_err(), error, "{text}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!(
        r#"{{"id":"a","success":true,"data":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(matches!(body(&deep), Ok(Body::Answer(_))));
    let progress = format!(
        r#"{{"id":"a","type":"progress","done":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(body(&progress).unwrap_err(), invalid(Kind::Progress, "done"));
}

#[test]
fn progress_is_a_count_or_a_percentage_and_never_beyond() {
    let progress = |fields: &str| {
        let text = format!(r#"{{"id":"a","type":"progress",{fields}}}"#);
        let Ok(Body::Progress(progress)) = body(&text) else { panic!("{text}") };
        (progress.done, progress.total)
    };
    assert_eq!(progress(r#""done":7,"total":5"#), (Some(5), Some(5)));
    assert_eq!(progress(r#""done":-3,"total":5"#), (Some(0), Some(5)));
    assert_eq!(progress(r#""done":33.9"#), (Some(33), None));
    assert_eq!(progress(r#""done":250"#), (Some(100), None));
    assert_eq!(progress(r#""message":"starting""#), (None, None));
}

#[test]
fn errors_in_every_shape_seen() {
    let error = |text: &str| match body(text) {
        Ok(Body::Error(error) | Body::Answer(Answer { outcome: Err(error) })) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(r#"{"id":"a","type":"error","code":"X","message":"m"}"#).code, "X");
    assert_eq!(error(r#"{"id":"a","type":"error","error":"just text"}"#).message, "just text");
    assert_eq!(error(r#"{"id":"a","success":false}"#).code, "UNSPECIFIED");
    assert_eq!(error(r#"{"id":"a","error":{"code":"Y"}}"#).code, "Y");
}

/// A chunk frame in one of the ways a server may write it, right or wrong.
fn chunk_text() -> impl Strategy<Value = String> {
    let string = prop_oneof![
        "[A-Za-z0-9+/=]{0,12}",
        "[ -~\r\n\t]{0,8}",
        Just(r"a\/b".to_owned()),
        Just(r"\u002b".to_owned()),
        Just("ä€".to_owned()),
    ]
    .prop_map(|text| format!("\"{text}\""));
    let number = prop_oneof![
        any::<u64>().prop_map(|n| n.to_string()),
        (0_u64..4).prop_map(|n| n.to_string()),
        Just("01".to_owned()),
        Just("1.0".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999999999999".to_owned()),
    ];
    let value = prop_oneof![4 => string, 3 => number, 1 => Just("null".to_owned()), 1 => Just("{}".to_owned())];
    let key = prop_oneof![
        Just("seq"),
        Just("data"),
        Just("offset"),
        Just("crc32"),
        Just("id"),
        Just("type"),
        Just("x"),
        Just("message"),
        Just(r"\u0073eq"),
    ];
    let member = (key, value).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let ordinary = prop_oneof![
        Just(r#""id":"git_1""#.to_owned()),
        Just(r#""type":"chunk""#.to_owned()),
        Just(r#""seq":1"#.to_owned()),
        Just(r#""data":"QUJD""#.to_owned()),
        Just(r#""crc32":"A3830348""#.to_owned()),
        Just(r#""offset":0"#.to_owned()),
    ];
    let members = (
        Just(vec![
            r#""id":"git_1""#.to_owned(),
            r#""type":"chunk""#.to_owned(),
            r#""seq":1"#.to_owned(),
            r#""data":"QUJD""#.to_owned(),
        ]),
        proptest::collection::vec(prop_oneof![3 => member, 1 => ordinary], 0..3),
    )
        .prop_map(|(mut base, more)| {
            base.extend(more);
            base
        })
        .prop_shuffle();
    let space = prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t")];
    let tail = prop_oneof![6 => Just("}"), 1 => Just("} "), 1 => Just(",}"), 1 => Just("}}"), 1 => Just("")];
    (members, space, tail).prop_map(|(members, space, tail)| {
        format!("{space}{{{space}{}{space}{tail}{space}", members.join(&format!("{space},{space}")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Where the short cut gives an answer, the full reader gives the same.
    #[test]
    fn both_readers_agree(text in chunk_text()) {
        let Some((id, fields)) = scan::chunk(&text) else { return Ok(()) };
        let mut mended = String::new();
        let full = Envelope::parse(&text, &mut mended);
        prop_assert!(full.is_ok(), "the short cut took what is no frame: {text}");
        let full = full.unwrap();
        prop_assert_eq!(full.id(), id);
        prop_assert_eq!(full.kind(Mode::Stream), Kind::Chunk);
        match (fields.into_chunk(), full.body(Mode::Stream)) {
            (Ok(short), Ok(Body::Chunk(chunk))) => prop_assert_eq!(short, chunk),
            (Err(short), Err(error)) => prop_assert_eq!(short, error),
            (short, full) => prop_assert!(false, "{short:?} against {full:?} for {text}"),
        }
    }

    /// What the table looks at gives the id that the full reader gives.
    #[test]
    fn a_glance_finds_the_same_id(text in chunk_text()) {
        let Some(id) = scan::chunk_id(&text) else { return Ok(()) };
        if let Ok(full) = Envelope::parse(&text, &mut String::new()) {
            prop_assert_eq!(full.id(), id);
            prop_assert_eq!(full.kind(Mode::Stream), Kind::Chunk);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}|[{}\\[\\]:,\"a-z0-9\\\\ \r\n]{0,60}") {
        for mode in [Mode::Single, Mode::Stream] {
            let mut mended = String::new();
            if let Ok(envelope) = Envelope::read(&text, &mut mended) {
                let _ = envelope.kind(mode);
                let _ = envelope.body(mode);
            }
        }
    }
}
