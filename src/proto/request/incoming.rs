//! Requests as a server that parses JSON reads them.

use std::fmt;

use serde::Deserialize;

use crate::proto::feature::Features;
use crate::proto::id::{MessageId, OperationKey};

/// A request as the server reads it.
///
/// Unknown keys are ignored; `stream` and `chunkSize` are looked for beside `params` first, then
/// inside.
#[derive(Clone)]
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
    /// The key of the operation, where it is one.
    pub operation: Option<OperationKey>,
    /// How many chunks may be sent before more is granted.
    pub window: Option<u64>,
}

/// Of the params only the names: a value may be a key that nobody is to see.
impl fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("id", &self.id)
            .field("domain", &self.domain)
            .field("action", &self.action)
            .field("params", &self.params.keys())
            .field("stream", &self.stream)
            .field("chunk_bytes", &self.chunk_bytes)
            .field("features", &self.features)
            .field("operation", &self.operation)
            .field("window", &self.window)
            .finish()
    }
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
            operation: Option<serde_json::Value>,
            window: Option<serde_json::Value>,
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
            operation: wire.operation.and_then(|key| OperationKey::new(key.as_str()?)),
            window: wire.window.and_then(|window| window.as_u64()).filter(|window| *window > 0),
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

    #[test]
    fn keys_are_not_printed() {
        let key = OperationKey::from_random([7; 16]);
        let text = format!(
            r#"{{"id":"stream_1","domain":"stream","action":"release","params":{{"operation":"{}"}}}}"#,
            key.as_str()
        );
        let read = IncomingRequest::read(&text).unwrap();
        assert!(!format!("{read:?}").contains(key.as_str()));
        let params = crate::proto::Params::new().with("operation", key.as_str());
        assert_eq!(format!("{params:?}"), r#"Params{"operation"}"#);
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
