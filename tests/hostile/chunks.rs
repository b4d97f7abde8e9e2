//! Chunks and totals that lie, that never become a payload, or that wait for ever.

use longhaul::proto::base64;

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{
    ALL, FLOOD, HELLO, KIB, LARGE, MIB, MOST_LARGE, STREAM, asked, chunk, complete, says, sends,
    text,
};
use crate::support::peer::{CONTINUATION, TEXT, frame};

fn sink() -> Asked {
    Asked::to(Task::Sink)
}

fn patient(task: Task) -> Asked {
    Asked { idle_ms: 60_000, ..Asked::to(task) }
}

/// A stream of these frames, without their ids.
fn stream(name: &'static str, ends: &'static str, frames: &'static [&'static str]) -> Case {
    with(name, STREAM, ends, frames)
}

fn with(
    name: &'static str,
    features: &'static str,
    ends: &'static str,
    frames: &'static [&'static str],
) -> Case {
    let serve = says(features, move |id| {
        frames.iter().map(|members| format!(r#"{{"id":"{id}",{members}}}"#)).collect()
    });
    Case::new(name, sink(), ends, serve)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = numbers();
    cases.extend(totals());
    cases.extend(promises());
    cases.extend(amounts());
    cases.extend(parked());
    cases
}

const CHUNK: &str = r#""type":"chunk","seq":1,"data":"aGVsbG8gd29ybGQ=""#;
const COMPLETE: &str = r#""type":"complete","totalChunks":1,"data":{}"#;

fn numbers() -> Vec<Case> {
    let frame = "Transfer/Frame/Invalid";
    vec![
        stream("seq 0", "Transfer/Assemble/SeqZero", &[r#""type":"chunk","seq":0,"data":"""#]),
        stream(
            "seq 2^63",
            "Transfer/Assemble/PastTotal",
            &[r#""type":"chunk","seq":9223372036854775808,"data":"aGk=""#, COMPLETE],
        ),
        stream("seq 2^64", frame, &[r#""type":"chunk","seq":18446744073709551616,"data":"""#]),
        stream("seq -1", frame, &[r#""type":"chunk","seq":-1,"data":"""#]),
        stream("seq -0", frame, &[r#""type":"chunk","seq":-0,"data":"""#]),
        stream("seq 1e300", frame, &[r#""type":"chunk","seq":1e300,"data":"""#]),
        stream("seq 1e400", frame, &[r#""type":"chunk","seq":1e400,"data":"""#]),
        stream("totalChunks 1e400", frame, &[r#""type":"complete","totalChunks":1e400"#]),
        stream("progress of 1e400", frame, &[r#""type":"progress","done":1e400"#]),
        stream(
            "progress of -0 and 1e300",
            "ok 11",
            &[r#""type":"progress","done":-0,"total":1e300"#, CHUNK, COMPLETE],
        ),
        stream(
            "a key twice",
            "Transfer/Frame/Duplicate",
            &[r#""type":"chunk","seq":1,"seq":2,"data":"""#],
        ),
    ]
}

fn totals() -> Vec<Case> {
    const WHOLE: &str =
        r#""type":"chunk","seq":1,"offset":0,"crc32":"0d4a1185","data":"aGVsbG8gd29ybGQ=""#;
    vec![
        stream(
            "a total that is too large",
            "Transfer/Assemble/Gap",
            &[CHUNK, r#""type":"complete","totalChunks":18446744073709551615"#],
        ),
        stream(
            "a total that is too small",
            "Transfer/Assemble/PastTotal",
            &[CHUNK, r#""type":"complete","totalChunks":0"#],
        ),
        stream(
            "a size that lies",
            "Transfer/Assemble/Size",
            &[CHUNK, r#""type":"complete","totalChunks":1,"size":18446744073709551615"#],
        ),
        stream(
            "a digest that lies",
            "Transfer/Assemble/Digest",
            &[
                CHUNK,
                r#""type":"complete","totalChunks":1,"sha256":"00000000000000000000000000000000000000000000000000000000000000ff""#,
            ],
        ),
        stream(
            "complete, and then another",
            "ok 11",
            &[CHUNK, COMPLETE, COMPLETE, r#""type":"error","error":"no""#],
        ),
        stream(
            "an answer after a chunk",
            "Transfer/AnswerAfterChunks",
            &[CHUNK, r#""success":true"#],
        ),
        with(
            "`accepted` twice, with another epoch",
            r#""stream","resume","checksum""#,
            "ok 11",
            &[
                r#""type":"accepted","epoch":"e1","ttl":1,"chunkSize":65536"#,
                r#""type":"accepted","epoch":"e2","ttl":1,"chunkSize":1"#,
                WHOLE,
                r#""type":"accepted","epoch":"e3","ttl":1,"chunkSize":1"#,
                r#""type":"complete","totalChunks":1,"size":11,"sha256":"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9""#,
            ],
        ),
        with(
            "a ttl of 2^64 - 1 ms",
            r#""stream","resume""#,
            "ok 11",
            &[
                r#""type":"accepted","epoch":"e1","ttl":18446744073709551615,"chunkSize":65536"#,
                CHUNK,
                COMPLETE,
            ],
        ),
    ]
}

fn promises() -> Vec<Case> {
    let epoch = says(r#""stream","resume""#, |id| {
        let epoch = "e".repeat(MIB);
        vec![format!(
            r#"{{"id":"{id}","type":"accepted","epoch":"{epoch}","ttl":1,"chunkSize":65536}}"#
        )]
    });
    vec![
        with("checksum promised, none sent", ALL, "Transfer/NotAsAgreed", &[CHUNK, COMPLETE]),
        with(
            "a chunk with another crc",
            r#""stream","checksum""#,
            "Transfer/Assemble/Crc",
            &[r#""type":"chunk","seq":1,"offset":0,"crc32":"00000000","data":"aGk=""#],
        ),
        with(
            "`accepted` with chunks of no bytes",
            r#""stream","resume""#,
            "Transfer/Frame/Invalid",
            &[r#""type":"accepted","epoch":"e1","ttl":1,"chunkSize":0"#],
        ),
        Case::new("an epoch of 1 MiB", sink(), "Transfer/Frame/Invalid", epoch),
        Case::new(
            "more chunks than were granted",
            sink(),
            "Overrun or Transfer/BeyondCredit",
            asked(r#""stream","credit""#, |mut asked| async move {
                let piece = [b'x'; 64 * KIB];
                let mut seq = 0;
                // Far ahead of anything that was taken.
                while seq < 1_000 {
                    let texts =
                        (seq + 2..seq + 102).map(|seq| text(&chunk(&asked.id, seq, &piece)));
                    asked.peer.send(&texts.collect::<Vec<_>>().concat()).await;
                    seq += 100;
                }
                asked.peer.fall_silent().await;
            }),
        ),
        with(
            "base64 that is none",
            STREAM,
            "Transfer/Assemble/Base64",
            &[r#""type":"chunk","seq":1,"data":"a""#],
        ),
    ]
}

/// Chunks that come one after the other, of these bytes, so many.
fn chunks(
    bytes: usize,
    count: u64,
    total: Option<u64>,
) -> impl FnOnce(crate::support::peer::Listening) -> crate::case::Serving + Send {
    asked(STREAM, move |mut asked| async move {
        let piece = vec![b'x'; bytes];
        let at_once = u64::try_from(MIB / (bytes + 64)).unwrap().max(1);
        let mut seq = 1;
        while seq <= count {
            let last = (seq + at_once - 1).min(count);
            let texts = (seq..=last).map(|seq| text(&chunk(&asked.id, seq, &piece)));
            asked.peer.send(&texts.collect::<Vec<_>>().concat()).await;
            seq = last + 1;
        }
        if let Some(total) = total {
            asked.peer.send(&text(&complete(&asked.id, total))).await;
        }
        asked.peer.fall_silent().await;
    })
}

fn amounts() -> Vec<Case> {
    let large = Asked { max_message: Some(LARGE), idle_ms: 60_000, ..sink() };
    let limited = Asked { max_payload: Some(FLOOD as u64 / 4), ..sink() };
    let tiny: u64 = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let never_ending = |piece: Vec<u8>| {
        asked(STREAM, move |mut asked| async move {
            let start = format!(r#"{{"id":"{}","type":"chunk","seq":1,"data":""#, asked.id);
            asked.peer.send(&frame(TEXT, start.as_bytes())).await;
            asked.peer.flood(&frame(CONTINUATION, &piece), 256 * MIB, true).await;
            asked.peer.fall_silent().await;
        })
    };
    let encoded = base64::encode(&vec![7; 768 * KIB]).into_bytes();
    let broken = encoded.iter().copied().chain(*b"\n").collect();
    let tiny_ends: &'static str = format!("ok {tiny}").leak();
    vec![
        Case::new(
            "chunks without end",
            limited,
            "Transfer/Assemble/TooLarge",
            chunks(64 * KIB, (FLOOD / 64 / KIB) as u64 + 1_000, None),
        ),
        Case::new(
            "chunks of one byte",
            patient(Task::Sink),
            tiny_ends,
            chunks(1, tiny, Some(tiny)),
        ),
        Case::new(
            "chunks of one byte, kept in memory",
            patient(Task::Collect),
            tiny_ends,
            chunks(1, tiny, Some(tiny)),
        ),
        Case::new("empty chunks", sink(), "Transfer/Assemble/TooManyEmpty", chunks(0, 1_000, None)),
        Case::new(
            "base64 that never ends",
            large.clone(),
            "Lost/MessageTooLarge",
            never_ending(encoded),
        )
        .costs_at_most(MOST_LARGE),
        Case::new(
            "base64 with line breaks that never ends",
            large,
            "Lost/MessageTooLarge",
            never_ending(broken),
        )
        .costs_at_most(MOST_LARGE),
    ]
}

fn parked() -> Vec<Case> {
    let behind_a_gap = |bytes: usize, count: u64| {
        asked(STREAM, move |mut asked| async move {
            let piece = vec![b'x'; bytes];
            let at_once = u64::try_from(MIB / (bytes + 64)).unwrap().max(1);
            let mut seq = 2;
            while seq < count + 2 {
                let last = (seq + at_once).min(count + 2);
                let texts = (seq..last).map(|seq| text(&chunk(&asked.id, seq, &piece)));
                asked.peer.send(&texts.collect::<Vec<_>>().concat()).await;
                seq = last;
            }
            asked.peer.fall_silent().await;
        })
    };
    vec![
        // 32 MiB may be parked.
        Case::new(
            "chunks behind a gap, by bytes",
            patient(Task::Sink),
            "Transfer/Assemble/ParkedBytes",
            behind_a_gap(64 * KIB, 1_000),
        )
        .costs_at_most(16 + 32),
        Case::new(
            "chunks behind a gap, by count",
            patient(Task::Sink),
            "Transfer/Assemble/ParkedChunks",
            behind_a_gap(1, 70_000),
        ),
        Case::new(
            "chunks behind a gap that stays",
            sink(),
            "Idle",
            sends(STREAM, |id| text(&chunk(id, 2, HELLO))),
        ),
    ]
}
