//! Heavy requests: what they do, and what comes of it.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::core::{OperationId, Outcome, Pace, Payload, Source};
use super::disk::StoredFile;
use super::domain::{Check, Export, Exported, Generated};
use super::keeper::Keeper;
use super::outbox::{Gone, Outbox};
use super::process::WorkProcess;
use super::refusal::Refusal;
use super::script::Script;
use super::state::State;
use crate::proto::frame::write::FrameWriter;

/// What a heavy request asks for.
pub(super) enum Work {
    Export(Export),
    /// For a stream it is run by [`grow`](super::growth::grow).
    Check(Check),
    Generate(Generated),
    Sleep(Duration),
}

/// What comes of it for a stream.
pub(super) struct Product {
    pub(super) source: Box<dyn Source>,
    /// How long each chunk takes to be made, if it takes any time.
    pub(super) chunk_delay: Duration,
    /// What complete says beside the payload.
    pub(super) data: Arc<RawValue>,
    /// For a server that answers once more.
    pub(super) exported: Option<Exported>,
}

/// What comes of it for a single answer.
pub(super) enum Answer {
    Data(Value),
    Exported(Exported),
}

/// How a payload is to be cut and kept.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    pub(super) chunk_bytes: u64,
    /// Whether digests are asked for.
    pub(super) is_hashed: bool,
    /// The folder for what would be held in memory, if it is to be held there.
    pub(super) disk: Option<PathBuf>,
}

/// Who is told how far the work is.
pub(super) enum Report {
    Nobody,
    /// The client, before the work goes on.
    Client {
        frames: FrameWriter,
        outbox: Outbox,
    },
    /// Whoever is connected, now or later.
    Keeper {
        keeper: Arc<Keeper>,
        operation: OperationId,
    },
}

/// What work has around it.
#[derive(Clone, Copy)]
pub(super) struct Workplace<'a> {
    pub(super) state: &'a State,
    pub(super) report: &'a Report,
    pub(super) script: &'a Script,
    pub(super) process: &'a WorkProcess,
}

/// Why work ends early.
pub(super) enum Halt {
    Gone,
    /// The work process dies with it, as scripted.
    Crashed,
    Refused(Refusal),
}

impl Work {
    /// Does it for a stream.
    pub(super) async fn produce(&self, at: &Workplace<'_>) -> Result<Product, Halt> {
        match self {
            Self::Export(export) => export.produce(at).await,
            Self::Generate(generated) => Ok(generated.produce()),
            Self::Check(_) | Self::Sleep(_) => Err(Halt::Refused(no_whole_payload())),
        }
    }

    /// Does it for a single answer.
    pub(super) async fn answer(&self, at: &Workplace<'_>) -> Result<Answer, Halt> {
        match self {
            Self::Export(export) => export.run(at).await.map(Answer::Exported),
            Self::Check(check) => check.answer(at).await.map(Answer::Data),
            Self::Generate(generated) => {
                generated.answer().map(Answer::Data).map_err(Halt::Refused)
            }
            Self::Sleep(time) => {
                sleep(*time).await;
                let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                Ok(Answer::Data(serde_json::json!({ "ms": millis })))
            }
        }
    }

    /// Whether it can be sent in chunks.
    pub(super) fn can_stream(&self) -> bool {
        !matches!(self, Self::Sleep(_))
    }
}

impl Product {
    /// The payload as it is sent. Stored bytes are hashed here, generated ones as they are read.
    pub(super) async fn pack(self, packing: Packing, now: Instant) -> Result<Outcome, Refusal> {
        let Self { source, chunk_delay, data, .. } = self;
        let pace = (!chunk_delay.is_zero()).then_some(Pace { start: now, every: chunk_delay });
        let build = move || {
            let is_stored = source.held_bytes() > 0;
            let source = match packing.disk.filter(|_| is_stored) {
                Some(folder) => Box::new(StoredFile::store(&folder, &*source)?),
                None => source,
            };
            let payload = Payload::new(source, packing.chunk_bytes, pace, packing.is_hashed);
            if is_stored {
                payload.hash()?;
            }
            Ok::<_, std::io::Error>(payload)
        };
        let payload = spawn_blocking(build).await.map_err(given_up)?.map_err(given_up)?;
        Ok(Outcome { payload: Arc::new(payload), data })
    }

    /// Puts other bytes in place of the payload.
    pub(super) fn force(&mut self, payload: Bytes) {
        if let Some(exported) = &mut self.exported {
            exported.payload = payload.clone();
            self.source = Box::new(payload);
        }
    }
}

impl Answer {
    pub(super) fn force(&mut self, bytes: Bytes) {
        if let Self::Exported(exported) = self {
            exported.payload = bytes;
        }
    }

    /// Writes the frame; of a large payload that takes its time.
    pub(super) fn write(&self, frames: &FrameWriter) -> Result<String, Refusal> {
        match self {
            Self::Data(data) => Ok(frames.answer(data)),
            Self::Exported(exported) => exported.answer(frames),
        }
    }
}

impl Report {
    pub(super) async fn progress(&self, done: u64, total: u64, item: &str) -> Result<(), Gone> {
        match self {
            Self::Nobody => Ok(()),
            Self::Client { frames, outbox } => {
                outbox.send(|| frames.progress(done, total, item)).await
            }
            Self::Keeper { keeper, operation } => {
                keeper.report_progress(*operation, done, total, item);
                Ok(())
            }
        }
    }

    pub(super) async fn warning(
        &self,
        item: &str,
        code: &'static str,
        message: &str,
    ) -> Result<(), Gone> {
        match self {
            Self::Nobody => Ok(()),
            Self::Client { frames, outbox } => {
                outbox.send(|| frames.warning(item, code, message)).await
            }
            Self::Keeper { keeper, operation } => {
                keeper.report_warning(*operation, item, code, message);
                Ok(())
            }
        }
    }
}

impl From<Gone> for Halt {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A result as the wire has it.
pub(super) fn written(data: &impl Serialize) -> Arc<RawValue> {
    to_raw_value(data).map_or_else(|_| RawValue::NULL.to_owned().into(), Arc::from)
}

/// The refusal for work that broke in the server's own hands.
pub(super) fn given_up(error: impl Display) -> Refusal {
    Refusal::new(Refusal::SERVICE_EXCEPTION, format!("the operation was given up: {error}"))
}

fn no_whole_payload() -> Refusal {
    Refusal::new(Refusal::SERVICE_EXCEPTION, "the operation has no payload at its end")
}
