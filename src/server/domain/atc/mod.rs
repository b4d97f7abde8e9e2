//! The domain `atc`.

mod checks;
mod run;
mod source;

pub(in crate::server) use run::Check;

use super::{Task, unknown_action};
use crate::proto::request::IncomingRequest;
use crate::server::refusal::Refusal;
use crate::server::state::State;
use crate::server::work::Work;

pub(super) fn route(request: &IncomingRequest, state: &State) -> Result<Task, Refusal> {
    match request.action.as_str() {
        "run" => Check::new(&request.params, state).map(|check| Task::Heavy(Work::Check(check))),
        _ => Err(unknown_action(request)),
    }
}
