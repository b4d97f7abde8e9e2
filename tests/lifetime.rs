//! How requests end that nobody answers, nobody reads, or whose connection goes.

mod support;

use std::sync::Arc;
use std::time::Duration;

use longhaul::ops::git::Export;
use longhaul::proto::Feature;
use longhaul::server::{RawMessage, Script, Server};
use longhaul::{CloseCause, Error, ErrorKind, Retries, TransferOptions};
use support::{
    PACKAGE, assert_holds, chain, chunks_of, connect, connect_with, deadline,
    nothing_is_left_pending, scripted, small_sample,
};

/// Chunks small enough that there are several.
const CHUNK: u64 = 1000;

#[tokio::test]
async fn silence_ends_with_the_idle_limit_and_the_deadline() {
    let server = scripted(Script::new().stall_after(1)).await;
    let client = connect(&server).await;
    let limit = Duration::from_millis(200);
    let idle = TransferOptions::default().chunk_bytes(CHUNK).idle_limit(Some(limit));
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), idle)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(matches!(error, Error::Idle { limit: l, .. } if l == limit), "{}", chain(&error));
    let late = TransferOptions::default().chunk_bytes(CHUNK).deadline(Some(limit));
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), late)).await;
    let error = deadline(transfer.unwrap().collect()).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { limit: l, .. } if l == limit), "{}", chain(&error));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    deadline(client.ping()).await.expect("the connection lives on");
}

#[tokio::test]
async fn a_deadline_holds_while_frames_keep_coming_and_the_caller_is_slow() {
    let progress = RawMessage::Text(r#"{"id":"{id}","type":"progress","done":1}"#.into());
    let server = scripted(Script::new().raw(vec![progress; 5_000]).stall_after(0)).await;
    let client = connect(&server).await;
    let limit = Duration::from_millis(100);
    let options = TransferOptions::default().deadline(Some(limit));
    let mut transfer =
        deadline(client.start_with(Export::packages([PACKAGE]), options)).await.unwrap();
    let begun = std::time::Instant::now();
    let mut events = 0;
    // A caller that takes its time with each event, so that there is always another.
    while deadline(futures::StreamExt::next(&mut transfer)).await.is_some() {
        events += 1;
        let until = std::time::Instant::now() + Duration::from_millis(1);
        while std::time::Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }
    let error = deadline(transfer.finish()).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{}", chain(&error));
    assert!(events < 5_000 && begun.elapsed() >= limit, "{events} events");
}

#[tokio::test]
async fn a_peer_that_sends_nothing_at_all_is_gone() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let peer = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let welcome = r#"{"id":"welcome","success":true,"data":{"features":[]}}"#;
        futures::SinkExt::send(&mut socket, welcome.into()).await.unwrap();
        // From here on it neither reads nor writes, and the connection stays open.
        std::future::pending::<()>().await;
        drop(socket);
    });
    let builder = longhaul::Client::builder(url)
        .retries(Retries::never())
        .ping_interval(Duration::from_millis(20));
    let client = deadline(builder.connect()).await.unwrap();
    let error = deadline(client.ping()).await.unwrap_err();
    let Error::Lost { cause, .. } = &error else { panic!("{}", chain(&error)) };
    assert!(matches!(**cause, CloseCause::Unresponsive { .. }), "{cause:?}");
    peer.abort();
}

#[tokio::test]
async fn whatever_ends_a_request_takes_it_out_of_the_table() {
    let server = scripted(Script::new().stall_after(1)).await;
    let client = connect(&server).await;
    let limit = Some(Duration::from_millis(50));
    let plain = TransferOptions::default().chunk_bytes(CHUNK);
    for options in [plain.clone().idle_limit(limit), plain.clone().deadline(limit)] {
        let transfer = deadline(client.start_with(Export::packages([PACKAGE]), options)).await;
        deadline(transfer.unwrap().collect()).await.unwrap_err();
        nothing_is_left_pending(&client).await;
    }
    let transfer = deadline(client.start_with(Export::packages([PACKAGE]), plain)).await.unwrap();
    drop(transfer);
    nothing_is_left_pending(&client).await;
    deadline(client.run(Export::packages(["$NOWHERE"]))).await.unwrap_err();
    deadline(client.ping()).await.unwrap();
    nothing_is_left_pending(&client).await;
}

#[tokio::test]
async fn a_lost_connection_fails_all_that_wait_with_one_cause() {
    let server = scripted(Script::new().cut_after(1)).await;
    let client = connect(&server).await;
    let once = || chunks_of(CHUNK).retries(Retries::never());
    let export = || client.start_with(Export::packages([PACKAGE]), once());
    let (first, second) = deadline(futures::future::join(export(), export())).await;
    let (first, second) =
        deadline(futures::future::join(first.unwrap().collect(), second.unwrap().collect())).await;
    let cause = |error: Error| match error {
        Error::Lost { cause, .. } => cause,
        other => panic!("{}", chain(&other)),
    };
    let (first, second) = (cause(first.unwrap_err()), cause(second.unwrap_err()));
    assert!(Arc::ptr_eq(&first, &second), "{first:?} {second:?}");
    deadline(client.ping()).await.expect("whoever comes later has a new connection");
    assert_eq!(client.stats().reconnects, 1);
}

#[tokio::test]
async fn a_dropped_transfer_is_forgotten_and_the_connection_lives_on() {
    let builder = Server::builder().package(PACKAGE, small_sample());
    let server = deadline(builder.object_delay(Duration::from_millis(2)).bind("127.0.0.1:0"));
    let server = server.await.unwrap();
    let client = connect(&server).await;
    let mut transfer = deadline(client.start(Export::packages([PACKAGE]))).await.unwrap();
    deadline(futures::StreamExt::next(&mut transfer)).await.unwrap();
    drop(transfer);
    let export = deadline(client.run(Export::packages([PACKAGE]))).await.unwrap();
    assert_holds(&export.payload, PACKAGE, &small_sample());
    assert!(client.stats().unknown_ids > 0, "what still came for it was counted");
}

#[tokio::test]
async fn a_transfer_that_is_not_read_fails_alone() {
    // More than an inbox holds, so that the connection has to wait for whoever does not read.
    let noise = vec![0x5a; 12 << 20];
    let server = scripted(Script::new().payload(noise)).await;
    let client =
        connect_with(&server, |builder| builder.hold_limit(Duration::from_millis(100))).await;
    let without = longhaul::proto::Features::from_iter([Feature::Checksum]);
    let options = TransferOptions::default().features(without);
    let idle = client.start_with(Export::packages([PACKAGE]), options);
    let mut idle = deadline(idle).await.unwrap();
    // Once it has been put out, what still comes for it belongs to nobody; if nothing else ran at
    // that moment, its connection is gone.
    let is_out = || client.stats().unknown_ids > 0 || client.stats().reconnects > 0;
    deadline(async {
        while !is_out() {
            client.ping().await.expect("other requests get through in the end");
        }
    })
    .await;
    let verdict = loop {
        if deadline(futures::StreamExt::next(&mut idle)).await.is_none() {
            break deadline(idle.finish()).await;
        }
    };
    let error = verdict.unwrap_err();
    assert!(matches!(error, Error::SlowConsumer { .. }), "{}", chain(&error));
    assert_eq!((error.kind(), error.is_remote()), (ErrorKind::Local, false));
}
