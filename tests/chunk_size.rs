//! The chunk size that a request asks for by itself, as the server reads it. The clock stands still
//! but for what a test lets pass, so that the line is exactly as slow as it says.

mod support;

use std::time::Duration;

use futures::StreamExt;
use longhaul::proto::base64;
use longhaul::proto::limits::CHUNK_BYTES;
use longhaul::{ChunkSize, Client, Event, Transfer, TransferOptions};
use serde_json::{Value, json};
use support::bulk::Bulk;
use support::deadline;
use support::peer::{FINAL, Peer, TEXT, frame};

const MS: Duration = Duration::from_millis(1);
const KIB: u64 = 1 << 10;
/// How many chunks a transfer has.
const CHUNKS: u64 = 20;

/// A clock that goes on only when it is told to.
///
/// A paused clock jumps when there is nothing to do but wait for a socket, unless a thread is at
/// work for the runtime: this has one, until it is dropped, or a test has taken far too long. Then
/// the clock jumps to the test's deadline.
struct Clock(#[expect(dead_code, reason = "held for its drop")] std::sync::mpsc::Sender<()>);

impl Clock {
    fn stop() -> Self {
        tokio::time::pause();
        let (held, until) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || until.recv_timeout(Duration::from_mins(1)).is_err());
        Self(held)
    }

    async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

/// A server, a client of it that chooses its chunk size, and the clock of both.
struct Line {
    peer: Peer,
    client: Client,
    clock: Clock,
}

impl Line {
    async fn open(features: &[&str], limits: Value) -> Self {
        let clock = Clock::stop();
        let data = json!({ "session": "s", "version": "1", "domains": ["test"], "features": features, "limits": limits });
        let welcome = json!({ "id": "welcome", "success": true, "data": data }).to_string();
        let listening = Peer::listen().await;
        let options = TransferOptions::default().chunk_size(ChunkSize::Auto);
        let connecting = Client::builder(listening.url()).options(options).connect();
        let accepting = listening.accept(frame(FINAL | TEXT, welcome.as_bytes()));
        let (client, peer) =
            deadline(Box::pin(async { tokio::join!(connecting, accepting) })).await;
        Self { peer, client: client.unwrap(), clock }
    }

    /// Starts a transfer, and gives the request that the server reads.
    async fn ask(&mut self) -> (Transfer<Bulk>, Value) {
        let starting = self.client.start(Bulk::new(1));
        let asked = async {
            // Grants of the transfer before may come first.
            loop {
                let request: Value = serde_json::from_str(&self.peer.text().await).unwrap();
                if request["domain"] == "test" {
                    return request;
                }
            }
        };
        let (transfer, request) = deadline(Box::pin(async { tokio::join!(starting, asked) })).await;
        (transfer.unwrap(), request)
    }

    /// Sends a frame and waits for what the client makes of it.
    async fn send(&mut self, transfer: &mut Transfer<Bulk>, text: &str) {
        deadline(self.peer.send(&frame(FINAL | TEXT, text.as_bytes()))).await;
        while let Some(Event::Sent) = deadline(transfer.next()).await {}
    }

    /// Delivers chunks of so many bytes, which come so far apart, after a first word that takes a
    /// round trip.
    async fn deliver(
        &mut self,
        transfer: &mut Transfer<Bulk>,
        id: &Value,
        (round_trip, chunk, apart): (Duration, usize, Duration),
    ) {
        self.clock.pass(round_trip).await;
        self.send(transfer, &format!(r#"{{"id":{id},"type":"progress","done":0}}"#)).await;
        // The server works, which is not the line's.
        self.clock.pass(5_000 * MS).await;
        let data = base64::encode(&vec![7; chunk]);
        for seq in 1..=CHUNKS {
            self.clock.pass(apart).await;
            let text = format!(r#"{{"id":{id},"type":"chunk","seq":{seq},"data":"{data}"}}"#);
            self.send(transfer, &text).await;
        }
    }

    /// A whole transfer; gives the chunk size asked for.
    async fn transfer(&mut self, round_trip: Duration, chunk: usize, apart: Duration) -> u64 {
        let (mut transfer, request) = self.ask().await;
        let id = &request["id"];
        self.deliver(&mut transfer, id, (round_trip, chunk, apart)).await;
        let complete = format!(r#"{{"id":{id},"type":"complete","totalChunks":{CHUNKS}}}"#);
        self.send(&mut transfer, &complete).await;
        assert_eq!(deadline(transfer.finish()).await.unwrap().chunks, CHUNKS);
        request["chunkSize"].as_u64().unwrap()
    }
}

const CREDIT: [&str; 2] = ["stream", "credit"];

#[tokio::test]
async fn a_long_fast_line_gets_larger_chunks() {
    let mut line = Line::open(&CREDIT, json!({})).await;
    assert_eq!(line.transfer(30 * MS, 700_000, 2 * MS).await, CHUNK_BYTES);
    // 350 MB/s x 30 ms, three times, over a window of 8: 3.8 MiB.
    assert_eq!(line.transfer(30 * MS, 700_000, 2 * MS).await, 4096 * KIB);
}

#[tokio::test]
async fn a_slow_line_gets_smaller_chunks() {
    let mut line = Line::open(&CREDIT, json!({})).await;
    assert_eq!(line.transfer(20 * MS, 100_000, 500 * MS).await, CHUNK_BYTES);
    // 200 kB/s, and no chunk takes longer than a second.
    assert_eq!(line.transfer(20 * MS, 100_000, 500 * MS).await, 128 * KIB);
}

#[tokio::test]
async fn a_short_line_keeps_the_usual_size() {
    let mut line = Line::open(&CREDIT, json!({})).await;
    for _ in 0..3 {
        assert_eq!(line.transfer(MS, 700_000, 10 * MS).await, CHUNK_BYTES);
    }
}

#[tokio::test]
async fn the_largest_chunk_of_the_server_is_kept_to() {
    let mut line = Line::open(&CREDIT, json!({ "maxChunk": 1_000_000 })).await;
    line.transfer(30 * MS, 700_000, 2 * MS).await;
    assert_eq!(line.transfer(30 * MS, 700_000, 2 * MS).await, 1_000_000);
}

#[tokio::test]
async fn a_server_that_wants_fewer_chunks_gets_larger_ones() {
    let mut line = Line::open(&CREDIT, json!({ "maxWindow": 6 })).await;
    line.transfer(30 * MS, 700_000, 2 * MS).await;
    assert_eq!(line.transfer(30 * MS, 700_000, 2 * MS).await, 5120 * KIB);
}

#[tokio::test]
async fn without_credit_nothing_waits_for_a_grant() {
    let mut line = Line::open(&["stream"], json!({})).await;
    line.transfer(30 * MS, 700_000, 2 * MS).await;
    assert_eq!(line.transfer(30 * MS, 700_000, 2 * MS).await, CHUNK_BYTES);
}

#[tokio::test]
async fn a_transfer_that_is_dropped_has_told_of_the_line_too() {
    let mut line = Line::open(&["stream", "credit", "cancel"], json!({})).await;
    let (mut transfer, request) = line.ask().await;
    line.deliver(&mut transfer, &request["id"], (20 * MS, 100_000, 500 * MS)).await;
    drop(transfer);
    let (_transfer, request) = line.ask().await;
    assert_eq!(request["chunkSize"], 128 * KIB);
}
