//! The head of what a client asks, over HTTP or as if it did.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest head.
const MOST_BYTES: usize = 16 << 10;
/// How many headers a client may send.
const MOST_HEADERS: usize = 64;

/// What was asked for.
pub(crate) struct Head {
    /// The parts of the path.
    path: Vec<String>,
    query: Vec<(String, String)>,
    /// The key of a WebSocket's upgrade.
    key: Option<String>,
    /// What came behind the head.
    pub(crate) rest: Vec<u8>,
}

impl Head {
    /// Reads a head to its end.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            if let Some(head) = Self::parse(&bytes)? {
                return Ok(head);
            }
            if bytes.len() > MOST_BYTES || stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let key = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("sec-websocket-key"));
        let key = key.map(|header| derive_accept_key(header.value));
        Ok(Some(Self { path, query, key, rest: bytes[length..].to_vec() }))
    }

    /// The parts of the path.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// A number of the query, 0 if it is not there.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
    }

    /// The answer that opens a WebSocket, if one was asked for.
    pub(crate) fn upgrade(&self) -> io::Result<String> {
        let accept = self.key.as_deref().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        ))
    }
}
