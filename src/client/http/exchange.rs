//! One exchange after the other on one stream.

use std::error::Error as StdError;
use std::pin::Pin;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::client::connect::BoxedStream;
use crate::client::limits::{MAX_HEAD_BYTES, MAX_HEADERS};

/// What is to be sent.
pub(crate) type HttpRequest = Request<Full<Bytes>>;
/// The head of an answer.
pub(crate) type Head = hyper::http::response::Parts;

/// How much of an answer's body is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyWish {
    /// Nothing.
    None,
    /// The start, at most so many bytes; it is only evidence, so that half of one will do, and
    /// none.
    Start(usize),
    /// All of it, which must not be more than so many bytes.
    Whole(usize),
}

/// There is no answer, or no whole one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFailure {
    /// Not even the head of an answer came.
    #[error("no answer came")]
    NoAnswer(#[source] hyper::Error),
    /// The body of the answer broke off.
    #[error("the answer broke off")]
    Body(#[source] Box<dyn StdError + Send + Sync>),
    /// The body of the answer is larger than it may be.
    #[error("the answer has more than {limit} bytes")]
    TooLarge { limit: usize },
}

type Driving = http1::Connection<TokioIo<BoxedStream>, Full<Bytes>>;

/// A connection that is driven only while an answer is waited for.
pub(crate) struct HttpConnection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driving: Option<Pin<Box<Driving>>>,
}

impl HttpConnection {
    pub(crate) async fn open(stream: BoxedStream) -> Result<Self, HttpFailure> {
        let (sender, driving) = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(HttpFailure::NoAnswer)?;
        Ok(Self { sender, driving: Some(Box::pin(driving)) })
    }

    /// Whether another request may go this way, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.driving.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and reads as much of the answer as `wish` says of its head.
    pub(crate) async fn exchange(
        &mut self,
        request: HttpRequest,
        wish: impl FnOnce(&Head) -> BodyWish,
    ) -> Result<(Head, Bytes), HttpFailure> {
        let sender = &mut self.sender;
        let exchange = async {
            sender.ready().await.map_err(HttpFailure::NoAnswer)?;
            let response = sender.send_request(request).await.map_err(HttpFailure::NoAnswer)?;
            let (head, body) = response.into_parts();
            let body = read(body, wish(&head)).await?;
            Ok((head, body))
        };
        let Some(driving) = &mut self.driving else { return exchange.await };
        // The connection may end before the answer has been looked at; the answer says then how
        // that went.
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            _ended = driving => {
                self.driving = None;
                exchange.await
            }
        }
    }
}

async fn read(mut body: Incoming, wish: BodyWish) -> Result<Bytes, HttpFailure> {
    match wish {
        BodyWish::None => Ok(Bytes::new()),
        BodyWish::Start(limit) => {
            let mut start = Vec::new();
            while start.len() < limit {
                let Some(Ok(frame)) = body.frame().await else { break };
                let data = frame.into_data().unwrap_or_default();
                let room = limit.saturating_sub(start.len()).min(data.len());
                start.extend_from_slice(data.get(..room).unwrap_or_default());
            }
            Ok(start.into())
        }
        BodyWish::Whole(limit) => {
            // Piece by piece into one place, so that it is there once.
            let mut whole = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| HttpFailure::Body(error.into()))?;
                let data = frame.into_data().unwrap_or_default();
                if data.len() > limit.saturating_sub(whole.len()) {
                    return Err(HttpFailure::TooLarge { limit });
                }
                whole.extend_from_slice(&data);
            }
            Ok(whole.into())
        }
    }
}
