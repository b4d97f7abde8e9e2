//! The domain `git`: ABAP objects in abapGit's form.

pub mod archive;
mod export;
mod list;
mod object;
mod sharded;
mod types;

pub use export::{Export, Exported, Missing};
pub use list::{List, ListedObject};
pub use object::{InvalidObjectKey, ObjectKey};
pub use sharded::{ObjectTime, ShardedExport};
#[cfg(feature = "client")]
pub(crate) use sharded::{
    Outcome, OutcomeSkipped, Plan, Reason, Shard, ShardContent, ShardFailure, ShardRequest,
};
pub use types::Types;
