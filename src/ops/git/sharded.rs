//! `git.export` in many small requests over several sessions.
//!
//! A server serializes the objects of a request one after another, and many stop a request that
//! takes long. So the objects are asked for in shards that take some seconds each, over as many
//! sessions as are allowed, and the archives are [merged](super::archive::Merge).

#[cfg(feature = "client")]
mod cost;
#[cfg(feature = "client")]
mod plan;
#[cfg(feature = "client")]
mod requests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(feature = "client")]
pub(crate) use plan::{Plan, Reason, Shard, ShardFailure};
#[cfg(feature = "client")]
pub(crate) use requests::{Outcome, OutcomeSkipped, ShardContent, ShardRequest};

use super::export::{Export, Exported};
use super::object::ObjectKey;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// How many sessions there are unless told otherwise.
const SESSIONS: usize = 3;
/// How many sessions there are at most.
const MOST_SESSIONS: usize = 16;
/// How long a request is to take, more or less: 10 s.
const REQUEST_TARGET: Duration = Duration::from_secs(10);
/// How long a request may take before it counts as lost: 2 minutes.
const REQUEST_LIMIT: Duration = Duration::from_mins(2);

/// Exports packages or objects in small requests over several sessions, for servers that take long.
///
/// It needs nothing of the server but [`Export`](super::Export), and gives what that would give: the
/// same files in one archive, each verified, in a fixed order and with one time for all, so that the
/// same objects make the same bytes whatever came when. Objects that fail are asked for in ever
/// smaller groups, and in the end left out and named; the rest comes all the same.
///
/// Start it with `Client::start_sharded` (feature `client`); started as any other operation it is one
/// plain request. Requests that break or take too long are made again.
///
/// ```
/// use longhaul::ops::git::{ObjectKey, ShardedExport};
/// let export = ShardedExport::packages(["$ZRAY"])
///     .with_objects([ObjectKey::new("CLAS", "ZCL_X")])
///     .sessions(4);
/// ```
#[derive(Clone, Debug)]
pub struct ShardedExport {
    /// The same in one request.
    plain: Export,
    /// What the packages hold, where that is known already.
    listing: Option<Vec<ObjectKey>>,
    pub(crate) sessions: usize,
    pub(crate) request_target: Duration,
    pub(crate) request_limit: Duration,
}

impl ShardedExport {
    /// Exports these packages and, unless told otherwise, their sub-packages.
    pub fn packages(packages: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::new(Export::packages(packages))
    }

    /// Exports these objects.
    pub fn objects(objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        Self::new(Export::objects(objects))
    }

    /// Exports these objects as well.
    pub fn with_objects(mut self, objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        self.plain = self.plain.with_objects(objects);
        self
    }

    /// Leaves sub-packages out.
    pub fn without_subpackages(mut self) -> Self {
        self.plain = self.plain.without_subpackages();
        self
    }

    /// Takes `objects` for what the packages hold, instead of listing them.
    pub fn with_listing(mut self, objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        self.listing = Some(objects.into_iter().collect());
        self
    }

    /// How many sessions work at once, at most: from 1 to 16. Default 3. Each takes a work process
    /// of the server's. Fewer where the server refuses more, or says that it is busy.
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions.clamp(1, MOST_SESSIONS);
        self
    }

    /// How long a request is to take, by what was measured so far; at least 1 s. Default 10 s.
    /// Shorter where the server stops requests earlier.
    pub fn request_target(mut self, target: Duration) -> Self {
        self.request_target = target;
        self
    }

    /// How long a request may take before it counts as lost and its objects are asked for again.
    /// Default 2 minutes.
    pub fn request_limit(mut self, limit: Duration) -> Self {
        self.request_limit = limit;
        self
    }

    fn new(plain: Export) -> Self {
        Self {
            plain,
            listing: None,
            sessions: SESSIONS,
            request_target: REQUEST_TARGET,
            request_limit: REQUEST_LIMIT,
        }
    }
}

/// How long an object took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectTime {
    /// The object.
    pub object: ObjectKey,
    /// How long the server took for it, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether that was not measured but is an even share of what a request for several took.
    pub is_estimate: bool,
}

impl Operation for ShardedExport {
    type Output = Exported;

    fn name(&self) -> OperationName {
        self.plain.name()
    }

    fn params(&self) -> Params {
        self.plain.params()
    }

    fn is_repeatable(&self) -> bool {
        self.plain.is_repeatable()
    }

    fn has_payload(&self) -> bool {
        self.plain.has_payload()
    }

    fn answer_payload(&self) -> Option<&'static str> {
        self.plain.answer_payload()
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
    ) -> Result<Exported, OperationError> {
        // Without it, this was one request.
        let Some(requested) = reply.field("requested")? else {
            return self.plain.conclude(reply, payload, limits);
        };
        let mut exported = Exported::read(reply, payload, limits, requested, true)?.or_empty()?;
        exported.slowest = reply.field("slowest")?.unwrap_or_default();
        Ok(exported)
    }
}
