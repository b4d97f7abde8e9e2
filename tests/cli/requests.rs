//! `ping`, `types`, `call`, and servers that do not start.

use std::fs;

use longhaul::proto::Feature;
use longhaul::server::{Profile, Script};

use crate::support::{Folder, SAMPLE, Serving, run};

#[test]
fn ping_shows_what_the_server_says_of_itself() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["ping"])).expect(0);
    for word in
        ["version", "session", "domains", "features    stream, checksum", "round trip", "timestamp"]
    {
        assert!(ran.stdout().contains(word), "no {word} in {}", ran.stdout());
    }
    let report = run(&mut folder.longhaul(&serving.url(), &["ping", "--json"])).expect(0).json();
    assert_eq!(report["features"][0], "stream");
    assert_eq!(report["features"].as_array().unwrap().len(), Feature::ALL.len());
    assert!(report["roundTripMs"].is_number() && report["timestamp"].is_string());
    assert!(report["version"].is_string() && report["session"].is_string());
    assert!(report["domains"].as_array().unwrap().contains(&"git".into()));
}

#[test]
fn types_are_one_a_line() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["types"])).expect(0);
    let types: Vec<_> = ran.stdout().lines().map(str::to_owned).collect();
    assert!(types.contains(&"CLAS".to_owned()));
    let report = run(&mut folder.longhaul(&serving.url(), &["types", "--json"])).expect(0).json();
    assert_eq!(report["types"], serde_json::json!(types));
}

#[test]
fn call_prints_the_data_of_an_answer() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let data =
        run(&mut folder.longhaul(&serving.url(), &["call", "system", "ping"])).expect(0).json();
    assert_eq!(data["pong"], true);
    let words = ["call", "system", "ping", "--json"];
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    assert_eq!(report["data"]["pong"], true);
    assert!(report["elapsedMs"].is_u64() && report["output"].is_null());
}

#[test]
fn a_streamed_call_gives_its_payload() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "-o", "a.zip"])).expect(0);
    let archive = fs::read(folder.path("a.zip")).unwrap();
    let words = ["call", "git", "export", "--stream", "--params", r#"{"packages":["$DEMO"]}"#];
    let call = |more: &[&str]| {
        run(&mut folder.longhaul(&serving.url(), &[&words, more].concat())).expect(0)
    };
    assert_eq!(call(&[]).stdout_bytes(), archive);
    assert_eq!(call(&["-o", "-"]).stdout_bytes(), archive);
    let data = call(&["-o", "b.zip"]).json();
    assert_eq!(data["objectCount"], 71);
    assert_eq!(fs::read(folder.path("b.zip")).unwrap(), archive);
    let ran = call(&["--json"]);
    assert_eq!(ran.json()["bytes"], archive.len());
    assert!(ran.stderr().contains("left out"));
}

#[test]
fn a_streamed_call_without_payload_prints_nothing_that_looks_like_it() {
    let complete = r#"{"id":"{id}","type":"complete","totalChunks":0,"data":{"n":1.50}}"#;
    let serving = Serving::start(|server| {
        server.profile(Profile::Seed).script(Script::new().raw(vec![complete.into()]))
    });
    let folder = Folder::new();
    let words = ["call", "git", "export", "--stream", "--params", r#"{"packages":["$DEMO"]}"#];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert_eq!(ran.stdout(), "", "the data of no records is no record");
    assert!(ran.stderr().contains("{\"n\":1.50}"), "{}", ran.stderr());
    let words = [&words[..], &["-o", "-"]].concat();
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &words)).expect(0).stdout(), "");
}

#[test]
fn a_server_that_cannot_start_is_a_failure_of_configuration() {
    let folder = Folder::new();
    let words = ["serve", "--listen", "127.0.0.1:0", "--package", "$X=no/such/folder"];
    run(&mut folder.longhaul("", &words)).expect(3).expect_hint("--package");
    let taken = Serving::start(|server| server);
    let address = taken.url().replace("http://", "");
    let package = format!("$X={SAMPLE}");
    let words = ["serve", "--listen", &address, "--package", &package];
    run(&mut folder.longhaul("", &words)).expect(3).expect_hint("--listen");
}
