//! A greeting is read as it stands.
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what does not hold is to end in a panic"
)]

use serde_json::Value;

use super::{Welcome, WelcomeError};
use crate::fuzzing::Vectors;
use crate::proto::json::Object;

/// What is found in a greeting is what a reader that builds everything finds there.
///
/// Input: a text.
pub fn welcome(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = Welcome::read(&text);
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
    let welcome = match read {
        Ok(welcome) => welcome,
        Err(WelcomeError::NotWelcome) => {
            let is_plain = value["success"] == true && value["type"].is_null();
            // Of two ids the first counts, where the tree has the last.
            let is_twice = Object::read(&text).is_ok_and(|text| text.duplicate().is_some());
            assert!(value["id"] != "welcome" || !is_plain || is_twice, "it is one");
            return;
        }
        Err(_) => return,
    };
    assert_eq!(value["id"], "welcome");
    let data = &value["data"];
    for (key, got) in [("session", &welcome.session), ("version", &welcome.version)] {
        match &data[key] {
            Value::String(text) => assert_eq!(got.as_ref(), Some(text)),
            // The number as it stands may have more digits.
            Value::Number(_) => assert!(got.is_some()),
            _ => assert_eq!(*got, None),
        }
    }
    let lists = (data["domains"].as_array(), data["features"].as_array());
    assert_eq!(welcome.domains.len(), lists.0.map_or(0, Vec::len));
    assert_eq!(welcome.features.is_some(), lists.1.is_some());
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    vectors.texts("welcome", &[])
}
