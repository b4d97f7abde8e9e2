//! A server that costs next to nothing: greets, answers each request at once, and sends payloads
//! that were encoded before.

use std::collections::{HashMap, VecDeque};

use futures::{FutureExt, SinkExt, StreamExt};
use longhaul::proto::request::IncomingRequest;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const WELCOME: &str = r#"{"id":"welcome","success":true,"data":{"session":"bench","version":"1","domains":["system"],"features":["stream","cancel"]}}"#;

/// Takes connections for ever.
pub(crate) async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(answer(stream));
    }
}

async fn answer(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    socket.send(Message::text(WELCOME)).await.ok()?;
    let (mut payloads, mut encoded) = (VecDeque::new(), Encoded::default());
    loop {
        let message = match socket.next().now_or_never() {
            Some(message) => message,
            None if payloads.is_empty() => {
                socket.flush().await.ok()?;
                socket.next().await
            }
            None => {
                send_chunk(&mut socket, &mut payloads, &mut encoded).await?;
                continue;
            }
        };
        match message?.ok()? {
            Message::Text(text) => {
                if let Some(payload) = Prepared::read(&text) {
                    // A new one comes first, as any server that cares for answers would have it.
                    payloads.push_front(payload);
                } else {
                    let id = text.split('"').nth(3)?;
                    let text = format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true}}}}"#);
                    socket.feed(Message::text(text)).await.ok()?;
                }
            }
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

/// Sends the next chunk of the payload whose turn it is.
async fn send_chunk(
    socket: &mut WebSocketStream<TcpStream>,
    payloads: &mut VecDeque<Prepared>,
    encoded: &mut Encoded,
) -> Option<()> {
    let mut payload = payloads.pop_front()?;
    let (frame, is_last) = payload.next_frame(encoded);
    socket.feed(Message::text(frame)).await.ok()?;
    if !is_last {
        payloads.push_back(payload);
    }
    Some(())
}

/// A payload on its way: the same bytes again and again.
struct Prepared {
    id: String,
    chunk_bytes: u64,
    left: u64,
    seq: u64,
}

impl Prepared {
    fn read(text: &str) -> Option<Self> {
        if !text.contains(r#""action":"payload""#) {
            return None;
        }
        let request = IncomingRequest::read(text).ok()?;
        let left = request.params.get("size")?.as_u64()?;
        Some(Self { id: request.id, chunk_bytes: request.chunk_bytes?, left, seq: 0 })
    }

    /// The next frame, and whether it is the last.
    fn next_frame(&mut self, encoded: &mut Encoded) -> (String, bool) {
        let (id, seq) = (&self.id, self.seq);
        if self.left == 0 {
            let head = format!(r#"{{"id":"{id}","type":"complete","success":true"#);
            return (format!(r#"{head},"totalChunks":{seq}}}"#), true);
        }
        let bytes = self.left.min(self.chunk_bytes);
        self.left -= bytes;
        self.seq += 1;
        let head = format!(r#"{{"id":"{id}","type":"chunk","seq":{},"data":""#, self.seq);
        (format!(r#"{head}{}"}}"#, encoded.of(bytes)), false)
    }
}

/// What stands between the quotes in a chunk of so many bytes.
#[derive(Default)]
struct Encoded(HashMap<u64, String>);

impl Encoded {
    fn of(&mut self, bytes: u64) -> &str {
        self.0.entry(bytes).or_insert_with(|| {
            let bytes: Vec<_> = (0..bytes).map(|n| (n % 251).to_le_bytes()[0]).collect();
            longhaul::proto::base64::encode(&bytes)
        })
    }
}
