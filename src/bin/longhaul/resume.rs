//! What an export leaves beside its file when it breaks off, and going on with it.

use std::cell::Cell;
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
    /// What was there before.
    before: Option<LeftoverInfo>,
    /// Whether the export has begun, and then whether with what was there.
    begun: Cell<Option<Begun>>,
    /// Whose leftovers cannot be gone on with, by what flag.
    excludes: Option<(LeftBy, &'static str)>,
}

/// By which way of exporting something was left; only the same way can go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftBy {
    /// A part and its journal.
    OneRequest,
    /// A folder of shards.
    Shards,
}

/// What an export began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    Anew,
    WithLeftover,
}

/// What there is to go on with once an export has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Nothing, as far as anybody knows.
    Nothing,
    /// What was there before; whether it is of the same export has not shown.
    Earlier,
    /// What this export has received, or has gone on with.
    Own,
}

impl LeftBy {
    fn of(leftover: &LeftoverInfo) -> Self {
        if leftover.is_sharded { Self::Shards } else { Self::OneRequest }
    }

    fn name(self) -> &'static str {
        match self {
            Self::OneRequest => "in one request",
            Self::Shards => "in shards",
        }
    }
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
                let excludes = match (args.no_shard, args.sessions) {
                    (true, _) => Some((LeftBy::Shards, "--no-shard")),
                    (false, Some(_)) => Some((LeftBy::OneRequest, "--sessions")),
                    (false, None) => None,
                };
                let journal = || Self {
                    target: path.clone(),
                    goes_on: args.resume,
                    before: LeftoverInfo::peek(path),
                    begun: Cell::new(None),
                    excludes,
                };
                Ok(is_file.then(journal))
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

    /// What there is to go on with, if that is asked for.
    pub(crate) fn left_to_resume(&self) -> Option<LeftBy> {
        self.before.as_ref().filter(|_| self.goes_on).map(LeftBy::of)
    }

    /// Tells of what could be gone on with and is not asked for.
    pub(crate) fn tell_leftover(&self, talk: TalkArgs) {
        if !self.goes_on
            && let Some(leftover) = &self.before
        {
            let shards = if leftover.is_sharded { " in shards" } else { "" };
            let without = match self.flag_against(leftover) {
                Some(flag) => format!(" without {flag}"),
                None => String::new(),
            };
            talk.note(format_args!(
                "an interrupted {}{shards} left {} bytes for {} on {}; --resume{without} goes on \
                 with it if it is the same export",
                leftover.operation,
                leftover.bytes,
                self.target.display(),
                date(leftover.created)
            ));
        }
    }

    /// Takes where an export of this way begins; gives what to say of that, if it was to go on.
    pub(crate) fn begin(&self, resumed_from: Option<u64>, by: LeftBy) -> Option<String> {
        let begun = if resumed_from.is_some() { Begun::WithLeftover } else { Begun::Anew };
        self.begun.set(Some(begun));
        match resumed_from {
            _ if !self.goes_on => None,
            // One request is told of once the server goes on with it.
            Some(_) if by == LeftBy::OneRequest => None,
            Some(bytes) => Some(format!("resuming with {bytes} bytes of shards")),
            None => Some(format!(
                "{}: {}, starting from the beginning",
                self.target.display(),
                self.why_not_resumed(by)
            )),
        }
    }

    fn why_not_resumed(&self, by: LeftBy) -> String {
        let Some(leftover) = LeftoverInfo::peek(&self.target) else {
            return "nothing was left that can be gone on with".to_owned();
        };
        let left = LeftBy::of(&leftover);
        match self.flag_against(&leftover) {
            _ if left == by => "what is left is of another server, user or request".to_owned(),
            Some(flag) => format!(
                "what is left is of an export {}, which goes on without {flag}",
                left.name()
            ),
            None => {
                format!("what is left is of an export {}, this one is {}", left.name(), by.name())
            }
        }
    }

    /// The flag that keeps this from going on with what is left.
    fn flag_against(&self, leftover: &LeftoverInfo) -> Option<&'static str> {
        self.excludes.and_then(|(by, flag)| (by == LeftBy::of(leftover)).then_some(flag))
    }

    /// What the same command can go on with now.
    fn left(&self) -> Left {
        let leftover = LeftoverInfo::peek(&self.target);
        if leftover.as_ref().is_none_or(|leftover| self.flag_against(leftover).is_some()) {
            return Left::Nothing;
        }
        match self.begun.get() {
            Some(Begun::WithLeftover) => Left::Own,
            _ if leftover != self.before => Left::Own,
            // It was to go on and could not, so that is of another export.
            Some(Begun::Anew) if self.goes_on => Left::Nothing,
            _ => Left::Earlier,
        }
    }

    /// Names `--resume` where it helps; `is_left` if this process itself still holds what it left.
    pub(crate) fn explain(&self, mut failure: Failure, is_left: bool) -> Failure {
        let is_said = failure.hint.contains("--resume");
        let left = if is_left { Left::Own } else { self.left() };
        match (left, failure.kind) {
            (Left::Nothing, _) => {}
            _ if is_said => {}
            (Left::Own, Kind::Interrupted) => {
                "run the same command with --resume to go on".clone_into(&mut failure.hint);
            }
            (Left::Own, Kind::Broken) => {
                "what has come is kept: run the same command with --resume to go on"
                    .clone_into(&mut failure.hint);
            }
            (
                Left::Own,
                Kind::Connection | Kind::Logon | Kind::Limit | Kind::Timeout | Kind::Local,
            ) => {
                failure.hint.push_str("; what has come is kept, --resume goes on with it");
            }
            // It has been told of before, unless it was to be gone on with.
            (
                Left::Earlier,
                Kind::Interrupted
                | Kind::Connection
                | Kind::Logon
                | Kind::Broken
                | Kind::Limit
                | Kind::Timeout
                | Kind::Local,
            ) if self.goes_on => {
                failure.hint.push_str("; what was left before is still there for --resume");
            }
            (Left::Earlier, Kind::Interrupted) => {
                failure.hint.push_str(
                    ", or with --resume to go on with what was left before, if it is the same \
                     export",
                );
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
