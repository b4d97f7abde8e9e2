//! Exports in many small requests over several sessions.

mod support;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt;
use longhaul::client::LeftoverInfo;
use longhaul::ops::git::{Export, Exported, ObjectKey, ShardedExport};
use longhaul::server::{Profile, RawMessage, Script, Server};
use longhaul::{Client, Completed, ConnectError, Error, Event, TransferOptions};
use support::front::{Answer, Front};
use support::{PACKAGE, connect, deadline, unzip};
use tempfile::TempDir;

/// A package of so many objects of several types, in sub-packages too.
fn package(objects: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("zsub");
    fs::create_dir(&sub).unwrap();
    for place in [folder.path(), &sub] {
        fs::write(place.join("package.devc.xml"), place.as_os_str().as_encoded_bytes()).unwrap();
    }
    for n in 0..objects {
        let place = if n % 5 == 0 { sub.as_path() } else { folder.path() };
        let (kind, second) = match n % 4 {
            0 => ("clas", Some("clas.xml")),
            1 => ("prog", Some("prog.xml")),
            2 => ("tabl", None),
            _ => ("dtel", None),
        };
        let source = format!("* {n}\n{}", "WRITE / 'longhaul'.\n".repeat(n % 50));
        let extension = if second.is_some() { "abap" } else { "xml" };
        fs::write(place.join(format!("z{n:05}.{kind}.{extension}")), source).unwrap();
        if let Some(second) = second {
            fs::write(place.join(format!("z{n:05}.{second}")), format!("<xml n='{n}'/>")).unwrap();
        }
    }
    folder
}

/// The objects that [`package`] makes, without the packages themselves.
fn objects(count: usize) -> impl Iterator<Item = ObjectKey> {
    let kinds = ["CLAS", "PROG", "TABL", "DTEL"];
    (0..count).map(move |n| ObjectKey::new(kinds[n % 4], &format!("Z{n:05}")))
}

async fn serve(profile: Profile, folder: &Path, delay: Duration) -> Server {
    let builder = Server::builder().package(PACKAGE, folder).profile(profile).object_delay(delay);
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

async fn run(client: &Client, export: ShardedExport) -> Result<Completed<Exported>, Error> {
    let run = async { client.start_sharded(export).await?.collect().await };
    deadline(Box::pin(run)).await
}

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
            let done =
                async { client.start_sharded(export).await.unwrap().collect().await.unwrap() };
            let done = deadline(done).await;
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
async fn what_an_earlier_try_has_finished_is_not_asked_for_again() {
    let folder = package(200);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(2)).await;
    let client = connect(&server).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let export = || ShardedExport::objects(objects(200)).sessions(2);
    let whole = run(&client, export()).await.unwrap();
    let options = || TransferOptions::default().resume_from(&target);

    let start = client.start_sharded_with(export(), options());
    let mut transfer = deadline(Box::pin(start)).await.unwrap();
    assert_eq!(transfer.resumed_from(), None);
    let mut shards = 0;
    while shards < 3 {
        if let Some(Event::Sessions(sessions)) = deadline(transfer.next()).await {
            shards = sessions.shards;
        }
    }
    drop(transfer);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "the store stays");
    assert!(LeftoverInfo::peek(&target).unwrap().is_sharded);

    let start = client.start_sharded_with(export(), options());
    let transfer = deadline(Box::pin(start)).await.unwrap();
    assert!(transfer.resumed_from().unwrap() > 0);
    let begun = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = std::sync::Arc::clone(&begun);
    let transfer = transfer.on_progress(move |status| {
        noted.lock().unwrap().get_or_insert(status.progress.unwrap().done);
    });
    deadline(transfer.save(&target)).await.unwrap();
    assert!(begun.lock().unwrap().unwrap().unwrap() > 0, "what is there is done from the start");
    assert!(fs::read(&target).unwrap() == whole.payload.as_ref());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing but the target");
}

#[tokio::test]
async fn without_a_target_nothing_is_left() {
    let folder = package(20);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(1)).await;
    let client = connect(&server).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let start = client.start_sharded(ShardedExport::objects(objects(20)));
    let transfer = deadline(Box::pin(start)).await.unwrap();
    deadline(transfer.save(&target)).await.unwrap();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    let nothing = ShardedExport::objects([ObjectKey::new("CLAS", "NO_SUCH")]);
    let options = TransferOptions::default().journal_for(place.path().join("b.zip"));
    let start = async { client.start_sharded_with(nothing, options).await?.collect().await };
    let error = deadline(Box::pin(start)).await.unwrap_err();
    assert!(matches!(error, Error::Server { .. }), "the server's own words: {error:?}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_logon_that_is_refused_is_not_tried_again_and_again() {
    let folder = package(20);
    let script = Script::new().before(vec![RawMessage::Cut]).only_first(1);
    let builder = Server::builder().package(PACKAGE, folder.path()).script(script);
    let server = deadline(builder.profile(Profile::Seed).bind("127.0.0.1:0")).await.unwrap();
    let (target, count) = (server.addr().to_string(), AtomicU32::new(0));
    let front = Front::new(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Tunnel { say: String::new(), target: target.clone(), replay: true },
        _ => Answer::Text("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into()),
    });
    let front = deadline(front).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let export = ShardedExport::objects(objects(20)).sessions(1);
    let error = run(&client, export).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Unauthorized { .. })), "{error:?}");
    assert_eq!(front.heads().len(), 2, "each try counts towards a lock");
}
