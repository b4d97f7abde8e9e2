//! What is left of an export that broke off, and going on with it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use longhaul::client::LeftoverInfo;
use longhaul::ops::git::{ObjectKey, ShardedExport};
use longhaul::server::Profile;
use longhaul::{Client, Error, Event, TransferOptions};

use crate::support::{connect, deadline};
use crate::{objects, package, run, serve};

/// What the process that is killed is told.
const URL: &str = "LONGHAUL_TEST_URL";
const FILE: &str = "LONGHAUL_TEST_FILE";
/// How many objects it exports.
const COUNT: usize = 150;

/// Starts an export, and breaks it off once so many shards are there.
async fn break_off(client: &Client, export: ShardedExport, options: TransferOptions, after: usize) {
    let start = client.start_sharded_with(export, options);
    let mut transfer = deadline(Box::pin(start)).await.unwrap();
    assert_eq!(transfer.resumed_from(), None);
    loop {
        if let Some(Event::Sessions(sessions)) = deadline(transfer.next()).await
            && sessions.shards >= after
        {
            return;
        }
    }
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

    break_off(&client, export(), options(), 3).await;
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "the store stays");
    assert!(LeftoverInfo::peek(&target).unwrap().is_sharded);

    let start = client.start_sharded_with(export(), options());
    let transfer = deadline(Box::pin(start)).await.unwrap();
    assert!(transfer.resumed_from().unwrap() > 0);
    let begun = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&begun);
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
async fn another_request_for_the_same_file_does_not_take_it() {
    let folder = package(60);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(1)).await;
    let client = connect(&server).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let options = || TransferOptions::default().resume_from(&target);
    let start = client.start_sharded_with(ShardedExport::objects(objects(60)), options());
    let mut transfer = deadline(Box::pin(start)).await.unwrap();
    let mut shards = 0;
    while shards < 1 {
        if let Some(Event::Sessions(sessions)) = deadline(transfer.next()).await {
            shards = sessions.shards;
        }
    }
    // While it is at work, nobody else takes what it has.
    let same = ShardedExport::objects(objects(60));
    let beside = deadline(Box::pin(client.start_sharded_with(same, options()))).await.unwrap();
    assert_eq!(beside.resumed_from(), None);
    drop((transfer, beside));
    let left = LeftoverInfo::peek(&target).unwrap();
    assert!(left.bytes > 0);
    let other = ShardedExport::objects(objects(59));
    let start = client.start_sharded_with(other, options());
    assert_eq!(deadline(Box::pin(start)).await.unwrap().resumed_from(), None);
    let same = ShardedExport::objects(objects(60));
    let transfer = deadline(Box::pin(client.start_sharded_with(same, options()))).await.unwrap();
    assert_eq!(transfer.resumed_from(), Some(left.bytes));
    deadline(transfer.save(&target)).await.unwrap();
    assert_eq!(LeftoverInfo::peek(&target), None);
}

#[tokio::test]
async fn shards_that_are_not_whole_are_asked_for_again() {
    let folder = package(80);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(1)).await;
    let client = connect(&server).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let export = || ShardedExport::objects(objects(80)).sessions(2);
    let whole = run(&client, export()).await.unwrap();
    let options = || TransferOptions::default().resume_from(&target);
    break_off(&client, export(), options(), 3).await;
    let store = fs::read_dir(place.path()).unwrap().next().unwrap().unwrap().path();
    let mut spoilt = 0;
    for entry in fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "zip") && spoilt < 2 {
            let mut bytes = fs::read(&path).unwrap();
            match spoilt {
                0 => bytes.truncate(bytes.len() / 2),
                _ => bytes[60] ^= 1,
            }
            fs::write(&path, bytes).unwrap();
            spoilt += 1;
        }
    }
    fs::write(store.join("000900.zip"), b"").unwrap();
    fs::write(store.join("000901.zip"), b"PK").unwrap();
    let transfer =
        deadline(Box::pin(client.start_sharded_with(export(), options()))).await.unwrap();
    assert!(transfer.resumed_from().is_some());
    deadline(transfer.save(&target)).await.unwrap();
    assert!(fs::read(&target).unwrap() == whole.payload.as_ref());
}

#[tokio::test]
async fn shards_of_another_user_are_not_taken() {
    let folder = package(60);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(1)).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let export = || ShardedExport::objects(objects(60)).sessions(1);
    let options = || TransferOptions::default().resume_from(&target);
    let client = |user| deadline(Client::builder(server.url()).basic(user, "secret").connect());
    let alice = client("ALICE").await.unwrap();
    break_off(&alice, export(), options(), 1).await;
    for (user, is_theirs) in [("BOB", false), ("ALICE", true)] {
        let client = client(user).await.unwrap();
        let start = client.start_sharded_with(export(), options());
        let transfer = deadline(Box::pin(start)).await.unwrap();
        assert_eq!(transfer.resumed_from().is_some(), is_theirs, "{user}");
    }
}

#[tokio::test]
async fn shards_that_do_not_fit_together_are_not_kept() {
    let folder = package(60);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(1)).await;
    let client = connect(&server).await;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("a.zip");
    let export = || ShardedExport::objects(objects(60)).sessions(1);
    let options = || TransferOptions::default().resume_from(&target);
    break_off(&client, export(), options(), 1).await;
    // What another time of the same object would look like.
    let other = package(60);
    fs::write(other.path().join("zsub/z00000.clas.abap"), "another").unwrap();
    let elsewhere = serve(Profile::Deployed, other.path(), Duration::ZERO).await;
    let whole = run(&connect(&elsewhere).await, export()).await.unwrap();
    let left = fs::read_dir(place.path()).unwrap().next().unwrap().unwrap().path();
    fs::write(left.join("000500.zip"), &whole.payload).unwrap();
    let start = async { client.start_sharded_with(export(), options()).await?.save(&target).await };
    let error = deadline(Box::pin(start)).await.unwrap_err();
    assert!(matches!(error, Error::Operation { .. }), "{error:?}");
    assert_eq!(LeftoverInfo::peek(&target), None);
}

/// Exports for a parent that kills it; nothing where there is none.
#[tokio::test]
async fn exporting_process() {
    let (Ok(url), Some(file)) = (std::env::var(URL), std::env::var_os(FILE)) else { return };
    let client = deadline(Client::builder(url).connect()).await.unwrap();
    let export = ShardedExport::objects(objects(COUNT)).sessions(3);
    let options = TransferOptions::default().resume_from(&file);
    let transfer = deadline(Box::pin(client.start_sharded_with(export, options))).await.unwrap();
    say("started");
    let transfer = transfer.on_progress(|_| say("progress"));
    deadline(transfer.save(file)).await.unwrap();
}

fn say(what: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "longhaul {what}").unwrap();
    stdout.flush().unwrap();
}

/// A process that exports, killed when dropped.
struct Exporting(Child);

impl Exporting {
    fn start(url: &str, file: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kept::exporting_process", "--nocapture"]);
        command.env(URL, url).env(FILE, file);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Kills it once it has said so much, and `after` that; true if it had not ended before.
    async fn kill_after(mut self, lines: usize, after: Duration) -> bool {
        let reading = tokio::task::spawn_blocking(move || {
            let said = BufReader::new(self.0.stdout.take().unwrap()).lines();
            let said = said.map_while(Result::ok).filter(|line| line.contains("longhaul "));
            let is_alive = said.take(lines).count() == lines;
            // Not only just after it has said something.
            std::thread::park_timeout(after);
            is_alive
        });
        deadline(reading).await.unwrap()
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_is_gone_on_with() {
    let folder = package(COUNT);
    let server = serve(Profile::Deployed, folder.path(), Duration::from_millis(3)).await;
    let client = connect(&server).await;
    let whole = run(&client, ShardedExport::objects(objects(COUNT))).await.unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let mut resumed = 0;
    for moment in 0..20 {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("a.zip");
        // Up to three processes are killed before one may come to its end.
        for _ in 0..random.usize(1..=3) {
            let exporting = Exporting::start(&server.url(), &target);
            let after = Duration::from_micros(random.u64(..4_000));
            exporting.kill_after(random.usize(1..30), after).await;
        }
        let export = ShardedExport::objects(objects(COUNT));
        let options = TransferOptions::default().resume_from(&target);
        let start = client.start_sharded_with(export, options);
        let transfer = deadline(Box::pin(start)).await.unwrap();
        resumed += usize::from(transfer.resumed_from().is_some());
        let saved = deadline(transfer.save(&target)).await.unwrap();
        assert!(saved.output.is_complete());
        assert!(fs::read(&target).unwrap() == whole.payload.as_ref(), "moment {moment}");
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(left, [target], "moment {moment}");
    }
    assert!(resumed >= 10, "only {resumed} of 20 were gone on with");
}
