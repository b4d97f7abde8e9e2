//! Stops an export in three ways: by dropping it, by asking what came of it, and from elsewhere.
//!
//! ```text
//! cargo run --release --example cancel
//! ```

use std::time::Duration;

use anyhow::bail;
use futures::StreamExt as _;
use longhaul::ops::git;
use longhaul::server::Server;
use longhaul::{CancelOutcome, Client, Error, Event, Transfer};

/// The sample beside this file: a small freight calculator, some 70 objects.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // An export takes some 20 s here, and there is room for one at a time.
    let server = Server::builder()
        .package("$LONGHAUL_DEMO", SAMPLE)
        .object_delay(Duration::from_millis(300))
        .max_concurrent(1)
        .bind("127.0.0.1:0")
        .await?;
    let client = Client::builder(server.url()).connect().await?;

    // Whoever drops a transfer wants nothing of it any more: the server is told to stop.
    let transfer = started(&client).await?;
    drop(transfer);
    println!("dropped");

    // That it has stopped shows here: as long as the first one runs, the server says BUSY, and the
    // client tries again.
    let transfer = started(&client).await?;
    match transfer.cancel().await {
        CancelOutcome::Cancelled => println!("cancelled: the server says so"),
        other => bail!("the export should have been cancelled and is: {other:?}"),
    }

    // Somebody else waits for the end; a stopper reaches it all the same.
    let transfer = started(&client).await?;
    let stopper = transfer.stopper();
    let waiting = tokio::spawn(transfer.collect());
    stopper.cancel();
    match waiting.await? {
        Err(Error::Cancelled { operation }) => println!("whoever waited for {operation} was told"),
        Err(other) => return Err(other.into()),
        Ok(_) => bail!("the export was faster"),
    }

    client.ping().await?;
    println!("the connection lives on");
    client.close().await;
    server.shutdown().await;
    Ok(())
}

/// An export of which the server has begun to work on.
async fn started(client: &Client) -> anyhow::Result<Transfer<git::Export>> {
    let mut transfer = client.start(git::Export::packages(["$LONGHAUL_DEMO"])).await?;
    while let Some(event) = transfer.next().await {
        match event {
            Event::Busy { pause } => println!("busy, again in {} ms", pause.as_millis()),
            Event::Progress(progress) => {
                println!("running: {}", progress.message.unwrap_or_default());
                return Ok(transfer);
            }
            _ => {}
        }
    }
    transfer.finish().await?;
    bail!("the export ended without progress")
}
