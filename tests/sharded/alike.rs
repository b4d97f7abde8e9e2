//! The same as a plain export, in every way that a caller can see.

use std::time::Duration;

use futures::StreamExt;
use longhaul::Event;
use longhaul::ops::git::{Export, ShardedExport};
use longhaul::server::Profile;

use crate::support::{PACKAGE, connect, deadline, unzip};
use crate::{objects, package, run, serve};

#[tokio::test]
async fn any_number_of_sessions_gives_the_files_of_a_plain_export() {
    let folder = package(120);
    for profile in [Profile::Deployed, Profile::Seed, Profile::Full] {
        let server = serve(profile, folder.path(), Duration::ZERO).await;
        let client = connect(&server).await;
        let export = || Export::objects(objects(120)).without_subpackages();
        let plain = deadline(client.run(export())).await.unwrap();
        let plain = unzip(&plain.payload);
        let mut first: Option<bytes::Bytes> = None;
        for sessions in [1, 2, 3, 16] {
            let export = ShardedExport::objects(objects(120)).sessions(sessions);
            let done = run(&client, export).await.unwrap();
            assert_eq!(unzip(&done.payload), plain, "{profile:?} {sessions}");
            let bytes = bytes::Bytes::copy_from_slice(&done.payload);
            assert_eq!(*first.get_or_insert(bytes.clone()), bytes, "{profile:?} {sessions}");
            assert_eq!(done.output.requested.len(), 120);
            assert_eq!((done.output.objects, done.output.is_complete()), (120, true));
            assert_eq!(done.output.unexpected, []);
        }
    }
}

#[tokio::test]
async fn it_is_a_transfer_as_any_other() {
    let folder = package(300);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(4)).await;
    let client = connect(&server).await;
    let export = ShardedExport::objects(objects(300)).sessions(4);
    let mut transfer = deadline(Box::pin(client.start_sharded(export))).await.unwrap();
    let (mut done, mut bytes, mut most, mut is_merged) = (0, 0, 0, false);
    while let Some(event) = deadline(transfer.next()).await {
        match event {
            Event::Progress(progress) => {
                assert!(progress.done.unwrap() >= done && !is_merged);
                assert_eq!(progress.total, Some(300));
                done = progress.done.unwrap();
            }
            Event::Sessions(sessions) => {
                assert!(sessions.at_work <= sessions.allowed && sessions.allowed <= 4);
                most = most.max(sessions.at_work);
            }
            Event::Data(data) => {
                is_merged = true;
                bytes += data.len();
            }
            other => panic!("{other:?}"),
        }
    }
    let receipt = deadline(transfer.finish()).await.unwrap();
    assert_eq!((done, most), (300, 4));
    assert_eq!(receipt.bytes, bytes as u64);
    assert!(receipt.chunks >= 4, "one chunk a shard");
}

#[tokio::test]
async fn packages_are_listed_first() {
    let folder = package(150);
    for profile in [Profile::Deployed, Profile::Seed, Profile::Full] {
        let server = serve(profile, folder.path(), Duration::ZERO).await;
        let client = connect(&server).await;
        for with_subpackages in [true, false] {
            let (mut plain, mut sharded) =
                (Export::packages([PACKAGE]), ShardedExport::packages([PACKAGE]));
            if !with_subpackages {
                (plain, sharded) = (plain.without_subpackages(), sharded.without_subpackages());
            }
            let plain = deadline(client.run(plain)).await.unwrap();
            let done = run(&client, sharded).await.unwrap();
            assert_eq!(unzip(&done.payload), unzip(&plain.payload), "{profile:?}");
            let own = if with_subpackages { 2 } else { 1 };
            assert!(done.output.is_complete(), "{:?}", done.output);
            assert_eq!(done.output.unexpected, []);
            let packages = done.output.requested.iter().filter(|key| key.kind() == "DEVC");
            assert_eq!(packages.count(), own);
        }
    }
}

#[tokio::test]
async fn a_package_that_holds_nothing_is_warned_of() {
    let folder = package(30);
    let server = serve(Profile::Deployed, folder.path(), Duration::ZERO).await;
    let client = connect(&server).await;
    let done = run(&client, ShardedExport::packages([PACKAGE, "$NO_SUCH"])).await.unwrap();
    assert!(done.output.is_complete());
    let [warning] = &done.receipt.warnings[..] else { panic!("{:?}", done.receipt.warnings) };
    assert_eq!(warning.item.as_deref(), Some("DEVC $NO_SUCH"));
    let nothing = run(&client, ShardedExport::packages(["$NO_SUCH"])).await.unwrap_err();
    assert!(matches!(nothing, longhaul::Error::List(_)), "{nothing:?}");
}
