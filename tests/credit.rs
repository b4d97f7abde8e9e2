//! Consumers that stop: what is held for them, what the others notice of it, and servers that send
//! more than they were granted.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use longhaul::ops::git::{Export, ObjectKey};
use longhaul::proto::{ExchangeError, Feature, Features};
use longhaul::server::{RawMessage, Script, Server};
use longhaul::{Client, Error, ErrorKind, Event, Transfer, TransferOptions};
use support::bulk::Bulk;
use support::{
    PACKAGE, chain, chunks_of, connect, connect_with, deadline, nothing_is_left_pending, scripted,
    until,
};

/// Chunks small enough that there are many.
const CHUNK: u64 = 1000;

/// The features without `credit`.
fn uncredited() -> Features {
    Features::from_iter([Feature::Checksum, Feature::Cancel])
}

/// Only `credit`, so that there is no frame but chunks, progress and complete.
fn credited() -> Features {
    Features::from_iter([Feature::Credit, Feature::Cancel])
}

async fn start(client: &Client, bulk: &Bulk, options: &TransferOptions) -> Transfer<Bulk> {
    deadline(client.start_with(bulk.clone(), options.clone())).await.unwrap()
}

/// Reads until so many chunks have been taken in all.
async fn take(transfer: &mut Transfer<Bulk>, chunks: usize) {
    let mut taken = 0;
    while taken < chunks {
        let event = deadline(transfer.next()).await.expect("there is another chunk");
        taken += usize::from(matches!(event, Event::Data(_)));
    }
}

/// How many chunks have come by the time at which no more come: what the server sends before it
/// answers two rounds of pings is all that it may send.
async fn chunks_that_came(client: &Client) -> u64 {
    let mut seen = None;
    loop {
        for _ in 0..20 {
            deadline(client.ping()).await.unwrap();
        }
        let stats = client.stats();
        // Every request but the one that is looked at is a ping, answered once.
        let came = stats.messages - (stats.requests - 1) - stats.control_answers;
        if seen.replace(came) == Some(came) {
            return came;
        }
    }
}

/// What came of one transfer of 100 chunks that stopped after `taken` of them.
async fn came_of(window: u64, taken: usize) -> u64 {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let options = chunks_of(CHUNK).features(credited()).window(window);
    let mut transfer = start(&client, &Bulk::new(100 * CHUNK), &options).await;
    take(&mut transfer, taken).await;
    chunks_that_came(&client).await
}

#[tokio::test]
async fn no_more_comes_than_the_window_and_what_was_taken() {
    for window in [1, 2, 8, 30] {
        assert_eq!(came_of(window, 0).await, window);
    }
    // A chunk that was given out counts as taken once the next is asked for, and a grant is sent
    // once half a window has been taken.
    for (window, taken) in [(1, 5), (2, 5), (8, 12), (30, 31)] {
        let came = came_of(window, taken).await;
        let most = window + taken as u64;
        assert!((taken as u64..=most).contains(&came), "window {window}: {came} after {taken}");
    }
}

#[tokio::test]
async fn windows_stay_within_what_the_server_names_and_what_may_be_parked() {
    let server = scripted(Script::new()).await;
    // More than `maxWindow`.
    let client = connect(&server).await;
    assert_eq!(client.welcome().limits.max_window, Some(1024));
    let options = chunks_of(16).features(credited()).window(u64::MAX);
    let transfer = start(&client, &Bulk::new(16 * 2000), &options).await;
    assert_eq!(chunks_that_came(&client).await, 1024);
    drop(transfer);
    // More than 32 MiB together, and then a single chunk of more than half of that.
    for (chunk_bytes, fitting) in [(5 << 20, 6), (12 << 20, 2), (u64::MAX, 2)] {
        let client = connect(&server).await;
        let options = chunks_of(chunk_bytes).features(credited()).window(1000);
        let transfer = start(&client, &Bulk::new(100 << 20), &options).await;
        assert_eq!(chunks_that_came(&client).await, fitting, "chunks of {chunk_bytes}");
        drop(transfer);
    }
}

#[tokio::test]
async fn one_that_stops_for_good_holds_up_nobody() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let (chunks, window) = (200, 4);
    let bulk = Bulk::new(chunks * CHUNK);
    let options = chunks_of(CHUNK).features(credited()).window(window);
    let mut stopped = start(&client, &bulk, &options).await;
    let busy = (0..3).map(|_| async {
        let transfer = start(&client, &bulk, &options).await;
        deadline(transfer.collect()).await.unwrap().receipt.sha256
    });
    let digests = futures::future::join_all(busy).await;
    assert!(digests.iter().all(|sha256| *sha256 == Some(bulk.sha256())));
    // Each of the busy ones had its chunks and a complete frame.
    let stats = client.stats();
    assert_eq!(stats.chunks, 3 * chunks);
    let came = stats.messages - stats.control_answers - 3 * (chunks + 1);
    assert!(came <= window, "{came} chunks wait");
    assert_eq!(stats.pending, 1);
    // It goes on as if nothing had been.
    take(&mut stopped, 50).await;
    assert_eq!(deadline(stopped.finish()).await.unwrap().sha256, Some(bulk.sha256()));
}

#[tokio::test]
async fn without_credit_one_that_stops_fails_alone() {
    let server = scripted(Script::new()).await;
    let limit = Duration::from_millis(100);
    let client = connect_with(&server, |builder| builder.hold_limit(limit)).await;
    // More than an inbox holds.
    let large = Bulk::new(12 << 20);
    let options = TransferOptions::default().features(uncredited());
    let mut stopped = start(&client, &large, &options).await;
    let busy = (0..3).map(|_| async {
        let transfer = start(&client, &large, &options).await;
        deadline(transfer.collect()).await.unwrap().receipt.sha256
    });
    let digests = futures::future::join_all(busy).await;
    assert!(digests.iter().all(|sha256| *sha256 == Some(large.sha256())));
    while deadline(stopped.next()).await.is_some() {}
    let error = deadline(stopped.finish()).await.unwrap_err();
    assert!(
        matches!(error, Error::SlowConsumer { held, .. } if held >= limit),
        "{}",
        chain(&error)
    );
    assert_eq!((client.stats().reconnects, client.stats().pending), (0, 0));
}

/// A pipe that nobody reads yet takes nothing: a sink of our own that waits, as a disk may.
#[cfg(unix)]
#[tokio::test]
async fn without_credit_a_sink_of_our_own_is_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let server = scripted(Script::new()).await;
    let limit = Duration::from_millis(20);
    let (patient, other) = (
        connect_with(&server, |builder| builder.hold_limit(limit)).await,
        connect_with(&server, |builder| builder.hold_limit(limit)).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let large = Bulk::new(12 << 20);
    let options = TransferOptions::default().features(uncredited());
    let saving = tokio::spawn(start(&patient, &large, &options).await.save(pipe.clone()));
    // What an inbox holds has come, so that the next message has no room.
    until(|| patient.stats().message_bytes > 4 << 20).await;
    // By the time that one which began later has been put out, this one would have been as well.
    let stopped = start(&other, &large, &options).await;
    until(|| other.stats().unknown_ids > 0).await;
    drop(stopped);
    assert!(!saving.is_finished());
    let reader = tokio::task::spawn_blocking(move || std::fs::read(pipe).unwrap().len());
    let saved = deadline(saving).await.unwrap().unwrap();
    assert_eq!(saved.receipt.sha256, Some(large.sha256()));
    assert_eq!(deadline(reader).await.unwrap(), 12 << 20);
}

fn chunk(seq: u64, data: &str) -> RawMessage {
    let data = longhaul::proto::base64::encode(data.as_bytes());
    RawMessage::Text(format!(r#"{{"id":"{{id}}","type":"chunk","seq":{seq},"data":"{data}"}}"#))
}

/// The error of a transfer whose frames are these, while three others finish beside it.
async fn violation(frames: Vec<RawMessage>, window: u64) -> Error {
    let server = scripted(Script::new().raw(frames).only_first(1)).await;
    let client = connect(&server).await;
    let bulk = Bulk::new(50 * CHUNK);
    let options = chunks_of(CHUNK).features(credited()).window(window);
    let wrong = start(&client, &bulk, &options).await;
    // Its frames are here, and it does not read them yet.
    deadline(client.ping()).await.unwrap();
    let right = (0..3).map(|_| async {
        let transfer = start(&client, &bulk, &options).await;
        deadline(transfer.collect()).await.unwrap().receipt.sha256
    });
    let digests = futures::future::join_all(right).await;
    assert!(digests.iter().all(|sha256| *sha256 == Some(bulk.sha256())));
    let error = deadline(wrong.collect()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_remote()), (ErrorKind::Broken, true));
    deadline(client.ping()).await.expect("the connection lives on");
    assert_eq!(client.stats().reconnects, 0);
    error
}

#[tokio::test]
async fn a_chunk_beyond_the_grant_fails_its_transfer_alone() {
    let error = violation(vec![chunk(1, "a"), chunk(2, "b"), chunk(9, "c")], 2).await;
    let Error::Transfer { source: ExchangeError::BeyondCredit { seq, granted }, .. } = &error
    else {
        panic!("{}", chain(&error))
    };
    assert_eq!((*seq, *granted), (9, 4));
}

#[tokio::test]
async fn chunks_larger_than_asked_for_fail_their_transfer_alone() {
    let large = "x".repeat(300 << 10);
    let frames = (1..=8).map(|seq| chunk(seq, &large)).collect();
    let error = violation(frames, 8).await;
    assert!(matches!(error, Error::Overrun { .. }), "{}", chain(&error));
}

#[tokio::test]
async fn a_flood_of_progress_is_dropped_and_spoils_nothing() {
    // 20 MiB of progress, several times what may wait, before chunks that fill the window.
    let text = "x".repeat(1000);
    let frame = format!(r#"{{"id":"{{id}}","type":"progress","done":1,"message":"{text}"}}"#);
    let script = Script::new().before(vec![RawMessage::Text(frame); 20_000]);
    let server = scripted(script).await;
    let client = connect(&server).await;
    let bulk = Bulk::new(16 << 20);
    let options = chunks_of(1 << 20).features(credited()).window(8);
    let mut transfer = start(&client, &bulk, &options).await;
    let came = |came: u64| came >= 20_000 + 8;
    until(|| came(client.stats().messages)).await;
    deadline(client.ping()).await.expect("it holds up nobody");
    let dropped = client.stats().dropped_progress;
    let mut progress = 0;
    while let Some(event) = deadline(transfer.next()).await {
        progress += u64::from(matches!(event, Event::Progress(_)));
    }
    let receipt = deadline(transfer.finish()).await.expect("its chunks had been granted");
    assert_eq!(receipt.sha256, Some(bulk.sha256()));
    assert_eq!(progress + client.stats().dropped_progress, 20_000);
    assert!(progress <= 1024, "{progress} of 1 KiB waited, {dropped} were dropped");
}

#[tokio::test]
async fn warnings_that_nobody_reads_fail_nobody() {
    let server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let missing = (0..9_000).map(|n| ObjectKey::new("CLAS", &format!("ZCL_MISSING_{n}")));
    let export = Export::packages([PACKAGE]).with_objects(missing);
    let transfer = deadline(client.start(export)).await.unwrap();
    until(|| client.stats().dropped_warnings > 0).await;
    let exported = deadline(transfer.collect()).await.unwrap();
    assert_eq!(exported.output.skipped.len(), 9_000, "the result names what was left out");
}

#[tokio::test]
async fn equal_transfers_get_equal_shares() {
    // A payload in memory, so that no thread pool of the server's has a say in who comes first.
    let (chunks, count) = (100_usize, 4);
    let payload = vec![7; chunks * usize::try_from(CHUNK).unwrap()];
    let server = scripted(Script::new().payload(payload)).await;
    let client = connect(&server).await;
    let options = chunks_of(CHUNK).features(credited()).window(8);
    let mut transfers = Vec::new();
    for _ in 0..count {
        let start = client.start_with(Export::packages([PACKAGE]), options.clone());
        transfers.push(deadline(start).await.unwrap());
    }
    // All are on their way before the race begins.
    for transfer in &mut transfers {
        while !matches!(deadline(transfer.next()).await.unwrap(), Event::Data(_)) {}
    }
    let order = Arc::new(Mutex::new((0..count).collect::<Vec<_>>()));
    let reading = transfers.into_iter().enumerate().map(|(which, mut transfer)| {
        let order = Arc::clone(&order);
        async move {
            while let Some(event) = deadline(transfer.next()).await {
                if matches!(event, Event::Data(_)) {
                    order.lock().unwrap().push(which);
                }
            }
            deadline(transfer.finish()).await.unwrap();
        }
    });
    futures::future::join_all(reading).await;
    let order = order.lock().unwrap();
    assert_eq!(order.len(), chunks * count);
    // When the first has ended, the others must be well under way.
    let mut shares = vec![0; count];
    for which in order.iter() {
        shares[*which] += 1;
        if shares[*which] == chunks {
            break;
        }
    }
    let least = shares.iter().min().unwrap();
    assert!(*least >= chunks / 2, "{shares:?}");
}

#[tokio::test]
async fn a_window_of_one_goes_through_and_nothing_stays() {
    let server: Server = scripted(Script::new()).await;
    let client = connect(&server).await;
    let bulk = Bulk::new(300 * CHUNK);
    let options = chunks_of(CHUNK).window(1);
    let receipt = deadline(start(&client, &bulk, &options).await.collect()).await.unwrap().receipt;
    assert_eq!((receipt.sha256, receipt.chunks), (Some(bulk.sha256()), 300));
    nothing_is_left_pending(&client).await;
}
