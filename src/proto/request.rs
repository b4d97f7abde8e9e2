//! Requests: written strictly by the client, read by the server.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::feature::{Feature, Features};
use super::id::MessageId;
use super::operation::OperationName;

/// Whether a request asked for a stream; decides how its frames are read (PROTOCOL 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One answer was asked for.
    Single,
    /// Progress, chunks and complete were asked for.
    Stream,
}

/// The parameters of a request, in the order they were given.
///
/// ```
/// use longhaul::proto::Params;
/// let params = Params::new().with("packages", ["$ZRAY"]).with("includeSubpackages", true);
/// assert_eq!(params.to_json(), r#"{"packages":["$ZRAY"],"includeSubpackages":true}"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, Box<RawValue>)>);

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter; a value that has no JSON form (a map with other keys than strings) is
    /// written as `null`. A key given again replaces the earlier value and keeps its place.
    pub fn with(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = serde_json::value::to_raw_value(&value).unwrap_or_else(|_| null());
        self.set(key.into(), value);
        self
    }

    /// Takes the members of a JSON object; `None` if `json` is no object.
    pub fn from_json(json: &str) -> Option<Self> {
        let members: super::reply::Members<'_> = serde_json::from_str(json).ok()?;
        let mut params = Self::new();
        for (key, value) in members.0 {
            params.set(key.into_owned(), value.to_owned());
        }
        Some(params)
    }

    /// The parameters as a compact JSON object.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        for (key, value) in &self.0 {
            if json.len() > 1 {
                json.push(',');
            }
            push_string(&mut json, key);
            json.push(':');
            json.push_str(value.get());
        }
        json.push('}');
        json
    }

    fn set(&mut self, key: String, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// Appends `text` as a JSON string, in raw UTF-8.
pub(crate) fn push_string(json: &mut String, text: &str) {
    // Writing a string cannot fail: it has no map keys and the writer is memory.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// One request as the client writes it. *Source*: PROTOCOL 2.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The operation; the WebSocket sends its two halves as `domain` and `action`.
    pub name: OperationName,
    /// Its parameters.
    pub params: Params,
    /// A hint for the server, in milliseconds; nothing is waited for by it.
    pub timeout_ms: Option<u64>,
    /// Whether a stream is asked for, and in chunks of at most how many decoded bytes.
    pub stream: Option<u64>,
    /// What the client wants beyond the base protocol.
    pub features: Features,
}

impl Request {
    /// A request for a single answer.
    pub fn new(name: OperationName, params: Params) -> Self {
        Self { name, params, timeout_ms: None, stream: None, features: Features::NONE }
    }

    /// How the frames that answer it are to be read, by what the server can do.
    pub fn mode(&self, server: Option<Features>) -> Mode {
        let can_stream = server.is_none_or(|features| features.contains(Feature::Stream));
        if self.stream.is_some() && can_stream { Mode::Stream } else { Mode::Single }
    }

    /// Writes the request for a server of these features, `None` for one that names none.
    ///
    /// Compact JSON in a fixed order of keys. A server that names no features gets `stream` and
    /// `chunkSize` inside the params as well, and no key it does not know (PROTOCOL 2.3).
    ///
    /// ```
    /// use longhaul::proto::{Features, MessageId, OperationName, Params, Request};
    /// let name = OperationName::new("system", "ping");
    /// let request = Request::new(name, Params::new());
    /// let id = MessageId::new("system_1").unwrap();
    /// assert_eq!(
    ///     request.write(&id, None),
    ///     r#"{"id":"system_1","domain":"system","action":"ping","params":{}}"#
    /// );
    /// ```
    pub fn write(&self, id: &MessageId, server: Option<Features>) -> String {
        let mut json = String::from("{\"id\":");
        push_string(&mut json, id.as_str());
        json.push_str(",\"domain\":");
        push_string(&mut json, self.name.domain());
        json.push_str(",\"action\":");
        push_string(&mut json, self.name.action());
        let chunk_size = self.stream.filter(|_| self.mode(server) == Mode::Stream);
        json.push_str(",\"params\":");
        json.push_str(&match (chunk_size, server) {
            (Some(size), None) => self
                .params
                .clone()
                .with("stream", true)
                .with("chunkSize", size.to_string())
                .to_json(),
            _ => self.params.to_json(),
        });
        if let Some(ms) = self.timeout_ms {
            json.push_str(&format!(",\"timeout\":{ms}"));
        }
        if let Some(size) = chunk_size {
            json.push_str(&format!(",\"stream\":true,\"chunkSize\":{size}"));
        }
        let agreed = self.agreed(server);
        if !agreed.is_empty() {
            let names: Vec<_> = agreed.names().map(|name| format!("\"{name}\"")).collect();
            json.push_str(&format!(",\"features\":[{}]", names.join(",")));
        }
        json.push('}');
        json
    }

    /// The features that hold for this request with a server of these features.
    pub fn agreed(&self, server: Option<Features>) -> Features {
        let both = self.features.agreed(server.unwrap_or(Features::NONE));
        // All but cancel say something about a stream.
        let usable = match self.mode(server) {
            Mode::Stream => both,
            Mode::Single => both.agreed(Features::from_iter([Feature::Cancel])),
        };
        usable.without(Feature::Stream)
    }
}

/// A request as the server reads it.
///
/// Unknown keys are ignored; `stream` and `chunkSize` are looked for beside `params` first, then
/// inside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IncomingRequest {
    /// The client's id for it.
    pub id: String,
    /// The domain that serves it.
    pub domain: String,
    /// What is asked of the domain.
    pub action: String,
    /// The parameters, a JSON object.
    pub params: serde_json::Map<String, serde_json::Value>,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The largest chunk wanted, in decoded bytes.
    pub chunk_bytes: Option<u64>,
    /// What the client wants beyond the base protocol.
    pub features: Features,
}

impl IncomingRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`RequestError`] if the text is no JSON object or lacks an id of the right shape, a domain
    /// or an action. The server answers `PARSE_ERROR` with id `unknown`.
    pub fn read(text: &str) -> Result<Self, RequestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: String,
            domain: String,
            action: String,
            params: Option<serde_json::Map<String, serde_json::Value>>,
            stream: Option<bool>,
            chunk_size: Option<serde_json::Value>,
            features: Option<Vec<String>>,
        }
        if !text.trim_start().starts_with('{') {
            // A list would be read as the fields of a request in their order.
            return Err(RequestError::Json("not an object".into()));
        }
        let wire: Wire =
            serde_json::from_str(text).map_err(|source| RequestError::Json(source.to_string()))?;
        let params = wire.params.unwrap_or_default();
        let features = wire.features.unwrap_or_default();
        if MessageId::new(&wire.id).is_none() {
            return Err(RequestError::Id(wire.id));
        }
        let stream = wire.stream.or_else(|| params.get("stream")?.as_bool()).unwrap_or(false);
        let chunk_size = wire.chunk_size.as_ref().or_else(|| params.get("chunkSize"));
        let chunk_bytes = chunk_size.and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
        Ok(Self {
            id: wire.id,
            domain: wire.domain,
            action: wire.action,
            stream,
            chunk_bytes,
            params,
            features: Features::from_names(features.iter().map(String::as_str)),
        })
    }
}

/// A text is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No JSON object of the right shape; the text says where.
    #[error("request is not readable: {0}")]
    Json(String),
    /// The id is empty, reserved, or has characters an id cannot have.
    #[error("request id {0:?} is not allowed")]
    Id(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export() -> Request {
        let name = OperationName::new("git", "export");
        let mut request = Request::new(name, Params::new().with("packages", ["$ZRAY"]));
        request.timeout_ms = Some(60_000);
        request.stream = Some(4096);
        request.features = Features::BUILT;
        request
    }

    fn id() -> MessageId {
        MessageId::new("git_1").unwrap()
    }

    #[test]
    fn a_server_without_features_reads_the_stream_flag_in_params_too() {
        assert_eq!(
            export().write(&id(), None),
            r#"{"id":"git_1","domain":"git","action":"export","params":{"packages":["$ZRAY"],"stream":true,"chunkSize":"4096"},"timeout":60000,"stream":true,"chunkSize":4096}"#
        );
    }

    #[test]
    fn only_what_both_sides_have_is_asked_for() {
        let server = Features::from_names(["stream", "checksum", "credit"]);
        let text = export().write(&id(), Some(server));
        assert!(text.ends_with(r#""stream":true,"chunkSize":4096,"features":["checksum"]}"#));
        let json_only = export().write(&id(), Some(Features::NONE));
        assert!(!json_only.contains("stream") && !json_only.contains("features"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = IncomingRequest::read(&export().write(&id(), None)).unwrap();
        assert_eq!((read.id.as_str(), read.stream, read.chunk_bytes), ("git_1", true, Some(4096)));
        let inside =
            r#"{"id":"a","domain":"d","action":"x","params":{"stream":true,"chunkSize":"7"}}"#;
        let read = IncomingRequest::read(inside).unwrap();
        assert_eq!((read.stream, read.chunk_bytes), (true, Some(7)));
    }

    #[test]
    fn ids_of_another_shape_are_refused() {
        for id in ["", "a b", "welcome", "unknown", "ä"] {
            let text = format!(r#"{{"id":"{id}","domain":"d","action":"x"}}"#);
            assert_eq!(IncomingRequest::read(&text).unwrap_err(), RequestError::Id(id.into()));
        }
        assert!(matches!(IncomingRequest::read("{\"id\":1}"), Err(RequestError::Json(_))));
    }
}
