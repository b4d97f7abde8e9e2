//! Follows an export event by event: how far the server is, what arrives, and the verdict.
//!
//! ```text
//! cargo run --release --example progress
//! ```

use std::time::Duration;

use futures::StreamExt as _;
use longhaul::ops::git;
use longhaul::server::Server;
use longhaul::{Client, Event, TransferOptions};

/// The sample beside this file: a small freight calculator, some 70 objects.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let server = Server::builder()
        .package("$LONGHAUL_DEMO", SAMPLE)
        .object_delay(Duration::from_millis(10))
        .bind("127.0.0.1:0")
        .await?;
    // Small chunks, so that a small sample has several.
    let options = TransferOptions::default().chunk_bytes(16 << 10);
    let client = Client::builder(server.url()).options(options).connect().await?;

    // One object that does not exist, so that there is a warning as well.
    let missing = git::ObjectKey::new("CLAS", "ZCL_NOT_THERE");
    let export = git::Export::packages(["$LONGHAUL_DEMO"]).with_objects([missing]);
    let mut transfer = client.start(export).await?;
    let mut received = 0;
    while let Some(event) = transfer.next().await {
        match event {
            Event::Sent => println!("sent as {}", transfer.id().expect("a sent request has an id")),
            Event::Accepted(kept) => {
                println!("accepted: kept for {:?} if we are cut off", kept.ttl);
            }
            Event::Progress(progress) => {
                let (done, total) = (progress.done.unwrap_or(0), progress.total.unwrap_or(100));
                // The server says every object; people want to know every tenth.
                if done.is_multiple_of(10) || done == total {
                    let label = progress.message.unwrap_or_default();
                    println!("{done:3} of {total} objects  {label}");
                }
            }
            Event::Warning(warning) => {
                println!("warning: {}: {}", warning.item.unwrap_or_default(), warning.message);
            }
            Event::Data(unverified) => {
                received += unverified.len();
                println!("{received:6} bytes are here, not verified yet");
            }
            // Events may be added; this one is of no use here.
            _ => {}
        }
    }

    // The events just end when something fails; the verdict says so.
    let receipt = transfer.finish().await?;
    println!("verified: {} bytes in {} chunks", receipt.bytes, receipt.chunks);
    if let Some(sha256) = receipt.sha256 {
        println!("sha256 {sha256}");
    }
    client.close().await;
    server.shutdown().await;
    Ok(())
}
