//! The operations there are, by domain; each is a typed request and what its answer means.
//!
//! | domain | operation | gives |
//! |---|---|---|
//! | `git` | [`git::Export`] | packages or objects as an abapGit archive |
//! | `git` | [`git::Types`] | the object types the server can serialize |
//! | `system` | [`system::Ping`] | the server's time |
//!
//! None of them knows how it travels. A new one is a type with
//! [`Operation`](crate::proto::Operation) implemented, in a file of its own.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod git;
pub mod system;
