//! A WebSocket on which longhaul asks: welcome, one payload after the other, credit meanwhile.

use std::io;
use std::io::Cursor;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::delivery::{Checks, Delivery, Form, text_message, write_header};
use super::flow;
use super::stock::Stocks;

/// What is offered; what is used is what the request names.
const WELCOME: &str = r#"{"id":"welcome","success":true,"data":{"session":"1","version":"1","domains":["test"],"features":["stream","checksum","credit","binary"]}}"#;
/// Chunk size for those who name none, PROTOCOL 2.
const CHUNK_BYTES: u64 = 5 << 20;

/// A request as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    id: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    params: Params,
    chunk_size: Option<u64>,
    window: Option<u64>,
    #[serde(default)]
    features: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Params {
    size: u64,
    /// CRC-32 and offset on each chunk without `checksum` being agreed on.
    crc: bool,
    up_to: u64,
}

/// Serves one connection to its end. Pings are not answered: no run lasts for three of them, and
/// bytes are a sign of life.
pub(crate) async fn serve<S>(stream: S, rest: Vec<u8>, stocks: &Stocks) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let (read, mut write) = tokio::io::split(stream);
    let mut messages = Messages { read, bytes: rest };
    write.write_all(&text_message(WELCOME)).await?;
    write.flush().await?;
    let mut alias = 0;
    while let Some(request) = messages.next().await? {
        if (request.domain.as_str(), request.action.as_str()) == ("test", "payload") {
            alias += 1;
            deliver(&request, alias, &mut messages, &mut write, stocks).await?;
        }
    }
    let mut close = Vec::new();
    write_header(OpCode::Control(Control::Close), 0, &mut close);
    write.write_all(&close).await?;
    write.shutdown().await
}

async fn deliver<S>(
    request: &Request,
    alias: u32,
    messages: &mut Messages<S>,
    write: &mut WriteHalf<S>,
    stocks: &Stocks,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let has = |name: &str| request.features.iter().any(|feature| feature == name);
    let form = if has("binary") { Form::Binary } else { Form::Text };
    let checks = Checks { crc: has("checksum") || request.params.crc, digest: has("checksum") };
    let stock = stocks.of(request.chunk_size.unwrap_or(CHUNK_BYTES));
    let delivery =
        Delivery::new(stock, request.params.size, form, &request.id, checks).alias(alias);
    let window = request.window.filter(|_| has("credit")).unwrap_or(u64::MAX);
    let (grant, granted) = watch::channel(window);
    if let Some(accepted) = delivery.accepted() {
        write.write_all(&text_message(&accepted)).await?;
    }
    let sending = async {
        let granted = |seq| {
            let mut granted = granted.clone();
            async move { granted.wait_for(|most| *most >= seq).await.map_or(u64::MAX, |most| *most) }
        };
        flow::send(write, &delivery, granted).await?;
        write.write_all(&text_message(&delivery.complete())).await?;
        write.flush().await
    };
    let reading = async {
        while let Some(control) = messages.next().await? {
            if control.action == "credit" {
                grant.send_if_modified(|most| {
                    let is_more = control.params.up_to > *most;
                    *most = control.params.up_to.max(*most);
                    is_more
                });
            }
        }
        // A client that leaves while it is sent something.
        Err(io::ErrorKind::ConnectionAborted.into())
    };
    if window == u64::MAX {
        return sending.await;
    }
    tokio::select! {
        biased;
        sent = sending => sent,
        left = reading => left,
    }
}

/// The messages of a client, which masks them.
struct Messages<S> {
    read: ReadHalf<S>,
    bytes: Vec<u8>,
}

impl<S: AsyncRead> Messages<S> {
    /// The next request; none once the client closes or is gone. What is no request is skipped.
    ///
    /// Nothing is lost where this is dropped while it waits.
    async fn next(&mut self) -> io::Result<Option<Request>> {
        loop {
            let mut cursor = Cursor::new(&self.bytes);
            let parsed = FrameHeader::parse(&mut cursor).map_err(io::Error::other)?;
            if let Some((header, length)) = parsed {
                let start = usize::try_from(cursor.position()).map_err(io::Error::other)?;
                let end = start.saturating_add(usize::try_from(length).map_err(io::Error::other)?);
                if let Some(text) = self.bytes.get_mut(start..end) {
                    let mask = header.mask.unwrap_or_default();
                    text.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
                    let request = serde_json::from_slice(text).ok();
                    self.bytes.drain(..end);
                    match header.opcode {
                        OpCode::Control(Control::Close) => return Ok(None),
                        OpCode::Data(Data::Text) if request.is_some() => return Ok(request),
                        _ => continue,
                    }
                }
            }
            if self.read.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
    }
}
