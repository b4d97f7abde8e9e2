//! `longhaul export`: packages or objects into a verified archive.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use longhaul::client::StagedFile;
use longhaul::client::extract::{Extracted, Prepared};
use longhaul::ops::git::{Export, Exported, ObjectKey};
use longhaul::{Client, Receipt, Staged};

use crate::args::{ExportArgs, TalkArgs};
use crate::connect;
use crate::extract::{self, Folder};
use crate::failure::Failure;
use crate::places::Places;
use crate::progress::Display;
use crate::report::{ExportReport, missing_lines};
use crate::target::Target;
use crate::{Done, interrupt, output, values};

/// Exports what is asked for; nothing appears anywhere before everything has verified.
pub(crate) fn run(args: &ExportArgs, talk: TalkArgs) -> Result<Done, Failure> {
    let places = Places::new(args)?;
    let operation = operation(args)?;
    let settings = connect::settings(&args.server, Some(&args.payload))?;
    let Checked { exported, receipt, folder, file } = interrupt::block_on(async {
        let client = connect::connect(settings).await?;
        let display = Display::new(talk);
        deliver(&client, operation, &places, &display).await
    })?;
    // Everything has been checked, and what is left takes no time worth interrupting.
    let extracted = extract::commit(folder, file)?;
    let delivered = Delivered { exported, receipt, extracted };
    interrupt::block_on(report(args, talk, &places, &delivered))
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
}

async fn deliver(
    client: &Client,
    operation: Export,
    places: &Places,
    display: &Display,
) -> Result<Checked, Failure> {
    let transfer = display.attach(client.start(operation).await?);
    let Staged { output: exported, receipt, file, .. } = match &places.archive {
        Some(Target::File(path)) => display.show_while(transfer.stage(path)).await?,
        // What is to be extracted or printed has to be verified first, wherever it waits for that.
        _ => display.show_while(transfer.stage(scratch())).await?,
    };
    let folder = match &places.folder {
        Some(folder) => {
            let archive = read(&file)?;
            Some(display.show_while(folder.prepare(archive)).await?)
        }
        None => None,
    };
    if places.archive == Some(Target::Stdout) {
        output::payload(read(&file)?).await?;
    }
    let file = matches!(places.archive, Some(Target::File(_))).then_some(file);
    Ok(Checked { exported, receipt, folder, file })
}

/// A file of no lasting name in the folder for such; it is gone with the export.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("longhaul-{}.zip", std::process::id()))
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
    let Delivered { exported, receipt, extracted } = delivered;
    let archive = places.archive.as_ref().map(Target::name);
    let folder = places.folder.as_ref().map(Folder::name);
    let replaced = extracted.as_ref().map_or(0, |extracted| extracted.replaced);
    let report =
        ExportReport::new(archive.as_deref(), folder.as_deref(), replaced, exported, receipt);
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
