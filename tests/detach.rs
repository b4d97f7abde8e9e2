//! Operations that are left to the server and come back to.

mod support;

use std::path::Path;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use longhaul::client::LeftoverInfo;
use longhaul::ops::git::Export;
use longhaul::proto::ServerError;
use longhaul::server::{Profile, Script, Server};
use longhaul::{
    CancelOutcome, Client, ConnectionState, Error, Event, OperationHandle, Retries, Transfer,
    TransferOptions,
};
use support::pattern::Pattern;
use support::proxy::{Fault, Plan, Proxy, Spot};
use support::{
    PACKAGE, assert_holds, bare, chain, chunks_of, connect, connect_through, deadline,
    small_sample, until,
};

const SIZE: u64 = 60_000;
const CHUNK: u64 = 2_000;
const ASKED: &str = r#""action":"payload""#;

fn pattern() -> Pattern {
    Pattern::new(SIZE, 3).once()
}

/// Starts, and waits until the server keeps the operation.
async fn accepted(client: &Client, pattern: Pattern) -> Transfer<Pattern> {
    let mut transfer = deadline(client.start_with(pattern, chunks_of(CHUNK))).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    transfer
}

/// Through text and back.
fn stored(handle: &OperationHandle) -> OperationHandle {
    let text = serde_json::to_string(handle).unwrap();
    let again: OperationHandle = serde_json::from_str(&text).unwrap();
    assert_eq!(again, *handle);
    again
}

fn refusal(error: &Error) -> &ServerError {
    let Error::Server { source, .. } = error else { panic!("{}", chain(error)) };
    source
}

/// The names in a folder that end so.
fn names(folder: &Path, ending: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == ending)).count()
}

#[tokio::test]
async fn a_stored_handle_gives_another_client_the_whole_payload() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    for taken in [0, 1, 7] {
        let client = connect_through(&proxy).await;
        let mut transfer = accepted(&client, pattern()).await;
        for _ in 0..taken {
            while !matches!(deadline(transfer.next()).await, Some(Event::Data(_))) {}
        }
        let handle = transfer.detach().expect("the server keeps it");
        let (asked, handle) = (proxy.asked(ASKED), stored(&handle));
        deadline(client.close()).await;
        let other = connect_through(&proxy).await;
        let done = deadline(other.attach(pattern(), handle).await.unwrap().collect()).await;
        let done = done.unwrap();
        pattern().assert_is(&done.payload, done.receipt.sha256);
        assert_eq!(proxy.asked(ASKED), asked, "nothing was run again");
    }
}

#[tokio::test]
async fn a_detached_transfer_can_be_saved_and_survives_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let server = bare(Script::new()).await;
    let client = connect(&server).await;
    let handle = accepted(&client, pattern()).await.detach().unwrap();
    let proxy = Proxy::new(server.addr()).await;
    proxy.cut_next([Spot::bytes_down(30_000)]);
    let other = connect_through(&proxy).await;
    let path = folder.path().join("a.bin");
    let transfer = deadline(other.attach(pattern(), handle)).await.unwrap();
    let saved = deadline(transfer.save(&path)).await.unwrap();
    pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
    assert_eq!((proxy.cuts(), other.stats().resumes), (1, 2));
}

#[tokio::test]
async fn whoever_does_without_a_digest_can_attach_all_the_same() {
    let server = bare(Script::new()).await;
    let client = connect(&server).await;
    let handle = accepted(&client, pattern()).await.detach().unwrap();
    let other = connect(&server).await;
    let options = chunks_of(CHUNK).without_digest();
    let attached = deadline(other.attach_with(pattern(), handle, options)).await.unwrap();
    let done = deadline(attached.collect()).await.unwrap();
    pattern().assert_is(&done.payload, done.receipt.sha256);
}

#[tokio::test]
async fn the_handle_of_another_user_is_refused() {
    let server = bare(Script::new()).await;
    let as_user = |user: &str| Client::builder(server.url()).basic(user, "any").connect();
    let client = deadline(as_user("ALICE")).await.unwrap();
    let handle = accepted(&client, pattern()).await.detach().unwrap();
    let other = deadline(as_user("BOB")).await.unwrap();
    let attached = deadline(other.attach(pattern(), handle.clone())).await.unwrap();
    let error = deadline(attached.collect()).await.unwrap_err();
    assert_eq!(refusal(&error).code, ServerError::RESUME_UNKNOWN);
    let again = deadline(as_user("ALICE")).await.unwrap();
    let done = deadline(again.attach(pattern(), handle).await.unwrap().collect()).await.unwrap();
    pattern().assert_is(&done.payload, done.receipt.sha256);
}

#[tokio::test]
async fn the_server_finishes_alone() {
    let builder = Server::builder().package(PACKAGE, small_sample()).max_concurrent(1);
    let builder = builder.object_delay(Duration::from_millis(5));
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    let mut transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    let handle = transfer.detach().unwrap();
    deadline(client.close()).await;
    let other = connect(&server).await;
    let once = || TransferOptions::default().retries(Retries::never());
    let mut refused = 0;
    // There is room for another once the first has run to its end.
    let sleep = || other.request("test", "sleep").param("ms", 0).options(once());
    while let Err(error) = deadline(sleep().call::<serde_json::Value>()).await {
        assert!(refusal(&error).is_busy());
        refused += 1;
    }
    assert!(refused > 0, "it ran while nobody was there");
    let attached = deadline(other.attach(Export::packages([PACKAGE]), handle)).await.unwrap();
    let export = deadline(attached.collect()).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
}

#[tokio::test]
async fn nothing_is_run_where_nothing_is_kept() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let repeatable = Pattern::new(SIZE, 3);
    let handle = accepted(&client, repeatable.clone()).await.detach().unwrap();
    let taken = deadline(client.attach(repeatable.clone(), handle.clone())).await.unwrap();
    deadline(taken.collect()).await.unwrap();
    // It was released with that; also what may be repeated is not run anew.
    let attached = deadline(client.attach(repeatable, handle)).await.unwrap();
    let error = deadline(attached.collect()).await.unwrap_err();
    assert!(refusal(&error).is_resume_refusal(), "{}", chain(&error));
    assert_eq!(proxy.asked(ASKED), 1);
}

#[tokio::test]
async fn what_is_detached_before_it_was_accepted_is_cancelled() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let options = chunks_of(CHUNK).features(longhaul::proto::Features::NONE);
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    assert!(transfer.detach().is_none());
    deadline(client.run(Pattern::new(1, 0))).await.expect("the client can go on");
}

#[tokio::test]
async fn whoever_takes_over_is_not_robbed_by_who_was_there_before() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let first = connect_through(&proxy).await;
    let mut older = deadline(first.start_with(pattern().slow(20), chunks_of(CHUNK))).await.unwrap();
    let retained = loop {
        if let Some(Event::Accepted(retained)) = deadline(older.next()).await {
            break retained;
        }
    };
    let asked: serde_json::Value = serde_json::from_str(&proxy.messages()[0]).unwrap();
    let handle = serde_json::json!({
        "name": "test.payload",
        "operation": asked["operation"],
        "epoch": retained.epoch,
        "ttl": u64::try_from(retained.ttl.as_millis()).unwrap(),
        "chunkSize": retained.chunk_bytes,
    });
    let handle: OperationHandle = serde_json::from_value(handle).unwrap();
    // The first loses the operation to the second, which then has to resume it once more.
    proxy.cut_next([Spot::bytes_down(20_000)]);
    let second = connect_through(&proxy).await;
    let newer = deadline(second.attach(pattern().slow(20), handle)).await.unwrap();
    let drained = async {
        while older.next().await.is_some() {}
        older.finish().await
    };
    let (superseded, done) = deadline(futures::future::join(drained, newer.collect())).await;
    assert_eq!(refusal(&superseded.unwrap_err()).code, ServerError::SUPERSEDED);
    let done = done.unwrap();
    pattern().assert_is(&done.payload, done.receipt.sha256);
    assert_eq!(proxy.cuts(), 1);
}

#[tokio::test]
async fn a_save_that_is_detached_leaves_what_the_next_one_goes_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let slow = pattern().slow(2);
    let options = chunks_of(CHUNK).journal_for(&path);
    let transfer = deadline(client.start_with(slow.clone(), options)).await.unwrap();
    let stopper = transfer.stopper();
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > SIZE / 2 {
            stopper.detach();
        }
    });
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    let Error::Detached { handle, .. } = &error else { panic!("{}", chain(&error)) };
    stored(handle);
    assert!(!path.exists());
    assert_eq!((names(folder.path(), "part"), names(folder.path(), "journal")), (1, 1));
    let left = LeftoverInfo::peek(&path).expect("something to go on with");
    assert!(left.bytes >= SIZE / 2 - 2 * CHUNK, "{left:?}");
    let other = connect_through(&proxy).await;
    let options = chunks_of(CHUNK).resume_from(&path);
    let transfer = deadline(other.start_with(slow, options)).await.unwrap();
    let saved = deadline(transfer.save(&path)).await.unwrap();
    pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
    assert_eq!(other.stats().chunk_bytes, SIZE - left.bytes);
    assert_eq!(proxy.asked(ASKED), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_journal_is_kept_also_for_who_has_read_events_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    let client = connect(&server).await;
    let options = chunks_of(CHUNK).journal_for(&path);
    let mut transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    let stopper = transfer.stopper();
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > SIZE / 2 {
            stopper.detach();
        }
    });
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    assert!(matches!(error, Error::Detached { .. }), "{}", chain(&error));
    assert!(LeftoverInfo::peek(&path).is_some_and(|left| left.bytes > SIZE / 4));
}

/// Leaves something to go on with beside the path.
async fn leave(server: &Server, path: &Path) -> u64 {
    let client = connect(server).await;
    let options = chunks_of(CHUNK).journal_for(path);
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    let stopper = transfer.stopper();
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > SIZE / 2 {
            stopper.detach();
        }
    });
    deadline(transfer.save(path)).await.unwrap_err();
    LeftoverInfo::peek(path).expect("something to go on with").bytes
}

#[tokio::test]
async fn a_leftover_outlives_a_try_that_does_not_reach_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    let there = leave(&server, &path).await;
    let builder = Client::builder(server.url()).retries(Retries::never());
    let client = deadline(builder.connect()).await.unwrap();
    let mut states = client.states();
    states.current();
    drop(server);
    deadline(states.changed()).await.unwrap();
    let options = chunks_of(CHUNK).resume_from(&path);
    let error = deadline(client.start_with(pattern(), options)).await.unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{}", chain(&error));
    let left = LeftoverInfo::peek(&path).expect("it is still there");
    assert_eq!(left.bytes, there);
}

#[tokio::test]
async fn a_leftover_outlives_a_server_that_cannot_go_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    let other = Server::builder().profile(Profile::Seed);
    let other = deadline(other.bind("127.0.0.1:0")).await.unwrap();
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let options = chunks_of(CHUNK).journal_for(&path);
    let transfer = deadline(client.start_with(pattern().slow(2), options)).await.unwrap();
    let (front, address) = (proxy.control(), other.addr());
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > SIZE / 2 {
            front.retarget(address);
            front.cut_all();
        }
    });
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    assert!(matches!(error, Error::NotResumable { .. }), "{}", chain(&error));
    let left = LeftoverInfo::peek(&path).expect("something to go on with");
    let resume = || client.start_with(pattern().slow(2), chunks_of(CHUNK).resume_from(&path));
    let error = deadline(resume()).await.unwrap_err();
    assert!(matches!(error, Error::NotResumable { .. }), "{}", chain(&error));
    proxy.retarget(server.addr());
    proxy.cut_all();
    let mut states = client.states();
    while !matches!(states.current(), ConnectionState::Closed { .. }) {
        deadline(states.changed()).await;
    }
    let saved = deadline(deadline(resume()).await.unwrap().save(&path)).await.unwrap();
    pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
    assert!(left.bytes > SIZE / 4 && proxy.asked(ASKED) == 1, "{left:?}");
}

#[tokio::test]
async fn a_server_without_features_is_told_of_no_operation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let serving = |profile| Server::builder().package(PACKAGE, small_sample()).profile(profile);
    let server = deadline(serving(Profile::Full).bind("127.0.0.1:0")).await.unwrap();
    let seed = deadline(serving(Profile::Seed).bind("127.0.0.1:0")).await.unwrap();
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let options = chunks_of(1_000).journal_for(&path);
    let export = || Export::packages([PACKAGE]);
    let transfer = deadline(client.start_with(export(), options)).await.unwrap();
    let stopper = transfer.stopper();
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > 3_000 {
            stopper.detach();
        }
    });
    deadline(transfer.save(&path)).await.unwrap_err();
    assert!(LeftoverInfo::peek(&path).is_some());
    proxy.retarget(seed.addr());
    let other = connect_through(&proxy).await;
    let before = proxy.messages().len();
    let options = chunks_of(1_000).resume_from(&path);
    let transfer = deadline(other.start_with(export(), options)).await.unwrap();
    deadline(transfer.save(&path)).await.unwrap();
    assert_holds(&std::fs::read(&path).unwrap(), PACKAGE, &small_sample());
    deadline(other.close()).await;
    let asked = &proxy.messages()[before..];
    assert_eq!(asked.iter().filter(|text| text.contains(r#""domain":"stream""#)).count(), 0);
    assert_eq!(asked.len(), 1, "{asked:?}");
}

#[tokio::test]
async fn a_resumed_transfer_that_is_detached_leaves_its_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    let there = leave(&server, &path).await;
    let client = connect(&server).await;
    let resume = || client.start_with(pattern(), chunks_of(CHUNK).resume_from(&path));
    let transfer = deadline(resume()).await.unwrap();
    assert!(transfer.detach().is_some());
    assert_eq!(LeftoverInfo::peek(&path).map(|left| left.bytes), Some(there));
    let saved = deadline(deadline(resume()).await.unwrap().save(&path)).await.unwrap();
    pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
    assert!(client.stats().chunk_bytes < SIZE);
}

#[tokio::test]
async fn a_resumed_transfer_that_is_cancelled_takes_its_leftover_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let server = bare(Script::new()).await;
    leave(&server, &path).await;
    let client = connect(&server).await;
    let options = chunks_of(CHUNK).resume_from(&path);
    let transfer = deadline(client.start_with(pattern(), options)).await.unwrap();
    let outcome = deadline(transfer.cancel()).await;
    assert!(matches!(outcome, CancelOutcome::Cancelled | CancelOutcome::Completed), "{outcome:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_detached_while_it_is_being_resumed_is_kept() {
    let server = bare(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    // The second connection passes the resume on, and nothing that comes back.
    let silent = Plan::of(Spot::frames_down(1), Fault::Stall);
    proxy.plan_next([Plan::from(Spot::bytes_down(30_000)), silent]);
    let client = connect_through(&proxy).await;
    let mut transfer = accepted(&client, pattern()).await;
    until(|| {
        let _ = transfer.next().now_or_never();
        proxy.asked(r#""action":"resume""#) > 0
    })
    .await;
    let handle = transfer.detach().expect("it was accepted before");
    // Whatever there is to be told has then been told, and heard.
    deadline(client.close()).await;
    until(|| server.sessions() == 0).await;
    let other = connect(&server).await;
    let attached = deadline(other.attach(pattern(), handle)).await.unwrap();
    let done = deadline(attached.collect()).await.expect("the server has kept it");
    pattern().assert_is(&done.payload, done.receipt.sha256);
    assert_eq!(proxy.asked(r#""action":"release""#), 0);
}
