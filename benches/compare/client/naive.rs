//! What one writes without a thought: each message an owned string and a JSON value, the base64 kept
//! by number, joined at the end and decoded once.

use std::collections::HashMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use serde_json::Value;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::{Said, Tally, Task, carrier};

pub(super) async fn run(task: &Task) -> anyhow::Result<Said> {
    let tally = Tally::begin(task);
    let url = format!("ws://127.0.0.1{}", task.target("drain/text"));
    let (mut socket, _) = client_async(&url, carrier::plain(task).await?).await?;
    let mut chunks: HashMap<u64, String> = HashMap::new();
    let total = loop {
        let message = socket.next().await.context("the connection ended")??;
        let Message::Text(text) = message else { continue };
        let text: String = text.as_str().to_owned();
        let frame: Value = serde_json::from_str(&text)?;
        match frame["type"].as_str() {
            Some("chunk") => {
                let seq = frame["seq"].as_u64().context("a chunk without a number")?;
                let data = frame["data"].as_str().context("a chunk without data")?;
                chunks.insert(seq, data.to_owned());
            }
            Some("complete") => break frame["totalChunks"].as_u64().context("no total")?,
            _ => {}
        }
    };
    let mut joined = String::new();
    for seq in 1..=total {
        joined.push_str(chunks.get(&seq).context("a chunk is missing")?);
    }
    let payload = STANDARD.decode(joined)?;
    Ok(tally.whole(&payload))
}
