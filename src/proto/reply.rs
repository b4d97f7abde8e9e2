//! What the server says beside the payload: progress, warnings, errors and results.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::checksum::Sha256;
use super::json::{LossyText, each_element, member, opens_with, read, values, whole_number};
use super::limits::{
    MAX_KEPT_WARNING_BYTES, MAX_KEPT_WARNINGS, MAX_SKIPPED, MAX_SKIPPED_BYTES, MAX_VALUES,
};
use super::operation::OperationError;

/// How far an operation is. *Source*: PROTOCOL 4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// With `total`: how many items are done, never more than `total`. Without: a percentage from
    /// 0 to 100. `None` where the server only sent a message.
    pub done: Option<u64>,
    /// How many items there are.
    pub total: Option<u64>,
    /// What is being worked on, such as `CLAS ZCL_A`; the server's text, not cleaned for a terminal.
    pub message: Option<String>,
}

impl Progress {
    pub(crate) fn new(done: Option<f64>, total: Option<f64>, message: Option<String>) -> Self {
        let total = total.map(whole);
        let most = total.unwrap_or(100);
        Self { done: done.map(|n| whole(n).min(most)), total, message }
    }

    /// The part that is done, from 0 to 1.
    ///
    /// ```
    /// use longhaul::proto::Frame;
    /// use longhaul::proto::frame::Body;
    /// use longhaul::proto::request::Mode;
    /// let mut mended = String::new();
    /// let text = r#"{"id":"a_1","type":"progress","done":10,"total":40}"#;
    /// let frame = Frame::read(text, Mode::Stream, &mut mended).unwrap();
    /// assert!(matches!(frame.body, Ok(Body::Progress(p)) if p.fraction() == Some(0.25)));
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "a fraction for people to look at")]
    pub fn fraction(&self) -> Option<f64> {
        match (self.done?, self.total) {
            (_, Some(0)) => Some(1.0),
            (done, total) => Some(done as f64 / total.unwrap_or(100) as f64),
        }
    }
}

/// Rounds down and clamps to what counts can be.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
fn whole(number: f64) -> u64 {
    const MOST: f64 = 9_007_199_254_740_991.0;
    number.clamp(0.0, MOST) as u64
}

/// Something went wrong with one item while the operation goes on. *Source*: PROTOCOL 4.7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The item, such as `CLAS ZCL_A`.
    pub item: Option<String>,
    /// The server's code for it.
    pub code: Option<String>,
    /// The server's text for it.
    pub message: String,
}

impl Warning {
    /// The length of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        let optional = [&self.item, &self.code].into_iter().flatten().map(String::len);
        optional.fold(self.message.len(), usize::saturating_add)
    }
}

/// Warnings in the order they came, at most [`MAX_KEPT_WARNINGS`] and [`MAX_KEPT_WARNING_BYTES`];
/// later ones are not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptWarnings {
    list: Vec<Warning>,
    /// The length of the texts in `list`.
    bytes: usize,
}

impl KeptWarnings {
    pub(crate) fn keep(&mut self, warning: &Warning) {
        let bytes = self.bytes.saturating_add(warning.text_bytes());
        if self.list.len() < MAX_KEPT_WARNINGS && bytes <= MAX_KEPT_WARNING_BYTES {
            self.bytes = bytes;
            self.list.push(warning.clone());
        }
    }

    pub(crate) fn contains(&self, warning: &Warning) -> bool {
        self.list.contains(warning)
    }

    pub(crate) fn into_list(self) -> Vec<Warning> {
        self.list
    }
}

/// An item that the server left out of its result. *Source*: PROTOCOL 4.7.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Skipped {
    /// The type of the object, such as `CLAS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the object.
    pub name: String,
    /// Why it is missing, in the server's words.
    pub reason: String,
}

impl Skipped {
    /// The length of its texts.
    fn text_bytes(&self) -> usize {
        let texts = [&self.kind, &self.name, &self.reason];
        texts.into_iter().map(String::len).fold(0, usize::saturating_add)
    }
}

/// The server's own word that it refused or failed. *Source*: PROTOCOL 4.5 and 9.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
#[non_exhaustive]
pub struct ServerError {
    /// The code, such as `GIT_ERROR`; `UNSPECIFIED` where the server gave none.
    pub code: String,
    /// The server's text; empty where it gave none.
    pub message: String,
    /// With `BUSY`: how long to wait before another try (`retryAfterMs`).
    pub retry_after: Option<Duration>,
}

impl ServerError {
    /// The code of a server that is overloaded and did nothing.
    pub const BUSY: &'static str = "BUSY";
    /// The code of a request that was stopped as the client wished.
    pub const CANCELLED: &'static str = "CANCELLED";
    /// The code of a stream that another connection goes on with.
    pub const SUPERSEDED: &'static str = "SUPERSEDED";
    /// The server knows no such operation, or not for this user.
    pub const RESUME_UNKNOWN: &'static str = "RESUME_UNKNOWN";
    /// The server has kept the operation for its time, and no longer.
    pub const RESUME_EXPIRED: &'static str = "RESUME_EXPIRED";
    /// What the client says of the operation does not fit what the server has.
    pub const RESUME_MISMATCH: &'static str = "RESUME_MISMATCH";

    pub(crate) fn new(code: Option<String>, message: Option<String>) -> Self {
        Self {
            code: code.filter(|code| !code.is_empty()).unwrap_or_else(|| "UNSPECIFIED".into()),
            message: message.unwrap_or_default(),
            retry_after: None,
        }
    }

    pub(crate) fn unexplained() -> Self {
        Self::new(None, Some("the server gave no reason".into()))
    }

    /// Reads an error object, or a string that is the message.
    ///
    /// What is no string inside it is taken as it is written: the reason must not get lost
    /// because of its form.
    pub(crate) fn read(value: &RawValue) -> Option<Self> {
        if let Ok(LossyText(message)) = serde_json::from_str(value.get()) {
            return Some(Self::new(None, Some(message)));
        }
        if !value.get().starts_with('{') {
            return None;
        }
        let text = |key: &str| {
            let value = member(value.get(), key).filter(|value| value.get() != "null")?;
            let text = serde_json::from_str(value.get());
            let LossyText(text) = text.unwrap_or_else(|_| LossyText::shortened(value.get().into()));
            Some(text)
        };
        let pause =
            text("retryAfterMs").and_then(|ms| ms.parse().ok()).filter(|ms: &f64| !ms.is_nan());
        let retry_after = pause.map(|ms| Duration::from_millis(whole(ms)));
        Some(Self { retry_after, ..Self::new(text("code"), text("message")) })
    }

    /// Whether there is nothing to go on with, so that only a new start helps.
    pub fn is_resume_refusal(&self) -> bool {
        [Self::RESUME_UNKNOWN, Self::RESUME_EXPIRED, Self::RESUME_MISMATCH]
            .contains(&self.code.as_str())
    }

    /// Whether the server did nothing because it is overloaded, so that asking again is safe.
    pub fn is_busy(&self) -> bool {
        self.code == Self::BUSY
    }
}

/// Everything an ended request brought beside the bytes of its payload.
///
/// Made by [`Exchange::finish`](super::Exchange::finish), or out of several that were, so whoever
/// holds one knows that the payload verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The operation's result: `data` of the complete frame or of the single answer, without the
    /// payload's own field.
    pub data: Option<Box<RawValue>>,
    /// The complete frame without its `data`; `None` for a single answer.
    pub frame: Option<Box<RawValue>>,
    /// Warnings in the order they came, at most
    /// [`MAX_KEPT_WARNINGS`] and [`MAX_KEPT_WARNING_BYTES`].
    pub warnings: Vec<Warning>,
    /// How many chunks the payload came in; 0 for an empty payload or a single answer.
    pub chunks: u64,
    /// The length of the payload, in decoded bytes.
    pub payload_bytes: u64,
    /// The SHA-256 of the payload, computed here, if it was.
    pub sha256: Option<Sha256>,
    /// Whether the server gave a digest and it matched.
    pub digest_checked: bool,
}

impl Reply {
    /// What several requests brought together, each of which has verified.
    #[cfg(feature = "client")]
    pub(crate) fn composed(
        data: Option<Box<RawValue>>,
        warnings: Vec<Warning>,
        chunks: u64,
        payload_bytes: u64,
        sha256: Option<Sha256>,
    ) -> Self {
        let (frame, digest_checked) = (None, false);
        Self { data, frame, warnings, chunks, payload_bytes, sha256, digest_checked }
    }

    /// How long the texts are that make up the result, in bytes of JSON.
    #[cfg(feature = "client")]
    pub(crate) fn data_bytes(&self) -> usize {
        let texts = [&self.data, &self.frame].into_iter().flatten();
        texts.map(|text| text.get().len()).fold(0, usize::saturating_add)
    }

    /// A field of the result: in `data`, else beside it (servers differ in where they put it).
    ///
    /// `None` where it is absent or `null`.
    ///
    /// # Errors
    /// [`OperationError::InvalidAnswer`] if it is there and no `T`,
    /// [`OperationError::TooManyValues`] if it has more than [`MAX_VALUES`] values in it.
    pub fn field<T: DeserializeOwned>(
        &self,
        key: impl Into<Cow<'static, str>>,
    ) -> Result<Option<T>, OperationError> {
        let field = key.into();
        let value = self.raw_field(&field).filter(|value| value.get() != "null");
        let Some(value) = value else { return Ok(None) };
        let value = read(bounded(value, &field)?);
        value.map(Some).map_err(|source| OperationError::unreadable(field, source))
    }

    /// The whole of `data` as its text, if it has no more values than are read.
    pub(crate) fn bounded_data(&self) -> Result<Option<&RawValue>, OperationError> {
        self.data.as_deref().map(|data| bounded(data, "data")).transpose()
    }

    /// A count of the result, written as a number or as a string of digits.
    pub fn count(&self, key: &str) -> Option<u64> {
        let text = self.raw_field(key)?.get();
        whole_number(text.trim_matches('"'))
    }

    /// What the server says it left out, at most [`MAX_SKIPPED`] and [`MAX_SKIPPED_BYTES`] of
    /// it; entries that are no objects are ignored.
    pub fn skipped(&self) -> Vec<Skipped> {
        let (mut skipped, mut left) = (Vec::new(), Some(MAX_SKIPPED_BYTES));
        if let Some(list) = self.raw_field("skipped") {
            // A list that breaks off cannot be: the frame was read as a whole.
            let _ = each_element(list.get(), |entry| {
                let room = left.filter(|_| skipped.len() < MAX_SKIPPED);
                let Some(room) = room else { return };
                let read = opens_with('{', entry.get())
                    .and_then(|()| serde_json::from_str::<Skipped>(entry.get()));
                let Ok(entry) = read else { return };
                left = room.checked_sub(entry.text_bytes());
                if left.is_some() {
                    skipped.push(entry);
                }
            });
        }
        skipped
    }

    fn raw_field(&self, key: &str) -> Option<&RawValue> {
        [self.data.as_deref(), self.frame.as_deref()]
            .into_iter()
            .flatten()
            .find_map(|object| member(object.get(), key))
    }
}

fn bounded<'a>(value: &'a RawValue, field: &str) -> Result<&'a RawValue, OperationError> {
    if values(value.get()) > MAX_VALUES {
        let field = field.to_owned().into();
        return Err(OperationError::TooManyValues { field, limit: MAX_VALUES });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(data: &str, frame: Option<&str>) -> Reply {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        Reply {
            data: Some(raw(data)),
            frame: frame.map(raw),
            warnings: Vec::new(),
            chunks: 0,
            payload_bytes: 0,
            sha256: None,
            digest_checked: false,
        }
    }

    fn skipped_of(entries: &str) -> usize {
        reply(&format!(r#"{{"skipped":[{entries}]}}"#), None).skipped().len()
    }

    #[test]
    fn a_field_is_looked_for_in_the_data_first() {
        let reply = reply(r#"{"a":1,"n":"7"}"#, Some(r#"{"a":2,"b":3,"n":-1,"d":null}"#));
        assert_eq!(reply.field::<u8>("a").unwrap(), Some(1));
        assert_eq!(reply.field::<u8>("b").unwrap(), Some(3));
        let error = reply.field::<u8>("n").unwrap_err();
        assert!(matches!(error, OperationError::InvalidAnswer { .. }), "a string is no number");
        assert_eq!(reply.field::<u8>("c").unwrap(), None);
        assert_eq!(reply.field::<u8>("d").unwrap(), None);
    }

    #[test]
    fn a_count_is_a_number_or_a_string_of_digits() {
        let reply = reply(r#"{"a":12,"b":"34","c":"x","d":-5,"e":1.5,"f":""}"#, None);
        assert_eq!(reply.count("a"), Some(12));
        assert_eq!(reply.count("b"), Some(34));
        for no_count in ["c", "d", "e", "f", "g"] {
            assert_eq!(reply.count(no_count), None, "{no_count}");
        }
    }

    #[test]
    fn the_part_that_is_done_needs_no_total() {
        let fraction = |done, total| Progress::new(done, total, None).fraction();
        assert_eq!(fraction(Some(25.0), None), Some(0.25), "a percentage then");
        assert_eq!(fraction(Some(1.0), Some(8.0)), Some(0.125));
        assert_eq!(fraction(Some(9.0), Some(8.0)), Some(1.0));
        assert_eq!(fraction(Some(0.0), Some(0.0)), Some(1.0), "of nothing all is done");
        assert_eq!(fraction(None, Some(8.0)), None);
    }

    #[test]
    fn a_field_has_a_limit_of_values() {
        let of = |entries: usize| {
            let list = vec!["\",[{\\\"\""; entries].join(",");
            reply(&format!("{{\"types\":[{list}]}}"), None)
        };
        let most = of(MAX_VALUES - 1);
        assert_eq!(most.field::<Vec<String>>("types").unwrap().unwrap().len(), MAX_VALUES - 1);
        let above = of(MAX_VALUES);
        let error = above.field::<Vec<String>>("types").unwrap_err();
        assert!(matches!(error, OperationError::TooManyValues { limit: MAX_VALUES, .. }));
        assert!(above.bounded_data().is_err() && above.field::<u8>("other").unwrap().is_none());
    }

    #[test]
    fn what_was_skipped_is_read_up_to_a_number_and_a_length() {
        let entries = |entry: &str, count: usize| vec![entry; count].join(",");
        assert_eq!(skipped_of(&entries("{}", MAX_SKIPPED)), MAX_SKIPPED);
        assert_eq!(skipped_of(&entries("{}", MAX_SKIPPED + 1)), MAX_SKIPPED);
        let half = format!(r#"{{"reason":"{}"}}"#, "x".repeat(MAX_SKIPPED_BYTES / 2));
        assert_eq!(skipped_of(&entries(&half, 2)), 2);
        // What comes behind one that is too long is left out as well: it stays a beginning.
        let longer = format!("{half},{},{{}}", half.replace("x\"", "xy\""));
        assert_eq!(skipped_of(&longer), 1);
    }
}
