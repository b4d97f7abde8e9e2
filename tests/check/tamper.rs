//! A proxy that takes WebSockets apart and changes the texts that go by.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{accept_async, client_async_with_config};

/// What becomes of a text: the texts that go on in its place.
pub(crate) type Change = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// A proxy before a server; it ends with the test.
pub(crate) struct Tamper(SocketAddr);

impl Tamper {
    /// Changes what goes up to the server, and what comes down from it.
    pub(crate) async fn before(
        server: SocketAddr,
        path: &'static str,
        up: Change,
        down: Change,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, server, path, up.clone(), down.clone()));
            }
        });
        Self(address)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

async fn carry(stream: TcpStream, server: SocketAddr, path: &str, up: Change, down: Change) {
    let Ok(client) = accept_async(stream).await else { return };
    let Ok(stream) = TcpStream::connect(server).await else { return };
    let url = format!("ws://{server}{path}");
    let config = WebSocketConfig::default();
    let Ok((server, _)) = client_async_with_config(url, stream, Some(config)).await else { return };
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    let upwards = async {
        while let Some(Ok(message)) = from_client.next().await {
            for message in changed(message, &up) {
                if to_server.send(message).await.is_err() {
                    return;
                }
            }
        }
    };
    let downwards = async {
        while let Some(Ok(message)) = from_server.next().await {
            for message in changed(message, &down) {
                if to_client.send(message).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = upwards => {}
        () = downwards => {}
    }
}

fn changed(message: Message, change: &Change) -> Vec<Message> {
    match message {
        Message::Text(text) => change(&text).into_iter().map(Message::text).collect(),
        // Both ends answer pings themselves.
        Message::Ping(_) | Message::Pong(_) => Vec::new(),
        other => vec![other],
    }
}
