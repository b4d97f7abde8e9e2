//! Which objects packages hold, as ADT says it over HTTP: requests, answers, and the walk through
//! packages. No socket, no runtime, no clock.
//!
//! ```text
//! Walk::request ─▶ Request ─▶ (whoever sends it) ─▶ status, body ─▶ Walk::handle ─▶ …
//! ```
//!
//! There are two ways to the objects of a package. The better one is the table `TADIR` by data
//! preview, for that is what a server exports by; systems may forbid it. Then the tree that
//! development tools show has to do, the node structure. Both were read in other tools' code and in
//! published answers; they are **not verified against a real system**.
//!
//! Every reader takes what the peer sends for hostile: depth is bounded, document types and
//! entities beyond the five that XML has are refused, and nothing grows beyond the text that came.
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

mod data_preview;
mod error;
mod exception;
pub(crate) mod limits;
mod node_structure;
mod request;
mod walk;
mod xml;

pub use error::AdtAnswerError;
pub(crate) use exception::message;
pub(crate) use request::{Method, Request};
pub use walk::ListedBy;
pub(crate) use walk::{Walk, WalkError};
