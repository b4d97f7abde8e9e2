//! Running the checks over packages and objects.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::checks::{Finding, check};
use crate::proto::Skipped;
use crate::server::delivery::wire_count;
use crate::server::domain::git::Item;
use crate::server::growth::Growth;
use crate::server::package::Object;
use crate::server::refusal::Refusal;
use crate::server::state::State;
use crate::server::work::{Halt, Workplace, given_up};

/// A check that could be run. *Source*: PROTOCOL 10.5.
pub(in crate::server) struct Check {
    items: Vec<Item>,
}

/// What a check did, as the wire has it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct Checked {
    object_count: u64,
    finding_count: u64,
    /// Findings of priority 1, 2 and 3.
    priorities: [u64; 3],
    skipped: Vec<Skipped>,
}

/// A finding as the wire has it.
#[derive(Serialize)]
struct Record<'a> {
    object: Key<'a>,
    file: &'a str,
    #[serde(flatten)]
    finding: &'a Finding,
}

#[derive(Serialize)]
struct Key<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
}

/// What is found in one object.
#[derive(Default)]
struct Found {
    /// One record a line.
    records: Vec<u8>,
    priorities: [u64; 3],
}

impl Check {
    /// The check of what the params name.
    pub(in crate::server) fn new(
        params: &Map<String, Value>,
        state: &State,
    ) -> Result<Self, Refusal> {
        Ok(Self { items: Item::select(params, &state.catalog, Refusal::ATC_ERROR)? })
    }

    /// Checks object by object; the findings of each leave with `growth` before the next.
    pub(in crate::server) async fn run(
        &self,
        at: &Workplace<'_>,
        growth: Option<&Growth>,
    ) -> Result<Checked, Halt> {
        let Workplace { state, report, process, .. } = *at;
        let mut checked = Checked::default();
        let total = wire_count(self.items.len());
        for (done, item) in (0..).zip(&self.items) {
            report.progress(done, total, &item.label()).await?;
            let (code, left_out) = match item {
                Item::Found(object) => match examine(Arc::clone(object), growth.cloned()).await? {
                    Ok(priorities) => {
                        checked.add(priorities);
                        process.work(state.costs.of(item.kind())).await;
                        continue;
                    }
                    Err(unreadable) => ("READ_ERROR", item.left_out(&unreadable)),
                },
                Item::Missing { .. } => ("NOT_FOUND", item.left_out(&"object does not exist")),
            };
            report.warning(&item.label(), code, &left_out.reason).await?;
            checked.skipped.push(left_out);
            process.work(state.costs.of(item.kind())).await;
        }
        report.progress(total, total, "").await?;
        Ok(checked)
    }

    /// Checks for a single answer, which can only say that nothing was found.
    pub(in crate::server) async fn answer(&self, at: &Workplace<'_>) -> Result<Value, Halt> {
        let checked = self.run(at, None).await?;
        if checked.finding_count > 0 {
            let message = format!("{} findings need a stream", checked.finding_count);
            return Err(Halt::Refused(Refusal::new(Refusal::ATC_ERROR, message)));
        }
        Ok(json!(checked))
    }
}

impl Checked {
    fn add(&mut self, priorities: [u64; 3]) {
        self.object_count = self.object_count.saturating_add(1);
        for (all, more) in self.priorities.iter_mut().zip(priorities) {
            *all = all.saturating_add(more);
            self.finding_count = self.finding_count.saturating_add(more);
        }
    }
}

impl Found {
    fn add(&mut self, object: &Object, file: &str, finding: &Finding) -> serde_json::Result<()> {
        let object = Key { kind: &object.kind, name: &object.name };
        serde_json::to_writer(&mut self.records, &Record { object, file, finding })?;
        self.records.push(b'\n');
        let index = usize::from(finding.priority).checked_sub(1);
        if let Some(count) = index.and_then(|index| self.priorities.get_mut(index)) {
            *count = count.saturating_add(1);
        }
        Ok(())
    }
}

/// Checks one object and hands on what is found, or says which file cannot be read.
async fn examine(
    object: Arc<Object>,
    growth: Option<Growth>,
) -> Result<Result<[u64; 3], String>, Halt> {
    let examine = move || {
        let found = match read_and_check(&object) {
            Ok(found) => found.map_err(given_up)?,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        if let Some(growth) = growth {
            growth.push(&found.records).map_err(given_up)?;
        }
        Ok(Ok(found.priorities))
    };
    spawn_blocking(examine)
        .await
        .map_err(given_up)
        .and_then(|examined| examined)
        .map_err(Halt::Refused)
}

/// All findings of an object, or none of them if a file cannot be read.
fn read_and_check(object: &Object) -> Result<serde_json::Result<Found>, String> {
    let mut found = Found::default();
    let is_source = |name: &str| name.to_lowercase().ends_with(".abap");
    for file in object.files.iter().filter(|file| is_source(&file.name)) {
        let bytes =
            file.read().map_err(|error| format!("{} is not readable: {error}", file.name))?;
        for finding in check(&file.name, &String::from_utf8_lossy(&bytes)) {
            if let Err(error) = found.add(object, &file.name, &finding) {
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(found))
}
