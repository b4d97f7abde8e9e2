//! What is asked of a server for an export in shards, and what came of all that together.

use serde::Serialize;

use super::plan::Shard;
use super::{ObjectTime, ShardedExport};
use crate::ops::git::{Export, List, ObjectKey};

impl ShardedExport {
    /// The question what the packages hold, if that is not known.
    pub(crate) fn list(&self) -> Option<List> {
        let is_open = self.listing.is_none() && !self.selection.packages.is_empty();
        is_open.then(|| {
            let list = List::packages(&self.selection.packages);
            if self.selection.include_subpackages { list } else { list.without_subpackages() }
        })
    }

    /// All objects that are known to be wanted.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = ObjectKey> {
        self.listing.iter().flatten().chain(&self.selection.objects).cloned()
    }

    /// The operation that asks for one shard.
    pub(crate) fn shard(shard: &Shard) -> Export {
        // A package among them is to bring itself alone.
        Export::objects(shard.objects.iter().cloned()).without_subpackages()
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
