//! Cases of kind `request`, `refused` and `incoming`: what clients write and servers read.

use std::fmt;

use longhaul::proto::request::{IncomingRequest, Mode, RequestError};
use longhaul::proto::{
    Features, MessageId, OperationKey, OperationName, Params, Request, Unwritable,
};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::json;

use crate::case::{self, Incoming};
use crate::expect_eq;

/// The keys of a request in the order in which they are written.
const KEY_ORDER: [&str; 10] = [
    "id",
    "domain",
    "action",
    "params",
    "timeout",
    "stream",
    "chunkSize",
    "features",
    "operation",
    "window",
];

/// A client writes exactly this text, and a server reads the same request in it.
pub(crate) fn check_written(case: &case::Request) -> Result<(), String> {
    let id = MessageId::new(&case.id).ok_or("not an id")?;
    let name = OperationName::new(case.domain.clone(), case.action.clone());
    let params = Params::from_json(&case.params).ok_or("params are no object")?;
    let mut request = Request::new(name, params);
    request.timeout_ms = case.timeout;
    request.stream = case.chunk_size;
    request.features = features(&case.wanted);
    request.operation = case.operation.as_deref().and_then(OperationKey::new);
    request.window = case.window;
    let server = case.server.as_deref().map(features);

    let text = request.write(&id, server).map_err(|error| error.to_string())?;
    expect_eq("text", &text, &case.text)?;
    expect_eq("mode", &request.mode(server), &Mode::from(case.mode))?;
    expect_eq("agreed", &request.agreed(server), &features(&case.agreed))?;
    expect_form(&case.text)?;
    let read = IncomingRequest::read(&case.text).map_err(|error| error.to_string())?;
    expect_eq("id read", &read.id, &case.id)?;
    expect_eq("stream read", &read.stream, &(request.mode(server) == Mode::Stream))?;
    let asked = case.chunk_size.filter(|_| read.stream);
    expect_eq("chunkSize read", &read.chunk_bytes, &asked)?;
    expect_eq("features read", &read.features, &features(&case.agreed))?;
    let has = |feature: &str| case.agreed.iter().any(|name| name == feature);
    let operation = request.operation.filter(|_| has("resume"));
    expect_eq("operation read", &read.operation, &operation)?;
    expect_eq("window read", &read.window, &request.window.filter(|_| has("credit")))
}

/// A client refuses to write this for a server without features.
pub(crate) fn check_refused(case: &case::Refused) -> Result<(), String> {
    let name = OperationName::new(case.domain.clone(), case.action.clone());
    let params = Params::from_json(&case.params).ok_or("params are no object")?;
    let request = Request::new(name, params);
    let id = MessageId::new("x_1").ok_or("not an id")?;
    let error = request.write(&id, None).err().ok_or("it is written")?;
    let got = match &error {
        Unwritable::Character { at, character } => {
            json!({ "kind": "character", "at": at, "character": character })
        }
        Unwritable::Empty { at } => json!({ "kind": "empty", "at": at }),
        Unwritable::Form { at, .. } => json!({ "kind": "form", "at": at }),
        Unwritable::Mistakable { at } => json!({ "kind": "mistakable", "at": at }),
        other => return Err(format!("no case can state {other:?}")),
    };
    expect_eq("error", &got, &case.error)?;
    expect_eq("check", &request.check(None), &Err(error))?;
    // A server that parses JSON reads all of it.
    let text = request.write(&id, Some(Features::NONE)).map_err(|error| error.to_string())?;
    IncomingRequest::read(&text).map(drop).map_err(|error| error.to_string())
}

/// A server reads this in the text, or refuses it.
pub(crate) fn check_read(case: &Incoming) -> Result<(), String> {
    let got = match IncomingRequest::read(&case.text) {
        Ok(read) => {
            let mut request = json!({
                "id": read.id, "domain": read.domain, "action": read.action, "params": read.params,
                "stream": read.stream, "chunkSize": read.chunk_bytes,
                "features": read.features.names().collect::<Vec<_>>(),
            });
            if let Some(key) = &read.operation {
                request["operation"] = json!(key.as_str());
            }
            if let Some(window) = read.window {
                request["window"] = json!(window);
            }
            json!({ "request": request })
        }
        Err(RequestError::Json(_)) => json!({ "error": "json" }),
        Err(RequestError::Id(_)) => json!({ "error": "id" }),
        Err(other) => return Err(format!("no case can state {other:?}")),
    };
    expect_eq("outcome", &got, &case.outcome)
}

/// Compact JSON, the keys in their order.
pub(crate) fn expect_form(text: &str) -> Result<(), String> {
    let keys = keys(text)?;
    let ordered: Vec<_> =
        KEY_ORDER.into_iter().filter(|key| keys.iter().any(|k| k == key)).collect();
    if keys != ordered {
        return Err(format!("keys stand in the order {keys:?}"));
    }
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            _ if !in_string && c.is_whitespace() => return Err("white space".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

fn features(names: &[String]) -> Features {
    Features::from_names(names.iter().map(String::as_str))
}

/// The keys of an object in their order.
fn keys(text: &str) -> Result<Vec<String>, String> {
    let Keys(keys) = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(keys)
}

struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
