//! The command `longhaul`, run as a user runs it, against the reference server and small peers
//! that misbehave.

mod bulk;
mod export;
mod failures;
mod interrupt;
mod requests;
mod support;
mod usage;
