//! The domain `atc`.

mod checks;
mod source;

#[expect(unused_imports, reason = "no action runs the checks yet")]
pub(in crate::server) use checks::{Finding, check};
