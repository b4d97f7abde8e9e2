//! The direction from the server.

use std::io;

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::task::coop::consume_budget;
use tokio_tungstenite::tungstenite;

use super::Carrier;
use crate::proto::websocket::{FrameError, Message, MessageReader};

/// How much is read at a time where headers and small messages may come, in bytes.
const READ_BYTES: usize = 64 << 10;
/// How much is read behind a large message, in bytes: what follows is likely as large, and all but
/// its header is better read to where it belongs.
const HEADER_READ_BYTES: usize = 4 << 10;

/// Reads messages from a stream.
#[derive(Debug)]
pub(crate) struct Incoming {
    stream: ReadHalf<Carrier>,
    /// What was read and not looked at yet: headers, small messages, the start of a large one.
    input: BytesMut,
    reader: MessageReader,
    /// Whether the last bytes went into a large message.
    is_behind_large: bool,
    /// Whether the server has said goodbye; what comes after it is of no interest.
    is_closed: bool,
}

/// Why there is no next message.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The stream ended without a goodbye.
    Cut,
    /// Reading failed.
    Io(io::Error),
    /// What came is not WebSocket, or too much.
    Frame(FrameError),
    /// A ping could not be answered.
    Pong(tungstenite::Error),
}

impl Incoming {
    /// Reads on from `rest`, which has come before.
    pub(super) fn new(stream: ReadHalf<Carrier>, rest: &[u8], max_message_bytes: usize) -> Self {
        let mut input = BytesMut::with_capacity(READ_BYTES.max(rest.len()));
        input.put_slice(rest);
        let reader = MessageReader::new(max_message_bytes);
        Self { stream, input, reader, is_behind_large: false, is_closed: false }
    }

    /// Gives every chunk as the text it came in.
    #[cfg(feature = "check")]
    pub(crate) fn keep_texts(&mut self) {
        self.reader.keep_texts();
    }

    /// The next message or control frame.
    ///
    /// Cancel-safe: what has come of a message is kept.
    pub(crate) async fn next(&mut self) -> Result<Message, ReadError> {
        loop {
            // Thousands of messages may have come in one piece; others want to run as well.
            consume_budget().await;
            if self.is_closed {
                return Err(ReadError::Cut);
            }
            if let Some(message) = self.next_read() {
                return message;
            }
            let read = if let Some(room) = self.reader.room() {
                self.is_behind_large = true;
                let read = self.stream.read(room).await;
                self.reader.advance(*read.as_ref().unwrap_or(&0));
                read
            } else {
                let most = if self.is_behind_large { HEADER_READ_BYTES } else { READ_BYTES };
                let read = self.stream.read_buf(&mut room_behind(&mut self.input, most)).await;
                self.is_behind_large = false;
                read
            };
            if read.map_err(ReadError::Io)? == 0 {
                return Err(ReadError::Cut);
            }
        }
    }

    /// The next message, if all of it has been read already.
    pub(crate) fn next_read(&mut self) -> Option<Result<Message, ReadError>> {
        let message = self.reader.read(&mut self.input).map_err(ReadError::Frame).transpose()?;
        self.is_closed = matches!(message, Ok(Message::Close(_)));
        Some(message)
    }

    /// From the next message on, they may have `max_message_bytes`.
    pub(super) fn allow(&mut self, max_message_bytes: usize) {
        self.reader.set_max_message_bytes(max_message_bytes);
    }

    /// Frees memory that has not been needed for long.
    pub(crate) fn trim(&mut self) {
        self.reader.trim();
    }
}

/// Room for up to `most` bytes behind what is left of the last ones, which is little.
fn room_behind(input: &mut BytesMut, most: usize) -> Limit<&mut BytesMut> {
    let spare = input.capacity().saturating_sub(input.len());
    if input.is_empty() || spare < HEADER_READ_BYTES {
        // Moves that to the front; nothing is allocated.
        input.reserve(READ_BYTES.saturating_sub(input.len()).max(1));
    }
    let spare = input.capacity().saturating_sub(input.len());
    input.limit(most.min(spare))
}
