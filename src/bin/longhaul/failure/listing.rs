//! Why the packages could not be listed, and what that means for shards that are left.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use longhaul::ListError;

use super::{Failure, Kind, connect_kind, kind};

/// There is no list of what the packages hold.
#[derive(Debug)]
pub(crate) enum Unlisted {
    /// Nobody could give one.
    Failed(ListError),
    /// Nobody gave one in this time.
    Late(Duration),
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packages cannot be listed: ")?;
        match self {
            Self::Failed(error) => write!(f, "{}", innermost(error)),
            Self::Late(limit) => write!(f, "no answer in {}", humantime::format_duration(*limit)),
        }
    }
}

/// Where shards are to be gone on with.
impl From<Unlisted> for Failure {
    fn from(unlisted: Unlisted) -> Self {
        let kind = match &unlisted {
            Unlisted::Failed(error) => sort(error),
            Unlisted::Late(_) => Kind::Timeout,
        };
        Self::new(
            kind,
            format!("what is left cannot be gone on with, since {unlisted}"),
            "the shards are kept: run it again later with --resume, or with --no-shard to start \
             from the beginning in one request",
        )
    }
}

/// Sorts an error as one of the way to the list: the server has not refused the export itself.
fn sort(error: &ListError) -> Kind {
    match error {
        ListError::Server(error) => match kind(error) {
            Kind::Refused | Kind::Empty => Kind::Connection,
            kind => kind,
        },
        ListError::Connect(error) => connect_kind(error),
        ListError::Refused { status: 401 | 403, .. } => Kind::Logon,
        ListError::Refused { .. } => Kind::Connection,
        ListError::Timeout { .. } => Kind::Timeout,
        ListError::AnswerTooLarge { .. }
        | ListError::TooManyPackages { .. }
        | ListError::TooManyObjects { .. } => Kind::Limit,
        // There were objects once, or nothing would be left.
        _ => Kind::Broken,
    }
}

/// What is at the bottom of an error: the server's own words, say.
fn innermost(error: &dyn StdError) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
