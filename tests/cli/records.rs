//! Payloads that are records.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;

use longhaul::server::Script;
use serde_json::{Value, json};

use crate::peer::{Held, peer};
use crate::support::{Folder, PATIENCE, Serving, run};

const WORDS: [&str; 6] =
    ["call", "git", "export", "--stream", "--params", r#"{"packages":["$DEMO"]}"#];

/// A server whose exports give this payload.
fn giving(payload: &'static str) -> Serving {
    Serving::start(|server| server.script(Script::new().payload(payload.as_bytes())))
}

#[test]
fn each_record_is_a_line_and_the_data_goes_to_stderr() {
    let folder = Folder::new();
    for payload in ["{\"a\": 1.50}\n\n{\"b\":[ ]}", " [{\"a\" :1.50},\n{\"b\":[]}]"] {
        let serving = giving(payload);
        let ran = run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(0);
        assert_eq!(ran.stdout(), "{\"a\":1.50}\n{\"b\":[]}\n");
        let data: Value = serde_json::from_str(&ran.stderr()).unwrap();
        assert_eq!(data["objectCount"], 71);
        let quiet = [&WORDS[..], &["-q"]].concat();
        assert_eq!(run(&mut folder.longhaul(&serving.url(), &quiet)).expect(0).stderr(), "");

        let words = [&WORDS[..], &["--json"]].concat();
        let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
        let lines: Vec<Value> =
            ran.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[..2], [json!({"record":{"a":1.5}}), json!({"record":{"b":[]}})]);
        assert_eq!(
            (&lines[2]["records"], &lines[2]["data"]["objectCount"]),
            (&2.into(), &71.into())
        );
        assert_eq!((lines.len(), &lines[2]["bytes"]), (3, &payload.len().into()));

        let words = [&WORDS[..], &["-o", "-"]].concat();
        assert_eq!(run(&mut folder.longhaul(&serving.url(), &words)).expect(0).stdout(), payload);
        let words = [&WORDS[..], &["-o", "kept"]].concat();
        let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
        assert_eq!(ran.json()["objectCount"], 71);
        assert_eq!(std::fs::read_to_string(folder.path("kept")).unwrap(), payload);
    }
}

#[test]
fn no_record_at_all_is_no_failure() {
    let (folder, serving) = (Folder::new(), giving("[]"));
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(0).stdout(), "");
}

#[test]
fn what_is_no_record_names_the_way_out() {
    let (folder, serving) = (Folder::new(), giving("{\"a\":1}\n{broken\n"));
    let ran = run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(5);
    assert_eq!(ran.stdout(), "{\"a\":1}\n");
    let hint = ran.stderr().lines().last().unwrap().to_owned();
    assert!(hint.contains("what was printed is not verified") && hint.contains("-o"), "{hint}");
    let serving = giving("{");
    run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(5).expect_hint("-o");
}

#[test]
fn records_whose_verdict_is_bad_are_said_to_be_worthless() {
    let folder = Folder::new();
    // Two whole records of three; the end says that there is more.
    let script = Script::new().payload(&b"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"[..]);
    let serving = Serving::start(|server| server.script(script.truncate_payload(16)));
    let ran = run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(5);
    assert_eq!(ran.stdout(), "{\"a\":1}\n{\"a\":2}\n");
    assert!(ran.stderr().contains("what was printed is not verified"), "{}", ran.stderr());
    let words = [&WORDS[..], &["--json"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(5);
    let last: Value = serde_json::from_str(ran.stdout().lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["kind"], "broken");
    // Nothing was printed of this one, so nothing of what was printed is worthless.
    let script = Script::new().payload(&b"[1,2]"[..]).corrupt_bit(1, 0);
    let serving = Serving::start(|server| server.script(script));
    let ran = run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(5);
    assert!(!ran.stderr().contains("printed"), "{}", ran.stderr());
}

#[test]
fn a_record_is_printed_while_the_operation_still_runs() {
    let folder = Folder::new();
    for (more, first) in [(&[][..], "{\"n\":1}"), (&["--json"], "{\"record\":{\"n\":1}}")] {
        let (go_on, wait) = mpsc::channel();
        let url = peer(move |stream| {
            let mut held = Held::accept(stream, "");
            held.chunk(1, "{\"n\":1}\n{\"n\"");
            wait.recv_timeout(PATIENCE).unwrap();
            held.chunk(2, ":2}\n");
            held.send(r#""type":"complete","totalChunks":2,"data":{"ok":true}"#);
            held.rest();
        });
        let words = [&["call", "x", "list", "--stream"], more].concat();
        let mut spawned = folder.spawn(&url, &words);
        assert_eq!(spawned.stdout_line(), first);
        go_on.send(()).unwrap();
        let (status, stdout, stderr) = spawned.wait_for_all();
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(stdout.starts_with(&first.replace('1', "2")), "{stdout}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_the_operation_and_is_no_panic() {
    let folder = Folder::new();
    let (told, closed) = mpsc::channel();
    let url = peer(move |stream| {
        let mut held = Held::accept(stream, "");
        held.chunk(1, "{\"n\":1}\n");
        // There is more and more of it, until nobody wants it.
        let (mut seq, more) = (2, "{\"n\":0}\n".repeat(1000));
        while held.try_chunk(seq, &more).is_ok() {
            seq += 1;
        }
        told.send(()).unwrap();
    });
    let mut command = folder.std_command(&url, &["call", "x", "list", "--stream"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    assert_eq!(line, "{\"n\":1}\n");
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("panicked") && stderr.contains("not verified"), "{stderr}");
    closed.recv_timeout(PATIENCE).unwrap();
}
