//! Measuring which chunk size suits a server.

use std::fs;
use std::time::Duration;

use longhaul::server::Profile;
use serde_json::{Value, json};

use crate::support::{Folder, Serving, run};

const KIB: u64 = 1 << 10;

fn numbers(sizes: &Value, key: &str) -> Vec<u64> {
    sizes.as_array().unwrap().iter().map(|size| size[key].as_u64().unwrap()).collect()
}

#[test]
fn every_size_is_measured_as_often_and_nothing_is_left() {
    let (serving, folder) = (Serving::start(|server| server), Folder::new());
    let words = "tune --json --rounds 2 --payload-size 2MiB --sizes 64KiB,256KiB";
    let words: Vec<_> = words.split(' ').collect();
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    assert_eq!(report["bytes"], 2048 * KIB);
    assert_eq!((&report["rounds"], &report["isComplete"]), (&json!(2), &json!(true)));
    let sizes = &report["sizes"];
    // The default is among them without being named.
    assert_eq!(numbers(sizes, "chunkSize"), [64 * KIB, 256 * KIB, 768 * KIB]);
    assert_eq!(numbers(sizes, "largestChunk"), [64 * KIB, 256 * KIB, 768 * KIB]);
    assert_eq!(numbers(sizes, "chunks"), [32, 8, 3]);
    assert_eq!(numbers(sizes, "windowBytes"), [512 * KIB, 2048 * KIB, 6144 * KIB]);
    for size in sizes.as_array().unwrap() {
        for times in ["firstByteMs", "elapsedMs"] {
            assert_eq!(size[times].as_array().unwrap().len(), 2);
        }
    }
    // Two rounds cannot tell chance from more.
    assert_eq!((&report["recommended"], &report["isChange"]), (&json!(768 * KIB), &json!(false)));
    assert_eq!((&report["ignored"], &report["output"]), (&Value::Null, &Value::Null));
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn people_get_a_table_and_a_picture() {
    let (serving, folder) = (Serving::start(|server| server), Folder::new());
    let words = ["tune", "--rounds", "1", "--sizes", "16KiB", "-o", "tune.svg", "$DEMO"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    let stdout = ran.stdout();
    for word in ["16 KiB", "768 KiB *", "export of $DEMO", "tune.svg", "keep the default"] {
        assert!(stdout.contains(word), "no {word} in: {stdout}");
    }
    assert!(ran.stderr().contains("round 1 of 1"));
    let picture = fs::read_to_string(folder.path("tune.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
    assert!(picture.contains("16 KiB") && picture.contains("export of $DEMO"));
    assert_eq!(folder.names(), ["tune.svg"]);
    let quiet = [&words[..], &["-q"]].concat();
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &quiet)).expect(0).stderr(), "");
}

#[test]
fn a_server_that_cuts_as_it_likes_is_told_of() {
    let folder = Folder::new();
    let words = ["tune", "--json", "--rounds", "3", "--sizes", "16KiB", "$DEMO"];
    let serving = Serving::start(|server| server.profile(Profile::Seed));
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    assert!(report["ignored"].as_str().is_some_and(|text| text.contains("16 KiB")));
    assert_eq!((&report["recommended"], &report["isChange"]), (&json!(768 * KIB), &json!(false)));
    assert!(numbers(&report["sizes"], "largestChunk")[0] > 16 * KIB);
    // It offers no credit, so there is no window.
    assert_eq!(report["sizes"][0]["windowBytes"], Value::Null);
}

#[test]
fn a_server_that_answers_once_has_nothing_to_tune() {
    let serving = Serving::start(|server| server.profile(Profile::Deployed));
    let folder = Folder::new();
    let words = ["tune", "$DEMO", "-o", "none.svg"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stdout().starts_with("nothing to tune: "), "{}", ran.stdout());
    let report = run(&mut folder.longhaul(&serving.url(), &["tune", "$DEMO", "--json"])).json();
    assert_eq!((&report["isStream"], &report["rounds"]), (&json!(false), &json!(0)));
    assert_eq!((&report["sizes"], &report["recommended"]), (&json!([]), &Value::Null));
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_payload_of_one_chunk_has_nothing_to_tune() {
    let (serving, folder) = (Serving::start(|server| server), Folder::new());
    let words = ["tune", "--payload-size", "60KiB"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stdout().starts_with("nothing to tune: "), "{}", ran.stdout());
}

#[test]
fn a_server_without_a_test_payload_wants_a_package() {
    let serving = Serving::start(|server| server.profile(Profile::Deployed));
    let folder = Folder::new();
    run(&mut folder.longhaul(&serving.url(), &["tune"])).expect(2).expect_hint("package");
    for wrong in [
        &["--rounds", "0"][..],
        &["--sizes", "0"],
        &["$DEMO", "--payload-size", "1MiB"],
        &["-o", "no/such/folder.svg"],
    ] {
        let words = [&["tune"], wrong].concat();
        run(&mut folder.longhaul(&serving.url(), &words)).expect(2);
    }
}

#[test]
fn what_the_server_refuses_is_a_failure_as_elsewhere() {
    let (serving, folder) = (Serving::start(|server| server), Folder::new());
    let words = ["tune", "$NOT_THERE"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(4).expect_hint("package");
}

#[test]
fn time_ends_the_rounds_and_not_the_result() {
    let slow = |ms| Serving::start(move |server| server.object_delay(Duration::from_millis(ms)));
    let folder = Folder::new();
    let words = ["tune", "$DEMO", "--json", "--sizes", "16KiB", "--rounds", "50"];
    let words = [&words[..], &["--timeout", "5s"]].concat();
    // Some 0.4 s a run.
    let report = run(&mut folder.longhaul(&slow(5).url(), &words)).expect(0).json();
    assert_eq!(report["isComplete"], false);
    let rounds = report["rounds"].as_u64().unwrap();
    assert!((1..50).contains(&rounds), "{rounds}");
    assert_eq!(report["sizes"][0]["elapsedMs"].as_array().unwrap().len() as u64, rounds);
    // Without a whole round there is no result.
    let ran = run(&mut folder.longhaul(&slow(100).url(), &words)).expect(5);
    assert_eq!(ran.json()["error"]["kind"], "timeout");
    assert!(ran.stderr().contains("--timeout"));
}

#[test]
fn an_export_takes_a_size_that_is_chosen() {
    let (serving, folder) = (Serving::start(|server| server), Folder::new());
    let words = ["export", "$DEMO", "--chunk-size", "auto", "-o", "demo.zip"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    let words = ["export", "$DEMO", "--chunk-size", "automatic"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(2);
}

#[cfg(unix)]
#[test]
fn it_can_be_interrupted() {
    let slow =
        |server: longhaul::server::ServerBuilder| server.object_delay(Duration::from_millis(5));
    let (serving, folder) = (Serving::start(slow), Folder::new());
    let mut spawned = folder.spawn(&serving.url(), &["tune", "$DEMO", "--sizes", "16KiB"]);
    spawned.wait_for_stderr("round 1");
    spawned.signal(rustix::process::Signal::INT);
    let (status, stdout) = spawned.wait();
    assert_eq!((status.code(), stdout.as_str()), (Some(130), ""));
    assert_eq!(folder.names(), [""; 0]);
}
