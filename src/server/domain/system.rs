//! The domain `system`.

use serde_json::json;

use super::{Task, unknown_action};
use crate::proto::request::IncomingRequest;
use crate::server::refusal::Refusal;
use crate::server::state::State;
use crate::server::timestamp;

pub(super) fn route(request: &IncomingRequest, state: &State) -> Result<Task, Refusal> {
    match request.action.as_str() {
        "ping" => Ok(Task::Answer(json!({ "pong": true, "timestamp": timestamp::now() }))),
        _ if state.profile.knows_system_actions() => Err(unknown_action(request)),
        // `system` is not listed, so servers of old take it for a domain they do not have.
        _ => Err(Refusal::new(Refusal::UNKNOWN_DOMAIN, "no domain system")),
    }
}
