//! Going on with an operation on a new connection.

use super::control::{STREAM_DOMAIN, operation};
use super::{IncomingRequest, Params, Request};
use crate::proto::checksum::Sha256;
use crate::proto::id::{OperationKey, Seq};
use crate::proto::operation::OperationName;

/// What `stream.resume` says: which operation, and what of its payload is there already.
///
/// *Source*: PROTOCOL 6.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The operation.
    pub operation: OperationKey,
    /// The state that the server is to have kept.
    pub epoch: String,
    /// The first chunk that is wanted.
    pub next: Seq,
    /// Where that chunk starts, in decoded bytes from 0.
    pub offset: u64,
    /// The SHA-256 of the payload up to there.
    pub sha256: Sha256,
}

impl Resume {
    const ACTION: &'static str = "resume";

    /// The request for it. Features, window and chunk size are the caller's to add.
    pub fn to_request(&self) -> Request {
        let params = Params::new()
            .with("operation", self.operation.as_str())
            .with("epoch", &self.epoch)
            .with("nextSeq", self.next.get())
            .with("offset", self.offset)
            .with("sha256", self.sha256);
        Request::new(OperationName::new(STREAM_DOMAIN, Self::ACTION), params)
    }

    /// The resume that a request is; `None` if it is none.
    ///
    /// # Errors
    /// The name of the param that is missing or has another form.
    pub fn read(request: &IncomingRequest) -> Option<Result<Self, &'static str>> {
        if request.domain != STREAM_DOMAIN || request.action != Self::ACTION {
            return None;
        }
        let text = |key: &'static str| {
            request.params.get(key).and_then(serde_json::Value::as_str).ok_or(key)
        };
        let number = |key: &'static str| {
            request.params.get(key).and_then(serde_json::Value::as_u64).ok_or(key)
        };
        let read = || {
            Ok(Self {
                operation: operation(request)?,
                epoch: text("epoch")?.to_owned(),
                next: Seq::new(number("nextSeq")?).ok_or("nextSeq")?,
                offset: number("offset")?,
                sha256: Sha256::from_hex(text("sha256")?).ok_or("sha256")?,
            })
        };
        Some(read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Features, MessageId};

    #[test]
    fn what_is_written_is_read_again() {
        let resume = Resume {
            operation: OperationKey::from_random([7; 16]),
            epoch: "e1".into(),
            next: Seq::new(3).unwrap(),
            offset: 12,
            sha256: Sha256::of(b"hello world!"),
        };
        let mut request = resume.to_request();
        request.stream = Some(6);
        request.features = Features::BUILT;
        request.window = Some(8);
        let server = Features::from_names(["stream", "credit", "resume"]);
        let text = request.write(&MessageId::new("stream_1").unwrap(), Some(server)).unwrap();
        assert!(
            text.ends_with(
                r#""stream":true,"chunkSize":6,"features":["credit","resume"],"window":8}"#
            ),
            "{text}"
        );
        let read = IncomingRequest::read(&text).unwrap();
        assert_eq!(Resume::read(&read), Some(Ok(resume)));
        assert_eq!(read.window, Some(8));
    }
}
