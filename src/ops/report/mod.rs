//! The domain `report`: reports, their texts and what they print. *Source*: PROTOCOL 10.4.

mod grid;
mod job_status;
mod run;
mod spool;
mod text_elements;
mod variants;

pub use grid::{Column, Grid};
pub use job_status::{Job, JobState, JobStatus};
pub use run::{Outcome, Run};
pub use spool::{Spool, SpoolOutput};
pub use text_elements::{SetTextElements, TextElements, Texts, TextsError, TextsSet};
pub use variants::{Variant, Variants};
