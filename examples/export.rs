//! Exports a package over a WebSocket, with progress, and writes its archive once it has verified.
//!
//! ```text
//! cargo run --release --example export                    # a server of its own, a bundled sample
//! cargo run --release --example export -- URL PACKAGE     # your server
//! ```
//!
//! `--output FILE` names the file. `SAP_USER` and `SAP_PASSWORD` are the logon for your server.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use longhaul::ops::git;
use longhaul::server::Server;
use longhaul::{Client, TransferOptions};

/// The sample beside this file: a small freight calculator, 69 objects.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample");
const SAMPLE_PACKAGE: &str = "$LONGHAUL_DEMO";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Arguments { target, output } = Arguments::read()?;
    if let Some((url, package)) = target {
        return export(&url, &package, &output, TransferOptions::default()).await;
    }
    let server = Server::builder()
        .package(SAMPLE_PACKAGE, SAMPLE)
        .object_delay(Duration::from_millis(10))
        .bind("127.0.0.1:0")
        .await?;
    // Small chunks, so that a small sample has several.
    let options = TransferOptions::default().chunk_bytes(16 << 10);
    export(&server.url(), SAMPLE_PACKAGE, &output, options).await?;
    server.shutdown().await;
    Ok(())
}

async fn export(
    url: &str,
    package: &str,
    output: &str,
    options: TransferOptions,
) -> Result<(), Box<dyn Error>> {
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
        .save(output)
        .await?;
    bar.finish_and_clear();

    let (exported, receipt) = (&saved.output, &saved.receipt);
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
    println!("sha256 {} ({digest}); every entry's CRC was checked", receipt.sha256);
    for skipped in &exported.skipped {
        println!("missing: {} {}: {}", skipped.kind, skipped.name, skipped.reason);
    }
    Ok(())
}

struct Arguments {
    target: Option<(String, String)>,
    output: String,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let (mut output, mut positional) = (None, Vec::new());
        let mut given = env::args().skip(1);
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--output" => output = Some(given.next().ok_or("--output needs a file")?),
                _ => positional.push(argument),
            }
        }
        let target = match <[String; 2]>::try_from(positional) {
            Ok([url, package]) => Some((url, package)),
            Err(none) if none.is_empty() => None,
            Err(_) => return Err("give URL and PACKAGE, or neither".into()),
        };
        let package = target.as_ref().map_or(SAMPLE_PACKAGE, |(_, package)| package);
        let name = format!("{}.zip", package.replace('/', "#"));
        let output = output.unwrap_or(name);
        Ok(Self { target, output })
    }
}
