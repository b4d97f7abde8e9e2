//! [`Profile::Deployed`](super::Profile::Deployed): the handler of systems in the field.
//!
//! It looks for text in requests instead of parsing them (`request`), answers once and in strings
//! joined by hand (`reply`), and has more domains than the protocol needs, each as far as clients
//! can tell it from the real one: nothing is stored, moved or run.

mod function;
mod git;
mod reply;
mod report;
mod request;
mod rfc;

use serde_json::{Value, json};

pub(super) use reply::{failure, quoted, success, unreadable};
pub(super) use request::Incoming;

use super::domain::Export;
use super::refusal::{Refusal, shown};
use super::state::State;
use super::timestamp;
use request::Params;

/// The domains that the welcome lists; `system` works without being listed.
pub(super) const DOMAINS: &[&str] = &["rfc", "debug", "amdp", "git", "report"];

/// What is to be done for a request.
pub(super) enum Task {
    /// Answer with this.
    Answer(Value),
    /// Run an export, which is heavy.
    Export(Export),
    /// Never answer.
    Silence,
}

/// Finds what a request asks for.
pub(super) fn route(request: &Incoming, state: &State) -> Result<Task, Refusal> {
    match (request.domain.as_str(), request.action.as_str()) {
        ("system", "ping") => {
            Ok(Task::Answer(json!({ "pong": true, "timestamp": timestamp::now() })))
        }
        ("system", "get_abap_help") => help(&request.params).map(Task::Answer),
        ("git", _) => git::route(request, state),
        ("rfc", _) => rfc::route(request, state).map(Task::Answer),
        ("report", _) => report::route(request),
        ("debug" | "amdp", _) => Err(unknown_action(request)),
        (domain, _) => {
            let message = format!("Domain '{}' not found", shown(domain));
            Err(Refusal::new(Refusal::UNKNOWN_DOMAIN, message))
        }
    }
}

fn help(params: &Params) -> Result<Value, Refusal> {
    let keyword = required(params, "keyword")?;
    let known = ["LOOP", "READ", "SELECT", "WRITE"].contains(&keyword.as_str());
    let html = if known { format!("<h1>{keyword}</h1>\r\n<p>\tHelp.</p>") } else { String::new() };
    Ok(json!({ "keyword": keyword, "html": html, "found": known }))
}

/// A param that must be there, in upper case.
fn required(params: &Params, name: &str) -> Result<String, Refusal> {
    match params.string(name) {
        "" => {
            let message = format!("Parameter {name} is required");
            Err(Refusal::new(Refusal::MISSING_PARAM, message))
        }
        value => Ok(value.to_uppercase()),
    }
}

fn unknown_action(request: &Incoming) -> Refusal {
    let message = format!("Action '{}' not supported", shown(&request.action));
    Refusal::new(Refusal::UNKNOWN_ACTION, message)
}
