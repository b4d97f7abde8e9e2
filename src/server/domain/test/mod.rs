//! The domain `test`: payloads of any size, and time, without anything behind them.
//!
//! | action | params | what comes |
//! |---|---|---|
//! | `payload` | `size`, `seed` (0), `chunkDelayMs` (0) | `size` bytes of [`TestPayload`]; `{"size","seed"}` |
//! | `echo` | any | one answer with the params |
//! | `records` | `count` | the lines `{"n":1}` to `{"n":count}`; `{"count"}` |
//! | `sleep` | `ms` | one answer after so long |

mod payload;
mod records;

use std::time::Duration;

use serde_json::{Value, json};

pub use payload::TestPayload;

use records::Records;

use super::{Task, required, unknown_action};
use crate::proto::base64;
use crate::proto::request::IncomingRequest;
use crate::server::core::Source;
use crate::server::refusal::Refusal;
use crate::server::work::{Product, Work, written};

/// The largest payload that goes into a single answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// A payload that is made as it is sent.
pub(in crate::server) struct Generated {
    content: Content,
    chunk_delay: Duration,
}

enum Content {
    Payload { size: u64, seed: u64 },
    Records { count: u64, records: Records },
}

pub(super) fn route(request: &IncomingRequest) -> Result<Task, Refusal> {
    let number = |name| request.params.get(name).and_then(Value::as_u64);
    match request.action.as_str() {
        "echo" => Ok(Task::Answer(Value::Object(request.params.clone()))),
        "payload" => {
            let size = number("size").ok_or_else(|| required("size"))?;
            let seed = number("seed").unwrap_or(0);
            let chunk_delay = Duration::from_millis(number("chunkDelayMs").unwrap_or(0));
            let content = Content::Payload { size, seed };
            Ok(Task::Heavy(Work::Generate(Generated { content, chunk_delay })))
        }
        "records" => {
            let count = number("count").ok_or_else(|| required("count"))?;
            let records = Records::new(count).ok_or_else(|| {
                Refusal::new(Refusal::TEST_ERROR, format!("{count} records are too many"))
            })?;
            let content = Content::Records { count, records };
            let chunk_delay = Duration::ZERO;
            Ok(Task::Heavy(Work::Generate(Generated { content, chunk_delay })))
        }
        "sleep" => {
            let ms = number("ms").ok_or_else(|| required("ms"))?;
            Ok(Task::Heavy(Work::Sleep(Duration::from_millis(ms))))
        }
        _ => Err(unknown_action(request)),
    }
}

impl Generated {
    pub(in crate::server) fn produce(&self) -> Product {
        let data = written(&self.content.data());
        Product {
            source: self.content.source(),
            chunk_delay: self.chunk_delay,
            data,
            exported: None,
        }
    }

    /// The payload in `payloadBase64` beside what complete says.
    pub(in crate::server) fn answer(&self) -> Result<Value, Refusal> {
        let source = self.content.source();
        let size = source.total_bytes();
        if size > MAX_ANSWER_BYTES {
            let message = format!("a payload of {size} bytes needs a stream");
            return Err(Refusal::new(Refusal::TEST_ERROR, message));
        }
        let bytes = source.read(0, usize::try_from(size).unwrap_or(0)).unwrap_or_default();
        let mut data = self.content.data();
        if let Some(data) = data.as_object_mut() {
            data.insert("payloadBase64".into(), base64::encode(&bytes).into());
        }
        Ok(data)
    }
}

impl Content {
    fn source(&self) -> Box<dyn Source> {
        match self {
            Self::Payload { size, seed } => Box::new(TestPayload::new(*seed, *size)),
            Self::Records { records, .. } => Box::new(*records),
        }
    }

    fn data(&self) -> Value {
        match self {
            Self::Payload { size, seed } => json!({ "size": size, "seed": seed }),
            Self::Records { count, .. } => json!({ "count": count }),
        }
    }
}
