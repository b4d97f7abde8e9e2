//! Frames that are not as they should be, one row each.

use longhaul::check::Status::{self, Deviation, Fault, Note};
use longhaul::server::{RawMessage, Script};

use crate::{assert_found, each, hasty, run, section_of, serve};

const COMPLETE: &str =
    r#"{"id":"{id}","type":"complete","success":true,"totalChunks":1,"data":{}}"#;
const CHUNK: &str = r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8="}"#;

/// Text messages in place of a stream, the check that finds what is wrong with them, how grave.
type Row = (&'static [&'static str], &'static str, Status);

const ROWS: &[Row] = &[
    (
        &["{\"id\":\"{id}\",\"type\":\"progress\",\"message\":\"a\tb\"}", CHUNK, COMPLETE],
        "3.3.json.strict",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVs\nbG8="}"#, COMPLETE],
        "3.3.base64.dense",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG9="}"#, COMPLETE],
        "3.3.base64.valid",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8"}"#, COMPLETE],
        "3.3.base64.valid",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"seq":1,"data":"aGVsbG8="}"#, COMPLETE],
        "3.4.keys.once",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":"1","data":"aGVsbG8="}"#, COMPLETE],
        "3.4.numbers.plain",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1.0,"data":"aGVsbG8="}"#, COMPLETE],
        "3.4.numbers.plain",
        Fault,
    ),
    (&[r#"{"id":"{id}","type":"chunk","seq":1,"data":7}"#, COMPLETE], "3.4.values.kind", Fault),
    (&[r#"{"id":"{id}","type":7}"#, CHUNK, COMPLETE], "3.4.values.kind", Fault),
    (&[r#"{"id":"{id}","type":"chunk","data":"aGVsbG8="}"#, COMPLETE], "4.3.chunk.shape", Fault),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","success":true,"data":{}}"#],
        "4.4.complete.shape",
        Fault,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","success":"yes","totalChunks":1}"#],
        "4.4.complete.shape",
        Fault,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","success":false}"#],
        "4.4.complete.reason",
        Deviation,
    ),
    (&[CHUNK, r#"{"id":"{id}","type":"complete","totalChunks":2}"#], "4.4.complete.total", Fault),
    (&[r#"{"id":"{id}","load":7}"#, CHUNK, COMPLETE], "3.1.type.known", Deviation),
    (&[r#"{"id":"{id}0","type":"progress","done":1}"#, CHUNK, COMPLETE], "2.2.id.echoed", Fault),
    (
        &[r#"{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"x"}}"#],
        "2.2.id.echoed",
        Fault,
    ),
    (
        &[r#"{"id":"welcome","success":true,"data":{}}"#, CHUNK, COMPLETE],
        "1.2.welcome.once",
        Deviation,
    ),
    (&[r#"{"type":"progress","done":1}"#, CHUNK, COMPLETE], "3.5.text.readable", Fault),
    (&["hello", CHUNK, COMPLETE], "3.5.text.readable", Fault),
    (
        &[r#"{"id":"{id}","success":true,"data":{"type":"progress","done":1}}"#, CHUNK, COMPLETE],
        "3.2.type.top-level",
        Deviation,
    ),
    (&[CHUNK, r#"{"id":"{id}","success":true,"data":{}}"#], "4.6.answer.after-chunk", Fault),
    (&[r#"{"id":"{id}","success":true,"data":{}}"#], "4.1.stream.streams", Note),
    (
        &[r#"{"id":"{id}","type":"accepted","epoch":"e","ttl":1,"chunkSize":1}"#, CHUNK, COMPLETE],
        "5.1.features.only-agreed",
        Deviation,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"chunk","seq":3,"data":""}"#, COMPLETE],
        "4.3.chunk.gap",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8=","crc32":"3610A686"}"#, COMPLETE],
        "6.1.hex.lower-case",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8=","crc32":"3610a687"}"#, COMPLETE],
        "6.1.chunk.crc32",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8=","crc32":"10a686"}"#, COMPLETE],
        "6.1.chunk.crc32",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8=","offset":1}"#, COMPLETE],
        "6.1.chunk.offset",
        Fault,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","totalChunks":1,"size":6}"#],
        "6.1.complete.size",
        Fault,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","totalChunks":1,"sha256":"ab"}"#],
        "6.1.complete.sha256",
        Fault,
    ),
    (
        &[r#"{"id":"{id}","type":"progress","done":120}"#, CHUNK, COMPLETE],
        "4.2.progress.range",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"progress","done":9,"total":8}"#, CHUNK, COMPLETE],
        "4.2.progress.range",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"progress","total":8}"#, CHUNK, COMPLETE],
        "4.2.progress.shape",
        Fault,
    ),
    (&[r#"{"id":"{id}","type":"error","error":"no"}"#], "4.5.error.shape", Deviation),
    (
        &[r#"{"id":"{id}","type":"error","error":{"code":"git_error","message":"no"}}"#],
        "4.5.error.shape",
        Deviation,
    ),
    (&[r#"{"id":"{id}","type":"error","code":"X","message":"no"}"#], "4.5.error.shape", Deviation),
    (&[r#"{"id":"{id}","type":"error"}"#], "4.5.error.shape", Fault),
    (
        &[r#"{"id":"{id}","success":true,"error":{"code":"X","message":"no"}}"#],
        "4.6.answer.shape",
        Fault,
    ),
    (&[r#"{"id":"{id}","data":{}}"#], "4.6.answer.shape", Fault),
    (&[r#"{"id":"{id}","success":false}"#], "4.6.answer.shape", Deviation),
    (
        &[r#"{"id":"{id}","type":"warning","item":"CLAS X"}"#, CHUNK, COMPLETE],
        "4.7.warning.shape",
        Fault,
    ),
    (
        &[CHUNK, r#"{"id":"{id}","type":"complete","totalChunks":1,"data":{"skipped":["X"]}}"#],
        "4.7.skipped.shape",
        Deviation,
    ),
    (
        &[r#"{"id":"{id}","type":"error","error":{"code":"BUSY","message":"no"}}"#],
        "9.busy.retry",
        Deviation,
    ),
    (
        &[
            r#"{"id":"{id}","type":"chunk","seq":1,"data":"aGVsbG8="}"#,
            r#"{"id":"{id}","type":"chunk","seq":2,"data":"aGVs"}"#,
            r#"{"id":"{id}","type":"chunk","seq":3,"data":"aGVsbG8="}"#,
            r#"{"id":"{id}","type":"complete","totalChunks":3}"#,
        ],
        "2.chunk-size.fixed",
        Deviation,
    ),
];

async fn check(messages: Vec<RawMessage>, finds: &str, status: Status, about: &str) {
    let script = Script::new().raw(messages);
    let server = serve(|builder| builder.script(script)).await;
    let report = run(&server.url(), hasty().section(section_of(finds))).await;
    assert_found(&report, finds, status, about);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_found() {
    each(ROWS, async |(texts, finds, status)| {
        let messages = texts.iter().map(|text| RawMessage::from(*text)).collect();
        check(messages, finds, *status, texts[0]).await;
    })
    .await;
}

fn chunks(count: usize, data: &str) -> Vec<RawMessage> {
    let chunk =
        |seq: usize| format!(r#"{{"id":"{{id}}","type":"chunk","seq":{seq},"data":"{data}"}}"#);
    let complete = format!(r#"{{"id":"{{id}}","type":"complete","totalChunks":{count}}}"#);
    (1..=count).map(chunk).chain([complete]).map(RawMessage::from).collect()
}

#[tokio::test]
async fn what_was_agreed_on_and_is_not_there() {
    check(chunks(9, "aGVsbG8h"), "6.1.checksum.there", Fault, "no digests").await;
    check(chunks(9, "aGVsbG8h"), "6.3.credit.kept", Fault, "no credit").await;
    check(chunks(101, ""), "4.3.chunk.empty", Fault, "empty chunks").await;
}

#[tokio::test]
async fn binary_messages_that_nobody_asked_for() {
    let mut messages = vec![RawMessage::Binary(b"LH\x01\0"[..].into())];
    messages.extend(chunks(1, "aGVsbG8="));
    check(messages, "5.1.features.only-agreed", Fault, "binary").await;
}

#[tokio::test]
async fn a_close_in_the_middle() {
    check(vec![RawMessage::from(CHUNK), RawMessage::Close], "1.4.connection.stays", Fault, "close")
        .await;
}
