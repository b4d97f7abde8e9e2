//! Runs two transfers on one connection; the one that is read slowly does not hold up the other.
//!
//! ```text
//! cargo run --release --example two_at_once
//! ```
//!
//! The server sends no more than a window of chunks ahead of what was read, for each transfer on
//! its own.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use longhaul::server::Server;
use longhaul::{Client, Event, TransferOptions};

/// The size of either payload, in bytes.
const SIZE: u64 = 4 << 20;
/// How long the slow reader takes for each chunk.
const REST: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let server = Server::builder().bind("127.0.0.1:0").await?;
    let client = Client::builder(server.url()).connect().await?;
    let begun = Instant::now();
    let (slow, fast) = tokio::try_join!(
        read(&client, "slow", REST, begun),
        read(&client, "fast", Duration::ZERO, begun),
    )?;
    let connections = client.stats().reconnects + 1;
    println!(
        "both verified over {connections} connection; the fast one was {:.0} times as fast",
        slow.as_secs_f64() / fast.as_secs_f64()
    );
    anyhow::ensure!(fast < slow, "the fast one had to wait");
    client.close().await;
    server.shutdown().await;
    Ok(())
}

/// Reads a payload that the server makes up, with a rest after each chunk.
async fn read(
    client: &Client,
    name: &str,
    rest: Duration,
    begun: Instant,
) -> anyhow::Result<Duration> {
    let options = TransferOptions::default().chunk_bytes(64 << 10).window(4);
    let request = client.request("test", "payload").param("size", SIZE).options(options);
    let mut transfer = request.stream().start().await?;
    let (mut received, mut quarter) = (0, 1);
    while let Some(event) = transfer.next().await {
        let Event::Data(unverified) = event else { continue };
        received += unverified.len() as u64;
        if received >= SIZE / 4 * quarter {
            println!("{:5.2} s  {name}: {received} bytes", begun.elapsed().as_secs_f64());
            quarter += 1;
        }
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
    let receipt = transfer.finish().await?;
    anyhow::ensure!(receipt.bytes == SIZE && receipt.digest_checked, "not what was asked for");
    Ok(begun.elapsed())
}
