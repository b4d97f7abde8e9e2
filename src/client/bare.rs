//! A connection as it is: what comes is given as it came, and what is sent goes out as it is given.
//!
//! For whoever looks at how a server writes; everybody else has [`Client`](super::Client).

use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message as Outgoing;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::connect::{self, ConnectError};
use super::error::CloseCause;
use super::link::Way;
use super::websocket::{ReadError, Socket};
use crate::proto::websocket::{FrameError, Goodbye, Message, MessageText};

/// A WebSocket that has been opened with all that a client's settings say, welcome unread.
#[derive(Debug)]
pub(crate) struct BareConnection(Socket);

/// What came.
#[derive(Debug)]
pub(crate) enum Came {
    Text(MessageText),
    Binary(Bytes),
    Pong,
    Close(Option<Goodbye>),
}

/// Why nothing more comes, or goes.
#[derive(Debug)]
pub(crate) enum BareError {
    /// What came is no WebSocket.
    Frame(FrameError),
    Gone(CloseCause),
}

impl BareConnection {
    /// Opens a connection.
    pub(crate) async fn open(way: &Way) -> Result<Self, ConnectError> {
        let mut socket = connect::open(&way.endpoint, &*way.credentials, &way.settings).await?;
        socket.incoming.keep_texts();
        Ok(Self(socket))
    }

    /// How long connecting may take, welcome included.
    pub(crate) fn connect_limit(way: &Way) -> Duration {
        way.settings.connect_timeout
    }

    /// The next message; pings are answered before.
    ///
    /// Cancel-safe, but for the answer to a ping.
    pub(crate) async fn next(&mut self) -> Result<Came, BareError> {
        loop {
            return Ok(match self.0.incoming.next().await? {
                Message::Ping(bytes) => {
                    self.send(Outgoing::Pong(bytes)).await?;
                    continue;
                }
                Message::Text(text) => Came::Text(text),
                // Nothing is decoded while texts are kept.
                Message::Chunk(_) => continue,
                Message::Binary(bytes) => Came::Binary(bytes),
                Message::Pong => Came::Pong,
                Message::Close(goodbye) => Came::Close(goodbye),
            });
        }
    }

    pub(crate) async fn send_text(&mut self, text: String) -> Result<(), BareError> {
        self.send(Outgoing::text(text)).await
    }

    pub(crate) async fn send_binary(&mut self, bytes: &'static [u8]) -> Result<(), BareError> {
        self.send(Outgoing::binary(bytes)).await
    }

    pub(crate) async fn ping(&mut self) -> Result<(), BareError> {
        self.send(Outgoing::Ping(Bytes::from_static(b"longhaul"))).await
    }

    /// Says goodbye; the server's is still to be read.
    pub(crate) async fn close(&mut self) -> Result<(), BareError> {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.send(Outgoing::Close(Some(frame))).await
    }

    /// Ends the connection without a goodbye, and waits until the server has ended it too, which is
    /// when it knows: for `limit` at most.
    pub(crate) async fn lose(mut self, limit: Duration) {
        let noticed = async {
            // One that is broken is lost already.
            let _ = self.0.sink.get_mut().shutdown().await;
            while self.next().await.is_ok() {}
        };
        let _ = tokio::time::timeout(limit, noticed).await;
    }

    async fn send(&mut self, message: Outgoing) -> Result<(), BareError> {
        self.0.sink.send(message).await.map_err(|e| BareError::Gone(CloseCause::from_library(e)))
    }
}

impl From<ReadError> for BareError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Frame(error) => Self::Frame(error),
            error => Self::Gone(CloseCause::from_read(error)),
        }
    }
}
