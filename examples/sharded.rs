//! Exports more than a server does in one request: many small ones over several sessions.
//!
//! ```text
//! cargo run --release --example sharded
//! ```
//!
//! The server stands for a system of today: it answers once, serializes one object after another in
//! each session, and stops a request that takes longer than a second.

use std::fs;
use std::path::Path;
use std::time::Duration;

use longhaul::ops::git::{Export, ShardedExport};
use longhaul::server::{Profile, Server};
use longhaul::{Client, Retries};

/// How many objects there are, and how long the server takes for each.
const OBJECTS: usize = 200;
const EACH: Duration = Duration::from_millis(10);
/// When it stops a request.
const LIMIT: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    write_sources(folder.path())?;
    let server = Server::builder()
        .package("$LARGE", folder.path())
        .profile(Profile::Deployed)
        .object_delay(EACH)
        .request_limit(LIMIT)
        .bind("127.0.0.1:0")
        .await?;
    let client = Client::builder(server.url()).retries(Retries::never()).connect().await?;
    match client.run(Export::packages(["$LARGE"])).await {
        Ok(_) => anyhow::bail!("one request was enough"),
        Err(error) => println!("one request: {error}"),
    }
    let export = ShardedExport::packages(["$LARGE"]).sessions(4);
    let transfer = client.start_sharded(export).await?;
    let mut most = 0;
    let transfer = transfer.on_progress(move |status| {
        let at_work = status.sessions.map_or(0, |sessions| sessions.at_work);
        if at_work > most {
            most = at_work;
            println!("{most} sessions at work");
        }
    });
    let target = folder.path().join("large.zip");
    let saved = transfer.save(&target).await?;
    anyhow::ensure!(saved.output.is_complete(), "missing: {:?}", saved.output.skipped);
    println!(
        "complete and verified: {} objects in {} requests, {:.1} s",
        saved.output.objects,
        saved.receipt.chunks,
        saved.receipt.elapsed.as_secs_f64()
    );
    client.close().await;
    server.shutdown().await;
    Ok(())
}

fn write_sources(folder: &Path) -> std::io::Result<()> {
    for n in 0..OBJECTS {
        let source = format!("REPORT zlarge{n}.\n");
        fs::write(folder.join(format!("zlarge{n}.prog.abap")), source)?;
    }
    Ok(())
}
