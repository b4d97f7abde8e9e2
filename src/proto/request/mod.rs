//! Requests: written strictly by the client, read by the server.

mod control;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod incoming;
mod legacy;
mod params;
mod resume;
mod unwritable;

use std::fmt::Write as _;

pub use control::{Control, STREAM_DOMAIN};
pub use incoming::{IncomingRequest, RequestError};
pub use params::Params;
pub(crate) use params::{push_member, push_string};
pub use resume::Resume;
pub use unwritable::{Form, Unwritable};

use super::feature::{Feature, Features};
use super::id::{MessageId, OperationKey};
use super::operation::OperationName;

/// How long a request is beside its params, usually at most, in bytes.
const USUAL_BYTES: usize = 384;

/// Whether a request asked for a stream; decides how its frames are read (PROTOCOL 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One answer was asked for.
    Single,
    /// Progress, chunks and complete were asked for.
    Stream,
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
    /// The key of the operation, without which `resume` is not asked for (6.4). Going on with an
    /// operation needs none here: its params have it.
    pub operation: Option<OperationKey>,
    /// How many chunks may come ahead, without which `credit` is not asked for (6.3).
    pub window: Option<u64>,
}

impl Request {
    /// A request for a single answer.
    pub fn new(name: OperationName, params: Params) -> Self {
        Self {
            name,
            params,
            timeout_ms: None,
            stream: None,
            features: Features::NONE,
            operation: None,
            window: None,
        }
    }

    /// How the frames that answer it are to be read, by what the server can do.
    pub fn mode(&self, server: Option<Features>) -> Mode {
        let can_stream = server.is_none_or(|features| features.contains(Feature::Stream));
        if self.stream.is_some() && can_stream { Mode::Stream } else { Mode::Single }
    }

    /// Writes the request for a server of these features, `None` for one that names none.
    ///
    /// Compact JSON in a fixed order of keys. A server that names no features gets `stream` and
    /// `chunkSize` inside the params as well, no key it does not know, and its scalar params as
    /// strings (PROTOCOL 2.3).
    ///
    /// # Errors
    /// [`Unwritable`] if a server that names no features would misread the request. One that
    /// names features, or none in an empty list, parses JSON, and nothing is refused.
    ///
    /// ```
    /// use longhaul::proto::{Features, MessageId, OperationName, Params, Request};
    /// let name = OperationName::new("system", "ping");
    /// let request = Request::new(name, Params::new());
    /// let id = MessageId::new("system_1").unwrap();
    /// assert_eq!(
    ///     request.write(&id, None).unwrap(),
    ///     r#"{"id":"system_1","domain":"system","action":"ping","params":{}}"#
    /// );
    /// ```
    pub fn write(&self, id: &MessageId, server: Option<Features>) -> Result<String, Unwritable> {
        let params = self.written_params(server)?;
        let chunk_size = self.stream.filter(|_| self.mode(server) == Mode::Stream);
        Ok(self.json(id, &params, chunk_size, self.agreed(server)))
    }

    /// The request without anything of a stream, for servers that parse JSON.
    fn write_json(&self, id: &MessageId) -> String {
        self.json(id, &self.params.to_json(), None, Features::NONE)
    }

    fn json(
        &self,
        id: &MessageId,
        params: &str,
        chunk_size: Option<u64>,
        agreed: Features,
    ) -> String {
        // What is not params is shorter than this, so that it is written without growing.
        let mut json = String::with_capacity(params.len().saturating_add(USUAL_BYTES));
        json.push_str("{\"id\":");
        push_string(&mut json, id.as_str());
        json.push_str(",\"domain\":");
        push_string(&mut json, self.name.domain());
        json.push_str(",\"action\":");
        push_string(&mut json, self.name.action());
        json.push_str(",\"params\":");
        json.push_str(params);
        if let Some(ms) = self.timeout_ms {
            push_number(&mut json, ",\"timeout\":", ms);
        }
        if let Some(size) = chunk_size {
            push_number(&mut json, ",\"stream\":true,\"chunkSize\":", size);
        }
        for (at, name) in agreed.names().enumerate() {
            json.push_str(if at == 0 { ",\"features\":[\"" } else { ",\"" });
            json.push_str(name);
            json.push('"');
        }
        if !agreed.is_empty() {
            json.push(']');
        }
        if let Some(key) = self.operation.as_ref().filter(|_| agreed.contains(Feature::Resume)) {
            json.push_str(",\"operation\":\"");
            json.push_str(key.as_str());
            json.push('"');
        }
        if let Some(window) = self.window.filter(|_| agreed.contains(Feature::Credit)) {
            push_number(&mut json, ",\"window\":", window);
        }
        json.push('}');
        json
    }

    /// Whether a server of these features would read what is written for it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn check(&self, server: Option<Features>) -> Result<(), Unwritable> {
        match server {
            Some(_) => Ok(()),
            None => self.written_params(server).map(drop),
        }
    }

    fn written_params(&self, server: Option<Features>) -> Result<String, Unwritable> {
        match (self.stream, server) {
            (_, Some(_)) => Ok(self.params.to_json()),
            (None, None) => legacy::write(&self.name, &self.params),
            (Some(size), None) => {
                let params = self.params.clone();
                let params = params.with("stream", true).with("chunkSize", size.to_string());
                legacy::write(&self.name, &params)
            }
        }
    }

    /// The features that hold for this request with a server of these features.
    pub fn agreed(&self, server: Option<Features>) -> Features {
        let mut both = self.features.agreed(server.unwrap_or(Features::NONE));
        if self.operation.is_none() && self.name.domain() != STREAM_DOMAIN {
            both = both.without(Feature::Resume);
        }
        if self.window.is_none_or(|window| window == 0) {
            both = both.without(Feature::Credit);
        }
        // All but cancel say something about a stream.
        let usable = match self.mode(server) {
            Mode::Stream => both,
            Mode::Single => both.agreed(Features::from_iter([Feature::Cancel])),
        };
        usable.without(Feature::Stream)
    }
}

fn push_number(json: &mut String, key: &str, number: u64) {
    json.push_str(key);
    // Writing a string cannot fail.
    let _ = write!(json, "{number}");
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
            export().write(&id(), None).unwrap(),
            r#"{"id":"git_1","domain":"git","action":"export","params":{"packages":["$ZRAY"],"stream":true,"chunkSize":"4096"},"timeout":60000,"stream":true,"chunkSize":4096}"#
        );
    }

    #[test]
    fn only_what_both_sides_have_is_asked_for() {
        let server = Features::from_names(["stream", "checksum", "credit"]);
        let text = export().write(&id(), Some(server)).unwrap();
        assert!(text.ends_with(r#""stream":true,"chunkSize":4096,"features":["checksum"]}"#));
        let json_only = export().write(&id(), Some(Features::NONE)).unwrap();
        assert!(!json_only.contains("stream") && !json_only.contains("features"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = IncomingRequest::read(&export().write(&id(), None).unwrap()).unwrap();
        assert_eq!((read.id.as_str(), read.stream, read.chunk_bytes), ("git_1", true, Some(4096)));
        let inside =
            r#"{"id":"a","domain":"d","action":"x","params":{"stream":true,"chunkSize":"7"}}"#;
        let read = IncomingRequest::read(inside).unwrap();
        assert_eq!((read.stream, read.chunk_bytes), (true, Some(7)));
    }
}
