//! The server side in ABAP, turned into JavaScript and served by Node, against the real client and
//! the command.
//!
//! `abap/ci/run` builds what this needs. Where Node or what it builds is missing the tests say so and
//! pass; with `CI=true` they fail.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod command;
mod export;
mod host;
mod operations;
mod raw;
mod requests;
mod resume;
