//! The domain `git`: ABAP objects in abapGit's form.

pub mod archive;
mod export;
mod list;
mod object;
mod types;

pub use export::{Export, Exported, Missing};
pub use list::{List, ListedObject};
pub use object::{InvalidObjectKey, ObjectKey};
pub use types::Types;
