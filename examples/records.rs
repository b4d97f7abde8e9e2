//! Checks a package and prints each finding as soon as the server has found it.
//!
//! ```text
//! cargo run --release --example records
//! ```
//!
//! The server takes its time with each object; the findings of one are here before the next is
//! looked at. They are not verified until the verdict at the end, which counts them.

use std::fs;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use longhaul::Client;
use longhaul::ops::atc;
use longhaul::proto::RecordLimits;
use longhaul::server::Server;

/// Programs with something to find, all in one package.
const SOURCES: [(&str, &str); 4] = [
    ("zlh_billing.prog.abap", "REPORT zlh_billing.\nSELECT * FROM vbrk INTO TABLE @DATA(lt)."),
    ("zlh_clean.prog.abap", "REPORT zlh_clean.\nWRITE / 'nothing to find here'."),
    ("zlh_debug.prog.abap", "REPORT zlh_debug.\nIF sy-uname = 'ME'.\n  BREAK-POINT.\nENDIF."),
    ("zlh_old.prog.abap", "REPORT zlh_old.\n* TODO: tidy up\nMOVE a TO b.\nADD 1 TO c."),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, text) in SOURCES {
        fs::write(folder.path().join(name), text)?;
    }
    let server = Server::builder()
        .package("$LONGHAUL_DEMO", folder.path())
        .object_delay(Duration::from_millis(250))
        .bind("127.0.0.1:0")
        .await?;
    let client = Client::builder(server.url()).connect().await?;

    let begun = Instant::now();
    let run = client.start(atc::Run::packages(["$LONGHAUL_DEMO"])).await?.on_progress({
        let mut shown = None;
        move |status| {
            let Some(progress) = status.progress.filter(|p| p.done != shown) else { return };
            shown = progress.done;
            let label = progress.message.as_deref().filter(|label| !label.is_empty());
            println!("{:5.2} s  {}", begun.elapsed().as_secs_f64(), label.unwrap_or("done"));
        }
    });
    let mut findings = run.records(RecordLimits::default());
    while let Some(finding) = findings.next().await {
        let finding = finding.into_inner();
        println!("{:5.2} s    {finding}", begun.elapsed().as_secs_f64());
    }

    // The stream ends with the last record or where something failed; this tells which.
    let recorded = findings.finish().await?;
    let summary = recorded.output;
    println!(
        "verified: {} findings in {} objects, {} of them errors, in {} chunks",
        summary.findings, summary.objects, summary.priorities.errors, recorded.receipt.chunks,
    );
    client.close().await;
    server.shutdown().await;
    Ok(())
}
