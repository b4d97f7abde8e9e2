//! The domain `test`: payloads of any size, and time, without anything behind them.
//!
//! | action | params | what comes |
//! |---|---|---|
//! | `payload` | `size`, `seed` (0), `chunkDelayMs` (0) | `size` bytes of [`TestPayload`]; `{"size","seed"}` |
//! | `sleep` | `ms` | one answer after so long |

mod payload;

use std::time::Duration;

use serde_json::json;

pub use payload::TestPayload;

use super::{Task, required, unknown_action};
use crate::proto::base64;
use crate::proto::request::IncomingRequest;
use crate::server::refusal::Refusal;
use crate::server::work::{Product, Work, written};

/// The largest payload that goes into a single answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// A payload that is made as it is sent.
pub(in crate::server) struct Generated {
    size: u64,
    seed: u64,
    chunk_delay: Duration,
}

pub(super) fn route(request: &IncomingRequest) -> Result<Task, Refusal> {
    let number = |name| request.params.get(name).and_then(serde_json::Value::as_u64);
    match request.action.as_str() {
        "payload" => {
            let size = number("size").ok_or_else(|| required("size"))?;
            let seed = number("seed").unwrap_or(0);
            let chunk_delay = Duration::from_millis(number("chunkDelayMs").unwrap_or(0));
            Ok(Task::Heavy(Work::Generate(Generated { size, seed, chunk_delay })))
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
        Product {
            source: Box::new(TestPayload::new(self.seed, self.size)),
            chunk_delay: self.chunk_delay,
            data: written(&json!({ "size": self.size, "seed": self.seed })),
            exported: None,
        }
    }

    /// The payload in `payloadBase64` beside what complete says.
    pub(in crate::server) fn answer(&self) -> Result<serde_json::Value, Refusal> {
        if self.size > MAX_ANSWER_BYTES {
            let message = format!("a payload of {} bytes needs a stream", self.size);
            return Err(Refusal::new(Refusal::TEST_ERROR, message));
        }
        let mut bytes = vec![0; usize::try_from(self.size).unwrap_or(0)];
        TestPayload::new(self.seed, self.size).fill(0, &mut bytes);
        let payload = base64::encode(&bytes);
        Ok(json!({ "size": self.size, "seed": self.seed, "payloadBase64": payload }))
    }
}
