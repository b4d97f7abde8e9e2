//! The domain `atc`: static checks, as the ABAP Test Cockpit makes them.

mod finding;
mod run;

pub use finding::{Finding, InvalidPriority, Priority};
pub use run::{PriorityCounts, Run, RunError, Summary};
