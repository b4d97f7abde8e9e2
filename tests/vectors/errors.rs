//! Errors as the cases name them: by variant and evidence, never by text.

use longhaul::proto::frame::BinaryDefect;
use longhaul::proto::{AssembleError, ExchangeError, FrameError, ServerError};
use serde_json::{Map, Value, json};

/// The error as a case states it.
pub(crate) fn describe(error: &ExchangeError) -> Map<String, Value> {
    let described = match error {
        ExchangeError::Server(error) => server("server", error),
        ExchangeError::Unsuccessful(error) => server("unsuccessful", error),
        ExchangeError::Frame(error) => frame(error),
        ExchangeError::Assemble(error) => assemble(error),
        ExchangeError::Binary(defect) => binary(*defect),
        ExchangeError::NotAsAgreed { kind, field, feature } => json!({
            "kind": "notAsAgreed", "frame": kind.name(), "field": field, "feature": feature.name(),
        }),
        ExchangeError::AnswerAfterChunks { chunks } => {
            json!({ "kind": "answerAfterChunks", "chunks": chunks })
        }
        ExchangeError::AnswerPayload { field, source } => json!({
            "kind": "answerPayload", "field": field, "chars": source.map(|invalid| invalid.chars),
        }),
        ExchangeError::AnswerTooLarge { got, limit } => {
            json!({ "kind": "answerTooLarge", "got": got, "limit": limit })
        }
        ExchangeError::Idle { limit } => {
            json!({ "kind": "idle", "limit": u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) })
        }
        ExchangeError::BeyondCredit { seq, granted } => {
            json!({ "kind": "beyondCredit", "seq": seq, "granted": granted })
        }
        ExchangeError::NotAccepted { kind } => {
            json!({ "kind": "notAccepted", "frame": kind.name() })
        }
        ExchangeError::EpochChanged { expected, got } => {
            json!({ "kind": "epochChanged", "expected": expected, "got": got })
        }
        other => json!({ "kind": format!("no case can state {other:?}") }),
    };
    object(described)
}

/// What is wrong with the header of a binary chunk.
pub(crate) fn binary(defect: BinaryDefect) -> Value {
    match defect {
        BinaryDefect::Version { got } => json!({ "kind": "binaryVersion", "got": got }),
        BinaryDefect::Flags { got } => json!({ "kind": "binaryFlags", "got": got }),
        BinaryDefect::Length { declared, got } => {
            json!({ "kind": "binaryLength", "declared": declared, "got": got })
        }
        other => json!({ "kind": format!("no case can state {other:?}") }),
    }
}

/// What of `got` is to be compared: a server's message and what is done about it only where the
/// case states that.
pub(crate) fn comparable(
    mut got: Map<String, Value>,
    expected: &Map<String, Value>,
) -> Map<String, Value> {
    for key in ["message", "then"] {
        if !expected.contains_key(key) {
            got.remove(key);
        }
    }
    got
}

/// The server's own error, which stands in answers, error frames and welcomes alike.
pub(crate) fn server(kind: &str, error: &ServerError) -> Value {
    let mut described = json!({ "kind": kind, "code": error.code, "message": error.message });
    if let Some(pause) = error.retry_after {
        described["retryAfterMs"] = json!(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
    }
    described
}

fn frame(error: &FrameError) -> Value {
    let (kind, frame, field) = match error {
        FrameError::Missing { kind, field } => ("missing", kind, field),
        FrameError::Invalid { kind, field } => ("invalid", kind, field),
        FrameError::Duplicate { kind, field } => ("duplicate", kind, field),
        other => return json!({ "kind": format!("no case can state {other:?}") }),
    };
    json!({ "kind": kind, "frame": frame.name(), "field": field })
}

fn assemble(error: &AssembleError) -> Value {
    match error {
        AssembleError::SeqZero => json!({ "kind": "seqZero" }),
        AssembleError::Base64 { seq, chars } => {
            json!({ "kind": "base64", "seq": seq.get(), "chars": chars })
        }
        AssembleError::Conflict { seq, expected_bytes, expected, got_bytes, got } => json!({
            "kind": "conflict", "seq": seq.get(),
            "expectedBytes": expected_bytes, "expected": expected.to_string(),
            "gotBytes": got_bytes, "got": got.to_string(),
        }),
        AssembleError::Crc { seq, expected, got } => json!({
            "kind": "crc", "seq": seq.get(),
            "expected": expected.to_string(), "got": got.to_string(),
        }),
        AssembleError::Offset { seq, expected, got } => {
            json!({ "kind": "offset", "seq": seq.get(), "expected": expected, "got": got })
        }
        AssembleError::Gap { missing, total, parked } => {
            json!({ "kind": "gap", "missing": missing.get(), "total": total, "parked": parked })
        }
        AssembleError::PastTotal { seq, total } => {
            json!({ "kind": "pastTotal", "seq": seq.get(), "total": total })
        }
        AssembleError::Size { expected, got } => {
            json!({ "kind": "size", "expected": expected, "got": got })
        }
        AssembleError::Digest { expected, got } => {
            json!({ "kind": "digest", "expected": expected, "got": got })
        }
        AssembleError::TooLarge { seq, limit } => {
            json!({ "kind": "tooLarge", "seq": seq.get(), "limit": limit })
        }
        AssembleError::ParkedBytes { missing, seq, limit } => json!({
            "kind": "parkedBytes", "missing": missing.get(), "seq": seq.get(), "limit": limit,
        }),
        AssembleError::ParkedChunks { missing, seq, limit } => json!({
            "kind": "parkedChunks", "missing": missing.get(), "seq": seq.get(), "limit": limit,
        }),
        AssembleError::TooManyEmpty { seq, limit } => {
            json!({ "kind": "tooManyEmpty", "seq": seq.get(), "limit": limit })
        }
        other => json!({ "kind": format!("no case can state {other:?}") }),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}
