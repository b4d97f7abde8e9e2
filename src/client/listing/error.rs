//! Why there is no list of objects.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use crate::adt::AdtAnswerError;
use crate::client::connect::ConnectError;
use crate::client::error::{Error, ErrorKind};

/// The objects of packages could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The WebSocket gave no answer at all, the server is busy, or the runtime shuts down. An answer
    /// that refuses the request is no error: ADT is asked then.
    #[error("the server could not be asked for its objects")]
    Server(#[from] Error),
    /// There is no connection for HTTP, or no logon.
    #[error("no connection over http")]
    Connect(#[from] ConnectError),
    /// ADT answered with a status that is no success; redirects count as that, too.
    #[error("{path} was answered with {status}{}{reason}", if reason.is_empty() { "" } else { ": " })]
    Refused {
        /// The path that was asked.
        path: &'static str,
        /// The HTTP status.
        status: u16,
        /// The start of what the server says, without markup; may be empty.
        reason: String,
    },
    /// The connection broke, or the server does not speak HTTP as it should.
    #[error("{path} was not answered as http does")]
    Http {
        /// The path that was asked.
        path: &'static str,
        /// What was wrong.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// An answer is larger than any list.
    #[error("the answer of {path} has more than {limit} bytes")]
    AnswerTooLarge {
        /// The path that was asked.
        path: &'static str,
        /// The largest body that is read, in bytes.
        limit: usize,
    },
    /// An answer took too long.
    #[error("{path} was not answered within {limit:?}")]
    Timeout {
        /// The path that was asked.
        path: &'static str,
        /// [`ClientBuilder::http_timeout`](crate::ClientBuilder::http_timeout).
        limit: Duration,
    },
    /// An answer is not what it should be.
    #[error("the answer of {path} is not usable")]
    Unreadable {
        /// The path that was asked.
        path: &'static str,
        /// What is wrong with it.
        #[source]
        source: AdtAnswerError,
    },
    /// There are more packages below those that were asked for than are walked through.
    #[error("there are more than {limit} packages")]
    TooManyPackages {
        /// The most that are walked through.
        limit: usize,
    },
    /// There are more objects than are listed.
    #[error("there are more than {limit} objects")]
    TooManyObjects {
        /// The most that are listed.
        limit: usize,
    },
    /// None of the packages has any object, so they do not exist or cannot be seen.
    #[error("there is no object in {}", packages.join(", "))]
    Empty {
        /// The packages that were asked for.
        packages: Vec<String>,
    },
}

impl ListError {
    /// Sorts the error by what the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Server(error) => error.kind(),
            Self::Connect(_) => ErrorKind::Connect,
            Self::Refused { .. } | Self::Empty { .. } => ErrorKind::Refused,
            Self::Http { .. } | Self::Unreadable { .. } => ErrorKind::Broken,
            Self::AnswerTooLarge { .. }
            | Self::TooManyPackages { .. }
            | Self::TooManyObjects { .. } => ErrorKind::Limit,
            Self::Timeout { .. } => ErrorKind::Timeout,
        }
    }

    /// Whether the same request may go through if it is made again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Server(error) => error.is_retryable(),
            Self::Connect(error) => error.is_transient(),
            Self::Refused { status, .. } => matches!(status, 429 | 502..=504),
            Self::Http { .. } | Self::Timeout { .. } => true,
            _ => false,
        }
    }
}
