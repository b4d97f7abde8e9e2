//! Servers that take up a resume in a way they must not, played by hand.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{SinkExt, StreamExt};
use longhaul::client::LeftoverInfo;
use longhaul::proto::{ExchangeError, base64};
use longhaul::{Client, Error, Event};
use serde_json::{Value, json};
use support::pattern::Pattern;
use support::{chain, chunks_of, deadline};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const SIZE: u64 = 6_000;
const CHUNK: u64 = 2_000;

fn pattern() -> Pattern {
    Pattern::new(SIZE, 21)
}

/// What the second connection of a peer does with the resume it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Accepts it under another epoch.
    OtherEpoch,
    /// Sends a chunk without having accepted it.
    Unaccepted,
    /// Is busy for longer than the client waits, and goes on with the next one.
    Busy,
}

struct Peer {
    url: String,
    /// How often the payload was asked for.
    asked: Arc<AtomicUsize>,
}

/// Cuts the first connection after a chunk, misbehaves at the resume, and serves what comes then.
async fn peer(way: Way, chunks_before: u64) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut first = greet(&listener).await;
        let id = next_id(&mut first, &counted).await;
        say(&mut first, accepted(&id, "e1")).await;
        for seq in 1..=chunks_before {
            say(&mut first, chunk(&id, seq)).await;
        }
        drop(first);
        let mut second = greet(&listener).await;
        let id = next_id(&mut second, &counted).await;
        match way {
            Way::OtherEpoch => say(&mut second, accepted(&id, "e2")).await,
            Way::Unaccepted => say(&mut second, chunk(&id, chunks_before + 1)).await,
            Way::Busy => {
                let busy = json!({ "code": "BUSY", "message": "", "retryAfterMs": 60_000 });
                let frame = json!({ "id": id, "type": "error", "success": false, "error": busy });
                say(&mut second, frame).await;
            }
        }
        let id = next_id(&mut second, &counted).await;
        let (epoch, there) = if way == Way::Busy { ("e1", chunks_before) } else { ("e3", 0) };
        say(&mut second, accepted(&id, epoch)).await;
        for seq in there + 1..=SIZE / CHUNK {
            say(&mut second, chunk(&id, seq)).await;
        }
        let complete = json!({
            "id": id, "type": "complete", "success": true, "totalChunks": SIZE / CHUNK,
            "data": { "size": SIZE },
        });
        say(&mut second, complete).await;
        while second.next().await.is_some_and(|message| message.is_ok()) {}
    });
    Peer { url, asked }
}

async fn greet(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let data = json!({ "features": ["stream", "cancel", "resume"] });
    say(&mut socket, json!({ "id": "welcome", "success": true, "data": data })).await;
    socket
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// The id of the next request that is no control.
async fn next_id(socket: &mut WebSocketStream<TcpStream>, asked: &AtomicUsize) -> String {
    while let Some(Ok(message)) = socket.next().await {
        let Ok(request) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default())
        else {
            continue;
        };
        match request["action"].as_str() {
            Some("payload") => asked.fetch_add(1, Ordering::SeqCst),
            Some("resume") => 0,
            _ => continue,
        };
        return request["id"].as_str().unwrap().to_owned();
    }
    // The client has given up, and so does its peer.
    std::future::pending().await
}

fn accepted(id: &str, epoch: &str) -> Value {
    json!({ "id": id, "type": "accepted", "epoch": epoch, "ttl": 60_000, "chunkSize": CHUNK })
}

fn chunk(id: &str, seq: u64) -> Value {
    let bytes = pattern().bytes();
    let piece =
        bytes.chunks(usize::try_from(CHUNK).unwrap()).nth(usize::try_from(seq - 1).unwrap());
    json!({ "id": id, "type": "chunk", "seq": seq, "data": base64::encode(piece.unwrap()) })
}

#[tokio::test]
async fn a_resume_that_is_taken_up_wrongly_starts_over_in_a_sink() {
    for way in [Way::OtherEpoch, Way::Unaccepted] {
        let peer = peer(way, 1).await;
        let client = deadline(Client::builder(&peer.url).connect()).await.unwrap();
        let transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
        let done = deadline(transfer.collect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
        pattern().assert_is(&done.payload, done.receipt.sha256);
        assert_eq!(peer.asked.load(Ordering::SeqCst), 2, "{way:?}");
    }
}

#[tokio::test]
async fn it_is_said_among_the_events_where_no_byte_was_given_out() {
    for way in [Way::OtherEpoch, Way::Unaccepted] {
        let peer = peer(way, 0).await;
        let client = deadline(Client::builder(&peer.url).connect()).await.unwrap();
        let mut transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
        let (mut restarts, mut bytes) = (Vec::new(), Vec::new());
        while let Some(event) = deadline(transfer.next()).await {
            match event {
                Event::Restarted { cause } => restarts.push(cause),
                Event::Data(piece) => bytes.extend_from_slice(&piece.into_bytes()),
                _ => {}
            }
        }
        let receipt = deadline(transfer.finish()).await.unwrap();
        pattern().assert_is(&bytes, receipt.sha256);
        let [cause] = &restarts[..] else { panic!("{restarts:?}") };
        assert!(is_right(way, cause), "{way:?}: {cause:?}");
    }
}

#[tokio::test]
async fn it_fails_where_a_byte_was_given_out() {
    for way in [Way::OtherEpoch, Way::Unaccepted] {
        let peer = peer(way, 1).await;
        let client = deadline(Client::builder(&peer.url).connect()).await.unwrap();
        let mut transfer = deadline(client.start_with(pattern(), chunks_of(CHUNK))).await.unwrap();
        while deadline(transfer.next()).await.is_some() {}
        let error = deadline(transfer.finish()).await.unwrap_err();
        assert!(is_right(way, &error), "{way:?}: {}", chain(&error));
        assert_eq!(peer.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn what_came_is_kept_for_when_the_server_is_less_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let peer = peer(Way::Busy, 2).await;
    let client = deadline(Client::builder(&peer.url).connect()).await.unwrap();
    let once = pattern().once();
    let options = chunks_of(CHUNK).journal_for(&path);
    let transfer = deadline(client.start_with(once.clone(), options)).await.unwrap();
    let error = deadline(transfer.save(&path)).await.unwrap_err();
    assert!(matches!(&error, Error::Server { source, .. } if source.is_busy()), "{error:?}");
    assert_eq!(LeftoverInfo::peek(&path).map(|left| left.bytes), Some(2 * CHUNK));
    let options = chunks_of(CHUNK).resume_from(&path);
    let transfer = deadline(client.start_with(once, options)).await.unwrap();
    let saved = deadline(transfer.save(&path)).await.unwrap();
    pattern().assert_is(&std::fs::read(&path).unwrap(), saved.receipt.sha256);
    assert_eq!(peer.asked.load(Ordering::SeqCst), 1);
}

fn is_right(way: Way, error: &Error) -> bool {
    let Error::Transfer { source, .. } = error else { return false };
    match source {
        ExchangeError::EpochChanged { expected, got } => {
            way == Way::OtherEpoch && (expected.as_str(), got.as_str()) == ("e1", "e2")
        }
        ExchangeError::NotAccepted { .. } => way == Way::Unaccepted,
        _ => false,
    }
}
