//! What requests ask for, by domain.

mod atc;
mod git;
mod system;

use serde_json::Value;

pub(super) use git::{Export, TYPES as GIT_TYPES};

use super::refusal::{Refusal, shown};
use super::state::State;
use crate::proto::request::IncomingRequest;

/// What is to be done for a request.
pub(super) enum Task {
    /// Answer with this.
    Answer(Value),
    /// Run an export, which is heavy.
    Export(Export),
}

/// Finds what a request asks for and checks its parameters.
pub(super) fn route(request: &IncomingRequest, state: &State) -> Result<Task, Refusal> {
    match request.domain.as_str() {
        "git" => git::route(request, state),
        "system" => system::route(request, state),
        domain => {
            let message = format!("no domain {}", shown(domain));
            Err(Refusal::new(Refusal::UNKNOWN_DOMAIN, message))
        }
    }
}

fn unknown_action(request: &IncomingRequest) -> Refusal {
    let message = format!("no action {} in {}", shown(&request.action), shown(&request.domain));
    Refusal::new(Refusal::UNKNOWN_ACTION, message)
}
