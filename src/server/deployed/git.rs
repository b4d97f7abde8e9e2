//! The domain `git` of systems in the field.

use std::collections::BTreeSet;

use serde_json::json;

use super::Task;
use super::request::{Incoming, Params};
use crate::server::domain::{Export, GIT_TYPES};
use crate::server::refusal::{Refusal, shown};
use crate::server::state::State;

/// Everything that goes wrong here is a `GIT_ERROR`.
pub(super) fn route(request: &Incoming, state: &State) -> Result<Task, Refusal> {
    match request.action.as_str() {
        "getTypes" | "get_types" => {
            Ok(Task::Answer(json!({ "count": GIT_TYPES.len(), "types": GIT_TYPES })))
        }
        "export" => export(&request.params, state).map(Task::Export),
        "import" => Err(error("Import not yet implemented - use standard ADT for now")),
        "validate" => Err(error("Validate not yet implemented")),
        action => Err(error(format!("Unknown action: {}", shown(action)))),
    }
}

/// Exports what there is of the packages, or of the objects where no package is named. What does
/// not exist is passed over, unless nothing is left.
fn export(params: &Params, state: &State) -> Result<Export, Refusal> {
    let packages = params.strings("packages");
    let names: BTreeSet<String> = packages.iter().map(|name| name.to_uppercase()).collect();
    let known: Vec<_> =
        names.iter().filter(|name| state.catalog.objects_of(name, false).is_some()).collect();
    let mut objects = Vec::new();
    if names.is_empty() {
        let found = params.objects("objects").into_iter();
        let found = found.filter(|(kind, name)| state.catalog.object(kind, name).is_some());
        objects.extend(found.map(|(kind, name)| json!({ "type": kind, "name": name })));
    }
    let subpackages = params.flag("includeSubpackages").unwrap_or(true);
    if known.is_empty() && objects.is_empty() {
        return Err(nothing(names.first().map_or("", String::as_str)));
    }
    let asked = json!({
        "packages": known, "objects": objects, "includeSubpackages": subpackages,
    });
    let asked = asked.as_object().ok_or_else(|| nothing(""))?;
    let export = Export::new(asked, state)?;
    if export.is_empty() { Err(nothing("")) } else { Ok(export) }
}

/// The text comes from several places of the system, with whatever stood in it there.
fn nothing(package: &str) -> Refusal {
    error(format!("No objects found to export\r{}\tDEVC\u{1}\u{c}", shown(package)))
}

fn error(message: impl Into<String>) -> Refusal {
    Refusal::new(Refusal::GIT_ERROR, message)
}
