//! What an export leaves beside its file when it breaks off, and going on with it.

use std::path::PathBuf;
use std::time::SystemTime;

use longhaul::TransferOptions;
use longhaul::client::LeftoverInfo;

use crate::args::{ExportArgs, TalkArgs};
use crate::failure::{Failure, Kind};
use crate::places::Places;
use crate::target::Target;

/// Keeps a journal beside the file of an export.
#[derive(Debug)]
pub(crate) struct Journal {
    target: PathBuf,
    goes_on: bool,
}

impl Journal {
    /// The journal of an export that is written to a file; `None` for any other.
    ///
    /// # Errors
    /// A failure of usage if there is no file that could be gone on with.
    pub(crate) fn new(args: &ExportArgs, places: &Places) -> Result<Option<Self>, Failure> {
        match &places.archive {
            Some(Target::File(path)) => {
                // What goes into a device or pipe stands nowhere that it could be found again.
                let is_file = path.metadata().map_or(true, |found| found.is_file());
                let journal = Self { target: path.clone(), goes_on: args.resume };
                Ok(is_file.then_some(journal))
            }
            _ if !args.resume => Ok(None),
            Some(Target::Stdout) => Err(Failure::usage(
                "--resume goes on with a file, and `-o -` leaves none",
                "name a file with -o, or leave --resume out",
            )),
            None => Err(Failure::usage(
                "--resume goes on with an archive, and --extract alone keeps none",
                "name the archive with -o as well, or leave --resume out",
            )),
        }
    }

    pub(crate) fn options(&self, options: TransferOptions) -> TransferOptions {
        if self.goes_on {
            options.resume_from(&self.target)
        } else {
            options.journal_for(&self.target)
        }
    }

    /// Tells of what could be gone on with and is not asked for.
    pub(crate) fn tell_leftover(&self, talk: TalkArgs) {
        if !self.goes_on
            && let Some(leftover) = LeftoverInfo::peek(&self.target)
        {
            talk.note(format_args!(
                "an interrupted {} left {} bytes for {} on {}; --resume goes on with it",
                leftover.operation,
                leftover.bytes,
                self.target.display(),
                date(leftover.created)
            ));
        }
    }

    /// Tells where an export begins that was to go on.
    pub(crate) fn tell_start(&self, resumed_from: Option<u64>, talk: TalkArgs) {
        if self.goes_on && resumed_from.is_none() {
            let found = match LeftoverInfo::peek(&self.target) {
                Some(_) => "what is left is of another server, user or request",
                None => "nothing was left that can be gone on with",
            };
            talk.note(format_args!(
                "{}: {found}, starting from the beginning",
                self.target.display()
            ));
        }
    }

    /// Names `--resume` where it helps; `is_left` if this process itself still holds what it left.
    pub(crate) fn explain(&self, mut failure: Failure, is_left: bool) -> Failure {
        if !is_left && LeftoverInfo::peek(&self.target).is_none() {
            return failure;
        }
        match failure.kind {
            Kind::Interrupted => {
                "run the same command with --resume to go on".clone_into(&mut failure.hint);
            }
            Kind::Broken => {
                "what has come is kept: run the same command with --resume to go on"
                    .clone_into(&mut failure.hint);
            }
            Kind::Connection | Kind::Limit | Kind::Timeout | Kind::Local => {
                failure.hint.push_str("; what has come is kept, --resume goes on with it");
            }
            _ => {}
        }
        failure
    }
}

/// A time as people and programs read it.
fn date(time: SystemTime) -> impl std::fmt::Display {
    humantime::format_rfc3339_seconds(time)
}
