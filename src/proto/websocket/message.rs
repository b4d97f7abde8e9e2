//! What a WebSocket brings.

use std::fmt;
use std::ops::Deref;

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::error::FrameError;
use crate::proto::frame::ChunkMessage;

/// One message from the server, or one of its control frames.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, whole.
    Text(MessageText),
    /// Text that is a chunk as most are: decoded while it came, and not kept as text.
    ///
    /// Anything unusual about a chunk, down to white space in its base64, makes it [`Text`](Self::Text).
    Chunk(ChunkMessage),
    /// Bytes, whole.
    Binary(Bytes),
    /// A question that wants the same bytes back as a pong; 125 at most.
    Ping(Bytes),
    /// An answer to a ping.
    Pong,
    /// The server says goodbye; nothing comes after it.
    Close(Option<Goodbye>),
}

/// The text of a message: UTF-8, looked at once. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageText(ByteString);

/// What a close frame says, where it says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// The code, one of those that may be sent.
    pub code: u16,
    /// The server's words, often none.
    pub reason: String,
}

impl MessageText {
    /// The text that `bytes` are, without copying them.
    ///
    /// # Errors
    /// [`FrameError::InvalidText`] if they are no UTF-8.
    pub fn new(bytes: Bytes) -> Result<Self, FrameError> {
        let len = bytes.len();
        ByteString::try_from(bytes)
            .map(Self)
            .map_err(|error| FrameError::InvalidText { valid_up_to: error.valid_up_to(), len })
    }
}

impl Deref for MessageText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Lengths alone: what a message holds is no matter for a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({text:?})"),
            Self::Chunk(message) => write!(f, "Chunk({:?})", message.chunk),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Ping(bytes) => write!(f, "Ping({} bytes)", bytes.len()),
            Self::Pong => f.write_str("Pong"),
            Self::Close(goodbye) => write!(f, "Close({goodbye:?})"),
        }
    }
}

/// Only its length: what a message holds is no matter for a log.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of text", self.len())
    }
}

impl Goodbye {
    /// Reads the payload of a close frame.
    pub(super) fn read(mut payload: &[u8]) -> Result<Option<Self>, FrameError> {
        match *payload {
            [] => return Ok(None),
            [byte] => return Err(FrameError::HalfCloseCode { byte }),
            _ => {}
        }
        let code = payload.get_u16();
        // 1004 is reserved; 1005, 1006 and 1015 only tell an application what it did not get.
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(FrameError::CloseCode { code });
        }
        let reason = std::str::from_utf8(payload)
            .map_err(|error| FrameError::InvalidReason { valid_up_to: error.valid_up_to() })?;
        Ok(Some(Self { code, reason: reason.to_owned() }))
    }
}
