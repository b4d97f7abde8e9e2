//! What an operation is, whichever way it travels.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::limits::Limits;
use super::payload::PayloadReader;
use super::reply::{Reply, ServerError};
use super::request::Params;

/// The name of an operation, `domain.action`.
///
/// The WebSocket sends the two halves as `domain` and `action` (PROTOCOL 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OperationName {
    domain: Cow<'static, str>,
    action: Cow<'static, str>,
}

impl OperationName {
    /// The operation `action` of `domain`.
    pub fn new(domain: impl Into<Cow<'static, str>>, action: impl Into<Cow<'static, str>>) -> Self {
        Self { domain: domain.into(), action: action.into() }
    }

    /// Who serves it, such as `git`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What is asked, such as `export`.
    pub fn action(&self) -> &str {
        &self.action
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain, self.action)
    }
}

/// Something a server can be asked to do, and what its answer means.
///
/// An operation knows nothing of sockets: it has a name, parameters, and a way to make sense of a
/// verified reply.
///
/// ```
/// use longhaul::proto::{Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply};
///
/// /// Asks how many objects a package has.
/// struct Count(String);
///
/// impl Operation for Count {
///     type Output = u64;
///
///     fn name(&self) -> OperationName {
///         OperationName::new("git", "count")
///     }
///     fn params(&self) -> Params {
///         Params::new().with("package", &self.0)
///     }
///     fn is_repeatable(&self) -> bool {
///         true
///     }
///     fn conclude(
///         &self,
///         reply: &Reply,
///         _payload: &mut dyn PayloadReader,
///         _limits: &Limits,
///     ) -> Result<u64, OperationError> {
///         reply.field("count")?.ok_or_else(|| OperationError::missing("count"))
///     }
/// }
/// ```
pub trait Operation: Send + Sync + 'static {
    /// What the caller gets.
    type Output: Send + 'static;

    /// Its name.
    fn name(&self) -> OperationName;

    /// Its parameters, in the order they are to be written.
    fn params(&self) -> Params;

    /// Whether asking twice does no harm; if not, it is never sent again by itself.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Whether its result has a payload, so that a stream is asked for.
    fn has_payload(&self) -> bool {
        false
    }

    /// The field of a single answer's data that holds the payload as base64, for servers that
    /// answer once.
    fn answer_payload(&self) -> Option<&'static str> {
        None
    }

    /// Makes sense of a reply whose payload has verified by count, length and, where agreed,
    /// digest. Further checks, such as an archive's own, belong here.
    ///
    /// `payload` stands at its start. `limits` bounds what it may inflate to.
    ///
    /// # Errors
    /// [`OperationError`] if the reply is not what this operation's reply must be; no file is
    /// written then.
    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
    ) -> Result<Self::Output, OperationError>;
}

/// An operation whose payload is records, which can be taken one by one while it runs.
///
/// *Shape*: the payload is one JSON value a line, or one JSON array
/// ([`RecordSplitter`](super::RecordSplitter)). What is taken before the operation has ended has
/// not verified yet. What holds of all records together, such as their number, is tallied as they
/// go by, so that the verdict needs none of them again. *Source*: PROTOCOL 4.8.
///
/// ```
/// use longhaul::ops::atc::{Finding, Run};
/// use longhaul::proto::RecordOperation;
///
/// fn is_a_stream_of<R>(_: &impl RecordOperation<Record = R>) {}
/// is_a_stream_of::<Finding>(&Run::packages(["$ZRAY"]));
/// ```
pub trait RecordOperation: Operation {
    /// One record.
    type Record: DeserializeOwned + Send + 'static;

    /// What is kept of all records that went by.
    type Tally: Default + Send + 'static;

    /// Adds a record to the tally.
    fn tally(&self, tally: &mut Self::Tally, record: &Self::Record);

    /// Makes sense of a reply whose payload has verified and held so many records.
    ///
    /// # Errors
    /// As [`conclude`](Operation::conclude).
    fn conclude_records(
        &self,
        reply: &Reply,
        records: u64,
        tally: Self::Tally,
    ) -> Result<Self::Output, OperationError>;
}

/// A verified reply is not what the operation's reply must be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The result lacks a field, or has another kind of value there.
    #[error("result has no usable {field}")]
    InvalidAnswer {
        /// The field.
        field: Cow<'static, str>,
        /// What its reader found, where it is there and no more than that is known.
        #[source]
        source: Option<Arc<serde_json::Error>>,
    },
    /// A field of the result has more values than are read.
    #[error("the result's {field} has more than {limit} values")]
    TooManyValues {
        /// The field.
        field: Cow<'static, str>,
        /// [`MAX_VALUES`](super::limits::MAX_VALUES).
        limit: usize,
    },
    /// The server reports success and delivers nothing.
    #[error("the server found nothing to deliver")]
    Empty,
    /// The server reports failure inside a successful answer.
    #[error("the operation failed on the server")]
    Failed(#[source] ServerError),
    /// The server answers, and its answer says that the operation did not do what was asked.
    /// Operations are an open set, so the source is the operation's own error type with its
    /// evidence; `downcast_ref` gives it back.
    #[error("the answer reports a failure")]
    Unsuccessful {
        /// What the answer says.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The payload has not the format it should have. Operations are an open set, so the source
    /// is the operation's own error type; `downcast_ref` gives it back.
    #[error("payload is no valid {format}")]
    InvalidPayload {
        /// The format it should have.
        format: &'static str,
        /// Whether it was refused for its size alone.
        beyond_limit: bool,
        /// What is wrong with it.
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl OperationError {
    /// The result has no usable `field`.
    pub fn missing(field: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidAnswer { field: field.into(), source: None }
    }

    /// The result's `field` is there and cannot be read.
    pub fn unreadable(field: impl Into<Cow<'static, str>>, source: serde_json::Error) -> Self {
        Self::InvalidAnswer { field: field.into(), source: Some(Arc::new(source)) }
    }

    /// The answer reports the failure `source`.
    pub fn unsuccessful(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unsuccessful { source: Arc::new(source) }
    }

    /// The payload is no valid `format`.
    pub fn payload(format: &'static str, source: impl StdError + Send + Sync + 'static) -> Self {
        Self::InvalidPayload { format, beyond_limit: false, source: Arc::new(source) }
    }

    /// Marks a payload as refused for its size alone, so that a caller may raise the limit.
    pub fn beyond_limit(mut self) -> Self {
        if let Self::InvalidPayload { beyond_limit, .. } = &mut self {
            *beyond_limit = true;
        }
        self
    }
}
