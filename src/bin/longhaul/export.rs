//! `longhaul export`: packages or objects into a verified archive.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::Path;

use longhaul::client::StagedFile;
use longhaul::client::extract::{Extracted, Prepared};
use longhaul::ops::git::{Export, Exported, ObjectKey};
use longhaul::{Client, Receipt, Staged, Transfer};

use crate::args::{ExportArgs, TalkArgs};
use crate::connect;
use crate::extract::{self, Folder};
use crate::failure::Failure;
use crate::interrupt::Interruption;
use crate::places::Places;
use crate::progress::Display;
use crate::report::{ExportReport, missing_lines};
use crate::resume::Journal;
use crate::target::Target;
use crate::{Done, output, values};

/// Exports what is asked for; nothing appears anywhere before everything has verified.
pub(crate) fn run(args: &ExportArgs, talk: TalkArgs) -> Result<Done, Failure> {
    let places = Places::new(args)?;
    let journal = Journal::new(args, &places)?;
    let operation = operation(args)?;
    let settings = connect::settings(&args.server, Some(&args.payload))?;
    if let Some(journal) = &journal {
        journal.tell_leftover(talk);
    }
    let is_left = Cell::new(false);
    let ended = connect::with_client(settings, async |client, interruption| {
        let display = Display::new(talk);
        let (places, display) = (&places, &display);
        let delivery = Delivery { places, journal: journal.as_ref(), display, is_left: &is_left };
        let checked = delivery.take(client, operation, talk, interruption).await?;
        let Checked { exported, receipt, folder, file } = checked;
        // Everything has been checked, and what is left takes no time worth interrupting.
        let extracted = extract::commit(folder, file).await?;
        let resumed_from = display.resumed_from();
        display.clear();
        let delivered = Delivered { exported, receipt, extracted, resumed_from };
        interruption.or_drop(report(args, talk, places, &delivered)).await
    });
    ended.map_err(|failure| match &journal {
        Some(journal) => journal.explain(failure, is_left.get()),
        None => failure,
    })
}

fn operation(args: &ExportArgs) -> Result<Export, Failure> {
    let mut objects = args.object.clone();
    if let Some(path) = &args.objects_from {
        objects.extend(read_objects(path)?);
    }
    let packages = args.packages.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let packages: Vec<_> = packages.collect();
    if packages.is_empty() && objects.is_empty() {
        return Err(Failure::usage(
            "there is nothing to export",
            "name a package, or objects with --object or --objects-from",
        ));
    }
    let operation = Export::packages(packages).with_objects(objects);
    Ok(if args.no_subpackages { operation.without_subpackages() } else { operation })
}

/// Reads a list of objects, one TYPE:NAME a line.
fn read_objects(path: &Path) -> Result<Vec<ObjectKey>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(
            format!("{} cannot be read: {error}", path.display()),
            "name a text file with --objects-from",
        )
    })?;
    // Some editors begin a file with a mark that is no part of its text.
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = lines.map(|(index, line)| {
        values::object(line).map_err(|reason| {
            Failure::usage(
                format!("{}, line {}: {line:?} is {reason}", path.display(), index + 1),
                "write one TYPE:NAME a line",
            )
        })
    });
    read.collect()
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
    extracted: Option<Extracted>,
    resumed_from: Option<u64>,
}

/// An export on its way to its places.
struct Delivery<'a> {
    places: &'a Places,
    journal: Option<&'a Journal>,
    display: &'a Display,
    /// Whether this process itself still holds what it left for another try.
    is_left: &'a Cell<bool>,
}

impl Delivery<'_> {
    async fn take(
        &self,
        client: &Client,
        operation: Export,
        talk: TalkArgs,
        interruption: &mut Interruption,
    ) -> Result<Checked, Failure> {
        let options = client.options().clone();
        let options = match self.journal {
            Some(journal) => journal.options(options),
            None => options,
        };
        let transfer = interruption.or_drop(client.start_with(operation, options)).await?;
        if let Some(journal) = self.journal {
            journal.tell_start(transfer.resumed_from(), talk);
        }
        let transfer = self.display.attach(transfer);
        let Staged { output: exported, receipt, file, .. } =
            self.stage(transfer, interruption).await?;
        let folder = match &self.places.folder {
            Some(folder) => {
                let preparing = self.display.show_while(folder.prepare(read(&file)?));
                let prepared = interruption.or_drop(preparing).await;
                if interruption.has_come() {
                    self.leave(file);
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
    async fn stage(
        &self,
        transfer: Transfer<Export>,
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
            Ok(Ok(staged)) if interruption.has_come() => self.leave(staged.file),
            Ok(staged) => return Ok(staged?),
            // What is on the disk stays there, as if this had been killed.
            Err(unfinished) => self.leave(unfinished),
        }
        Err(Failure::interrupted())
    }

    /// Gives up what would remove its files when dropped, unless `--resume` can find them.
    fn leave<T>(&self, unfinished: T) {
        if self.journal.is_some() && self.display.is_kept() {
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
    let Delivered { exported, receipt, extracted, resumed_from } = delivered;
    let archive = places.archive.as_ref().map(Target::name);
    let folder = places.folder.as_ref().map(Folder::name);
    let replaced = extracted.as_ref().map_or(0, |extracted| extracted.replaced);
    let report =
        ExportReport::new(archive.as_deref(), folder.as_deref(), replaced, exported, receipt)
            .resumed_from(*resumed_from);
    if exported.exceeds_count() {
        talk.warn(format_args!(
            "the server counts {} objects, the archive holds {}",
            exported.counted.unwrap_or_default(),
            exported.objects
        ));
    }
    missing_lines(exported).iter().for_each(output::note);
    match places.archive {
        Some(Target::Stdout) if talk.quiet => {}
        Some(Target::Stdout) => report.lines().iter().for_each(output::note),
        _ if args.json => output::object(&report).await?,
        _ => output::lines(&report.lines()).await?,
    }
    Ok(if exported.is_complete() { Done::Complete } else { Done::Incomplete })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::failure::Kind;

    fn read(text: &str) -> Result<Vec<ObjectKey>, Failure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read_objects(file.path())
    }

    #[test]
    fn a_list_of_objects_has_one_a_line() {
        let objects = read("# all of it\nCLAS:ZCL_A\r\n\n  prog:zreport \n").unwrap();
        assert_eq!(objects, [ObjectKey::new("CLAS", "ZCL_A"), ObjectKey::new("PROG", "ZREPORT")]);
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let failure = read("CLAS:ZCL_A\nZCL_B\n").unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert!(failure.message.contains("line 2") && failure.message.contains("ZCL_B"));
        assert_eq!(read_objects(Path::new("/no/such")).unwrap_err().kind, Kind::Usage);
    }
}
