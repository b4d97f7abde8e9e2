//! What goes on without end, though each piece of it is legal or merely ignored.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::requests::KIB_A_REQUEST;
use crate::serve::{
    ALL, FLOOD, HELLO, KIB, MIB, STREAM, asked, chunk, complete, floods, next, nothing, pong, text,
};
use crate::support::peer::{BINARY, FINAL, PING, PONG, frame};

/// What goes through a reader of JSON, which takes its time in a debug build.
const TEXTS: usize = FLOOD / if cfg!(debug_assertions) { 2 } else { 1 };

fn ping() -> Asked {
    Asked::to(Task::Ping(1))
}

/// As long as the flood takes.
fn patient(task: Task) -> Asked {
    Asked { idle_ms: 60_000, ..Asked::to(task) }
}

fn sink() -> Asked {
    Asked::to(Task::Sink)
}

fn typed(id: &str, members: &str) -> Vec<u8> {
    text(&format!(r#"{{"id":"{id}",{members}}}"#))
}

/// A message with a header of binary chunks, of alias 7.
fn binary_chunk(alias: u32, seq: u64, declared: u32, bytes: &[u8]) -> Vec<u8> {
    let mut message = b"LH\x01\x00".to_vec();
    message.extend(alias.to_le_bytes());
    message.extend(seq.to_le_bytes());
    message.extend([0; 12]);
    message.extend(declared.to_le_bytes());
    message.extend(bytes);
    frame(FINAL | BINARY, &message)
}

fn accepted(id: &str) -> Vec<u8> {
    typed(id, r#""type":"accepted","epoch":"e1","ttl":60000,"chunkSize":65536,"alias":7"#)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = control_frames();
    cases.extend(unread());
    cases.extend(signs_of_life());
    cases.extend(for_nobody());
    cases.extend(binary());
    cases.extend(after_the_end());
    cases
}

fn control_frames() -> Vec<Case> {
    let pings = |listens: bool| {
        asked(STREAM, move |mut asked| async move {
            // Short ones, each of which would take far more as an answer that waits.
            let piece = frame(FINAL | PING, b"p").repeat(50_000);
            asked.peer.flood(&piece, FLOOD, listens).await;
            asked.peer.fall_silent().await;
        })
    };
    let impatient = Asked { ping_ms: 200, idle_ms: 60_000, ..ping() };
    vec![
        Case::new("pings without end", ping(), "Idle", pings(true)),
        Case::new("pings without end to whom nothing is read", ping(), "Idle", pings(false)),
        Case::new(
            "pings without end, nothing is read, and the client is impatient",
            impatient,
            "Lost/NotReading or Lost/Unresponsive",
            asked(STREAM, |mut asked| async move {
                let piece = frame(FINAL | PING, &[b'p'; 125]).repeat(1_000);
                // Longer than all pongs would fit into any socket's buffers.
                asked.peer.flood(&piece, 4 * FLOOD, false).await;
                std::future::pending::<()>().await;
            }),
        ),
        Case::new(
            "pongs without end that answer nothing",
            ping(),
            "Idle",
            floods(STREAM, FLOOD, |_| frame(FINAL | PONG, &[b'p'; 125]), nothing),
        ),
    ]
}

fn unread() -> Vec<Case> {
    let impatient = |task| Asked { ping_ms: 200, idle_ms: 60_000, ..Asked::to(task) };
    let never_reads = || {
        |listening: crate::support::peer::Listening| async move {
            let welcome = text(&crate::serve::welcome(r#""stream","cancel""#));
            let _peer = listening.asking().await.upgrade(welcome).await;
            std::future::pending::<()>().await;
        }
    };
    vec![
        // The request itself, as params, as text, and as frames of it.
        Case::new(
            "a request of 15 MiB that is never read",
            impatient(Task::Large(15 * MIB)),
            "Lost/NotReading or Lost/Unresponsive",
            never_reads(),
        )
        .costs_at_most(16 + 5 * 15),
        Case::new(
            "20,000 requests that are never read",
            impatient(Task::Many(20_000)),
            "Lost/NotReading or Lost/Unresponsive",
            never_reads(),
        )
        // Each of them is a future of the caller's.
        .costs_at_most(16 + 20_000 * KIB_A_REQUEST / 1024),
    ]
}

fn signs_of_life() -> Vec<Case> {
    let flood = |bytes: usize, members: &'static str| {
        floods(STREAM, bytes, move |id| typed(id, members), nothing)
    };
    let large = |kind: &'static str| {
        floods(
            STREAM,
            FLOOD,
            move |id| {
                let words = "w".repeat(MIB);
                typed(id, &format!(r#""type":"{kind}","item":"{words}","message":"{words}""#))
            },
            nothing,
        )
    };
    let with_deadline = Asked { deadline_ms: Some(1_500), ..sink() };
    let progress = r#""type":"progress","done":1,"total":100,"message":"CLAS ZCL_A""#;
    let warning = r#""type":"warning","item":"CLAS ZCL_A","code":"X","message":"not there""#;
    vec![
        Case::new(
            "progress without end",
            with_deadline.clone(),
            "Deadline",
            flood(TEXTS, progress),
        ),
        Case::new(
            "progress of 1 MiB of text, without end",
            with_deadline,
            "Deadline",
            large("progress"),
        ),
        Case::new("warnings without end", sink(), "Idle", flood(TEXTS, warning)),
        Case::new("warnings of 2 MiB, without end", sink(), "Idle", large("warning")),
        Case::new(
            "warnings without end, with credit",
            sink(),
            "Idle",
            floods(ALL, TEXTS, move |id| typed(id, warning), nothing),
        ),
        Case::new(
            "frames of an unknown type, without end",
            sink(),
            "Idle",
            flood(TEXTS, r#""type":"heartbeat","load":7"#),
        ),
        Case::new(
            "one chunk again and again",
            sink(),
            "Idle",
            floods(STREAM, TEXTS, |id| text(&chunk(id, 1, HELLO)), nothing),
        ),
        Case::new(
            "`accepted` without end",
            sink(),
            "Idle",
            floods(r#""stream","resume","checksum""#, TEXTS, accepted, nothing),
        ),
    ]
}

fn for_nobody() -> Vec<Case> {
    let foreign = r#"{"id":"git_99","type":"chunk","seq":1,"data":"aGVsbG8g"}"#;
    vec![
        Case::new(
            "unknown ids by the million",
            patient(Task::Ping(1)),
            "ok",
            floods(STREAM, TEXTS, move |_| text(foreign), pong),
        ),
        Case::new(
            "unknown ids of 8 MiB each",
            patient(Task::Ping(1)),
            "ok",
            floods(
                STREAM,
                FLOOD,
                |_| text(&format!(r#"{{"id":"{}","success":true}}"#, "i".repeat(8 * MIB))),
                pong,
            ),
        )
        // A message of 8 MiB, twice.
        .costs_at_most(16 + 16),
        Case::new(
            "texts that are no JSON, without end",
            patient(Task::Ping(1)),
            "ok",
            floods(STREAM, TEXTS, |_| text("hello, is there anybody?"), pong),
        ),
        Case::new(
            "PARSE_ERROR without end for nobody",
            Asked::to(Task::Many(2)),
            "Idle",
            floods(
                STREAM,
                TEXTS,
                |_| text(r#"{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR"}}"#),
                nothing,
            ),
        ),
        Case::new(
            "a second welcome, and a third, without end",
            patient(Task::Ping(1)),
            "ok",
            floods(STREAM, TEXTS, |_| text(&crate::serve::welcome(ALL)), pong),
        ),
    ]
}

fn binary() -> Vec<Case> {
    static ZEROS: [u8; 64 * KIB] = [0; 64 * KIB];
    vec![
        Case::new(
            "binary messages nobody agreed on",
            patient(Task::Ping(1)),
            "ok",
            floods(STREAM, FLOOD, move |_| frame(FINAL | BINARY, &ZEROS), pong),
        ),
        Case::new(
            "binary chunks of an alias nobody has",
            sink(),
            "Idle",
            floods(
                r#""stream","binary""#,
                FLOOD,
                move |_| binary_chunk(9, 1, 65_536, &ZEROS),
                nothing,
            ),
        ),
        Case::new(
            "a binary chunk that lies about its length",
            sink(),
            "Transfer/Binary/Length",
            asked(r#""stream","binary""#, |mut asked| async move {
                asked.peer.send(&accepted(&asked.id)).await;
                asked.peer.send(&binary_chunk(7, 1, u32::MAX, &ZEROS)).await;
                asked.peer.fall_silent().await;
            }),
        ),
        Case::new(
            "a binary chunk of seq 2^64 - 1",
            sink(),
            "Transfer/Assemble/PastTotal",
            asked(r#""stream","binary""#, |mut asked| async move {
                asked.peer.send(&accepted(&asked.id)).await;
                asked.peer.send(&binary_chunk(7, u64::MAX, 65_536, &ZEROS)).await;
                asked.peer.send(&text(&complete(&asked.id, 1))).await;
                asked.peer.fall_silent().await;
            }),
        ),
    ]
}

fn after_the_end() -> Vec<Case> {
    vec![Case::new(
        "answers after the last frame, without end",
        patient(Task::Ping(2)),
        "ok",
        asked(STREAM, |mut first| async move {
            first.peer.send(&pong(&first.id)).await;
            let Some(mut second) = next(first.peer).await else { return };
            let piece = crate::serve::in_large_pieces(&pong(&first.id));
            if second.peer.flood(&piece, TEXTS, true).await {
                second.peer.send(&pong(&second.id)).await;
                second.peer.fall_silent().await;
            }
        }),
    )]
}
