//! Exports a package over a WebSocket, with progress, and writes its archive once it has verified.
//!
//! ```text
//! cargo run --release --example export                    # a server of its own, a bundled sample
//! cargo run --release --example export -- URL PACKAGE     # your server
//! ```
//!
//! `SAP_USER` and `SAP_PASSWORD` are the logon for your server.

use std::env;
use std::time::Duration;

use anyhow::bail;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use longhaul::ops::git;
use longhaul::server::Server;
use longhaul::{Client, TransferOptions};

/// The sample beside this file: a small freight calculator, some 70 objects.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [url, package] => export(url, package, TransferOptions::default()).await,
        [] => {
            let server = Server::builder()
                .package("$LONGHAUL_DEMO", SAMPLE)
                .object_delay(Duration::from_millis(10))
                .bind("127.0.0.1:0")
                .await?;
            // Small chunks, so that a small sample has several.
            let options = TransferOptions::default().chunk_bytes(16 << 10);
            export(&server.url(), "$LONGHAUL_DEMO", options).await?;
            server.shutdown().await;
            Ok(())
        }
        _ => bail!("give URL and PACKAGE, or neither"),
    }
}

async fn export(url: &str, package: &str, options: TransferOptions) -> anyhow::Result<()> {
    let mut builder = Client::builder(url).sap_client("001").options(options);
    if let (Ok(user), Ok(password)) = (env::var("SAP_USER"), env::var("SAP_PASSWORD")) {
        builder = builder.basic(user, password);
    }
    let client = builder.connect().await?;

    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{spinner} {bar:30} {pos}/{len} objects, {prefix} {wide_msg}",
    )?);
    let shown = bar.clone();
    let saved = client
        .start(git::Export::packages([package]))
        .await?
        .on_progress(move |status| {
            shown.set_prefix(HumanBytes(status.bytes).to_string());
            if let Some(progress) = status.progress {
                shown.set_length(progress.total.unwrap_or(100));
                shown.set_position(progress.done.unwrap_or(0));
                shown.set_message(progress.message.clone().unwrap_or_default());
            }
        })
        .save(format!("{}.zip", package.replace('/', "#")))
        .await?;
    bar.finish_and_clear();

    let (exported, receipt) = (saved.output, saved.receipt);
    println!("{package} -> {}", saved.path.display());
    println!(
        "{} objects, {} files, {} in {} chunks, {:.1?}",
        exported.objects,
        exported.files.len(),
        HumanBytes(receipt.bytes),
        receipt.chunks,
        receipt.elapsed,
    );
    let digest = if receipt.digest_checked { "agreed with the server" } else { "computed here" };
    if let Some(sha256) = receipt.sha256 {
        println!("sha256 {sha256} ({digest}); every entry's CRC was checked");
    }
    for skipped in exported.skipped {
        println!("missing: {} {}: {}", skipped.kind, skipped.name, skipped.reason);
    }
    Ok(())
}
