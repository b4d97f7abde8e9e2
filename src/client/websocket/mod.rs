//! A WebSocket once it is open: messages in by a reader of our own, messages out by the library's.
//!
//! Reading is ours because a payload is all in what is read: it goes from the socket into memory
//! that is used again ([`MessageReader`]). What is sent is small, and the library masks it.
//!
//! [`MessageReader`]: crate::proto::websocket::MessageReader

mod head;
mod incoming;
mod outgoing;

use bytes::Bytes;
use futures::SinkExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Outgoing;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

pub use head::HeadError;
pub(crate) use head::HeadFirst;
pub(crate) use incoming::{Incoming, ReadError};
use outgoing::WriteSide;

use super::connect::BoxedStream;
use super::limits::{MAX_WRITE_BUFFER_BYTES, WRITE_BUFFER_BYTES};
use super::meter::{Metered, Traffic};
use crate::proto::websocket::Message;

/// Whatever carries the bytes, plain or encrypted, and counts them.
pub(crate) type Carrier = Metered<BoxedStream>;

/// Takes the messages that are to be sent.
pub(crate) type Sink = WebSocketStream<WriteSide>;

/// Both directions of an open WebSocket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) incoming: Incoming,
    pub(crate) sink: Sink,
    pub(crate) traffic: Traffic,
}

impl Socket {
    /// The WebSocket on a stream whose upgrade is done; what came behind the answer is `rest`.
    ///
    /// Messages may have `max_message_bytes` until [`allow`](Self::allow) says otherwise.
    pub(crate) async fn open(carrier: Carrier, rest: &[u8], max_message_bytes: usize) -> Self {
        let traffic = carrier.traffic();
        let (read_half, write_half) = tokio::io::split(carrier);
        let side = WriteSide::new(write_half);
        let sink = WebSocketStream::from_raw_socket(side, Role::Client, Some(config())).await;
        let incoming = Incoming::new(read_half, rest, max_message_bytes);
        Self { incoming, sink, traffic }
    }

    /// From the next message on, they may have `max_message_bytes`.
    pub(crate) fn allow(&mut self, max_message_bytes: usize) {
        self.incoming.allow(max_message_bytes);
    }

    /// The next message; pings are answered before.
    pub(crate) async fn next(&mut self) -> Result<Message, ReadError> {
        loop {
            match self.incoming.next().await? {
                Message::Ping(bytes) => self.answer(bytes).await?,
                Message::Pong => {}
                message => return Ok(message),
            }
        }
    }

    async fn answer(&mut self, ping: Bytes) -> Result<(), ReadError> {
        self.sink.send(Outgoing::Pong(ping)).await.map_err(ReadError::Pong)
    }
}

/// How the library writes, and all that is asked of it before: nothing is read by it, so it may take
/// no message.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(0)
        .max_message_size(Some(0))
        .max_frame_size(Some(0))
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
}
