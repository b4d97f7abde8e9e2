//! What a server is told at the end.
//!
//! The peers here answer one request, so they are not asked for a listing first.

use std::sync::mpsc;

use crate::archive::of;
use crate::peer::{Held, peer};
use crate::support::{Folder, PATIENCE, run};

const ACCEPTED: &str = r#""type":"accepted","epoch":"e","ttl":60000,"chunkSize":786432,"alias":1"#;

#[test]
fn a_server_may_forget_what_has_been_saved() {
    let (told, asked) = mpsc::channel();
    let url = peer(move |stream| {
        let mut held = Held::accept(stream, r#""stream","resume""#);
        held.send(ACCEPTED);
        held.chunk(1, of(&[("src/zcl_a.clas.abap", "x")]));
        held.send(r#""type":"complete","totalChunks":1,"data":{"objectCount":1}"#);
        told.send(held.rest()).unwrap();
    });
    let folder = Folder::new();
    run(&mut folder.longhaul(&url, &["export", "$DEMO", "--no-shard"])).expect(0);
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), ["release", "close"]);
    assert_eq!(folder.names(), ["$DEMO.zip"]);
}

#[cfg(unix)]
#[test]
fn a_server_is_told_to_stop_what_is_interrupted_and_to_go_on_with_what_is_kept() {
    use rustix::process::Signal;
    for (features, words, expected) in [
        (r#""stream","cancel""#, &["call", "x", "list", "--stream"][..], &["cancel", "close"][..]),
        (
            r#""stream","cancel""#,
            &["call", "x", "list", "--stream", "-o", "a"],
            &["cancel", "close"],
        ),
        (r#""stream","cancel""#, &["export", "$A", "--no-shard"], &["cancel", "close"]),
        (
            r#""stream","cancel","resume""#,
            &["export", "$A", "--no-shard", "-o", "-"],
            &["cancel", "close"],
        ),
        (r#""stream","cancel","resume""#, &["export", "$A", "--no-shard"], &["close"]),
        ("", &["export", "$A", "--no-shard"], &["close"]),
    ] {
        let (told, asked) = mpsc::channel();
        let (ready, begun) = mpsc::channel();
        let url = peer(move |stream| {
            let mut held = Held::accept(stream, features);
            if features.contains("resume") {
                held.send(ACCEPTED);
            }
            held.chunk(1, "x");
            held.send(r#""type":"warning","message":"now""#);
            ready.send(()).unwrap();
            told.send(held.rest()).unwrap();
        });
        let folder = Folder::new();
        let mut spawned = folder.spawn(&url, words);
        begun.recv_timeout(PATIENCE).unwrap();
        if words[0] == "export" || words.contains(&"-o") {
            spawned.wait_for_stderr("warning: now");
        }
        spawned.signal(Signal::INT);
        assert_eq!(spawned.wait().0.code(), Some(130), "{words:?}");
        let mut asked = asked.recv_timeout(PATIENCE).unwrap();
        asked.retain(|action| action != "credit");
        assert_eq!(asked, expected, "{features} {words:?}");
    }
}
