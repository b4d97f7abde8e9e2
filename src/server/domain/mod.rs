//! What requests ask for, by domain.

mod atc;
mod git;
mod system;
mod test;

use serde_json::Value;

pub(super) use atc::Check;
pub(super) use git::{Export, Exported, TYPES as GIT_TYPES};
pub(super) use test::Generated;
pub use test::TestPayload;

use super::refusal::{Refusal, shown};
use super::state::State;
use super::work::Work;
use crate::proto::request::IncomingRequest;

/// What is to be done for a request.
pub(super) enum Task {
    /// Answer with this.
    Answer(Value),
    /// Do this, which is heavy.
    Heavy(Work),
}

/// Finds what a request asks for and checks its parameters.
pub(super) fn route(request: &IncomingRequest, state: &State) -> Result<Task, Refusal> {
    match request.domain.as_str() {
        "atc" if state.profile.has_checks() => atc::route(request, state),
        "git" => git::route(request, state),
        "system" => system::route(request, state),
        "test" if state.profile.has_tests() => test::route(request),
        domain => {
            let message = format!("no domain {}", shown(domain));
            Err(Refusal::new(Refusal::UNKNOWN_DOMAIN, message))
        }
    }
}

/// A param that is absent or of another form.
fn required(name: &str) -> Refusal {
    Refusal::new(Refusal::MISSING_PARAM, format!("parameter {name} is required"))
}

pub(super) fn unknown_action(request: &IncomingRequest) -> Refusal {
    let message = format!("no action {} in {}", shown(&request.action), shown(&request.domain));
    Refusal::new(Refusal::UNKNOWN_ACTION, message)
}
