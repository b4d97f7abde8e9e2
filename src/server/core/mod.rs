//! What the server decides, without a socket, a runtime, a clock or randomness.
//!
//! Whatever needs the time is given `now`, and names such as an epoch come from outside. So the
//! server can be run against the client's core on a virtual clock. *Source*: PROTOCOL 6.2 to 6.4.
//!
//! 1. [`Operations`] knows what runs and what is kept: it starts, attaches, resumes, cancels,
//!    releases, and frees what nobody came back for.
//! 2. A `Stream` is the account of one request: the next chunk, and how far the client has granted.
//! 3. A [`Payload`] cuts a [`Source`] into chunks whose borders never change, and knows the digest
//!    of every prefix that was read. It may be sent while it still grows.
//!
//! What is built for tests alone stands above this core and knows the client, too: `halves`, and
//! with them `pair` and `simulation`, which are here since they look into its tables.

mod aliases;
mod borders;
#[cfg(all(test, feature = "client"))]
mod halves;
mod operation;
mod operations;
#[cfg(all(test, feature = "client"))]
mod pair;
mod payload;
mod prefix;
mod resume;
mod retention;
#[cfg(all(test, feature = "client"))]
mod simulation;
mod stream;
#[cfg(test)]
mod tests;
mod tombstones;

pub(crate) use aliases::Aliases;
pub(crate) use operation::{OperationId, Outcome, Owner};
pub(crate) use operations::{Change, Operations, Question, Started};
pub(crate) use payload::{GrowingBytes, Pace, Payload, Source};
pub(crate) use resume::ResumeCheck;
pub(crate) use retention::{Loss, Retention};
pub(crate) use stream::{Next, StreamKey, StreamTerms};
