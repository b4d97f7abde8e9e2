//! Cases of kind `control` and `resume`: the requests of the domain `stream`.

use longhaul::proto::request::{IncomingRequest, STREAM_DOMAIN};
use longhaul::proto::{Control, Feature, Features, MessageId, Resume};
use serde_json::json;

use crate::case;
use crate::expect_eq;
use crate::requests::expect_form;

/// A server reads this control in the text, or refuses it; a client writes exactly the text.
pub(crate) fn check_control(case: &case::Control) -> Result<(), String> {
    let read = IncomingRequest::read(&case.text).map_err(|error| error.to_string())?;
    let control = Control::read(&read);
    let got = match &control {
        _ if read.domain != STREAM_DOMAIN => json!("another domain"),
        None if Resume::read(&read).is_some() => json!("resume"),
        None => json!({ "error": "UNKNOWN_ACTION" }),
        Some(Err(param)) => json!({ "error": "MISSING_PARAM", "param": param }),
        Some(Ok(Control::Cancel { target })) => json!({ "cancel": { "target": target.as_str() } }),
        Some(Ok(Control::Credit { target, up_to })) => {
            json!({ "credit": { "target": target.as_str(), "upTo": up_to } })
        }
        Some(Ok(Control::Release { operation })) => {
            json!({ "release": { "operation": operation.as_str() } })
        }
        Some(Ok(other)) => return Err(format!("no case can state {other:?}")),
    };
    expect_eq("outcome", &got, &case.outcome)?;
    let Some(Ok(control)) = control.filter(|_| !case.only_read) else { return Ok(()) };
    expect_form(&case.text)?;
    expect_eq("text", &control.write(&id(&read.id)?), &case.text)
}

/// A server reads this in the text, or refuses it; a client writes exactly the text.
pub(crate) fn check_resume(case: &case::Resume) -> Result<(), String> {
    let read = IncomingRequest::read(&case.text).map_err(|error| error.to_string())?;
    let resume = Resume::read(&read).ok_or("no request to resume")?;
    let got = match &resume {
        Err(param) => json!({ "error": "MISSING_PARAM", "param": param }),
        Ok(resume) => json!({ "resume": {
            "operation": resume.operation.as_str(), "epoch": resume.epoch,
            "nextSeq": resume.next.get(), "offset": resume.offset,
            "sha256": resume.sha256.to_string(),
            "stream": read.stream, "chunkSize": read.chunk_bytes, "window": read.window,
            "features": read.features.names().collect::<Vec<_>>(),
        } }),
    };
    expect_eq("outcome", &got, &case.outcome)?;
    let Some(resume) = resume.ok().filter(|_| !case.only_read) else { return Ok(()) };
    expect_eq("text", &write_resume(&resume, &read, read.chunk_bytes)?, &case.text)
}

/// The text of `resume`, with id, features and window as `like` has them.
pub(crate) fn write_resume(
    resume: &Resume,
    like: &IncomingRequest,
    chunk_bytes: Option<u64>,
) -> Result<String, String> {
    let mut request = resume.to_request();
    request.stream = chunk_bytes;
    request.features = like.features;
    request.window = like.window;
    let named = like.features.names().chain([Feature::Stream.name()]);
    let server = Features::from_names(named);
    let text = request.write(&id(&like.id)?, Some(server)).map_err(|error| error.to_string())?;
    expect_form(&text)?;
    Ok(text)
}

fn id(text: &str) -> Result<MessageId, String> {
    MessageId::new(text).ok_or_else(|| format!("{text} is no id"))
}
