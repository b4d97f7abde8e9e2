//! Loses its connection in the middle of a download, and later its process: neither costs a byte.
//!
//! ```text
//! cargo run --release --example resume
//! ```

use std::path::Path;

use anyhow::bail;
use futures::StreamExt as _;
use longhaul::ops::git;
use longhaul::server::{Script, Server};
use longhaul::{Client, Error, Event, TransferOptions};

/// The sample beside this file: a small freight calculator, some 70 objects.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // The first connection breaks after 60,000 bytes, in the middle of whatever is sent then.
    let server = Server::builder()
        .package("$LONGHAUL_DEMO", SAMPLE)
        .script(Script::new().cut_connection_after(60_000))
        .bind("127.0.0.1:0")
        .await?;
    let folder = tempfile::tempdir()?;
    survive_a_cut(&server.url()).await?;
    leave_and_come_back(&server.url(), &folder.path().join("demo.zip")).await?;
    server.shutdown().await;
    Ok(())
}

fn export() -> git::Export {
    git::Export::packages(["$LONGHAUL_DEMO"])
}

/// Small chunks, so that a small sample has several.
fn options() -> TransferOptions {
    TransferOptions::default().chunk_bytes(8 << 10)
}

/// One client, one transfer; that a second connection was needed shows only in the events.
async fn survive_a_cut(url: &str) -> anyhow::Result<()> {
    let client = Client::builder(url).connect().await?;
    let mut transfer = client.start_with(export(), options()).await?;
    let mut received = 0;
    while let Some(event) = transfer.next().await {
        match event {
            Event::Data(unverified) => received += unverified.len(),
            Event::Interrupted { cause, pause } => {
                println!("cut off after {received} bytes ({cause}), again in {pause:.0?}");
            }
            Event::Restarted { cause } => bail!("started over: {cause}"),
            _ => {}
        }
    }
    let receipt = transfer.finish().await?;
    let reconnects = client.stats().reconnects;
    println!("verified: {} bytes over {} connections", receipt.bytes, reconnects + 1);
    client.close().await;
    Ok(())
}

/// The journal beside the file is all that a second process needs.
async fn leave_and_come_back(url: &str, target: &Path) -> anyhow::Result<()> {
    let client = Client::builder(url).connect().await?;
    let transfer = client.start_with(export(), options().journal_for(target)).await?;
    let stopper = transfer.stopper();
    let transfer = transfer.on_progress(move |status| {
        if status.bytes > 30_000 {
            stopper.detach();
        }
    });
    match transfer.save(target).await {
        Err(Error::Detached { handle, .. }) => {
            println!("left alone; the server keeps it for {:?}", handle.retained().ttl);
        }
        Err(other) => return Err(other.into()),
        Ok(_) => bail!("the export was faster"),
    }
    client.close().await;
    drop(client);

    let later = Client::builder(url).connect().await?;
    let mut first = None;
    let transfer = later.start_with(export(), options().resume_from(target)).await?;
    let saved = transfer
        .on_progress(move |status| {
            if first.replace(()).is_none() {
                println!("back: {} bytes are here already", status.bytes);
            }
        })
        .save(target)
        .await?;
    let (files, bytes) = (saved.output.files.len(), saved.receipt.bytes);
    let sha256 = saved.receipt.sha256.map(|digest| digest.to_string()).unwrap_or_default();
    println!("verified and saved: {files} files, {bytes} bytes, sha256 {sha256}");
    later.close().await;
    Ok(())
}
