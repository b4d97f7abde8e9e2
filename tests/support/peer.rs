//! A peer that writes whatever bytes it is told to, and shows which frames come back.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::proxy::frame_header;

pub const FINAL: u8 = 0x80;
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A frame as a server writes it.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = frame_header(first, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// A peer nobody has connected to yet.
pub struct Listening(TcpListener);

/// A client that has asked for an upgrade, or for something else over HTTP.
pub struct Asking {
    stream: TcpStream,
    /// What it has sent, up to the empty line.
    pub head: String,
}

/// A peer with a WebSocket open.
pub struct Peer(TcpStream);

/// What the client has sent in one frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Sent {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl Peer {
    pub async fn listen() -> Listening {
        Listening(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        // A client that has heard enough hangs up.
        let _ = self.0.write_all(bytes).await;
    }

    /// Sends `piece` again and again, `most_bytes` in all, and reads what comes meanwhile, if it
    /// `listens`. False if the client has gone before.
    pub async fn flood(&mut self, piece: &[u8], most_bytes: usize, listens: bool) -> bool {
        let (mut from, mut to) = self.0.split();
        let writing = async {
            for _ in 0..most_bytes.div_ceil(piece.len().max(1)) {
                to.write_all(piece).await?;
            }
            std::io::Result::Ok(())
        };
        let reading = async {
            if listens {
                let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            written = writing => written.is_ok(),
            () = reading => false,
        }
    }

    /// Says nothing more, and reads until the client has gone.
    pub async fn fall_silent(mut self) {
        let _ = tokio::io::copy(&mut self.0, &mut tokio::io::sink()).await;
    }

    /// The next frame; `None` once the client has gone.
    pub async fn next(&mut self) -> Option<Sent> {
        let first = self.0.read_u8().await.ok()?;
        assert_eq!(first & 0xF0, FINAL, "one frame a message");
        let second = self.0.read_u8().await.ok()?;
        assert_eq!(second & 0x80, 0x80, "a client masks");
        let len = match second & 0x7F {
            126 => self.0.read_u16().await.ok()?.into(),
            127 => self.0.read_u64().await.ok()?,
            len => len.into(),
        };
        let mut mask = [0; 4];
        self.0.read_exact(&mut mask).await.ok()?;
        let mut payload = vec![0; usize::try_from(len).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Some(Sent { opcode: first & 0x0F, payload })
    }

    /// The next text.
    pub async fn text(&mut self) -> String {
        loop {
            let sent = self.next().await.expect("the client has gone");
            if sent.opcode == TEXT {
                return String::from_utf8(sent.payload).unwrap();
            }
        }
    }

    /// The code of the close that the client sends before it goes; `None` if it has none.
    pub async fn goodbye(&mut self) -> Option<u16> {
        loop {
            let sent = self.next().await.expect("the client went without a word");
            if sent.opcode == CLOSE {
                return sent.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
    }
}

impl Listening {
    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// The next client, once it has asked; its body is read, and nothing is answered yet.
    pub async fn asking(&self) -> Asking {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // A client that hangs up has asked for nothing more.
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let mut asking = Asking { stream, head: String::from_utf8(head).unwrap() };
        let body = asking.header("content-length").map_or(0, |len| len.parse().unwrap());
        let _ = asking.stream.read_exact(&mut vec![0; body]).await;
        asking
    }

    /// Answers an upgrade, with `frames` in the same write.
    pub async fn accept(self, frames: Vec<u8>) -> Peer {
        self.asking().await.upgrade(frames).await
    }
}

impl Asking {
    /// The value of a header of the request, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The head of an answer that takes the upgrade, with more headers, each with its line end.
    pub fn taking(&self, more: &str) -> String {
        let accept = derive_accept_key(self.header("sec-websocket-key").unwrap().as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
        )
    }

    /// Answers the upgrade, with `frames` in the same write.
    pub async fn upgrade(self, frames: Vec<u8>) -> Peer {
        let mut answer = self.taking("").into_bytes();
        answer.extend(frames);
        let mut peer = self.into_peer();
        peer.0.write_all(&answer).await.unwrap();
        peer
    }

    /// Goes on with whatever bytes.
    pub fn into_peer(self) -> Peer {
        Peer(self.stream)
    }
}
