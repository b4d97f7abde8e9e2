//! Frames as a server writes them: compact, in a fixed order of keys.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::proto::base64;
use crate::proto::checksum::{Crc32, Sha256};
use crate::proto::id::Alias;
use crate::proto::request::push_string;

/// Writes frames for one id.
///
/// ```
/// use longhaul::proto::frame::write::FrameWriter;
/// let frames = FrameWriter::new("git_1");
/// assert_eq!(
///     frames.progress(10, 100, "CLAS ZCL_A"),
///     r#"{"id":"git_1","type":"progress","done":10,"total":100,"message":"CLAS ZCL_A"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct FrameWriter {
    /// `{"id":"…"`, with which every frame starts.
    head: String,
}

/// What `checksum` adds to a complete frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadDigest {
    /// The length of the payload, in decoded bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
}

impl FrameWriter {
    /// A writer for frames of this id.
    pub fn new(id: &str) -> Self {
        let mut head = String::from("{\"id\":");
        push_string(&mut head, id);
        Self { head }
    }

    /// A writer that puts `id`, a JSON string with its quotes, as it is.
    #[cfg(feature = "server")]
    pub(crate) fn with_quoted_id(id: &str) -> Self {
        Self { head: format!("{{\"id\":{id}") }
    }

    /// `done` of `total` items are done, `message` says which is next. *Source*: PROTOCOL 4.2.
    pub fn progress(&self, done: u64, total: u64, message: &str) -> String {
        let mut json = self.typed("progress");
        push(&mut json, format_args!(",\"done\":{done},\"total\":{total},\"message\":"));
        push_string(&mut json, message);
        close(json)
    }

    /// The operation is kept under the name `epoch` for `ttl`, in chunks of that many decoded bytes.
    /// *Source*: PROTOCOL 6.4.
    pub fn accepted(&self, epoch: &str, ttl: Duration, chunk_bytes: u64) -> String {
        let mut json = self.typed("accepted");
        json.push_str(",\"epoch\":");
        push_string(&mut json, epoch);
        push(&mut json, format_args!(",\"ttl\":{},\"chunkSize\":{chunk_bytes}", ttl.as_millis()));
        close(json)
    }

    /// The chunks come as binary messages under `alias`, each of at most that many bytes. With
    /// `resume` the operation is also kept under the name of an epoch for a time.
    /// *Source*: PROTOCOL 6.4, 6.5.
    ///
    /// ```
    /// use longhaul::proto::Alias;
    /// use longhaul::proto::frame::write::FrameWriter;
    /// let frames = FrameWriter::new("git_1");
    /// assert_eq!(
    ///     frames.accepted_with_alias(None, 6, Alias::new(7).unwrap()),
    ///     r#"{"id":"git_1","type":"accepted","chunkSize":6,"alias":7}"#
    /// );
    /// ```
    pub fn accepted_with_alias(
        &self,
        kept: Option<(&str, Duration)>,
        chunk_bytes: u64,
        alias: Alias,
    ) -> String {
        let mut json = match kept {
            Some((epoch, ttl)) => self.accepted(epoch, ttl, chunk_bytes),
            None => close(format!("{},\"chunkSize\":{chunk_bytes}", self.typed("accepted"))),
        };
        json.pop();
        push(&mut json, format_args!(",\"alias\":{alias}"));
        close(json)
    }

    /// Chunk `seq`, counted from 1. With `offset` (of `checksum`) also the CRC-32 of `bytes`.
    /// *Source*: PROTOCOL 4.3, 6.1.
    pub fn chunk(&self, seq: u64, bytes: &[u8], offset: Option<u64>) -> String {
        let mut json = self.typed("chunk");
        push(&mut json, format_args!(",\"seq\":{seq},\"data\":\""));
        json.push_str(&base64::encode(bytes));
        json.push('"');
        if let Some(offset) = offset {
            push(
                &mut json,
                format_args!(",\"offset\":{offset},\"crc32\":\"{}\"", Crc32::of(bytes)),
            );
        }
        close(json)
    }

    /// The end of a stream of `total` chunks. *Source*: PROTOCOL 4.4.
    pub fn complete(
        &self,
        total: u64,
        digest: Option<PayloadDigest>,
        data: &impl Serialize,
    ) -> String {
        let mut json = self.typed("complete");
        push(&mut json, format_args!(",\"success\":true,\"totalChunks\":{total}"));
        if let Some(PayloadDigest { size, sha256 }) = digest {
            push(&mut json, format_args!(",\"size\":{size},\"sha256\":\"{sha256}\""));
        }
        push_data(&mut json, data);
        close(json)
    }

    /// The end of a stream, by failure. *Source*: PROTOCOL 4.5.
    pub fn error(&self, code: &str, message: &str, retry_after: Option<Duration>) -> String {
        failure(self.typed("error"), code, message, retry_after)
    }

    /// Something went wrong with one item. *Source*: PROTOCOL 4.7.
    pub fn warning(&self, item: &str, code: &str, message: &str) -> String {
        let mut json = self.typed("warning");
        for (key, text) in [("item", item), ("code", code), ("message", message)] {
            push(&mut json, format_args!(",\"{key}\":"));
            push_string(&mut json, text);
        }
        close(json)
    }

    /// A single answer. *Source*: PROTOCOL 4.6.
    pub fn answer(&self, data: &impl Serialize) -> String {
        let mut json = self.head.clone();
        json.push_str(",\"success\":true");
        push_data(&mut json, data);
        close(json)
    }

    /// A single answer that says no. *Source*: PROTOCOL 4.6.
    pub fn refusal(&self, code: &str, message: &str, retry_after: Option<Duration>) -> String {
        failure(self.head.clone(), code, message, retry_after)
    }

    fn typed(&self, name: &str) -> String {
        format!("{},\"type\":\"{name}\"", self.head)
    }
}

fn failure(mut json: String, code: &str, message: &str, retry_after: Option<Duration>) -> String {
    json.push_str(",\"success\":false,\"error\":{\"code\":");
    push_string(&mut json, code);
    json.push_str(",\"message\":");
    push_string(&mut json, message);
    if let Some(pause) = retry_after {
        push(&mut json, format_args!(",\"retryAfterMs\":{}", pause.as_millis()));
    }
    json.push('}');
    close(json)
}

fn push_data(json: &mut String, data: &impl Serialize) {
    json.push_str(",\"data\":");
    json.push_str(&serde_json::to_string(data).unwrap_or_else(|_| String::from("null")));
}

fn push(json: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = json.write_fmt(text);
}

fn close(mut json: String) -> String {
    json.push('}');
    json
}
