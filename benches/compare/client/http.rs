//! A download with hyper: what one would do if there were no WebSocket.

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::carrier::Carrier;
use super::{Said, Tally, Task, carrier};

pub(super) async fn run(task: &Task, in_memory: bool) -> anyhow::Result<Said> {
    let tally = Tally::begin(task);
    let target = task.target("download");
    if task.tls {
        download(carrier::tls(task).await?, &target, in_memory, tally).await
    } else {
        download(carrier::plain(task).await?, &target, in_memory, tally).await
    }
}

async fn download(
    stream: impl Carrier + 'static,
    target: &str,
    in_memory: bool,
    mut tally: Tally,
) -> anyhow::Result<Said> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(target).header("host", "127.0.0.1").body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    anyhow::ensure!(response.status().is_success(), "status {}", response.status());
    let mut body = response.into_body();
    // No length is believed here either: as longhaul, memory grows with what comes.
    let mut payload = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if in_memory {
            payload.extend_from_slice(&piece);
        } else {
            tally.note(&piece);
        }
    }
    Ok(if in_memory { tally.whole(&payload) } else { tally.end() })
}
