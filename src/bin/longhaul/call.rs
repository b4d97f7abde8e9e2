//! `longhaul call`: any request, its answer's data as JSON.

mod records;

use std::fs::File;
use std::path::Path;

use longhaul::client::{StagedFile, Untyped};
use longhaul::proto::Warning;
use longhaul::{Client, Completed, Receipt, Staged, Transfer};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::{CallArgs, TalkArgs};
use crate::failure::Failure;
use crate::interrupt::Interruption;
use crate::progress::Display;
use crate::report::milliseconds;
use crate::target::Target;
use crate::{Done, connect, output};

/// Sends the request and prints what comes of it.
pub(crate) fn run(args: &CallArgs, talk: TalkArgs) -> Result<Done, Failure> {
    if args.json && args.output == Some(Target::Stdout) {
        return Err(Failure::usage(
            "--json and `-o -` both want stdout",
            "name a file with -o, or leave --json out",
        ));
    }
    let settings = connect::settings(&args.server, Some(&args.payload))?;
    connect::with_client(settings, async |client, interruption| {
        if let Some(target) = args.output.as_ref().filter(|_| !talk.quiet) {
            target.tell_pipe();
        }
        let display = Display::new(talk);
        let transfer = interruption.or_drop(start(client, args)).await?;
        let transfer = display.attach(transfer);
        if args.stream {
            Box::pin(stream(transfer, args, talk, display, interruption)).await
        } else {
            let collecting = display.show_while(transfer.collect());
            let Completed { output, receipt, .. } = interruption.or_drop(collecting).await?;
            drop(display);
            interruption.or_drop(print(args, output, &receipt)).await
        }
    })
}

async fn start(client: &Client, args: &CallArgs) -> Result<Transfer<Untyped>, Failure> {
    let request = client.request(&args.domain, &args.action).params(args.params.clone());
    let request = if args.stream { request.stream() } else { request };
    Ok(request.start().await?)
}

/// Takes a payload as what it is: to a file, record by record, or once it has been verified.
async fn stream(
    mut transfer: Transfer<Untyped>,
    args: &CallArgs,
    talk: TalkArgs,
    display: Display,
    interruption: &mut Interruption,
) -> Result<Done, Failure> {
    if args.output.is_none() {
        let looking = async { Ok::<_, Failure>(transfer.peek().await.is_some_and(is_records)) };
        if interruption.or_drop(display.show_while(looking)).await? {
            return records::print(transfer, args, talk, display, interruption).await;
        }
    }
    let path = match &args.output {
        Some(Target::File(path)) => path.clone(),
        _ => Target::scratch(),
    };
    let staging = display.show_while(Box::pin(transfer.stage(path)));
    let Staged { output: data, receipt, file, .. } = interruption.or_drop(staging).await?;
    drop(display);
    match &args.output {
        Some(Target::File(_)) => commit(file).await?,
        // A stream without a byte may have been records, and then it had none.
        None if receipt.bytes == 0 && receipt.is_stream => {
            interruption.or_drop(records::print_end(args, talk, &data, 0, &receipt)).await?;
            return Ok(Done::Complete);
        }
        None if receipt.bytes == 0 => {}
        // Bytes of any kind are nothing for a terminal, nor for who reads one JSON object.
        None if args.json || output::stdout_is_terminal() => talk.warn(format_args!(
            "the payload of {} bytes is left out; name a file for it with -o",
            receipt.bytes
        )),
        Some(Target::Stdout) | None => {
            interruption.or_drop(output::payload(read(&file)?)).await?;
            return Ok(Done::Complete);
        }
    }
    interruption.or_drop(print(args, data, &receipt)).await
}

/// Whether a payload begins as a list of objects or lists does, or as one of them.
fn is_records(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    matches!(beginning.trim_ascii_start(), [b'{' | b'[', ..])
}

/// Not to be interrupted, since it takes no time, and half of it is nothing.
async fn commit(file: StagedFile) -> Result<(), Failure> {
    let committed = tokio::task::spawn_blocking(|| file.commit()).await;
    let failed = |error| Failure::local("the file could not be named", &error);
    Ok(committed.map_err(failed)??)
}

fn read(file: &StagedFile) -> Result<File, Failure> {
    file.reader().map_err(|error| Failure::local("the payload cannot be read again", &error))
}

/// Prints the data, or all there is to say in one object.
async fn print(args: &CallArgs, data: Box<RawValue>, receipt: &Receipt) -> Result<Done, Failure> {
    if args.json {
        let file = match &args.output {
            Some(Target::File(path)) => Some(path.as_path()),
            _ => None,
        };
        output::object(&Report::new(&data, file, None, receipt)).await?;
    } else {
        output::data(data).await?;
    }
    Ok(Done::Complete)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    data: &'a RawValue,
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<u64>,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    chunks: u64,
    warnings: &'a [Warning],
    elapsed_ms: u64,
}

impl<'a> Report<'a> {
    fn new(
        data: &'a RawValue,
        file: Option<&Path>,
        records: Option<u64>,
        receipt: &'a Receipt,
    ) -> Self {
        Self {
            data,
            output: file.map(|path| path.to_string_lossy().into_owned()),
            records,
            bytes: receipt.bytes,
            sha256: receipt.sha256.map(|digest| digest.to_string()),
            chunks: receipt.chunks,
            warnings: &receipt.warnings,
            elapsed_ms: milliseconds(receipt.elapsed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_by_how_they_begin() {
        for beginning in ["{", "[", " \r\n\t{\"a\":1}\n", "[]", "\u{feff}{"] {
            assert!(is_records(beginning.as_bytes()), "{beginning:?}");
        }
        for beginning in ["", " ", "PK\x03\x04", "1\n2\n", "\"text\"", "x{"] {
            assert!(!is_records(beginning.as_bytes()), "{beginning:?}");
        }
    }
}
