//! Small peers that are no whole server.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use longhaul::proto::base64;
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, accept};

use crate::support::PATIENCE;

/// A peer that deals with one connection and then goes away.
pub(crate) fn peer(deal: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        deal(stream);
    });
    url
}

/// A peer that answers the upgrade with `status` and a page.
pub(crate) fn refusing(status: &'static str, page: &'static str) -> String {
    peer(move |mut stream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let length = page.len();
        // In one piece, since the client shows only what comes together with the header.
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{page}");
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

/// A port that nothing listens on.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A server that answers one request as the test says.
pub(crate) struct Held {
    socket: WebSocket<TcpStream>,
    id: String,
}

impl Held {
    /// Greets with these features, such as `"stream","cancel"`, and reads a request.
    pub(crate) fn accept(stream: TcpStream, features: &str) -> Self {
        let mut socket = accept(stream).unwrap();
        let welcome =
            format!(r#"{{"id":"welcome","success":true,"data":{{"features":[{features}]}}}}"#);
        socket.send(Message::text(welcome)).unwrap();
        let Message::Text(request) = socket.read().unwrap() else { panic!("no request") };
        let request: Value = serde_json::from_str(&request).unwrap();
        Self { socket, id: request["id"].as_str().unwrap().to_owned() }
    }

    /// Sends a frame with these members.
    pub(crate) fn send(&mut self, members: &str) {
        self.try_send(members).unwrap();
    }

    fn try_send(&mut self, members: &str) -> Result<(), Error> {
        self.socket.send(Message::text(format!(r#"{{"id":"{}",{members}}}"#, self.id)))
    }

    pub(crate) fn chunk(&mut self, seq: u32, bytes: impl AsRef<[u8]>) {
        self.try_chunk(seq, bytes).unwrap();
    }

    pub(crate) fn try_chunk(&mut self, seq: u32, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        let data = base64::encode(bytes.as_ref());
        self.try_send(&format!(r#""type":"chunk","seq":{seq},"data":"{data}""#))
    }

    /// Reads to the end and does as it is told: the actions asked for, and `close` if there was a goodbye.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut asked = Vec::new();
        while let Ok(message) = self.socket.read() {
            match message {
                Message::Text(text) => {
                    let request: Value = serde_json::from_str(&text).unwrap();
                    let action = request["action"].as_str().unwrap();
                    if action == "cancel" {
                        let error = r#""code":"CANCELLED","message":"stopped""#;
                        self.send(&format!(r#""type":"error","error":{{{error}}}"#));
                    }
                    asked.push(action.to_owned());
                }
                Message::Close(_) => asked.push("close".into()),
                _ => {}
            }
        }
        asked
    }
}
