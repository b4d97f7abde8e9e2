//! Requests by the thousand, and such as are never really answered.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{HELLO, STREAM, asked, chunk, next, pong, says, text, welcome};
use crate::support::peer::{FINAL, Listening, TEXT, frame};

/// What a request of a caller's costs, in KiB.
pub(crate) const KIB_A_REQUEST: u64 = 9;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = busy();
    cases.extend(cut());
    cases.push(shuffled());
    cases
}

/// Answers each request by the same members, on as many connections as come.
fn always(
    features: &'static str,
    members: &'static str,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    asked(features, move |mut asked| async move {
        loop {
            asked.peer.send(&text(&format!(r#"{{"id":"{}",{members}}}"#, asked.id))).await;
            let Some(more) = next(asked.peer).await else { return };
            asked = more;
        }
    })
}

fn busy() -> Vec<Case> {
    let patient = || Asked { retries: true, idle_ms: 20_000, ..Asked::to(Task::Sink) };
    let busy = r#""success":false,"error":{"code":"BUSY","message":"no","retryAfterMs":1}"#;
    let endless = r#""success":false,"error":{"code":"BUSY","message":"no","retryAfterMs":1e18}"#;
    let negative =
        r#""success":false,"error":{"code":"BUSY","message":"no","retryAfterMs":-1e400}"#;
    vec![
        Case::new("BUSY for ever", patient(), "Server/BUSY", always(STREAM, busy)),
        Case::new("BUSY for 1e18 ms", patient(), "Server/BUSY", always(STREAM, endless)),
        Case::new("BUSY for -1e400 ms", patient(), "Server/BUSY", always(STREAM, negative)),
    ]
}

fn cut() -> Vec<Case> {
    let patient = || Asked { retries: true, idle_ms: 20_000, ..Asked::to(Task::Sink) };
    // Cuts each connection after a chunk that has been there before.
    let cutting = |epochs: &'static [&'static str]| {
        move |listening: Listening| async move {
            for turn in 0.. {
                let features = r#""stream","resume""#;
                let asking = listening.asking().await;
                let peer = asking.upgrade(frame(FINAL | TEXT, welcome(features).as_bytes())).await;
                let Some(mut asked) = next(peer).await else { continue };
                let epoch = epochs[turn % epochs.len()];
                asked.peer.send(&text(&format!(
                    r#"{{"id":"{}","type":"accepted","epoch":"{epoch}","ttl":60000,"chunkSize":65536}}"#,
                    asked.id
                ))).await;
                if turn == 0 {
                    asked.peer.send(&text(&chunk(&asked.id, 1, HELLO))).await;
                }
            }
        }
    };
    vec![
        Case::new(
            "a cut after each resume",
            patient(),
            "Lost/Cut or NotReopened/Dial or NotReopened/Timeout",
            cutting(&["e1"]),
        ),
        Case::new(
            "another epoch after each cut",
            patient(),
            "Transfer/EpochChanged or Lost/Cut",
            cutting(&["e1", "e2"]),
        ),
        Case::new(
            "a resume that begins with a chunk",
            patient(),
            "Transfer/NotAccepted",
            |listening: Listening| async move {
                for turn in 0.. {
                    let welcome = text(&welcome(r#""stream","resume""#));
                    let peer = listening.asking().await.upgrade(welcome).await;
                    let Some(mut asked) = next(peer).await else { continue };
                    let id = asked.id.clone();
                    if turn == 0 {
                        asked.peer.send(&text(&format!(
                            r#"{{"id":"{id}","type":"accepted","epoch":"e","ttl":1,"chunkSize":9}}"#
                        ))).await;
                        asked.peer.send(&text(&chunk(&id, 1, HELLO))).await;
                    } else {
                        asked.peer.send(&text(&chunk(&id, 2, HELLO))).await;
                        asked.peer.fall_silent().await;
                    }
                }
            },
        ),
        Case::new(
            "an answer that is a request",
            Asked::to(Task::Ping(1)),
            "Idle",
            says(STREAM, |id| {
                vec![format!(r#"{{"id":"{id}","domain":"system","action":"ping","params":{{}}}}"#)]
            }),
        ),
    ]
}

/// 100,000 requests at once, of which as many are out as may be, and answers in any order.
fn shuffled() -> Case {
    let count: u32 = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    let serve = asked(r#""stream","cancel""#, move |first| async move {
        let (mut asked, mut left) = (first, count);
        while left > 0 {
            let at_once = left.min(65_536);
            let mut ids = vec![asked.id];
            let mut peer = asked.peer;
            for _ in 1..at_once {
                let Some(more) = next(peer).await else { return };
                ids.push(more.id);
                peer = more.peer;
            }
            fastrand::Rng::with_seed(7).shuffle(&mut ids);
            let answers: Vec<u8> = ids.iter().flat_map(|id| pong(id)).collect();
            peer.send(&answers).await;
            left -= at_once;
            let Some(more) = next(peer).await else { return };
            asked = more;
        }
    });
    let ends: &'static str = format!("ok {count}").leak();
    let patient = Asked { idle_ms: 60_000, ..Asked::to(Task::Many(count)) };
    // What a request costs is its future, which is the caller's.
    Case::new("100,000 requests at once, answers shuffled", patient, ends, serve)
        .costs_at_most(16 + u64::from(count) * KIB_A_REQUEST / 1024)
}
