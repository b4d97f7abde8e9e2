//! Exports in shards that break off, and going on with them.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use longhaul::client::LeftoverInfo;
use longhaul::server::{Profile, Script, ServerBuilder};
use rustix::process::Signal;

use super::{BIG, export, folder_with, serve, shards_of};
use crate::front::{Answer, Front};
use crate::support::{Folder, Serving, Spawned, run, unzip, wait_until};

/// What one object takes, so that there is time to stop in the middle.
const DELAY: Duration = Duration::from_millis(10);

/// Starts an export and waits until some shards of it are on the disk.
fn begin(folder: &Folder, url: &str) -> Spawned {
    let spawned = folder.spawn(url, &["export", "$BIG", "-o", "a.zip"]);
    wait_until(|| folder.shards().len() >= 3);
    spawned
}

/// Starts an export and interrupts it once some shards of it are on the disk.
fn interrupt(folder: &Folder, url: &str) {
    let spawned = begin(folder, url);
    spawned.signal(Signal::INT);
    assert_eq!(spawned.wait().0.code(), Some(130));
}

/// The programs that have come so far.
fn what_has_come(folder: &Folder) -> BTreeSet<String> {
    let files = folder.shards().into_iter().flat_map(|shard| unzip(&shard));
    let names = files.filter_map(|(path, _)| {
        Some(path.rsplit('/').next()?.strip_suffix(".prog.abap")?.to_uppercase())
    });
    names.collect()
}

/// The archive of an export that nothing happens to.
fn whole(folder: &Folder, serving: &Serving) -> Vec<u8> {
    let words = ["export", "$BIG", "-o", "whole.zip", "-q", "--sessions", "16"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    let archive = fs::read(folder.path("whole.zip")).unwrap();
    fs::remove_file(folder.path("whole.zip")).unwrap();
    archive
}

/// What stands before a server and leads to another one later: what is left belongs to an address,
/// so all of them have to be behind one.
fn front_of(serving: &Serving) -> (Front, Arc<Mutex<SocketAddr>>) {
    let target = Arc::new(Mutex::new(serving.address()));
    let leads_to = Arc::clone(&target);
    let front = Front::new(move |_: &str| {
        let target = leads_to.lock().unwrap().to_string();
        Answer::Tunnel { say: String::new(), target, replay: true }
    });
    (serving.front(front), target)
}

#[test]
fn an_export_that_was_stopped_asks_only_for_the_rest() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let folder = folder_with(BIG);
        let serving = serve(&folder, |server| server.object_delay(DELAY));
        let whole = whole(&folder, &serving);
        let spawned = begin(&folder, &serving.url());
        spawned.signal(signal);
        let (status, _, stderr) = spawned.wait_for_all();
        if signal == Signal::KILL {
            assert_eq!(status.code(), None);
        } else {
            assert_eq!(status.code(), Some(130), "{stderr}");
            assert!(stderr.contains("--resume"), "{stderr}");
        }
        assert!(!folder.path("a.zip").exists());
        let leftover = LeftoverInfo::peek(folder.path("a.zip")).unwrap();
        assert!(leftover.is_sharded && leftover.bytes > 0);
        let came = what_has_come(&folder);
        assert!(!came.is_empty() && came.len() < BIG - 1, "{came:?}");
        let ran = export(&folder, &serving, &["--resume", "--json"]).expect(0);
        let report = ran.json();
        assert_eq!(report["resumedFrom"], leftover.bytes);
        assert_eq!((&report["received"], &report["complete"]), (&BIG.into(), &true.into()));
        for name in came {
            assert_eq!(serving.times_exported("PROG", &name), 2, "{name}: by the first two");
        }
        assert!(fs::read(folder.path("a.zip")).unwrap() == whole, "{signal:?}: the bytes differ");
        assert_eq!(folder.names(), ["a.zip", "big"], "nothing else is left");
    }
}

#[test]
fn whoever_interrupts_twice_does_not_wait_and_loses_nothing() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.object_delay(DELAY));
    let spawned = begin(&folder, &serving.url());
    spawned.signal(Signal::INT);
    spawned.signal(Signal::INT);
    assert_eq!(spawned.wait().0.code(), Some(130));
    assert!(LeftoverInfo::peek(folder.path("a.zip")).unwrap().is_sharded);
    export(&folder, &serving, &["--resume"]).expect(0);
    assert_eq!(folder.names(), ["a.zip", "big"]);
}

#[test]
fn a_listing_that_has_changed_is_gone_on_with_and_told_of() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.object_delay(DELAY));
    let (front, target) = front_of(&serving);
    interrupt(&folder, &front.url());
    let gone = what_has_come(&folder).pop_last().unwrap();
    for extension in ["abap", "xml"] {
        let file = format!("big/{}.prog.{extension}", gone.to_lowercase());
        fs::remove_file(folder.path(&file)).unwrap();
    }
    folder.write("big/znew.prog.abap", "REPORT znew.");
    let changed = serve(&folder, |server| server);
    *target.lock().unwrap() = changed.address();
    let words = ["export", "$BIG", "-o", "a.zip", "--resume", "--json"];
    let ran = run(&mut folder.longhaul(&front.url(), &words)).expect(0);
    let report = ran.json();
    assert!(report["resumedFrom"].is_u64(), "{report}");
    assert_eq!(report["unexpected"], serde_json::json!([{ "type": "PROG", "name": gone }]));
    assert_eq!((&report["requested"], &report["received"]), (&BIG.into(), &BIG.into()));
    assert!(ran.stderr().contains(&gone), "{}", ran.stderr());
    let files = unzip(&folder.path("a.zip"));
    assert!(files.iter().any(|(path, _)| path.ends_with("znew.prog.abap")));
}

#[test]
fn shards_that_are_left_stay_where_the_packages_cannot_be_listed_this_time() {
    let folder = folder_with(BIG);
    let serving = serve(&folder, |server| server.object_delay(DELAY));
    let (front, target) = front_of(&serving);
    interrupt(&folder, &front.url());
    let (left, shards) = (folder.names(), folder.shards());
    let words = ["export", "$BIG", "-o", "a.zip", "--resume"];
    for (unlisted, code) in [
        (serve(&folder, ServerBuilder::without_adt), 3),
        (serve(&folder, |server| server.script(Script::new().list_nothing())), 5),
    ] {
        *target.lock().unwrap() = unlisted.address();
        for more in [&[][..], &["--sessions", "2"], &["-q"]] {
            let words = [&words[..], more].concat();
            let ran = run(&mut folder.longhaul(&front.url(), &words)).expect(code);
            ran.expect_hint("--resume");
            ran.expect_hint("--no-shard");
            assert_eq!((folder.names(), folder.shards()), (left.clone(), shards.clone()));
        }
    }
    *target.lock().unwrap() = serving.address();
    let words = [&words[..], &["--json"]].concat();
    let ran = run(&mut folder.longhaul(&front.url(), &words)).expect(0);
    assert!(ran.json()["resumedFrom"].is_u64(), "{}", ran.stderr());
    assert_eq!(folder.names(), ["a.zip", "big"]);
}

#[test]
fn shards_that_are_left_are_of_no_use_to_one_request_which_says_so() {
    for profile in [Profile::Deployed, Profile::Full] {
        let folder = folder_with(BIG);
        let serving = serve(&folder, |server| server.profile(profile).object_delay(DELAY));
        let spawned = begin(&folder, &serving.url());
        spawned.signal(Signal::INT);
        assert_eq!(spawned.wait().0.code(), Some(130));
        let failing = ["--no-shard", "--max-size", "1kB"];
        let ran = export(&folder, &serving, &failing).expect(5);
        let told = ran.stderr().lines().next().unwrap().to_owned();
        assert!(told.contains("--resume") && told.contains("without --no-shard"), "{told}");
        assert!(!folder.shards().is_empty(), "they are still there");
        let ran = export(&folder, &serving, &["--no-shard", "--resume", "--json"]).expect(0);
        assert!(ran.stderr().contains("without --no-shard"), "{}", ran.stderr());
        assert_eq!((shards_of(&ran), ran.json()["resumedFrom"].as_u64()), (None, None));
        assert_eq!(folder.names(), ["a.zip", "big"], "the whole export has overtaken them");
    }
}

#[test]
fn one_request_that_is_left_is_gone_on_with_as_one() {
    for (words, is_sharded) in [(&[][..], false), (&["--sessions", "2"], true)] {
        let folder = folder_with(BIG);
        let script = Script::new().stall_after(2).only_first(1);
        let serving = serve(&folder, |server| server.profile(Profile::Full).script(script));
        let chunked = ["export", "$BIG", "-o", "a.zip", "--no-shard", "--chunk-size", "1kB"];
        let spawned = folder.spawn(&serving.url(), &chunked);
        wait_until(|| folder.parts() == (1, 2000));
        spawned.signal(Signal::INT);
        assert_eq!(spawned.wait().0.code(), Some(130));
        let words = [words, &["--resume", "--json"]].concat();
        let ran = export(&folder, &serving, &words).expect(0);
        assert_eq!(shards_of(&ran).is_some(), is_sharded);
        assert_eq!(ran.json()["resumedFrom"].is_null(), is_sharded, "{}", ran.stderr());
        assert_eq!(ran.stderr().contains("without --sessions"), is_sharded, "{}", ran.stderr());
        assert_eq!(folder.names(), ["a.zip", "big"]);
    }
}
