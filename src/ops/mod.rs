//! The operations there are, by domain; each is a typed request and what its answer means.
//!
//! | domain | operation | gives |
//! |---|---|---|
//! | `git` | [`git::Export`] | packages or objects as an abapGit archive |
//! | `git` | [`git::Types`] | the object types the server can serialize |
//! | `git` | [`git::List`] | which objects packages hold |
//! | `rfc` | [`rfc::Call`] | what a function module exports, by name |
//! | `rfc` | [`rfc::Search`] | names of function modules |
//! | `rfc` | [`rfc::Metadata`] | the parameters of a function module |
//! | `rfc` | [`rfc::Ping`] | the server's time |
//! | `rfc` | [`rfc::MoveToPackage`] | an object in another package |
//! | `rfc` | [`rfc::RunReport`] | a report that was started |
//! | `report` | [`report::Run`] | a report's list, or the job that makes it |
//! | `report` | [`report::TextElements`] | a program's texts |
//! | `report` | [`report::SetTextElements`] | a program's texts, changed |
//! | `report` | [`report::Variants`] | a report's variants |
//! | `report` | [`report::JobStatus`] | how far a job is |
//! | `report` | [`report::SpoolOutput`] | what a job printed |
//! | `system` | [`system::Ping`] | the server's time |
//! | `system` | [`system::Help`] | the documentation of an ABAP keyword |
//! | `atc` | [`atc::Run`] | what static checks find, finding by finding |
//!
//! Only `git` and `system` are what the reference server has of old; the others are what today's
//! servers in the field have beside them (PROTOCOL 10.3, 10.4). What their documentation here says
//! was read in their code and is **not verified against a real system**. `atc` and `git.list` are
//! longhaul's own (PROTOCOL 10.5, 10.1): no server in the field has them yet.
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

#[cfg(test)]
mod answer;
pub mod atc;
mod field;
pub mod git;
pub mod report;
pub mod rfc;
mod selection;
pub mod system;
