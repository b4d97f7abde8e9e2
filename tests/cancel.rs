//! Requests that nobody wants any more: what becomes of them here, on the server, and of the
//! connection they were on.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use longhaul::ops::git::Export;
use longhaul::proto::{Feature, Features, ServerError};
use longhaul::server::{Profile, RawMessage, Script, Server};
use longhaul::{CancelOutcome, Client, Error, Event, Transfer, TransferOptions};
use support::bulk::Bulk;
use support::proxy::Proxy;
use support::{
    PACKAGE, assert_holds, chain, chunks_of, connect, connect_through, connect_with, deadline,
    nothing_is_left_pending, scripted, small_sample, until,
};

/// Chunks small enough that there are many.
const CHUNK: u64 = 1000;
const RELEASE: &str = r#""action":"release""#;
const CANCEL: &str = r#""action":"cancel""#;

async fn start(client: &Client, bulk: Bulk, options: TransferOptions) -> Transfer<Bulk> {
    deadline(client.start_with(bulk, options)).await.unwrap()
}

/// Reads until the request is on its way.
async fn sent<O: longhaul::proto::Operation>(transfer: &mut Transfer<O>) {
    while !matches!(deadline(transfer.next()).await, Some(Event::Sent)) {}
}

/// Waits until all that is asked for has come to its end, read or not.
async fn all_has_come(client: &Client, requests: u64) {
    until(|| client.stats().requests == requests && client.stats().pending == 0).await;
}

/// A transfer that the server keeps and never ends, once it has said so.
async fn accepted(client: &Client) -> Transfer<Bulk> {
    let mut transfer = start(client, Bulk::endless(), chunks_of(CHUNK)).await;
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    transfer
}

#[tokio::test]
async fn a_request_that_runs_is_stopped_and_freed() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let handle = accepted(&client).await.detach().unwrap();
    let attach = || client.attach(Bulk::endless(), handle.clone());
    // By call, before it is sent and while it runs.
    let again = deadline(attach()).await.expect("the server has kept it");
    assert_eq!(deadline(again.cancel()).await, CancelOutcome::Cancelled);
    let mut again = deadline(attach()).await.expect("the server has kept it");
    sent(&mut again).await;
    assert_eq!(deadline(again.cancel()).await, CancelOutcome::Cancelled);
    let error = deadline(deadline(attach()).await.unwrap().collect()).await.unwrap_err();
    let Error::Server { source, .. } = &error else { panic!("{}", chain(&error)) };
    assert_eq!(source.code, ServerError::RESUME_UNKNOWN);
    // By drop.
    let handle = accepted(&client).await.detach().unwrap();
    let attach = || client.attach(Bulk::endless(), handle.clone());
    let mut again = deadline(attach()).await.unwrap();
    while !matches!(deadline(again.next()).await, Some(Event::Accepted(_))) {}
    drop(again);
    nothing_is_left_pending(&client).await;
    let error = deadline(deadline(attach()).await.unwrap().collect()).await.unwrap_err();
    let Error::Server { source, .. } = &error else { panic!("{}", chain(&error)) };
    assert_eq!(source.code, ServerError::RESUME_UNKNOWN);
    nothing_is_left_pending(&client).await;
}

#[tokio::test]
async fn a_result_that_was_faster_is_told_apart() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    // All of it has come, its end included, and nothing of it was read.
    let transfer = start(&client, Bulk::new(3 * CHUNK), chunks_of(CHUNK)).await;
    all_has_come(&client, 1).await;
    assert_eq!(deadline(transfer.cancel()).await, CancelOutcome::Completed);
    // It has been read to its end.
    let mut transfer = start(&client, Bulk::new(3 * CHUNK), chunks_of(CHUNK)).await;
    while deadline(transfer.next()).await.is_some() {}
    assert_eq!(deadline(transfer.cancel()).await, CancelOutcome::Completed);
    assert_eq!(client.stats().reconnects, 0);
}

#[tokio::test]
async fn a_result_that_nobody_has_read_is_freed() {
    let server = scripted(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    // All of it has come, its end included, and not even that the server keeps it was read.
    let transfer = start(&client, Bulk::new(3 * CHUNK), chunks_of(CHUNK)).await;
    all_has_come(&client, 1).await;
    drop(transfer);
    until(|| proxy.asked(RELEASE) == 1).await;
    assert_eq!(proxy.asked(CANCEL), 0);
}

#[tokio::test]
async fn what_a_server_cannot_cancel_is_freed() {
    let server = scripted(Script::new()).await;
    let proxy = Proxy::new(server.addr()).await;
    let client = connect_through(&proxy).await;
    let without = [Feature::Stream, Feature::Checksum, Feature::Resume].into_iter().collect();
    let mut transfer = start(&client, Bulk::endless(), chunks_of(CHUNK).features(without)).await;
    while !matches!(deadline(transfer.next()).await, Some(Event::Accepted(_))) {}
    drop(transfer);
    until(|| proxy.asked(RELEASE) == 1).await;
    assert_eq!(proxy.asked(CANCEL), 0);
}

#[tokio::test]
async fn a_failure_that_was_faster_is_told_apart() {
    let server = scripted(Script::new().error_after(1, "TEST_ERROR", "on purpose")).await;
    let client = connect(&server).await;
    for (is_read, requests) in [(false, 1), (true, 2)] {
        let mut transfer = start(&client, Bulk::new(3 * CHUNK), chunks_of(CHUNK)).await;
        while is_read && deadline(transfer.next()).await.is_some() {}
        all_has_come(&client, requests).await;
        let outcome = deadline(transfer.cancel()).await;
        let CancelOutcome::Failed(error) = outcome else { panic!("{outcome:?}, read {is_read}") };
        assert_eq!(error.code, "TEST_ERROR");
    }
}

#[tokio::test]
async fn a_server_that_does_not_say_leaves_it_unknown() {
    // The request gets a progress and no end, whatever is asked; this waits for 5 s.
    let frame = RawMessage::from(r#"{"id":"{id}","type":"progress","done":1}"#);
    let server = scripted(Script::new().raw(vec![frame])).await;
    let client = connect(&server).await;
    let mut transfer = start(&client, Bulk::new(CHUNK), chunks_of(CHUNK)).await;
    while !matches!(deadline(transfer.next()).await, Some(Event::Progress(_))) {}
    assert_eq!(deadline(transfer.cancel()).await, CancelOutcome::Unknown);
    nothing_is_left_pending(&client).await;
    deadline(client.ping()).await.unwrap();
    assert_eq!(client.stats().reconnects, 0);
}

#[tokio::test]
async fn a_request_for_one_answer_is_stopped() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let sleep = || client.request("test", "sleep").param("ms", 3_600_000);
    let mut asleep = deadline(sleep().start()).await.unwrap();
    sent(&mut asleep).await;
    assert_eq!(deadline(asleep.cancel()).await, CancelOutcome::Cancelled);
    // More than run at once on one connection: each makes room for the next.
    for _ in 0..40 {
        let mut asleep = deadline(sleep().start()).await.unwrap();
        sent(&mut asleep).await;
        drop(asleep);
        nothing_is_left_pending(&client).await;
    }
    assert_eq!((client.stats().busy_retries, client.stats().reconnects), (0, 0));
}

#[tokio::test]
async fn what_was_not_sent_yet_never_is() {
    let builder = Server::builder().package(PACKAGE, small_sample()).profile(Profile::Seed);
    let server = deadline(builder.object_delay(Duration::from_millis(5)).bind("127.0.0.1:0"));
    let server = server.await.unwrap();
    let client = connect(&server).await;
    // The server takes one after the other, so the second waits for its turn.
    let first = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    let mut second = Box::pin(client.start(Export::packages([PACKAGE])));
    assert!(futures::poll!(&mut second).is_pending());
    drop(second);
    let export = deadline(first.collect()).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    nothing_is_left_pending(&client).await;
    assert_eq!((client.stats().requests, client.stats().reconnects), (1, 0));
    // What the driver has not written yet is taken back, or stopped; either way it says so.
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let bulk = start(&client, Bulk::endless(), chunks_of(CHUNK)).await;
    assert_eq!(deadline(bulk.cancel()).await, CancelOutcome::Cancelled);
}

#[tokio::test]
async fn what_still_comes_is_not_decoded() {
    let server = scripted(Script::new()).await;
    let without = Features::from_iter([Feature::Checksum]);
    for features in [Features::BUILT, without] {
        let client = connect(&server).await;
        let options = chunks_of(100 << 10).features(features);
        let bulk = Bulk::new(64 * (100 << 10));
        let mut transfer = start(&client, bulk.clone(), options.clone()).await;
        // What goes on beside it keeps the connection.
        let beside = start(&client, bulk.clone(), options.clone()).await;
        while !matches!(deadline(transfer.next()).await, Some(Event::Data(_))) {}
        let (before, unknown) = (client.stats().chunks, client.stats().unknown_ids);
        drop(transfer);
        let receipt = deadline(beside.collect()).await.unwrap().receipt;
        nothing_is_left_pending(&client).await;
        assert_eq!(receipt.sha256, Some(bulk.sha256()));
        let stats = client.stats();
        assert_eq!(stats.chunks - before, 64, "only the other one's chunks, {features:?}");
        assert!(stats.unknown_ids > unknown, "{features:?}");
    }
}

/// Passes connections on, and counts those that were made and those that stand.
struct Counting {
    url: String,
    made: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Counting {
    async fn before(server: &Server) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (made, open): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let (target, counts) = (server.addr(), (Arc::clone(&made), Arc::clone(&open)));
        tokio::spawn(async move {
            while let Ok((mut inner, _)) = listener.accept().await {
                let (made, open) = counts.clone();
                made.fetch_add(1, Ordering::SeqCst);
                open.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut outer = tokio::net::TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, made, open }
    }

    fn counts(&self) -> (usize, usize) {
        (self.made.load(Ordering::SeqCst), self.open.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn without_cancel_the_connection_ends_once_nothing_runs_on_it() {
    let server = scripted(Script::new()).await;
    let front = Counting::before(&server).await;
    let without = Features::from_iter([Feature::Checksum]);
    let options = chunks_of(CHUNK).features(without);
    let client = Client::builder(&front.url).options(options.clone()).connect();
    let client = deadline(client).await.unwrap();
    let mut dropped = start(&client, Bulk::endless(), options.clone()).await;
    sent(&mut dropped).await;
    // Some 20 chunks with time between them, so that it outlasts what follows.
    let slow = Bulk { chunk_delay_ms: 10, ..Bulk::new(20 * CHUNK) };
    let beside = start(&client, slow.clone(), options.clone()).await;
    assert_eq!(front.counts(), (1, 1));
    assert_eq!(deadline(dropped.cancel()).await, CancelOutcome::Unknown);
    deadline(client.ping()).await.expect("on another connection");
    assert_eq!(front.counts(), (2, 2));
    let receipt = deadline(beside.collect()).await.expect("it goes on").receipt;
    assert_eq!(receipt.sha256, Some(slow.sha256()));
    until(|| front.counts() == (2, 1)).await;
    deadline(client.ping()).await.unwrap();
    assert_eq!((front.counts(), client.stats().reconnects), ((2, 1), 1));
    nothing_is_left_pending(&client).await;
}

#[tokio::test]
async fn without_features_a_dropped_request_costs_a_connection_or_is_waited_for() {
    for profile in [Profile::Seed, Profile::Deployed] {
        let builder = Server::builder().package(PACKAGE, small_sample()).profile(profile);
        let server = deadline(builder.object_delay(Duration::from_millis(2)).bind("127.0.0.1:0"));
        let server = server.await.unwrap();
        for waits in [false, true] {
            let front = Counting::before(&server).await;
            let client = Client::builder(&front.url).wait_for_dropped(waits).connect();
            let client = deadline(client).await.unwrap();
            let export = || client.start(Export::packages([PACKAGE]));
            let mut dropped = deadline(export()).await.unwrap();
            sent(&mut dropped).await;
            drop(dropped);
            let mut cancelled = deadline(export()).await.unwrap();
            sent(&mut cancelled).await;
            assert_eq!(deadline(cancelled.cancel()).await, CancelOutcome::Unknown);
            let whole = deadline(deadline(export()).await.unwrap().collect()).await.unwrap();
            assert_holds(&whole.payload, PACKAGE, &small_sample());
            nothing_is_left_pending(&client).await;
            let made = if waits { 1 } else { 3 };
            until(|| front.counts() == (made, 1)).await;
        }
    }
}

#[tokio::test]
async fn a_thousand_that_come_and_go_leave_nothing() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    for n in 0..1000 {
        let mut transfer = start(&client, Bulk::endless(), chunks_of(CHUNK)).await;
        if n % 3 == 0 {
            sent(&mut transfer).await;
        }
        drop(transfer);
    }
    nothing_is_left_pending(&client).await;
    deadline(client.ping()).await.unwrap();
    assert_eq!(client.stats().reconnects, 0);
}

/// Others that ask for something just as a connection is given up must not fail with it.
#[tokio::test(flavor = "multi_thread")]
async fn giving_up_connections_fails_nobody_else() {
    let server = scripted(Script::new()).await;
    let without = chunks_of(CHUNK).features(Features::NONE);
    let client = connect_with(&server, |builder| builder.options(without.clone())).await;
    let dropping = async {
        for _ in 0..200 {
            drop(start(&client, Bulk::endless(), without.clone()).await);
        }
    };
    let asking = |_| {
        let client = client.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                deadline(client.ping()).await.expect("nobody gave this one up");
            }
        })
    };
    let others: Vec<_> = (0..4).map(asking).collect();
    dropping.await;
    for other in others {
        deadline(other).await.unwrap();
    }
    nothing_is_left_pending(&client).await;
}
