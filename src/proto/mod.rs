//! The protocol core: no socket, no runtime, no clock, no randomness.
//!
//! Text goes in, events come out; text to send is built here as well. Whatever needs the time is
//! given it as an argument. So all of this can be fuzzed, simulated on a virtual clock, and used
//! again under another transport.
//!
//! The way of one message from the server:
//!
//! 1. [`websocket::MessageReader`] finds it in the bytes of the stream, and decodes an ordinary
//!    chunk while it comes: its text is never kept.
//! 2. [`Demux`] reads its id (or alias) and kind, and finds the waiting request.
//! 3. [`Exchange`] takes it for the one request it belongs to: a decoded chunk, a binary one, or
//!    the text of any other frame, which is read as a whole now.
//! 4. [`ChunkAssembler`] checks a chunk and hands out its bytes in order, without copying them.
//! 5. At the end [`Exchange::finish`] gives a [`Reply`], which an [`Operation`] makes sense of.
//!
//! Numbers such as "PROTOCOL 4.2" in this documentation are sections of `PROTOCOL.md`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

pub mod assembler;
pub mod base64;
pub mod buffers;
pub mod checksum;
pub mod chunk_size;
pub mod credit;
pub mod demux;
pub mod exchange;
pub mod feature;
pub mod frame;
pub mod id;
pub(crate) mod json;
pub mod limits;
pub mod operation;
pub mod payload;
pub mod records;
pub mod reply;
pub mod request;
pub mod stats;
pub mod websocket;
pub mod welcome;

pub use assembler::{AssembleError, ChunkAssembler};
pub use buffers::BufferPool;
pub use chunk_size::ChunkSize;
pub use credit::Credit;
pub use demux::{Demux, Route};
pub use exchange::{Event, Exchange, ExchangeError, Retained, Terms};
pub use feature::{Feature, Features};
pub use frame::{Frame, FrameError};
pub use id::{Alias, IdMint, MessageId, OperationKey, Seq};
pub use limits::Limits;
pub use operation::{Operation, OperationError, OperationName, RecordOperation};
pub use payload::{Payload, PayloadReader};
pub use records::{Record, RecordError, RecordLimits, RecordSplitter};
#[cfg(feature = "client")]
pub(crate) use reply::KeptWarnings;
pub use reply::{Progress, Reply, ServerError, Skipped, Warning};
pub use request::{Control, Mode, Params, Request, Resume, Unwritable};
pub use stats::{Counters, Stats};
pub use welcome::Welcome;
