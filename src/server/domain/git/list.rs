//! `git.list`: which objects packages hold. *Source*: PROTOCOL 10.1.

use serde_json::{Map, Value, json};

use super::selection;
use crate::server::package::Object;
use crate::server::refusal::Refusal;
use crate::server::state::State;

pub(super) fn answer(params: &Map<String, Value>, state: &State) -> Result<Value, Refusal> {
    let mut objects = selection::listed(params, &state.catalog)?;
    if state.script.lists_nothing() {
        objects.clear();
    }
    let row = |object: &Object| json!({ "type": object.kind, "name": object.name, "package": &*object.package });
    let rows: Vec<_> = objects.iter().map(|object| row(object)).collect();
    Ok(json!({ "count": rows.len(), "objects": rows }))
}
