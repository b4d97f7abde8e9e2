//! Records on stdout, each as soon as it is there.

use futures::{FutureExt, StreamExt};
use longhaul::client::{Recorded, Records, Untyped, Unverified};
use longhaul::{Receipt, Transfer};
use serde_json::value::RawValue;

use super::Report;
use crate::args::{CallArgs, TalkArgs};
use crate::failure::Failure;
use crate::interrupt::Interruption;
use crate::progress::Display;
use crate::{Done, json, output};

/// How much is printed at once, in bytes of text; more waits for its turn.
const BATCH_BYTES: usize = 256 << 10;

type AnyRecord = Unverified<Box<RawValue>>;

/// Prints the records of a payload while they come, and the data at the end.
pub(super) async fn print(
    transfer: Transfer<Untyped>,
    args: &CallArgs,
    talk: TalkArgs,
    display: Display,
    interruption: &mut Interruption,
) -> Result<Done, Failure> {
    let records = transfer.records();
    let mut printed = 0_u64;
    let printing = async {
        let printing = Box::pin(print_all(records, args.json, &mut printed));
        if output::stdout_is_terminal() {
            // A bar would stand between the records.
            display.clear();
            printing.await
        } else {
            display.show_while(printing).await
        }
    };
    let ended = interruption.or_drop(printing).await;
    drop(display);
    let Recorded { output: data, records, receipt, .. } =
        ended.map_err(|failure| if printed > 0 { failure.after_printing() } else { failure })?;
    interruption.or_drop(print_end(args, talk, &data, records, &receipt)).await?;
    Ok(Done::Complete)
}

/// Prints what is to be said once all records have gone by.
pub(super) async fn print_end(
    args: &CallArgs,
    talk: TalkArgs,
    data: &RawValue,
    records: u64,
    receipt: &Receipt,
) -> Result<(), Failure> {
    if args.json {
        output::object(&Report::new(data, None, Some(records), receipt)).await?;
    } else if !talk.quiet && data.get() != "null" {
        output::data_note(data.get());
    }
    Ok(())
}

async fn print_all(
    mut records: Records<Untyped>,
    in_objects: bool,
    printed: &mut u64,
) -> Result<Recorded<Box<RawValue>>, Failure> {
    while let Some(record) = records.next().await {
        let mut batch = String::new();
        let mut next = Some(record);
        while let Some(record) = next {
            push(&mut batch, record, in_objects);
            *printed += 1;
            // What is there already goes out with it; what is not there is not waited for.
            let has_room = batch.len() < BATCH_BYTES;
            next = has_room.then(|| records.next().now_or_never().flatten()).flatten();
        }
        output::records(batch).await?;
    }
    Ok(records.finish().await?)
}

fn push(batch: &mut String, record: AnyRecord, in_object: bool) {
    let record = json::compact(record.into_inner().get());
    if in_object {
        batch.push_str("{\"record\":");
        batch.push_str(&record);
        batch.push_str("}\n");
    } else {
        batch.push_str(&record);
        batch.push('\n');
    }
}
