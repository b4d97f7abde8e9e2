//! Controls: requests of the domain `stream` that nobody waits for.

use super::{IncomingRequest, Params, Request};
use crate::proto::id::{MessageId, OperationKey};
use crate::proto::operation::OperationName;

/// The domain of everything that steers other requests.
pub const STREAM_DOMAIN: &str = "stream";

/// A request that steers another one, and whose answer nobody waits for. *Source*: PROTOCOL 6.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control {
    /// Stop a request and free what is kept of it (6.2).
    Cancel {
        /// The request, of the same connection.
        target: MessageId,
    },
    /// Chunks may come up to this one (6.3).
    Credit {
        /// The request, of the same connection.
        target: MessageId,
        /// The last `seq` that may be sent.
        up_to: u64,
    },
    /// Free what is kept of an operation (6.4).
    Release {
        /// The operation.
        operation: OperationKey,
    },
}

impl Control {
    /// Writes the control as it goes out under `id`.
    ///
    /// ```
    /// use longhaul::proto::{Control, MessageId};
    /// let target = MessageId::new("git_1").unwrap();
    /// assert_eq!(
    ///     Control::Cancel { target }.write(&MessageId::new("stream_2").unwrap()),
    ///     r#"{"id":"stream_2","domain":"stream","action":"cancel","params":{"target":"git_1"}}"#
    /// );
    /// ```
    pub fn write(&self, id: &MessageId) -> String {
        let (action, params) = match self {
            Self::Cancel { target } => ("cancel", Params::new().with("target", target.as_str())),
            Self::Credit { target, up_to } => {
                ("credit", Params::new().with("target", target.as_str()).with("upTo", up_to))
            }
            Self::Release { operation } => {
                ("release", Params::new().with("operation", operation.as_str()))
            }
        };
        Request::new(OperationName::new(STREAM_DOMAIN, action), params).write_json(id)
    }

    /// The control that a request is; `None` if it is none, an error if a param is not right.
    ///
    /// # Errors
    /// The name of the param that is missing or has another form.
    pub fn read(request: &IncomingRequest) -> Option<Result<Self, &'static str>> {
        if request.domain != STREAM_DOMAIN {
            return None;
        }
        let target = || {
            let target = request.params.get("target").and_then(|target| target.as_str());
            target.and_then(MessageId::new).ok_or("target")
        };
        Some(match request.action.as_str() {
            "cancel" => target().map(|target| Self::Cancel { target }),
            "credit" => target().and_then(|target| {
                let up_to = request.params.get("upTo").and_then(serde_json::Value::as_u64);
                Ok(Self::Credit { target, up_to: up_to.ok_or("upTo")? })
            }),
            "release" => operation(request).map(|operation| Self::Release { operation }),
            _ => return None,
        })
    }
}

/// The param `operation`.
pub(super) fn operation(request: &IncomingRequest) -> Result<OperationKey, &'static str> {
    let key = request.params.get("operation").and_then(|key| key.as_str());
    key.and_then(OperationKey::new).ok_or("operation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let target = MessageId::new("git_1").unwrap();
        let operation = OperationKey::from_random([7; 16]);
        for control in [
            Control::Cancel { target: target.clone() },
            Control::Credit { target, up_to: u64::MAX },
            Control::Release { operation },
        ] {
            let text = control.write(&MessageId::new("stream_9").unwrap());
            let read = IncomingRequest::read(&text).unwrap();
            assert_eq!(Control::read(&read), Some(Ok(control)));
        }
    }

    #[test]
    fn params_of_another_form_are_named() {
        for (action, params, wrong) in [
            ("cancel", "{}", "target"),
            ("cancel", r#"{"target":"a b"}"#, "target"),
            ("credit", r#"{"target":"a"}"#, "upTo"),
            ("credit", r#"{"target":"a","upTo":-1}"#, "upTo"),
            ("release", r#"{"operation":"short"}"#, "operation"),
        ] {
            let text = format!(
                r#"{{"id":"stream_1","domain":"stream","action":"{action}","params":{params}}}"#
            );
            let read = IncomingRequest::read(&text).unwrap();
            assert_eq!(Control::read(&read), Some(Err(wrong)), "{text}");
        }
    }
}
