//! tokio-tungstenite, whose messages are taken and dropped.

use futures::StreamExt;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::carrier::Carrier;
use super::{Said, Tally, Task, carrier};

pub(super) async fn run(
    task: &Task,
    binary: bool,
    read_buffer: Option<usize>,
) -> anyhow::Result<Said> {
    let tally = Tally::begin(task);
    let mut config = WebSocketConfig::default();
    if let Some(bytes) = read_buffer {
        config = config.read_buffer_size(bytes);
    }
    let target = task.target(if binary { "drain/binary" } else { "drain/text" });
    let url = format!("ws://127.0.0.1{target}");
    if task.tls {
        drain(carrier::tls(task).await?, &url, config, tally).await
    } else {
        drain(carrier::plain(task).await?, &url, config, tally).await
    }
}

async fn drain(
    stream: impl Carrier,
    url: &str,
    config: WebSocketConfig,
    mut tally: Tally,
) -> anyhow::Result<Said> {
    let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => tally.note(text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => tally.note(&bytes),
            Some(Ok(Message::Close(_))) => return Ok(tally.end()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => anyhow::bail!("the connection ended without a close"),
        }
    }
}
