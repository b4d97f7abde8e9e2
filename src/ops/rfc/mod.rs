//! The domain `rfc`: function modules, called from outside. *Source*: PROTOCOL 10.3.

mod call;
mod metadata;
mod move_to_package;
mod ping;
mod run_report;
mod search;
mod value;

pub use call::{Call, CallError, Called};
pub use metadata::{Metadata, Parameter, ParameterKind, Signature};
pub use move_to_package::{MoveError, MoveToPackage, Moved};
pub use ping::Ping;
pub use run_report::{RunReport, Started};
pub use search::{Found, Search};
pub use value::RfcValue;
