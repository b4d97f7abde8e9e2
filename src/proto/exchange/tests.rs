use super::*;
use crate::proto::assembler::AssembleError;
use crate::proto::base64::InvalidBase64;
use crate::proto::checksum::Crc32;
use crate::proto::frame::write::{FrameWriter, PayloadDigest};
use crate::proto::frame::{BinaryHeader, DecodedChunk, FrameError};
use crate::proto::id::{Alias, Seq};
use bytes::BytesMut;

fn frames() -> FrameWriter {
    FrameWriter::new("git_1")
}

fn stream(features: Features) -> Exchange {
    let terms = Terms { answer_payload: Some("zipBase64"), ..Terms::new(Mode::Stream, features) };
    Exchange::new(terms, Arc::default())
}

fn checked() -> Features {
    Features::from_iter([Feature::Checksum])
}

/// Feeds texts until one fails or all are through.
fn feed(exchange: &mut Exchange, texts: &[String]) -> (Result<Event, ExchangeError>, BytesMut) {
    let (now, mut out) = (Instant::now(), BytesMut::new());
    let mut last = Ok(Event::Ignored);
    for text in texts {
        last = exchange.handle_text(text, now, &mut out);
        if last.is_err() {
            break;
        }
    }
    (last, out)
}

fn failure(features: Features, texts: &[String]) -> ExchangeError {
    feed(&mut stream(features), texts).0.unwrap_err()
}

#[test]
fn a_stream_from_progress_to_complete() {
    let mut exchange = stream(Features::NONE);
    let data = serde_json::json!({"objectCount": 2, "skipped": [{"type": "CLAS", "name": "A", "reason": "r"}, 5]});
    let texts = [
        frames().progress(1, 2, "CLAS A"),
        frames().warning("CLAS A", "W", "odd"),
        frames().chunk(2, b"world", None),
        frames().chunk(1, b"hello ", None),
        frames().complete(2, None, &data),
    ];
    let (last, out) = feed(&mut exchange, &texts);
    assert_eq!((last, &out[..]), (Ok(Event::Ended), &b"hello world"[..]));
    let reply = exchange.finish(Sha256::of(&out)).unwrap().unwrap();
    assert_eq!((reply.chunks, reply.payload_bytes, reply.digest_checked), (2, 11, false));
    assert_eq!(reply.sha256, Some(Sha256::of(b"hello world")));
    assert_eq!(reply.field::<u64>("objectCount").unwrap(), Some(2));
    assert_eq!(reply.skipped().len(), 1);
    assert_eq!(reply.warnings.len(), 1);
}

#[test]
fn results_beside_data_are_found_too() {
    let mut exchange = stream(Features::NONE);
    let text = r#"{"id":"git_1","type":"complete","totalChunks":0,"objectCount":7,"data":{"x":1}}"#;
    feed(&mut exchange, &[text.into()]).0.unwrap();
    assert_eq!(
        exchange.finish(Sha256::of(b"")).unwrap().unwrap().field::<u64>("objectCount").unwrap(),
        Some(7)
    );
}

#[test]
fn a_single_answer_ends_a_stream_with_its_payload() {
    let mut exchange = stream(Features::NONE);
    let text = r#"{"id":"git_1","success":true,"data":{"objectCount":1,"zipBase64":"aGVs\r\nbG8=","files":[]}}"#;
    let (last, out) = feed(&mut exchange, &[frames().progress(1, 1, ""), text.into()]);
    assert_eq!((last, &out[..]), (Ok(Event::Ended), &b"hello"[..]));
    let reply = exchange.finish(Sha256::of(&out)).unwrap().unwrap();
    assert_eq!(reply.data.unwrap().get(), r#"{"objectCount":1,"files":[]}"#);
    assert_eq!((reply.chunks, reply.payload_bytes), (0, 5));
}

#[test]
fn a_single_answer_after_a_chunk_is_fatal() {
    let answer = frames().answer(&serde_json::json!({"zipBase64": ""}));
    let error = failure(Features::NONE, &[frames().chunk(1, b"x", None), answer]);
    assert_eq!(error, ExchangeError::AnswerAfterChunks { chunks: 1 });
}

#[test]
fn the_payload_of_an_answer_is_checked_and_bounded() {
    let bad = r#"{"id":"git_1","success":true,"data":{"zipBase64":"a$"}}"#.to_owned();
    let source = Some(InvalidBase64 { chars: 2 });
    assert_eq!(
        failure(Features::NONE, &[bad]),
        ExchangeError::AnswerPayload { field: "zipBase64", source }
    );
    let number = r#"{"id":"git_1","success":true,"data":{"zipBase64":5}}"#.to_owned();
    assert_eq!(
        failure(Features::NONE, &[number]),
        ExchangeError::AnswerPayload { field: "zipBase64", source: None }
    );
    let twice = r#"{"id":"git_1","success":true,"data":{"zipBase64":"QQ==","zipBase64":"Qg=="}}"#;
    let duplicate = FrameError::Duplicate { kind: Kind::Answer, field: "zipBase64" };
    assert_eq!(failure(Features::NONE, &[twice.to_owned()]), ExchangeError::Frame(duplicate));
    let mut exchange = stream(Features::NONE);
    exchange.terms.limits.max_payload_bytes = 4;
    let text = r#"{"id":"git_1","success":true,"data":{"zipBase64":"aGVsbG8="}}"#.to_owned();
    let (last, out) = feed(&mut exchange, &[text]);
    assert_eq!(last, Err(ExchangeError::AnswerTooLarge { got: 5, limit: 4 }));
    assert!(out.is_empty());
}

#[test]
fn what_was_agreed_must_be_there() {
    let lacking =
        |kind, field| ExchangeError::NotAsAgreed { kind, field, feature: Feature::Checksum };
    let plain = frames().chunk(1, b"x", None);
    assert_eq!(failure(checked(), &[plain]), lacking(Kind::Chunk, "offset"));
    let no_crc = r#"{"id":"git_1","type":"chunk","seq":1,"data":"","offset":0}"#.to_owned();
    assert_eq!(failure(checked(), &[no_crc]), lacking(Kind::Chunk, "crc32"));
    let complete = frames().complete(0, None, &());
    assert_eq!(failure(checked(), &[complete]), lacking(Kind::Complete, "size"));
}

#[test]
fn a_wrong_digest_is_found() {
    let digest = PayloadDigest { size: 1, sha256: Sha256::of(b"y") };
    let texts = [frames().chunk(1, b"x", Some(0)), frames().complete(1, Some(digest), &())];
    let mut exchange = stream(checked());
    let (last, out) = feed(&mut exchange, &texts);
    assert_eq!(last, Ok(Event::Ended));
    let expected = AssembleError::Digest { expected: Sha256::of(b"y"), got: Sha256::of(b"x") };
    let error = exchange.finish(Sha256::of(&out)).unwrap_err();
    assert_eq!(error, ExchangeError::Assemble(expected));
}

#[test]
fn failures_the_server_reports() {
    let refused = failure(Features::NONE, &[frames().error("GIT_ERROR", "no", None)]);
    assert!(matches!(refused, ExchangeError::Server(e) if e.code == "GIT_ERROR"));
    let text = r#"{"id":"git_1","type":"complete","success":false,"totalChunks":0}"#.to_owned();
    let failed = failure(Features::NONE, &[text]);
    assert!(matches!(failed, ExchangeError::Unsuccessful(e) if e.code == "UNSPECIFIED"));
}

#[test]
fn an_error_beside_its_type_may_have_a_code_or_a_message_alone() {
    let refused = |fields: &str| match failure(
        Features::NONE,
        &[format!(r#"{{"id":"git_1","type":"error",{fields}}}"#)],
    ) {
        ExchangeError::Server(error) => (error.code, error.message),
        other => panic!("{fields}: {other:?}"),
    };
    assert_eq!(refused(r#""code":"GIT_ERROR""#).0, "GIT_ERROR");
    assert_eq!(refused(r#""message":"no such package""#).1, "no such package");
}

#[test]
fn a_gap_at_complete_is_found() {
    let texts = [frames().chunk(1, b"x", None), frames().complete(2, None, &())];
    let missing = Seq::new(2).unwrap();
    let gap = AssembleError::Gap { missing, total: 2, parked: 0 };
    assert_eq!(failure(Features::NONE, &texts), ExchangeError::Assemble(gap));
}

#[test]
fn repeats_unknown_types_and_unreadable_text_change_nothing() {
    let mut exchange = stream(Features::NONE);
    let chunk = frames().chunk(1, b"x", None);
    let unknown = r#"{"id":"git_1","type":"heartbeat"}"#.to_owned();
    let (last, out) = feed(&mut exchange, &[chunk.clone(), chunk, unknown, "junk".into()]);
    assert_eq!((last, &out[..]), (Ok(Event::Ignored), &b"x"[..]));
    let stats = exchange.counters.snapshot();
    assert_eq!((stats.chunks, stats.repeated_chunks, stats.unreadable), (1, 1, 1));
}

#[test]
fn only_progress_and_new_chunks_extend_the_idle_limit() {
    let limit = Duration::from_secs(10);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let terms = Terms { idle_limit: Some(limit), ..Terms::new(Mode::Stream, Features::NONE) };
    let mut exchange = Exchange::new(terms, Arc::default());
    assert_eq!(exchange.next_timeout(), None, "it does not run before the request is sent");
    exchange.handle_sent(start);
    assert_eq!(exchange.next_timeout(), Some(at(10)));
    let mut out = BytesMut::new();
    let mut handle = |exchange: &mut Exchange, text: &str, now| {
        exchange.handle_text(text, now, &mut out).unwrap();
        exchange.next_timeout().unwrap()
    };
    let chunk = frames().chunk(1, b"x", None);
    assert_eq!(handle(&mut exchange, &frames().progress(1, 2, ""), at(4)), at(14));
    assert_eq!(handle(&mut exchange, &chunk, at(8)), at(18));
    assert_eq!(handle(&mut exchange, &chunk, at(9)), at(18), "a repeat is nothing new");
    assert_eq!(handle(&mut exchange, &frames().warning("", "", ""), at(9)), at(18));
    exchange.handle_held(Duration::from_secs(5));
    exchange.handle_timeout(at(22)).unwrap();
    assert_eq!(exchange.handle_timeout(at(23)), Err(ExchangeError::Idle { limit }));
}

/// One chunk in each form that a server may give it: read while it comes, as an odd text, and as a
/// binary message.
#[test]
fn every_form_of_a_chunk_has_the_same_outcome() {
    let limits = Limits { max_payload_bytes: 8, remembered_chunks: 2, ..Limits::default() };
    let mut outcomes = std::collections::BTreeSet::new();
    for features in [Features::NONE, checked()] {
        for bytes in [&b""[..], b"abc", b"too much for it"] {
            for (seq, offset) in [(0, 0), (1, 0), (2, 3), (3, 3), (4, 3), (4, 7), (9, 0)] {
                for crc32 in [None, Some(Crc32::of(bytes)), Some(Crc32(1))] {
                    let [decoded, text, binary] = [0, 1, 2].map(|form| {
                        let terms = Terms { limits: limits.clone(), ..Terms::new(Mode::Stream, features) };
                        let mut exchange = Exchange::new(terms, Arc::default());
                        let (now, mut out) = (Instant::now(), BytesMut::new());
                        for (seq, at) in (1..=3_u64).zip([0, 1, 2]) {
                            let chunk = DecodedChunk::new(seq, Bytes::from_static(b"x"));
                            let chunk = chunk.declaring(Some(at), Some(Crc32::of(b"x")));
                            exchange.handle_chunk(chunk, now, &mut out).unwrap();
                        }
                        let step = match form {
                            0 => {
                                let chunk = DecodedChunk::new(seq, Bytes::copy_from_slice(bytes));
                                exchange.handle_chunk(chunk.declaring(Some(offset), crc32), now, &mut out)
                            }
                            1 => {
                                let crc32 = crc32.map(|it| format!(",\"crc32\":\"{it}\"")).unwrap_or_default();
                                let data = crate::proto::base64::encode(bytes);
                                let text = format!(
                                    "{{\"more\":1,\"id\":\"a\",\"type\":\"chunk\",\"seq\":{seq},\"data\":\"{data}\",\"offset\":{offset}{crc32}}}"
                                );
                                exchange.handle_text(&text, now, &mut out)
                            }
                            _ => {
                                let header = BinaryHeader {
                                    alias: Alias::new(7).unwrap(),
                                    seq,
                                    offset,
                                    crc32,
                                    length: u32::try_from(bytes.len()).unwrap(),
                                };
                                let message = [&header.to_bytes()[..], bytes].concat();
                                exchange.handle_binary(&message.into(), now, &mut out)
                            }
                        };
                        (step, out)
                    });
                    assert_eq!(decoded, text, "{seq} at {offset}, {crc32:?}");
                    assert_eq!(decoded, binary, "{seq} at {offset}, {crc32:?}");
                    outcomes.insert(format!("{:?}", decoded.0));
                }
            }
        }
    }
    assert!(outcomes.len() > 10, "{outcomes:?}");
}

#[test]
fn a_decoded_chunk_is_nothing_after_the_end_and_too_early_while_resuming() {
    let chunk = || DecodedChunk::new(1, Bytes::from_static(b"x"));
    let (now, mut out) = (Instant::now(), BytesMut::new());
    let mut ended = stream(Features::NONE);
    feed(&mut ended, &[frames().complete(0, None, &serde_json::json!({}))]).0.unwrap();
    assert_eq!(ended.handle_chunk(chunk(), now, &mut out), Ok(Event::Ignored));
    let mut resuming = stream(Features::NONE);
    resuming.handle_resumed(Features::from_iter([Feature::Resume]));
    let error = resuming.handle_chunk(chunk(), now, &mut out).unwrap_err();
    assert_eq!(error, ExchangeError::NotAccepted { kind: Kind::Chunk });
    assert!(out.is_empty());
}

#[test]
fn damage_and_limits_are_told_from_the_rest() {
    let chunk =
        r#"{"id":"git_1","type":"chunk","seq":1,"data":"eA==","offset":0,"crc32":"00000000"}"#;
    let damaged = failure(checked(), &[chunk.to_owned()]);
    assert!(damaged.is_damage() && !damaged.is_limit());
    let gap = failure(Features::NONE, &[frames().complete(1, None, &serde_json::Value::Null)]);
    assert!(!gap.is_damage() && !gap.is_limit());
    let too_large = ExchangeError::AnswerTooLarge { got: 2, limit: 1 };
    assert!(too_large.is_limit() && !too_large.is_damage());
}
