//! The domain `git`.

mod export;
mod list;
mod selection;

use serde_json::json;

pub(in crate::server) use export::{Export, Exported};
pub(super) use selection::Item;

use super::{Task, unknown_action};
use crate::proto::request::IncomingRequest;
use crate::server::refusal::Refusal;
use crate::server::state::State;
use crate::server::work::Work;

/// The types that a system commonly serializes; folders may hold others.
pub(in crate::server) const TYPES: &[&str] = &[
    "ACID", "AUTH", "BDEF", "CHAR", "CLAS", "CMOD", "DCLS", "DDLS", "DDLX", "DEVC", "DOMA", "DTEL",
    "ENHC", "ENHO", "ENHS", "ENQU", "FORM", "FUGR", "INTF", "MSAG", "NROB", "PARA", "PROG", "SHLP",
    "SICF", "SMIM", "SRVB", "SRVD", "SSFO", "TABL", "TOBJ", "TRAN", "TTYP", "TYPE", "VIEW", "WDYA",
    "WDYN", "XSLT",
];

pub(super) fn route(request: &IncomingRequest, state: &State) -> Result<Task, Refusal> {
    match request.action.as_str() {
        "getTypes" => Ok(Task::Answer(json!({ "count": TYPES.len(), "types": TYPES }))),
        "export" => {
            Export::new(&request.params, state).map(|export| Task::Heavy(Work::Export(export)))
        }
        "list" if state.profile.has_listing() => {
            list::answer(&request.params, state).map(Task::Answer)
        }
        _ => Err(unknown_action(request)),
    }
}
