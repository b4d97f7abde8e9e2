//! Requests that a server reads are the ones that were written.
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use serde_json::Value;

use super::{Control, IncomingRequest, Resume};
use crate::fuzzing::Vectors;
use crate::proto::feature::Feature;
use crate::proto::{Features, MessageId};

/// A server reads in a request what a reader that builds everything finds there, and a control or
/// a resume that it understands is the same after it was written again.
///
/// Input: a text.
pub fn request(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(request) = IncomingRequest::read(&text) else { return };
    let id = MessageId::new(&request.id).unwrap();
    // Numbers beyond all bounds may stand where nobody looks.
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        for (key, got) in
            [("id", &request.id), ("domain", &request.domain), ("action", &request.action)]
        {
            assert_eq!(value[key], **got);
        }
        match &value["params"] {
            Value::Null => assert!(request.params.is_empty()),
            params => assert_eq!(params.as_object(), Some(&request.params)),
        }
    }
    assert!(request.window != Some(0));
    match Control::read(&request) {
        Some(Ok(control)) => {
            let again = IncomingRequest::read(&control.write(&id)).unwrap();
            assert_eq!(Control::read(&again), Some(Ok(control)));
            assert_eq!((again.id, again.domain), (request.id.clone(), request.domain.clone()));
        }
        Some(Err(_)) => {}
        None => assert!(request.domain != super::STREAM_DOMAIN || request.action != "cancel"),
    }
    if let Some(Ok(resume)) = Resume::read(&request) {
        let mut written = resume.to_request();
        written.stream = Some(1);
        written.window = request.window;
        written.features = Features::BUILT;
        let server = Features::from_iter([Feature::Stream, Feature::Resume, Feature::Credit]);
        let again = IncomingRequest::read(&written.write(&id, Some(server)).unwrap()).unwrap();
        assert_eq!(Resume::read(&again), Some(Ok(resume)));
        assert_eq!(again.window, request.window);
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let kinds = ["incoming", "control", "resume", "request"];
    kinds.into_iter().flat_map(|kind| vectors.texts(kind, &[])).collect()
}
