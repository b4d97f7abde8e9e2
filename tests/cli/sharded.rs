//! Exports in shards: when they happen, and what is said of them.

mod resume;

use std::fs;
use std::time::Duration;

use longhaul::server::{Profile, Script, ServerBuilder};
use rustix::process::Signal;

use crate::front::{Answer, Front};
use crate::support::{Folder, Ran, Serving, run, unzip, wait_until};

/// Objects of `$BIG`, the package itself among them.
const BIG: usize = 150;

/// A folder to run in, with a package of so many programs below `big`, itself included.
fn folder_with(objects: usize) -> Folder {
    let folder = Folder::new();
    folder.write("big/package.devc.xml", "<devc/>");
    for n in 1..objects {
        folder.write(&format!("big/z{n:04}.prog.abap"), format!("REPORT z{n:04}."));
        folder.write(&format!("big/z{n:04}.prog.xml"), format!("<prog n='{n}'/>"));
    }
    folder
}

/// A server as systems run today that serves it as `$BIG`.
fn serve(folder: &Folder, adjust: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Serving {
    let server = |builder: ServerBuilder| {
        adjust(builder.profile(Profile::Deployed).package("$BIG", folder.path("big")))
    };
    Serving::start(server)
}

fn export(folder: &Folder, serving: &Serving, words: &[&str]) -> Ran {
    let words = [&["export", "$BIG", "-o", "a.zip"], words].concat();
    run(&mut folder.longhaul(&serving.url(), &words))
}

/// How many requests an archive is made of; `None` for one of the plain way.
fn shards_of(ran: &Ran) -> Option<u64> {
    ran.json()["shards"].as_u64()
}

#[test]
fn more_than_the_threshold_goes_in_shards_and_up_to_it_does_not() {
    for (objects, is_sharded) in [(100, false), (101, true)] {
        let folder = folder_with(objects);
        let serving = serve(&folder, |server| server);
        let ran = export(&folder, &serving, &["--json"]).expect(0);
        assert_eq!(shards_of(&ran).is_some(), is_sharded, "{objects}");
        assert_eq!(ran.json()["objectCount"], objects);
        assert_eq!(ran.stderr(), "", "{objects}");
        assert!(folder.path("a.zip").exists());
    }
}

#[test]
fn every_way_gives_the_same_files() {
    let folder = folder_with(BIG);
    for profile in [Profile::Deployed, Profile::Seed, Profile::Full] {
        let serving = serve(&folder, |server| server.profile(profile));
        let files = |words: &[&str]| {
            let words = [words, &["--json"]].concat();
            let ran = export(&folder, &serving, &words).expect(0);
            let mut files = unzip(&folder.path("a.zip"));
            files.sort();
            (files, shards_of(&ran), ran.json()["sessions"].as_u64())
        };
        let (plain, shards, sessions) = files(&["--no-shard"]);
        assert_eq!((shards, sessions), (None, None));
        let (sharded, shards, sessions) = files(&[]);
        assert!(sharded == plain, "{profile:?}");
        assert!(shards.unwrap() > 1 && sessions.unwrap() <= 3, "{profile:?}");
    }
}

#[test]
fn sessions_given_explicitly_want_shards_whatever_there_is() {
    let folder = folder_with(5);
    let serving = serve(&folder, |server| server);
    for sessions in ["1", "2", "16"] {
        let ran = export(&folder, &serving, &["--json", "--sessions", sessions]).expect(0);
        assert!(shards_of(&ran).is_some(), "{sessions}");
        assert!(ran.json()["sessions"].as_u64().unwrap() <= sessions.parse().unwrap());
    }
    for words in [
        &["--sessions", "0"][..],
        &["--sessions", "17"],
        &["--sessions", "some"],
        &["--sessions", "2", "--no-shard"],
    ] {
        export(&folder, &serving, words).expect(2);
    }
}

#[test]
fn without_a_listing_there_is_one_request_and_one_line_says_so() {
    let folder = folder_with(BIG);
    for (what, serving) in [
        ("no adt", serve(&folder, ServerBuilder::without_adt)),
        ("empty", serve(&folder, |server| server.script(Script::new().list_nothing()))),
    ] {
        for words in [&["--json"][..], &["--json", "--sessions", "4"]] {
            let ran = export(&folder, &serving, words).expect(0);
            assert_eq!((shards_of(&ran), ran.stderr().lines().count()), (None, 1), "{what}");
            assert!(ran.stderr().contains("one request"), "{what}: {}", ran.stderr());
            assert!(ran.json()["requested"].is_null());
        }
        assert_eq!(export(&folder, &serving, &["-q"]).expect(0).stderr(), "", "{what}");
        assert_eq!(export(&folder, &serving, &["--no-shard"]).expect(0).stderr(), "", "{what}");
        // What is named one by one needs no listing.
        let names: Vec<_> = (1..BIG).map(|n| format!("PROG:Z{n:04}")).collect();
        folder.write("list.txt", names.join("\n"));
        let words = ["export", "--objects-from", "list.txt", "-o", "b.zip", "--json"];
        let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
        assert!(shards_of(&ran).is_some_and(|shards| shards > 1), "{what}");
        assert_eq!(ran.stderr(), "");
    }
}

#[test]
fn a_server_that_does_not_answer_the_listing_holds_nothing_up_for_long() {
    let folder = folder_with(5);
    let serving = serve(&folder, |server| server);
    let target = serving.address().to_string();
    // Takes the request for the listing, and leads it to where nobody answers.
    let (silent, _held) = silent_listener();
    let front = serving.front(Front::new(move |head: &str| {
        let target = if head.contains("Upgrade") { target.clone() } else { silent.clone() };
        Answer::Tunnel { say: String::new(), target, replay: true }
    }));
    let words = ["export", "$BIG", "-o", "a.zip", "--timeout", "3s", "--json"];
    let ran = run(&mut folder.longhaul(&front.url(), &words)).expect(0);
    assert_eq!(shards_of(&ran), None);
    assert!(ran.stderr().contains("no answer"), "{}", ran.stderr());
    fs::remove_file(folder.path("a.zip")).unwrap();
    // And Ctrl+C works meanwhile.
    let spawned = folder.spawn(&front.url(), &["export", "$BIG", "-o", "a.zip", "-v"]);
    let count = front.heads().len();
    wait_until(|| front.heads()[count..].iter().any(|head| !head.contains("Upgrade")));
    spawned.signal(Signal::INT);
    assert_eq!(spawned.wait().0.code(), Some(130));
    assert_eq!(folder.names(), ["big"]);
}

#[test]
fn the_time_that_ran_out_is_the_one_that_was_given() {
    let folder = folder_with(5);
    let serving = serve(&folder, |server| server.object_delay(Duration::from_mins(1)));
    for words in [&["--no-shard"][..], &["--sessions", "2"]] {
        let words = [words, &["--timeout", "2s"]].concat();
        let ran = export(&folder, &serving, &words).expect(5);
        ran.expect_hint("--timeout");
        assert!(ran.stderr().contains("longer than 2s"), "{}", ran.stderr());
    }
}

/// Somebody who listens and never says anything.
fn silent_listener() -> (String, std::net::TcpListener) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap().to_string(), listener)
}

#[test]
fn json_says_how_it_was_done() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.object_delay(Duration::from_millis(5)));
    let ran = export(&folder, &serving, &["--json", "--sessions", "2"]).expect(0);
    let report = ran.json();
    assert_eq!((&report["requested"], &report["received"]), (&BIG.into(), &BIG.into()));
    assert_eq!(report["unexpected"], serde_json::json!([]));
    assert_eq!(report["skipped"], serde_json::json!([]));
    assert_eq!((&report["sessions"], &report["complete"]), (&2.into(), &true.into()));
    assert_eq!(report["shards"], report["chunks"]);
    let slowest = report["slowest"].as_array().unwrap();
    assert!((1..=10).contains(&slowest.len()), "{slowest:?}");
    for slow in slowest {
        assert!(slow["type"].is_string() && slow["name"].is_string(), "{slow}");
        assert!(slow["elapsedMs"].is_u64() && slow["isEstimate"].is_boolean(), "{slow}");
    }
    assert_eq!(ran.stderr(), "");
}

#[test]
fn a_person_is_told_the_slowest_after_a_wait() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.object_delay(Duration::from_millis(15)));
    let ran = export(&folder, &serving, &["--sessions", "1"]).expect(0);
    let slowest = ran.stdout().lines().filter(|line| line.starts_with("slowest: ")).count();
    assert_eq!(slowest, 1, "{}", ran.stdout());
    let quick = serve(&folder, |server| server);
    let ran = export(&folder, &quick, &[]).expect(0);
    assert!(!ran.stdout().contains("slowest"), "{}", ran.stdout());
}

#[test]
fn what_does_not_come_is_named_with_a_reason() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server);
    let ran = export(&folder, &serving, &["--object", "PROG:NO_SUCH", "--json"]).expect(6);
    let report = ran.json();
    assert_eq!(report["requested"].as_u64().unwrap(), BIG as u64 + 1);
    assert_eq!(report["received"], BIG);
    assert_eq!(report["skipped"][0]["name"], "NO_SUCH");
    assert!(!report["skipped"][0]["reason"].as_str().unwrap().is_empty());
    assert_eq!(report["missing"]["objects"][0]["name"], "NO_SUCH");
    let missing: Vec<_> = ran
        .stderr()
        .lines()
        .filter(|line| line.starts_with("missing: "))
        .map(str::to_owned)
        .collect();
    assert!(missing.len() == 1 && missing[0].contains("PROG:NO_SUCH ("), "{missing:?}");
    let ran = export(&folder, &serving, &["--object", "PROG:NO_SUCH", "-q"]).expect(6);
    assert_eq!(ran.stderr().lines().count(), 1, "{}", ran.stderr());
    assert!(unzip(&folder.path("a.zip")).len() > BIG);
}

#[test]
fn a_package_that_is_not_there_is_missing_beside_one_that_is() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server);
    let ran = export(&folder, &serving, &["$NOSUCH", "--json"]).expect(6);
    assert!(shards_of(&ran).is_some());
    let report = ran.json();
    assert_eq!((&report["requested"], &report["received"]), (&(BIG + 1).into(), &BIG.into()));
    assert_eq!(report["missing"]["objects"][0]["name"], "$NOSUCH");
    assert!(ran.stderr().contains("missing: DEVC:$NOSUCH ("), "{}", ran.stderr());
}

/// What is said to do about it.
fn hint_of(ran: &Ran) -> String {
    let hint = ran.stderr().lines().find(|line| line.starts_with("hint: ")).map(str::to_owned);
    hint.unwrap_or_default()
}

#[test]
fn an_object_whose_connection_is_cut_may_have_taken_too_long() {
    let folder = folder_with(5);
    let script = Script::new().crash_object("PROG", "Z0002");
    let serving = serve(&folder, |server| server.script(script));
    let ran = export(&folder, &serving, &["--sessions", "2"]).expect(6);
    let hint = hint_of(&ran);
    assert!(hint.contains("take long") && hint.contains("--objects-from"), "{hint}");
    let ran = export(&folder, &serving, &["--sessions", "2", "-q"]).expect(6);
    assert_eq!(hint_of(&ran), "");
}

#[test]
fn few_objects_hide_no_package_that_is_not_there() {
    let folder = folder_with(5);
    for profile in [Profile::Deployed, Profile::Full] {
        let serving = serve(&folder, |server| server.profile(profile));
        let ran = export(&folder, &serving, &["$NOSUCH", "--json"]).expect(6);
        assert!(shards_of(&ran).is_some(), "{profile:?}");
        let report = ran.json();
        assert_eq!((&report["requested"], &report["received"]), (&6.into(), &5.into()));
        assert_eq!(report["missing"]["objects"][0]["name"], "$NOSUCH");
        assert!(ran.stderr().contains("missing: DEVC:$NOSUCH ("), "{}", ran.stderr());
        let hint = hint_of(&ran);
        assert!(hint.contains("names") && !hint.contains("--objects-from"), "{hint}");
    }
    // One request is what was asked for, and a system in the field says nothing then.
    let serving = serve(&folder, |server| server);
    let ran = export(&folder, &serving, &["$NOSUCH", "--no-shard", "--json"]).expect(0);
    assert_eq!(shards_of(&ran), None);
}

#[test]
fn stdout_and_a_folder_alone_take_shards_too() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server);
    export(&folder, &serving, &["--extract", "first"]).expect(0);
    folder.write("tmp/kept", "kept");
    let temporary = |words: &[&str]| {
        let words = [&["export", "$BIG", "--sessions", "2"], words].concat();
        let mut command = folder.longhaul(&serving.url(), &words);
        let ran = run(command.env("TMPDIR", folder.path("tmp"))).expect(0);
        assert_eq!(fs::read_dir(folder.path("tmp")).unwrap().count(), 1, "{words:?}");
        ran
    };
    let ran = temporary(&["-o", "-"]);
    assert!(ran.stdout_bytes() == fs::read(folder.path("a.zip")).unwrap());
    assert_eq!(temporary(&["-o", "-", "-q"]).stderr(), "");
    temporary(&["--extract", "alone"]);
    let count = |name: &str| fs::read_dir(folder.path(name).join("src")).unwrap().count();
    assert_eq!(count("alone"), count("first"));
    let names = ["a.zip", "alone", "big", "first", "tmp"];
    assert_eq!(folder.names(), names, "nothing but what was asked for");
}

#[test]
fn fewer_sessions_than_asked_for_are_told_of_once() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.max_sessions(2));
    let ran = export(&folder, &serving, &["--sessions", "8", "--json"]).expect(0);
    assert_eq!(ran.json()["complete"], true);
    assert!(ran.json()["sessions"].as_u64().unwrap() <= 2);
    assert_eq!(ran.stderr().matches("sessions").count(), 1, "{}", ran.stderr());
}

#[test]
fn an_object_too_large_for_a_message_is_named_and_so_is_what_helps() {
    let folder = folder_with(BIG);
    let noise: String = (0..60_000).map(|_| fastrand::alphanumeric()).collect();
    folder.write("big/z0007.prog.abap", noise);
    let serving = serve(&folder, |server| server);
    let ran = export(&folder, &serving, &["--max-message", "30kB", "--json"]).expect(6);
    assert_eq!(ran.json()["skipped"][0]["name"], "Z0007");
    assert_eq!(ran.json()["skipped"].as_array().unwrap().len(), 1);
    assert!(ran.stderr().contains("--max-message"), "{}", ran.stderr());
    export(&folder, &serving, &[]).expect(0);
}
