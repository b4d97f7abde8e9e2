//! Which way an export goes: all in one request, or in shards over several sessions.
//!
//! Shards are asked for by name, so they need a list of what there is; and they are worth it only
//! where there is much, where a package is to be named that holds nothing, or somebody says so.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use longhaul::ops::git::{Export, List, ObjectKey, ShardedExport};
use longhaul::proto::limits::IDLE_LIMIT;
use longhaul::{Client, ListError, Listing};

use super::asked::Asked;
use crate::args::ExportArgs;
use crate::failure::{Failure, Unlisted};
use crate::interrupt::Interruption;
use crate::progress::Display;
use crate::resume::{Journal, LeftBy};

/// More objects than these are exported in shards unless told otherwise: systems in the field stop
/// a request after a minute, which is some 200 objects.
const SHARD_THRESHOLD: usize = 100;
/// How long listing may take where nobody has asked for shards: an export that needs none is not to
/// wait for a server that does not list.
const LISTING_LIMIT: Duration = Duration::from_secs(30);

/// How an export is asked for.
pub(super) enum Way {
    /// All in one request.
    Plain(Export),
    /// In many requests over several sessions.
    Sharded {
        export: ShardedExport,
        /// The packages of which the server listed nothing.
        empty: Vec<String>,
    },
}

impl Way {
    /// The packages of which the server listed nothing, if it was asked and that plays a part.
    pub(super) fn empty(&self) -> &[String] {
        match self {
            Self::Plain(_) => &[],
            Self::Sharded { empty, .. } => empty,
        }
    }
}

/// What speaks for a way before anything is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inclination {
    /// It is to be one request, whatever there is.
    Plain,
    /// It is to be shards if there is a listing.
    Sharded,
    /// It depends on how many objects there are.
    BySize,
}

impl Inclination {
    /// Flags decide first, then what is to be gone on with, which fits its own way only.
    fn new(args: &ExportArgs, left: Option<LeftBy>) -> Self {
        match (args.no_shard, args.sessions, left) {
            (true, ..) | (false, None, Some(LeftBy::OneRequest)) => Self::Plain,
            (false, Some(_), _) | (false, None, Some(LeftBy::Shards)) => Self::Sharded,
            (false, None, None) => Self::BySize,
        }
    }

    /// How long listing may take.
    fn listing_limit(self, args: &ExportArgs) -> Duration {
        let limit = match self {
            Self::Sharded => args.server.idle_timeout.unwrap_or(IDLE_LIMIT),
            Self::Plain | Self::BySize => LISTING_LIMIT,
        };
        // Whatever comes of it, there has to be time for the export.
        args.server.timeout.map_or(limit, |all| limit.min(all / 2))
    }

    /// Whether it is to be shards, of so many objects, where so many packages hold nothing.
    fn wants_shards(self, objects: usize, empty: usize) -> bool {
        match self {
            Self::Plain => false,
            Self::Sharded => true,
            // One request says nothing of a package that is not there beside one that is.
            Self::BySize => objects > SHARD_THRESHOLD || empty > 0,
        }
    }
}

/// Chooses the way, and asks the server for a listing where that decides it.
///
/// # Errors
/// That the user has interrupted, and that there is no listing where shards are to be gone on with:
/// one request would remove them. Else no listing is no error: then it is one request, and one line
/// says so.
pub(super) async fn choose(
    asked: Asked,
    args: &ExportArgs,
    journal: Option<&Journal>,
    (client, display): (&Client, &Display),
    interruption: &mut Interruption,
) -> Result<Way, Failure> {
    let left = journal.and_then(Journal::left_to_resume);
    let inclination = Inclination::new(args, left);
    if inclination == Inclination::Plain {
        return Ok(Way::Plain(asked.into_plain()));
    }
    let (listed, empty) = match asked.list() {
        // They are all known by name.
        None => Default::default(),
        Some(list) => {
            let limit = inclination.listing_limit(args);
            let listing = async { Ok::<_, Failure>(list_within(client, list, limit).await) };
            let listing = Box::pin(display.show_listing(listing));
            match interruption.or_drop(listing).await? {
                Ok(Listing { objects, empty, .. }) => (objects, empty),
                Err(unlisted) if left == Some(LeftBy::Shards) => return Err(unlisted.into()),
                Err(unlisted) => {
                    display.note(&format!("exporting in one request, since {unlisted}"));
                    return Ok(Way::Plain(asked.into_plain()));
                }
            }
        }
    };
    let mut listed: Vec<_> = listed.into_iter().map(|object| object.key).collect();
    // A package that is not to be seen is asked for as the object that it is, so that it is either
    // there or missing with the server's reason.
    listed.extend(empty.iter().map(|package| ObjectKey::new("DEVC", package)));
    let objects: HashSet<_> = listed.iter().chain(&asked.objects).collect();
    if !inclination.wants_shards(objects.len(), empty.len()) {
        return Ok(Way::Plain(asked.into_plain()));
    }
    let export = asked.into_sharded(listed);
    let export = match args.sessions {
        Some(sessions) => export.sessions(usize::from(sessions)),
        None => export,
    };
    Ok(Way::Sharded { export, empty })
}

/// What is left of `--timeout`, so that listing is part of it.
pub(super) fn time_left(args: &ExportArgs, since: Instant) -> Option<Duration> {
    args.server.timeout.map(|all| all.saturating_sub(since.elapsed()))
}

/// Lists what the packages hold, or says why that is not known.
async fn list_within(client: &Client, list: List, limit: Duration) -> Result<Listing, Unlisted> {
    let listed: Result<_, ListError> = match tokio::time::timeout(limit, client.list(list)).await {
        Ok(listed) => listed,
        Err(_) => return Err(Unlisted::Late(limit)),
    };
    listed.map_err(Unlisted::Failed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(words: &[&str]) -> ExportArgs {
        let words = ["longhaul", "export", "$A"].iter().chain(words);
        match Cli::parse_from(words).command {
            Command::Export(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_decide_then_what_is_left_then_the_size() {
        use Inclination::{BySize, Plain, Sharded};
        let (one, shards) = (Some(LeftBy::OneRequest), Some(LeftBy::Shards));
        for (words, left, expected) in [
            (&[][..], None, BySize),
            (&[], one, Plain),
            (&[], shards, Sharded),
            (&["--no-shard"], None, Plain),
            (&["--no-shard"], shards, Plain),
            (&["--sessions", "1"], None, Sharded),
            (&["--sessions", "1"], one, Sharded),
        ] {
            assert_eq!(Inclination::new(&args(words), left), expected, "{words:?} {left:?}");
        }
    }

    #[test]
    fn only_more_than_the_threshold_goes_in_shards_by_itself() {
        assert!(!Inclination::BySize.wants_shards(SHARD_THRESHOLD, 0));
        assert!(Inclination::BySize.wants_shards(SHARD_THRESHOLD + 1, 0));
        assert!(Inclination::Sharded.wants_shards(1, 0));
    }

    #[test]
    fn a_package_that_holds_nothing_wants_shards_unless_told_otherwise() {
        assert!(Inclination::BySize.wants_shards(2, 1));
        assert!(!Inclination::Plain.wants_shards(2, 1));
    }

    #[test]
    fn listing_leaves_time_for_the_export() {
        let limit =
            |words: &[&str], inclination: Inclination| inclination.listing_limit(&args(words));
        assert_eq!(limit(&[], Inclination::BySize), LISTING_LIMIT);
        assert_eq!(limit(&[], Inclination::Sharded), IDLE_LIMIT);
        assert_eq!(limit(&["--timeout", "10s"], Inclination::Sharded), Duration::from_secs(5));
        let limit = limit(&["--idle-timeout", "1s"], Inclination::Sharded);
        assert_eq!(limit, Duration::from_secs(1));
    }
}
