//! Payloads by longhaul, into nothing.

use std::time::Instant;

use futures::StreamExt;
use futures::future::join_all;
use longhaul::{Client, Event, Transfer, TransferOptions, Untyped};

use super::MIB;
use super::job::Figures;
use super::process::Cost;

/// The chunk that is waited for, in bytes.
const FIRST_BYTES: u64 = 768 << 10;
/// What each of the busy ones brings before it is asked for again, in bytes.
const BUSY_BYTES: u64 = 16 * MIB;

pub(crate) async fn run(url: &str, at_once: u64, times: u64, bytes: u64) -> Figures {
    let client = Client::builder(url).connect().await.unwrap();
    let cost = Cost::begin();
    for _ in 0..times {
        let all = (0..at_once).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { receive(&client, bytes).await })
        });
        for received in join_all(all).await {
            received.unwrap();
        }
    }
    cost.end((at_once * times * bytes) as f64 / (1024 * MIB) as f64)
}

pub(crate) async fn first_chunk(url: &str, busy: u64, times: u64) -> Figures {
    let client = Client::builder(url).connect().await.unwrap();
    for _ in 0..busy {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                receive(&client, BUSY_BYTES).await;
            }
        });
    }
    // Once as much has come as one round of all of them is, all of them are at it.
    while client.stats().chunk_bytes < busy * FIRST_BYTES {
        tokio::task::yield_now().await;
    }
    let mut seconds = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        let mut transfer = start(&client, FIRST_BYTES).await;
        while !matches!(transfer.next().await.unwrap(), Event::Data(_)) {}
        seconds.push(begun.elapsed().as_secs_f64());
        transfer.finish().await.unwrap();
    }
    seconds.sort_by(f64::total_cmp);
    let (median, most) = (seconds[seconds.len() / 2], seconds[seconds.len() - 1]);
    [("median_seconds", median), ("most_seconds", most)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

async fn receive(client: &Client, bytes: u64) {
    let transfer = start(client, bytes).await;
    assert_eq!(transfer.finish().await.unwrap().bytes, bytes);
}

/// So many bytes of the server's domain `test`.
async fn start(client: &Client, bytes: u64) -> Transfer<Untyped> {
    let options = TransferOptions::default().without_digest().max_payload_bytes(16 << 30);
    let request = client.request("test", "payload").param("size", bytes).options(options);
    request.stream().start().await.unwrap()
}
