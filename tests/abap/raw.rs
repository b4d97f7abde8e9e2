//! A connection on which any text can be sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::host::{Host, PATH};
use crate::support::deadline;

pub(crate) struct Raw(WebSocketStream<TcpStream>);

impl Raw {
    /// Logs on, and reads the welcome.
    pub(crate) async fn connect(host: &Host, user: &str) -> Self {
        let mut request = format!("ws://{}{PATH}", host.address).into_client_request().unwrap();
        let logon = format!("Basic {}", STANDARD.encode(format!("{user}:secret")));
        request.headers_mut().insert("authorization", logon.parse().unwrap());
        let tcp = deadline(TcpStream::connect(host.address)).await.unwrap();
        let (socket, _) = deadline(client_async(request, tcp)).await.unwrap();
        let mut raw = Self(socket);
        assert_eq!(raw.frame().await["id"], "welcome");
        raw
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        deadline(self.0.send(message.into())).await.unwrap();
    }

    /// The next text message.
    pub(crate) async fn frame(&mut self) -> Value {
        match deadline(self.0.next()).await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The last frame that an id has, and the number of its chunks.
    pub(crate) async fn last_frame_of(&mut self, id: &str) -> (Value, u64) {
        let mut chunks = 0;
        loop {
            let frame = self.frame().await;
            if frame["id"] != id {
                continue;
            }
            match frame["type"].as_str() {
                Some("chunk") => chunks += 1,
                Some("progress" | "accepted" | "warning") => {}
                _ => return (frame, chunks),
            }
        }
    }

    /// The code of the error that answers a request.
    pub(crate) async fn error_code(&mut self, text: &str) -> (String, String) {
        self.send(text).await;
        let frame = self.frame().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&frame["id"]), text(&frame["error"]["code"]))
    }
}
