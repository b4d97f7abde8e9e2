//! Exports that break off, and going on with them.

use std::fs;

use longhaul::client::LeftoverInfo;
use longhaul::server::Script;
use rustix::process::Signal;

use crate::support::{Folder, Ran, Serving, Spawned, run, wait_until};

const CHUNK: u64 = 10_000;
const WORDS: [&str; 6] = ["export", "$DEMO", "-o", "a.zip", "--chunk-size", "10kB"];

/// A server that stops in the middle of the first export it is asked for, and goes on with it
/// when that is resumed.
fn stopping_after(chunks: u64) -> Serving {
    let script = Script::new().stall_after(chunks).only_first(1);
    Serving::start(|server| server.script(script))
}

/// Starts an export and waits until so many chunks of it are on the disk.
fn export_up_to(chunks: u64, folder: &Folder, serving: &Serving) -> Spawned {
    let spawned = folder.spawn(&serving.url(), &WORDS);
    let is_begun = || {
        let journal = folder.names().into_iter().find(|name| name.ends_with(".journal"));
        journal.is_some_and(|name| fs::read(folder.path(&name)).unwrap().contains(&b'\n'))
    };
    wait_until(|| is_begun() && folder.parts() == (1, chunks * CHUNK));
    spawned
}

/// Runs it once more with `--resume` and compares what comes with what should.
#[track_caller]
fn go_on(folder: &Folder, serving: &Serving) -> Ran {
    let words = [&WORDS[..], &["--resume", "--json"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert_eq!(folder.names(), ["a.zip"], "nothing else is left");
    let other = Folder::new();
    run(&mut other.longhaul(&serving.url(), &WORDS)).expect(0);
    let [got, should] = [folder, &other].map(|folder| fs::read(folder.path("a.zip")).unwrap());
    assert!(got == should, "the archives differ");
    ran
}

#[test]
fn a_killed_export_goes_on_where_it_was() {
    for chunks in [0, 1, 3, 6] {
        let (folder, serving) = (Folder::new(), stopping_after(chunks));
        let spawned = export_up_to(chunks, &folder, &serving);
        spawned.signal(Signal::KILL);
        assert_eq!(spawned.wait().0.code(), None);
        assert!(folder.finished().is_empty());
        let ran = go_on(&folder, &serving);
        // The last chunk may not have been noted down yet.
        let resumed = ran.json()["resumedFrom"].as_u64().unwrap();
        assert!((chunks.saturating_sub(1)..=chunks).any(|n| n * CHUNK == resumed), "{resumed}");
        let line = format!("resuming at {resumed} bytes\n");
        assert_eq!(ran.stderr(), line, "after {chunks} chunks");
    }
}

#[test]
fn an_interrupted_export_says_how_to_go_on() {
    for (signal, chunks) in [(Signal::INT, 3), (Signal::TERM, 2), (Signal::INT, 0)] {
        let (folder, serving) = (Folder::new(), stopping_after(chunks));
        let spawned = export_up_to(chunks, &folder, &serving);
        spawned.signal(signal);
        let (status, _, stderr) = spawned.wait_for_all();
        assert_eq!(status.code(), Some(130), "{stderr}");
        let line = "error: interrupted; run the same command with --resume to go on";
        assert!(stderr.ends_with(line), "{stderr}");
        let leftover = LeftoverInfo::peek(folder.path("a.zip")).unwrap();
        assert_eq!(leftover.bytes, chunks * CHUNK);
        let ran = go_on(&folder, &serving);
        assert_eq!(ran.json()["resumedFrom"], chunks * CHUNK);
    }
}

#[test]
fn what_was_left_is_told_of_and_goes_with_a_whole_export() {
    let (folder, serving) = (Folder::new(), stopping_after(3));
    let spawned = export_up_to(3, &folder, &serving);
    spawned.signal(Signal::INT);
    spawned.wait();
    let leftover = folder.names();
    // Another export has nothing to do with it, and says nothing of it either.
    let others = ["export", "$DEMO", "-o", "b.zip"];
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &others)).expect(0).stderr(), "");
    fs::remove_file(folder.path("b.zip")).unwrap();
    assert_eq!(folder.names(), leftover);

    let failing = [&WORDS[..], &["--no-subpackages", "--max-size", "1kB"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &failing)).expect(5);
    assert!(ran.stderr().starts_with("an interrupted git.export left 30000 bytes for a.zip on 20"));
    let told = ran.stderr().lines().next().unwrap().to_owned();
    assert!(told.contains("; --resume goes on with it if"), "{told}");
    assert!(!ran.stderr().contains("is kept"), "of this export nothing is: {}", ran.stderr());
    assert_eq!(folder.names(), leftover, "it is still there");

    let unreachable = [&WORDS[..], &["--resume"]].concat();
    let ran = run(&mut folder.longhaul("http://127.0.0.1:1", &unreachable)).expect(3);
    ran.expect_hint("still there");
    assert_eq!(folder.names(), leftover);

    let quiet = [&WORDS[..], &["-q"]].concat();
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &quiet)).expect(0).stderr(), "");
    assert_eq!(folder.names(), ["a.zip"]);
}

#[test]
fn with_nothing_left_it_starts_and_says_so() {
    let (folder, serving) = (Folder::new(), Serving::start(|server| server));
    let ran = go_on(&folder, &serving);
    let line = "a.zip: nothing was left that can be gone on with, starting from the beginning\n";
    assert_eq!(ran.stderr(), line);
    assert!(ran.json()["resumedFrom"].is_null());
    let words = [&WORDS[..], &["--resume", "-q"]].concat();
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &words)).expect(0).stderr(), "");
}

#[test]
fn what_another_export_left_is_not_gone_on_with() {
    let (folder, serving) = (Folder::new(), stopping_after(3));
    let spawned = export_up_to(3, &folder, &serving);
    spawned.signal(Signal::KILL);
    spawned.wait();
    let words = [&WORDS[..], &["--resume", "--no-subpackages"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stderr().starts_with("a.zip: what is left is of another"), "{}", ran.stderr());
}

#[test]
fn a_server_that_has_lost_it_is_told_of() {
    let script = Script::new().stall_after(3).only_first(1).lose_operations();
    let (folder, serving) = (Folder::new(), Serving::start(|server| server.script(script)));
    let spawned = export_up_to(3, &folder, &serving);
    spawned.signal(Signal::INT);
    spawned.wait();
    let ran = go_on(&folder, &serving);
    let line = "warning: starting over from the beginning: the server has nothing of it any more \
                (RESUME_UNKNOWN)\n";
    assert_eq!(ran.stderr(), line);
    assert!(ran.json()["resumedFrom"].is_null());
}

#[test]
fn what_waits_in_the_folder_for_temporary_files_goes_whatever_happens() {
    for words in [&["-o", "-"][..], &["--extract", "files"]] {
        let serving = stopping_after(3);
        let folder = Folder::new();
        folder.write("tmp/kept", "kept");
        let temporary = || fs::read_dir(folder.path("tmp")).unwrap().count();
        let words = [&["export", "$DEMO", "--chunk-size", "10kB"], words].concat();
        let mut command = folder.std_command(&serving.url(), &words);
        command.env("TMPDIR", folder.path("tmp"));
        let spawned = Spawned::new(command);
        wait_until(|| temporary() == 2);
        spawned.signal(Signal::INT);
        let (status, stdout, stderr) = spawned.wait_for_all();
        assert_eq!((status.code(), stdout.as_str()), (Some(130), ""), "{stderr}");
        assert!(!stderr.contains("--resume"), "{stderr}");
        assert_eq!((temporary(), folder.names()), (1, vec!["tmp".into()]));
        // And when all goes well.
        let mut command = folder.longhaul(&serving.url(), &words);
        run(command.env("TMPDIR", folder.path("tmp"))).expect(0);
        assert_eq!(temporary(), 1);
    }
}
