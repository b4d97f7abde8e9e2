//! The domain `rfc` of systems in the field.

use serde_json::{Value, json};

use super::function::Function;
use super::request::{Incoming, Params};
use super::{required, unknown_action};
use crate::server::refusal::{Refusal, shown};
use crate::server::state::State;
use crate::server::timestamp;

pub(super) fn route(request: &Incoming, state: &State) -> Result<Value, Refusal> {
    let params = &request.params;
    match request.action.as_str() {
        "ping" => Ok(json!({ "pong": true, "timestamp": timestamp::now().replace('T', "") })),
        "call" => Ok(Function::call(&required(params, "function")?, params)),
        "search" => Ok(search(params)),
        "getMetadata" => metadata(params),
        "moveToPackage" => move_to_package(params, state),
        "runReport" => run_report(params, state),
        _ => Err(unknown_action(request)),
    }
}

fn search(params: &Params) -> Value {
    let pattern = match params.string("pattern") {
        "" => "*".to_owned(),
        pattern => pattern.to_uppercase(),
    };
    Function::search(&pattern).map(|function| json!({ "name": function.name })).collect()
}

fn metadata(params: &Params) -> Result<Value, Refusal> {
    let name = required(params, "function")?;
    let Some(function) = Function::find(&name) else {
        let message = format!("Function {} not found", shown(&name));
        return Err(Refusal::new("FUNC_NOT_FOUND", message));
    };
    let parameters = function.parameters.iter().map(|(name, kind, typ, optional)| {
        json!({ "name": name, "kind": kind, "type": typ, "optional": optional })
    });
    Ok(json!({ "function": function.name, "parameters": parameters.collect::<Value>() }))
}

/// Says what a move would come to; nothing is moved.
fn move_to_package(params: &Params, state: &State) -> Result<Value, Refusal> {
    let (object, name) = (required(params, "object")?, required(params, "obj_name")?);
    let package = required(params, "new_package")?;
    let pgmid = required(params, "pgmid").unwrap_or_else(|_| "R3TR".to_owned());
    let problem = if state.catalog.object(&object, &name).is_none() {
        Some("object does not exist")
    } else if state.catalog.objects_of(&package, false).is_none() {
        Some("package does not exist")
    } else {
        None
    };
    let message = problem.map_or("SUCCESS: moved".into(), |problem| format!("ERROR: {problem}"));
    Ok(json!({
        "success": problem.is_none(), "pgmid": pgmid, "object": object, "obj_name": name,
        "new_package": package, "message": message,
    }))
}

/// Says that a report was started; nothing is run.
fn run_report(params: &Params, state: &State) -> Result<Value, Refusal> {
    let report = required(params, "report")?;
    if state.catalog.object("PROG", &report).is_none() {
        let message = format!("Report {} not found", shown(&report));
        return Err(Refusal::new("REPORT_NOT_FOUND", message));
    }
    let task = timestamp::now().split_once('T').map(|(_, time)| format!("VSP_{time}"));
    Ok(json!({ "status": "started", "report": report, "task": task, "mode": "async_rfc" }))
}
