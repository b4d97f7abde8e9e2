//! Running an export: archive, then answer or stream.

use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::selection::Item;
use crate::proto::base64;
use crate::proto::checksum::Sha256;
use crate::proto::frame::write::{FrameWriter, PayloadDigest};
use crate::proto::request::IncomingRequest;
use crate::proto::{Feature, Skipped};
use crate::server::archive::{ArchiveBuilder, ArchivedFile};
use crate::server::delivery::{Delivered, Delivery, wire_count};
use crate::server::limits::{MAX_ANSWER_BYTES, MAX_LISTED_FILES};
use crate::server::outbox::{Gone, Outbox};
use crate::server::refusal::Refusal;
use crate::server::script::Script;
use crate::server::state::State;

/// An export that could be run. *Source*: PROTOCOL 7.1.
pub(in crate::server) struct Export {
    items: Vec<Item>,
    stream: bool,
    chunk_bytes: u64,
    /// Whether `checksum` was agreed on.
    checksum: bool,
}

/// What an export gives.
struct Exported {
    object_count: usize,
    payload: Bytes,
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
    pub(super) fn new(request: &IncomingRequest, state: &State) -> Result<Self, Refusal> {
        let items = Item::select(&request.params, &state.catalog)?;
        let agreed = state.profile.features().unwrap_or_default().agreed(request.features);
        Ok(Self {
            items,
            stream: request.stream,
            chunk_bytes: state.profile.chunk_bytes(request.chunk_bytes),
            checksum: agreed.contains(Feature::Checksum),
        })
    }

    /// An export as [`Profile::Deployed`](crate::server::Profile::Deployed) makes it.
    pub(in crate::server) fn in_one_answer(
        params: &Map<String, Value>,
        state: &State,
    ) -> Result<Self, Refusal> {
        let items = Item::select(params, &state.catalog)?;
        Ok(Self { items, stream: false, chunk_bytes: 1, checksum: false })
    }

    /// Whether there is no object to export.
    pub(in crate::server) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Exports and sends everything that answers the request, or what the script puts there.
    pub(in crate::server) async fn run(
        self,
        id: &str,
        state: &State,
        outbox: &Outbox,
    ) -> Result<(), Gone> {
        let frames = state.profile.frames(id);
        let script = state.script_for_export();
        let outcome = self.follow(id, &frames, &script, state, outbox).await;
        match outcome {
            Ok(()) => Ok(()),
            Err(Halt::Gone) => Err(Gone),
            Err(Halt::Refused(refusal)) => {
                outbox.send(|| refusal.frame(&frames, self.stream)).await
            }
        }
    }

    async fn follow(
        &self,
        id: &str,
        frames: &FrameWriter,
        script: &Script,
        state: &State,
        outbox: &Outbox,
    ) -> Result<(), Halt> {
        if let Some(raw) = script.raw_messages() {
            outbox.send_raw(script.messages_before(), id).await?;
            outbox.send_raw(raw, id).await?;
            outbox.send_raw(script.messages_after(), id).await?;
            return Ok(());
        }
        let mut exported = self.export(frames, state, outbox).await?;
        if let Some(payload) = script.forced_payload() {
            exported.payload = payload;
        }
        outbox.send_raw(script.messages_before(), id).await?;
        if self.stream {
            let digest = self.digest(&exported.payload).await?;
            let chunk_bytes = script.forced_chunk_bytes().unwrap_or(self.chunk_bytes);
            let payload = &exported.payload;
            let delivery = Delivery { frames, outbox, script, payload, chunk_bytes, digest };
            if delivery.send(&exported.stream_data()).await? == Delivered::Broken {
                return Ok(());
            }
        }
        if !self.stream || state.profile.answers_again(exported.payload.len()) {
            exported.answer(frames.clone(), outbox).await?;
        }
        outbox.send_raw(script.messages_after(), id).await?;
        Ok(())
    }

    /// Builds the archive object by object, so that it can be given up between two of them.
    async fn export(
        &self,
        frames: &FrameWriter,
        state: &State,
        outbox: &Outbox,
    ) -> Result<Exported, Halt> {
        let mut archive = ArchiveBuilder::new().map_err(failed)?;
        let mut skipped = Vec::new();
        let reports = state.profile.reports_skipped();
        let total = wire_count(self.items.len());
        for (done, item) in (0..).zip(&self.items) {
            if self.stream {
                outbox.send(|| frames.progress(done, total, &item.label())).await?;
            }
            if !state.object_delay.is_zero() {
                sleep(state.object_delay).await;
            }
            let (code, left_out) = match item {
                Item::Found(object) => {
                    let added = Arc::clone(object);
                    let add = move || {
                        let outcome = archive.add(&added);
                        (archive, outcome)
                    };
                    let (grown, outcome) = spawn_blocking(add).await.map_err(failed)?;
                    archive = grown;
                    let Err(error) = outcome else { continue };
                    ("READ_ERROR", left_out(&object.kind, &object.name, &error))
                }
                Item::Missing { kind, name } => {
                    ("NOT_FOUND", left_out(kind, name, &"object does not exist"))
                }
            };
            if reports && self.stream {
                outbox.send(|| frames.warning(&item.label(), code, &left_out.reason)).await?;
            }
            skipped.push(left_out);
        }
        if self.stream {
            outbox.send(|| frames.progress(total, total, "")).await?;
        }
        let archive = spawn_blocking(|| archive.finish()).await.map_err(failed)?.map_err(failed)?;
        Ok(Exported {
            object_count: self.items.len(),
            payload: archive.bytes,
            files: archive.files,
            skipped: reports.then_some(skipped),
        })
    }

    /// What complete says of the whole payload, where that was agreed on.
    async fn digest(&self, payload: &Bytes) -> Result<Option<PayloadDigest>, Halt> {
        if !self.checksum {
            return Ok(None);
        }
        let bytes = payload.clone();
        let sha256 = spawn_blocking(move || Sha256::of(&bytes)).await.map_err(failed)?;
        Ok(Some(PayloadDigest { size: wire_count(payload.len()), sha256 }))
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

    /// Sends the export as a single answer. *Source*: PROTOCOL 4.6.
    async fn answer(self, frames: FrameWriter, outbox: &Outbox) -> Result<(), Halt> {
        let bytes = self.payload.len();
        if bytes.div_ceil(3).saturating_mul(4) > MAX_ANSWER_BYTES {
            let message = format!("an archive of {bytes} bytes needs a stream");
            return Err(Halt::Refused(Refusal::new(Refusal::GIT_ERROR, message)));
        }
        let place = outbox.place().await?;
        let write = move || {
            frames.answer(&Data {
                object_count: self.object_count,
                file_count: self.files.len(),
                zip_base64: Some(base64::encode(&self.payload)),
                files: Some(&self.files),
                skipped: self.skipped.as_deref().filter(|skipped| !skipped.is_empty()),
            })
        };
        place.fill(spawn_blocking(write).await.map_err(failed)?);
        Ok(())
    }
}

/// Why a request ends early.
enum Halt {
    Gone,
    Refused(Refusal),
}

impl From<Gone> for Halt {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

fn failed(error: impl Display) -> Halt {
    Halt::Refused(Refusal::new(Refusal::GIT_ERROR, format!("export failed: {error}")))
}

fn left_out(kind: &str, name: &str, reason: &dyn Display) -> Skipped {
    Skipped { kind: kind.into(), name: name.into(), reason: reason.to_string() }
}
