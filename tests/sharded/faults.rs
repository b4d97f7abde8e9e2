//! Objects that fail, sessions that break, requests that never end.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use longhaul::Event;
use longhaul::ops::git::{ObjectKey, ShardedExport};
use longhaul::server::{Profile, Script, Server};

use crate::support::{PACKAGE, connect, deadline};
use crate::{objects, package, run};

/// How many objects there are.
const COUNT: usize = 300;
/// How often an object is asked for, at most: as a whole twice, by halves, and alone.
const MOST_ASKED: u64 = 2 + 10 + 5;

async fn serve(folder: &std::path::Path, profile: Profile, script: Script) -> Server {
    let builder = Server::builder().package(PACKAGE, folder).profile(profile).script(script);
    let builder = builder.object_delay(Duration::from_millis(1));
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

fn nth(n: usize) -> ObjectKey {
    objects(COUNT).nth(n).unwrap()
}

/// Three objects that are refused and three that break the session, 1 % each.
fn failing() -> (Script, BTreeSet<ObjectKey>) {
    let mut script = Script::new();
    let mut keys = BTreeSet::new();
    for n in [7, 110, 233] {
        let (refused, crash) = (nth(n), nth(n + 30));
        script = script.fail_object(refused.kind(), refused.name(), "syntax error in line 1");
        script = script.crash_object(crash.kind(), crash.name());
        keys.extend([refused, crash]);
    }
    (script, keys)
}

#[tokio::test]
async fn what_fails_is_named_and_all_else_arrives() {
    let folder = package(COUNT);
    for profile in [Profile::Deployed, Profile::Full] {
        let (script, failing) = failing();
        // One request in ten never ends.
        let script = script.stall_requests(10, 42);
        let server = serve(folder.path(), profile, script).await;
        let client = connect(&server).await;
        let export = ShardedExport::objects(objects(COUNT)).sessions(4);
        let export = export.request_limit(Duration::from_millis(1_500));
        let done = run(&client, export).await.unwrap();
        let missing: BTreeSet<_> = done.output.missing.objects.iter().cloned().collect();
        assert_eq!(missing, failing, "{profile:?}");
        assert_eq!(done.output.objects, (COUNT - failing.len()) as u64);
        let named: BTreeSet<_> =
            done.output.skipped.iter().map(|s| ObjectKey::new(&s.kind, &s.name)).collect();
        assert_eq!(named, failing);
        assert!(done.output.skipped.iter().all(|skipped| !skipped.reason.is_empty()));
        let refused = done.output.skipped.iter().find(|s| s.name == nth(7).name()).unwrap();
        assert!(refused.reason.contains("syntax error in line 1"), "the server's own words");
        for key in objects(COUNT) {
            let asked = server.times_exported(key.kind(), key.name());
            assert!((1..=MOST_ASKED).contains(&asked), "{key} was asked for {asked} times");
        }
    }
}

#[tokio::test]
async fn requests_that_are_killed_at_random_cost_nothing_but_time() {
    let folder = package(COUNT);
    for seed in 0..3 {
        let script = Script::new().kill_requests(10, seed);
        let server = serve(folder.path(), Profile::Deployed, script).await;
        let client = connect(&server).await;
        let export = ShardedExport::objects(objects(COUNT)).sessions(4);
        let done = run(&client, export).await.unwrap();
        assert!(done.output.is_complete(), "{:?}", done.output.skipped);
        assert_eq!(done.output.objects, COUNT as u64);
    }
}

#[tokio::test]
async fn progress_never_goes_back() {
    let folder = package(COUNT);
    let (script, _) = failing();
    let server = serve(folder.path(), Profile::Full, script.kill_requests(20, 3)).await;
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(COUNT)).sessions(4);
    let mut transfer = deadline(Box::pin(client.start_sharded(export))).await.unwrap();
    let (mut done, mut bytes) = (0, 0);
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Progress(progress) => {
                assert!(progress.done.unwrap() >= done, "{progress:?} after {done}");
                done = progress.done.unwrap();
            }
            Event::Sessions(sessions) => {
                assert!(sessions.bytes >= bytes, "{sessions:?} after {bytes}");
                bytes = sessions.bytes;
            }
            _ => {}
        }
    }
    assert_eq!(done, COUNT as u64, "what is left out is settled too");
}

#[tokio::test]
async fn what_is_left_out_in_silence_is_missed() {
    let folder = package(60);
    for profile in [Profile::Deployed, Profile::Seed, Profile::Full] {
        let key = objects(60).nth(13).unwrap();
        let script = Script::new().skip_object(key.kind(), key.name(), "inactive");
        let server = serve(folder.path(), profile, script).await;
        let client = connect(&server).await;
        let done = run(&client, ShardedExport::objects(objects(60))).await.unwrap();
        assert_eq!(done.output.missing.objects, std::slice::from_ref(&key), "{profile:?}");
        let [skipped] = &done.output.skipped[..] else { panic!("{:?}", done.output.skipped) };
        assert_eq!(skipped.name, key.name());
        assert_eq!(skipped.reason.contains("inactive"), profile == Profile::Full);
    }
}

#[tokio::test]
async fn types_that_cannot_be_serialized_are_left_out_at_once() {
    let folder = package(40);
    let unknown = (0..50).map(|n| ObjectKey::new("XYZ1", &format!("Z{n}")));
    let mut script = Script::new();
    for key in unknown.clone() {
        script = script.skip_object(key.kind(), key.name(), "no serializer");
    }
    for n in 0..50 {
        std::fs::write(folder.path().join(format!("z{n}.xyz1.xml")), "<xml/>").unwrap();
    }
    let server = serve(folder.path(), Profile::Deployed, script).await;
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(40).chain(unknown.clone())).sessions(2);
    let done = run(&client, export).await.unwrap();
    assert_eq!((done.output.objects, done.output.skipped.len()), (40, 50));
    assert!(done.output.skipped.iter().all(|skipped| skipped.reason.contains("type XYZ1")));
    for key in unknown {
        assert_eq!(server.times_exported(key.kind(), key.name()), 1);
    }
}
