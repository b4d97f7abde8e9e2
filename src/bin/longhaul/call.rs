//! `longhaul call`: any request, its answer's data as JSON.

use std::io::Cursor;

use longhaul::client::Untyped;
use longhaul::proto::{Payload, Warning};
use longhaul::{Client, Completed, Receipt, Transfer};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::{CallArgs, TalkArgs};
use crate::failure::Failure;
use crate::progress::Display;
use crate::report::milliseconds;
use crate::target::Target;
use crate::{Done, connect, interrupt, output};

/// Sends the request and prints what comes of it.
pub(crate) fn run(args: &CallArgs, talk: TalkArgs) -> Result<Done, Failure> {
    if args.json && args.output == Some(Target::Stdout) {
        return Err(Failure::usage(
            "--json and `-o -` both want stdout",
            "name a file with -o, or leave --json out",
        ));
    }
    let settings = connect::settings(&args.server, Some(&args.payload))?;
    interrupt::block_on(async {
        let client = connect::connect(settings).await?;
        let display = Display::new(talk);
        let transfer = display.attach(start(&client, args).await?);
        let (data, receipt, payload) = if let Some(Target::File(path)) = &args.output {
            let saved = display.show_while(transfer.save(path)).await?;
            (saved.output, saved.receipt, None)
        } else {
            let Completed { output, payload, receipt, .. } =
                display.show_while(transfer.collect()).await?;
            (output, receipt, Some(payload))
        };
        drop(display);
        print(args, talk, &data, &receipt, payload).await?;
        Ok(Done::Complete)
    })
}

async fn start(client: &Client, args: &CallArgs) -> Result<Transfer<Untyped>, Failure> {
    let request = client.request(&args.domain, &args.action).params(args.params.clone());
    let request = if args.stream { request.stream() } else { request };
    Ok(request.start().await?)
}

/// Prints data or payload; `payload` is `None` where it has gone to a file.
async fn print(
    args: &CallArgs,
    talk: TalkArgs,
    data: &RawValue,
    receipt: &Receipt,
    payload: Option<Payload>,
) -> Result<(), Failure> {
    let payload = payload.filter(|payload| args.stream && !payload.is_empty());
    match payload {
        Some(payload) if args.output == Some(Target::Stdout) => {
            return output::payload(Cursor::new(payload)).await;
        }
        // Bytes of any kind are nothing for a terminal, nor for who reads one JSON object.
        Some(payload) if args.json || output::stdout_is_terminal() => talk.warn(format_args!(
            "the payload of {} bytes is left out; name a file for it with -o",
            payload.len()
        )),
        Some(payload) => return output::payload(Cursor::new(payload)).await,
        // What was asked for on stdout is a payload, and it is empty.
        None if args.output == Some(Target::Stdout) => return Ok(()),
        None => {}
    }
    if args.json {
        let file = match &args.output {
            Some(Target::File(path)) => Some(path.to_string_lossy()),
            _ => None,
        };
        let report = Report {
            data,
            output: file.as_deref(),
            bytes: receipt.bytes,
            sha256: receipt.sha256.to_string(),
            chunks: receipt.chunks,
            warnings: &receipt.warnings,
            elapsed_ms: milliseconds(receipt.elapsed),
        };
        output::object(&report).await
    } else {
        output::data(data.get()).await
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    data: &'a RawValue,
    output: Option<&'a str>,
    bytes: u64,
    sha256: String,
    chunks: u64,
    warnings: &'a [Warning],
    elapsed_ms: u64,
}
