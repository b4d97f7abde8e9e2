//! What is asked of a server for an export in shards, and what came of all that together.

use serde::Serialize;

use super::plan::Shard;
use super::{ObjectTime, ShardedExport};
use crate::ops::git::export::{Export, read_archive};
use crate::ops::git::{List, ObjectKey, archive};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, Skipped,
};

impl ShardedExport {
    /// The question what the packages hold, if that is not known.
    pub(crate) fn list(&self) -> Option<List> {
        let Export(selection) = &self.plain;
        let is_open = self.listing.is_none() && !selection.packages.is_empty();
        is_open.then(|| {
            let list = List::packages(&selection.packages);
            if selection.include_subpackages { list } else { list.without_subpackages() }
        })
    }

    /// All objects that are known to be wanted.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = ObjectKey> {
        self.listing.iter().flatten().chain(&self.plain.0.objects).cloned()
    }
}

/// Asks for the objects of one shard; that nothing comes of them is a result as any other.
pub(crate) struct ShardRequest(Export);

/// What came of a shard.
pub(crate) struct ShardContent {
    pub(crate) objects: Vec<ObjectKey>,
    /// What the server says it left out.
    pub(crate) skipped: Vec<Skipped>,
}

impl ShardRequest {
    pub(crate) fn new(shard: &Shard) -> Self {
        // A package among them is to bring itself alone.
        Self(Export::objects(shard.objects.iter().cloned()).without_subpackages())
    }
}

impl Operation for ShardRequest {
    type Output = ShardContent;

    fn name(&self) -> OperationName {
        self.0.name()
    }

    fn params(&self) -> Params {
        self.0.params()
    }

    fn is_repeatable(&self) -> bool {
        self.0.is_repeatable()
    }

    fn has_payload(&self) -> bool {
        self.0.has_payload()
    }

    fn answer_payload(&self) -> Option<&'static str> {
        self.0.answer_payload()
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
    ) -> Result<ShardContent, OperationError> {
        let files = read_archive(reply, payload, limits)?;
        Ok(ShardContent { objects: archive::keys(&files), skipped: reply.skipped() })
    }
}

/// What came of all requests together, as an answer's data would say it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) requested: Vec<ObjectKey>,
    pub(crate) skipped: Vec<OutcomeSkipped>,
    pub(crate) slowest: Vec<ObjectTime>,
}

/// An object that is not there, as the wire has it.
#[derive(Debug, Serialize)]
pub(crate) struct OutcomeSkipped {
    #[serde(flatten)]
    pub(crate) object: ObjectKey,
    pub(crate) reason: String,
}
