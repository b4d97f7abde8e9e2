//! `longhaul export`: packages or objects into a verified archive.

mod asked;
mod plan;

use std::cell::Cell;
use std::fs::File;
use std::time::{Duration, Instant};

use longhaul::client::StagedFile;
use longhaul::client::extract::{Extracted, Prepared};
use longhaul::ops::git::Exported;
use longhaul::proto::Operation;
use longhaul::{Client, Error, Receipt, Staged, Transfer, TransferOptions};

use crate::args::{ExportArgs, TalkArgs};
use crate::connect;
use crate::extract::{self, Folder};
use crate::failure::Failure;
use crate::interrupt::Interruption;
use crate::places::Places;
use crate::progress::{Display, Work};
use crate::report::{ExportReport, missing_hint, missing_lines, unexpected_line};
use crate::resume::{Journal, LeftBy};
use crate::target::Target;
use crate::{Done, output};
use asked::Asked;
use plan::Way;

/// Exports what is asked for; nothing appears anywhere before everything has verified.
pub(crate) fn run(args: &ExportArgs, talk: TalkArgs) -> Result<Done, Failure> {
    let places = Places::new(args)?;
    let journal = Journal::new(args, &places)?;
    let asked = Asked::new(args)?;
    let settings = connect::settings(&args.server, Some(&args.payload))?;
    if let Some(journal) = &journal {
        journal.tell_leftover(talk);
    }
    let is_left = Cell::new(false);
    let ended = connect::with_client(settings, async |client, interruption| {
        let (begun, display) = (Instant::now(), Display::new(talk));
        if let Some(archive) = places.archive.as_ref().filter(|_| !talk.quiet) {
            archive.tell_pipe();
        }
        let (places, journal, display) = (&places, journal.as_ref(), &display);
        let choosing = plan::choose(asked, args, journal, (client, display), interruption);
        let way = Box::pin(choosing).await?;
        let timeout = args.server.timeout;
        let delivery = Delivery { places, journal, display, timeout, is_left: &is_left };
        let empty = way.empty().to_vec();
        let options = client.options().clone().deadline(plan::time_left(args, begun));
        let checked = delivery.take(client, way, options, interruption).await?;
        let Checked { exported, receipt, folder, file } = checked;
        // Everything has been checked, and what is left takes no time worth interrupting.
        let extracted = extract::commit(folder, file).await?;
        let (resumed_from, work) = (display.resumed_from(), display.work());
        display.clear();
        let delivered = Delivered { exported, receipt, empty, extracted, resumed_from, work };
        interruption.or_drop(report(args, talk, places, &delivered)).await
    });
    ended.map_err(|failure| match &journal {
        Some(journal) => journal.explain(failure, is_left.get()),
        None => failure,
    })
}

/// An export that has been checked and stands beside the places it is for.
struct Checked {
    exported: Exported,
    receipt: Receipt,
    folder: Option<Prepared>,
    file: Option<StagedFile>,
}

/// What came of an export.
struct Delivered {
    exported: Exported,
    receipt: Receipt,
    /// Packages of which the server listed nothing.
    empty: Vec<String>,
    extracted: Option<Extracted>,
    resumed_from: Option<u64>,
    /// How it was done, if in shards.
    work: Option<Work>,
}

/// An export on its way to its places.
struct Delivery<'a> {
    places: &'a Places,
    journal: Option<&'a Journal>,
    display: &'a Display,
    /// How long all of it may take.
    timeout: Option<Duration>,
    /// Whether this process itself still holds what it left for another try.
    is_left: &'a Cell<bool>,
}

impl Delivery<'_> {
    async fn take(
        &self,
        client: &Client,
        way: Way,
        options: TransferOptions,
        interruption: &mut Interruption,
    ) -> Result<Checked, Failure> {
        let options = match self.journal {
            Some(journal) => journal.options(options),
            None => options,
        };
        match way {
            Way::Plain(export) => {
                let starting = Box::pin(client.start_with(export, options));
                self.receive(starting, LeftBy::OneRequest, interruption).await
            }
            Way::Sharded { export, .. } => {
                let starting = Box::pin(client.start_sharded_with(export, options));
                self.receive(starting, LeftBy::Shards, interruption).await
            }
        }
    }

    /// Starts a transfer and takes it to where it can appear in its places; what it would leave
    /// if it broke off is left `by` its way.
    async fn receive<O: Operation<Output = Exported>>(
        &self,
        starting: impl Future<Output = Result<Transfer<O>, Error>>,
        by: LeftBy,
        interruption: &mut Interruption,
    ) -> Result<Checked, Failure> {
        // Shards that are there already are read first, which may take a while.
        let starting = async { starting.await.map_err(|error| self.failure(error)) };
        let transfer = interruption.or_drop(self.display.show_while(starting)).await?;
        let line = self.journal.and_then(|journal| journal.begin(transfer.resumed_from(), by));
        if let Some(line) = line {
            self.display.note(&line);
        }
        let transfer = self.display.attach(transfer);
        let Staged { output: exported, receipt, file, .. } =
            self.stage(transfer, by, interruption).await?;
        let folder = match &self.places.folder {
            Some(folder) => {
                let preparing = self.display.show_while(folder.prepare(read(&file)?));
                let prepared = interruption.or_drop(preparing).await;
                if interruption.has_come() {
                    self.leave(file, by);
                    return Err(Failure::interrupted());
                }
                Some(prepared?)
            }
            None => None,
        };
        if self.places.archive == Some(Target::Stdout) {
            interruption.or_drop(output::payload(read(&file)?)).await?;
        }
        let file = matches!(self.places.archive, Some(Target::File(_))).then_some(file);
        Ok(Checked { exported, receipt, folder, file })
    }

    /// Receives and verifies. Interrupted, it leaves what can be gone on with, here and on the
    /// server, and stops what cannot.
    async fn stage<O: Operation<Output = Exported>>(
        &self,
        transfer: Transfer<O>,
        by: LeftBy,
        interruption: &mut Interruption,
    ) -> Result<Staged<Exported>, Failure> {
        // What is to be extracted or printed has to be verified first, wherever it waits for that.
        let path = match &self.places.archive {
            Some(Target::File(path)) => path.clone(),
            _ => Target::scratch(),
        };
        let stopper = transfer.stopper();
        let stop = || match self.journal {
            Some(_) => stopper.detach(),
            None => stopper.cancel(),
        };
        let staging = self.display.show_while(Box::pin(transfer.stage(path)));
        match interruption.or_stop(staging, stop).await {
            Ok(Ok(staged)) if interruption.has_come() => self.leave(staged.file, by),
            Ok(staged) => return staged.map_err(|error| self.failure(error)),
            // What is on the disk stays there, as if this had been killed.
            Err(unfinished) => self.leave(unfinished, by),
        }
        Err(Failure::interrupted())
    }

    /// What became of the export. The time that it had is what `--timeout` had left for it, which
    /// says nothing to whoever gave that.
    fn failure(&self, error: Error) -> Failure {
        match (error, self.timeout) {
            (Error::Deadline { operation, .. }, Some(limit)) => {
                Error::Deadline { operation, limit }
            }
            (error, _) => error,
        }
        .into()
    }

    /// Gives up what would remove its files when dropped, unless `--resume` can find them. Shards
    /// stay by themselves.
    fn leave<T>(&self, unfinished: T, by: LeftBy) {
        let is_kept = by == LeftBy::OneRequest && self.display.is_kept();
        if self.journal.is_some() && is_kept {
            std::mem::forget(unfinished);
            self.is_left.set(true);
        }
    }
}

fn read(file: &StagedFile) -> Result<File, Failure> {
    file.reader().map_err(|error| Failure::local("the archive cannot be read again", &error))
}

async fn report(
    args: &ExportArgs,
    talk: TalkArgs,
    places: &Places,
    delivered: &Delivered,
) -> Result<Done, Failure> {
    let Delivered { exported, receipt, empty, extracted, resumed_from, work } = delivered;
    let archive = places.archive.as_ref().map(Target::name);
    let folder = places.folder.as_ref().map(Folder::name);
    let replaced = extracted.as_ref().map_or(0, |extracted| extracted.replaced);
    let report =
        ExportReport::new(archive.as_deref(), folder.as_deref(), replaced, exported, receipt)
            .resumed_from(*resumed_from)
            .work(*work);
    let is_by_name = work.is_some() || args.packages.is_empty();
    let report = if is_by_name { report.by_name(exported) } else { report };
    if exported.exceeds_count() {
        talk.warn(format_args!(
            "the server counts {} objects, the archive holds {}",
            exported.counted.unwrap_or_default(),
            exported.objects
        ));
    }
    if work.is_some() && !exported.unexpected.is_empty() {
        talk.warn(unexpected_line(&exported.unexpected));
    }
    missing_lines(exported).iter().for_each(output::note);
    if work.is_some()
        && let Some(hint) = missing_hint(exported, empty)
    {
        talk.note(format_args!("hint: {hint}"));
    }
    match places.archive {
        Some(Target::Stdout) if talk.quiet => {}
        Some(Target::Stdout) => report.lines().iter().for_each(output::note),
        _ if args.json => output::object(&report).await?,
        _ => output::lines(&report.lines()).await?,
    }
    Ok(if exported.is_complete() { Done::Complete } else { Done::Incomplete })
}
