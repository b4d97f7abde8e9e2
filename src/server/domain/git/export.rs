//! Running an export: the archive, and what is said of it.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::selection::Item;
use crate::proto::Skipped;
use crate::proto::base64;
use crate::proto::frame::write::FrameWriter;
use crate::server::archive::{ArchiveBuilder, ArchivedFile};
use crate::server::delivery::wire_count;
use crate::server::limits::{MAX_ANSWER_BYTES, MAX_LISTED_FILES};
use crate::server::refusal::Refusal;
use crate::server::script::{Fate, ObjectFault};
use crate::server::state::State;
use crate::server::work::{Halt, Product, Workplace, written};

/// An export that could be run. *Source*: PROTOCOL 7.1.
pub(in crate::server) struct Export {
    items: Vec<Item>,
}

/// What an export gives.
pub(in crate::server) struct Exported {
    object_count: usize,
    pub(in crate::server) payload: Bytes,
    files: Vec<ArchivedFile>,
    /// What was left out; `None` where that is kept silent.
    skipped: Option<Vec<Skipped>>,
}

/// The result as the wire has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    object_count: usize,
    file_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a [ArchivedFile]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a [Skipped]>,
}

impl Export {
    /// The export of what the params name.
    pub(in crate::server) fn new(
        params: &Map<String, Value>,
        state: &State,
    ) -> Result<Self, Refusal> {
        Ok(Self { items: Item::select(params, &state.catalog, Refusal::GIT_ERROR)? })
    }

    /// Whether there is no object to export.
    pub(in crate::server) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Counts it for each object.
    pub(in crate::server) fn count(&self) {
        self.items.iter().for_each(Item::count_export);
    }

    /// Exports for a stream.
    pub(in crate::server) async fn produce(&self, at: &Workplace<'_>) -> Result<Product, Halt> {
        let exported = self.run(at).await?;
        Ok(Product {
            source: Box::new(exported.payload.clone()),
            chunk_delay: Duration::ZERO,
            data: written(&exported.stream_data()),
            exported: Some(exported),
        })
    }

    /// Builds the archive object by object, so that it can be given up between two of them.
    pub(in crate::server) async fn run(&self, at: &Workplace<'_>) -> Result<Exported, Halt> {
        let Workplace { state, report, script, process } = *at;
        let mut archive = ArchiveBuilder::new().map_err(failed)?;
        let mut skipped = Vec::new();
        let reports = state.profile.reports_skipped();
        let total = wire_count(self.items.len());
        let killed_at = (script.fate() == Fate::Killed).then_some(total / 2);
        for (done, item) in (0..).zip(&self.items) {
            let label = item.label();
            report.progress(done, total, &label).await?;
            if killed_at == Some(done) {
                return Err(Halt::Crashed);
            }
            process.work(state.costs.of(item.kind())).await;
            let (code, left_out) = match (item, script.at(&label)) {
                (_, Some(ObjectFault::Crash)) => return Err(Halt::Crashed),
                (_, Some(ObjectFault::Fail(reason))) => {
                    return Err(failed(format_args!("{label}: {reason}")));
                }
                (_, Some(ObjectFault::Skip(reason))) => ("SERIALIZE_ERROR", item.left_out(reason)),
                (Item::Found(object), None) => {
                    let added = Arc::clone(object);
                    let add = move || {
                        let outcome = archive.add(&added);
                        (archive, outcome)
                    };
                    let (grown, outcome) = spawn_blocking(add).await.map_err(failed)?;
                    archive = grown;
                    let Err(error) = outcome else { continue };
                    ("READ_ERROR", item.left_out(&error))
                }
                (Item::Missing { .. }, None) => {
                    ("NOT_FOUND", item.left_out(&"object does not exist"))
                }
            };
            if reports {
                report.warning(&label, code, &left_out.reason).await?;
            }
            skipped.push(left_out);
        }
        report.progress(total, total, "").await?;
        let archive = spawn_blocking(|| archive.finish()).await.map_err(failed)?.map_err(failed)?;
        Ok(Exported {
            object_count: self.items.len(),
            payload: archive.bytes,
            files: archive.files,
            skipped: reports.then_some(skipped),
        })
    }
}

impl Exported {
    /// What complete says of the export.
    fn stream_data(&self) -> Data<'_> {
        let listed = self.files.len() <= MAX_LISTED_FILES;
        Data {
            object_count: self.object_count,
            file_count: self.files.len(),
            zip_base64: None,
            files: listed.then_some(&self.files),
            skipped: self.skipped.as_deref(),
        }
    }

    /// The export as a single answer. *Source*: PROTOCOL 4.6.
    pub(in crate::server) fn answer(&self, frames: &FrameWriter) -> Result<String, Refusal> {
        let bytes = self.payload.len();
        if bytes.div_ceil(3).saturating_mul(4) > MAX_ANSWER_BYTES {
            let message = format!("an archive of {bytes} bytes needs a stream");
            return Err(Refusal::new(Refusal::GIT_ERROR, message));
        }
        Ok(frames.answer(&Data {
            object_count: self.object_count,
            file_count: self.files.len(),
            zip_base64: Some(base64::encode(&self.payload)),
            files: Some(&self.files),
            skipped: self.skipped.as_deref().filter(|skipped| !skipped.is_empty()),
        }))
    }
}

fn failed(error: impl Display) -> Halt {
    Halt::Refused(Refusal::new(Refusal::GIT_ERROR, format!("export failed: {error}")))
}
