//! The bare library: the text of a request out, the text of an answer in, nothing matched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::job::{Figures, Many, Way};
use super::process::Cost;

/// What longhaul writes for a request to this server, to the byte.
const REQUEST: &str = r#"{"id":"system_123456","domain":"system","action":"ping","params":{},"timeout":600000,"features":["cancel"]}"#;

/// How long requests run before they are counted.
pub(crate) const WARM_UP: Duration = Duration::from_millis(200);

pub(crate) async fn run(url: &str, many: Many, way: Way) -> Figures {
    let count = Arc::new(AtomicU64::new(0));
    tokio::spawn(exchange(url.to_owned(), many.in_flight, way, Arc::clone(&count)));
    measure(&count, many.ms).await
}

/// What is counted in `ms` milliseconds.
pub(crate) async fn measure(count: &AtomicU64, ms: u64) -> Figures {
    tokio::time::sleep(WARM_UP).await;
    let (cost, before) = (Cost::begin(), count.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_millis(ms)).await;
    let counted = count.load(Ordering::Relaxed) - before;
    assert!(counted > 0, "nothing was answered");
    cost.end(counted as f64)
}

async fn exchange(url: String, in_flight: usize, way: Way, count: Arc<AtomicU64>) {
    let address = url.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut socket, _) =
        tokio_tungstenite::client_async(format!("ws://{address}/"), stream).await.unwrap();
    let _welcome = socket.next().await.unwrap().unwrap();
    let request = Message::Text(Utf8Bytes::from_static(REQUEST));
    for _ in 0..in_flight {
        socket.feed(request.clone()).await.unwrap();
    }
    socket.flush().await.unwrap();
    loop {
        let answer = match way {
            Way::OneByOne => socket.next().await,
            Way::Gathered => {
                if let Some(answer) = socket.next().now_or_never() {
                    answer
                } else {
                    socket.flush().await.unwrap();
                    socket.next().await
                }
            }
        };
        assert!(answer.unwrap().unwrap().is_text());
        count.fetch_add(1, Ordering::Relaxed);
        match way {
            Way::OneByOne => socket.send(request.clone()).await.unwrap(),
            Way::Gathered => socket.feed(request.clone()).await.unwrap(),
        }
    }
}
