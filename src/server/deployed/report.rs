//! The domain `report` of systems in the field, with what an older release of it has as well.

use serde_json::{Value, json};

use super::request::{Incoming, Params};
use super::{Task, required, unknown_action};
use crate::server::refusal::{Refusal, shown};

/// The one spool request there is.
const SPOOL_ID: &str = "4711";

pub(super) fn route(request: &Incoming) -> Result<Task, Refusal> {
    let params = &request.params;
    match request.action.as_str() {
        // Running a report is not allowed in such a session, and ends the work without an answer.
        "runReport" => required(params, "report").map(|_| Task::Silence),
        "getTextElements" => text_elements(params).map(Task::Answer),
        "setTextElements" => set_text_elements(params).map(Task::Answer),
        "getVariants" => variants(params).map(Task::Answer),
        "getJobStatus" => job_status(params).map(Task::Answer),
        "getSpoolOutput" => spool_output(params).map(Task::Answer),
        _ => Err(unknown_action(request)),
    }
}

fn text_elements(params: &Params) -> Result<Value, Refusal> {
    let program = required(params, "program")?;
    Ok(json!({
        "program": program, "language": language(params),
        "selection_texts": { "P_FILE": "File\tname" },
        "text_symbols": { "001": "Total\r", "002": "\u{c}\u{1}" },
        "heading_texts": {},
    }))
}

/// Counts the texts as the handler finds them; none is kept.
fn set_text_elements(params: &Params) -> Result<Value, Refusal> {
    let program = required(params, "program")?;
    Ok(json!({
        "status": "success", "program": program, "language": language(params),
        "selection_texts_set": params.pairs("selection_texts"),
        "text_symbols_set": params.pairs("text_symbols"),
        "heading_texts_set": params.pairs("heading_texts"),
    }))
}

fn variants(params: &Params) -> Result<Value, Refusal> {
    let report = required(params, "report")?;
    let variants =
        json!([{ "name": "DAILY", "protected": true }, { "name": "TEST", "protected": false }]);
    Ok(json!({ "report": report, "variants": variants }))
}

fn job_status(params: &Params) -> Result<Value, Refusal> {
    let (name, count) = (required(params, "jobname")?, required(params, "jobcount")?);
    Ok(json!({
        "jobname": name, "jobcount": count, "status": "finished", "spool_ids": [SPOOL_ID],
    }))
}

fn spool_output(params: &Params) -> Result<Value, Refusal> {
    let id = required(params, "spool_id")?;
    if id != SPOOL_ID {
        return Err(Refusal::new("SPOOL_NOT_FOUND", format!("Spool {} not found", shown(&id))));
    }
    Ok(json!({ "spool_id": id, "lines": 2, "output": "Total\t42\nEnd of list" }))
}

/// The first letter of the language asked for.
fn language(params: &Params) -> String {
    params.string("language").chars().next().unwrap_or('E').into()
}
