//! What most peers begin with: the upgrade, a welcome, and the first request.

use std::future::Future;

use longhaul::proto::base64;
use serde_json::Value;

use crate::support::peer::{FINAL, Listening, Peer, TEXT, frame};

pub(crate) const KIB: usize = 1 << 10;
pub(crate) const MIB: usize = 1 << 20;
/// What a flood that is not about size has on the wire.
pub(crate) const FLOOD: usize = if cfg!(debug_assertions) { 8 * MIB } else { 128 * MIB };
/// What a message that is large has at most; with it goes how many MiB it may cost: itself twice, and
/// the base.
pub(crate) const LARGE: usize = if cfg!(debug_assertions) { 8 * MIB } else { 64 * MIB };
pub(crate) const MOST_LARGE: u64 = 16 + 2 * (LARGE / MIB) as u64;

/// The payload of honest answers.
pub(crate) const HELLO: &[u8] = b"hello world";
/// Everything that is built.
pub(crate) const ALL: &str = r#""stream","checksum","cancel","credit","resume","binary""#;
/// Streams, and nothing else.
pub(crate) const STREAM: &str = r#""stream""#;

/// A peer that has greeted, and the id of the request that came.
pub(crate) struct Asked {
    pub(crate) peer: Peer,
    pub(crate) id: String,
}

/// Greets with these features, takes the first request, and goes on with it.
pub(crate) fn asked<F: Future<Output = ()> + Send>(
    features: &'static str,
    serve: impl FnOnce(Asked) -> F + Send + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            let asking = listening.asking().await;
            let peer = asking.upgrade(frame(FINAL | TEXT, welcome(features).as_bytes())).await;
            let Some(asked) = next(peer).await else { return };
            serve(asked).await;
        })
    }
}

/// Sends some bytes to whoever has asked, and then nothing more.
pub(crate) fn sends(
    features: &'static str,
    bytes: impl FnOnce(&str) -> Vec<u8> + Send + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    asked(features, move |mut asked| async move {
        let bytes = bytes(&asked.id);
        asked.peer.send(&bytes).await;
        asked.peer.fall_silent().await;
    })
}

/// Sends these texts.
pub(crate) fn says(
    features: &'static str,
    texts: impl FnOnce(&str) -> Vec<String> + Send + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    sends(features, move |id| texts(id).iter().flat_map(|line| text(line)).collect())
}

/// Sends one piece again and again, and then an end.
pub(crate) fn floods(
    features: &'static str,
    bytes: usize,
    piece: impl FnOnce(&str) -> Vec<u8> + Send + 'static,
    end: impl FnOnce(&str) -> Vec<u8> + Send + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    asked(features, move |mut asked| async move {
        let piece = in_large_pieces(&piece(&asked.id));
        if asked.peer.flood(&piece, bytes, true).await {
            let end = end(&asked.id);
            asked.peer.send(&end).await;
            asked.peer.fall_silent().await;
        }
    })
}

/// Nothing more.
pub(crate) fn nothing(_: &str) -> Vec<u8> {
    Vec::new()
}

/// The next request on a connection; `None` once the client has gone.
pub(crate) async fn next(mut peer: Peer) -> Option<Asked> {
    loop {
        let sent = peer.next().await?;
        if sent.opcode != TEXT {
            continue;
        }
        let request: Value = serde_json::from_slice(&sent.payload).unwrap();
        // Controls are for nobody.
        if matches!(request["action"].as_str(), Some("credit" | "cancel" | "release")) {
            continue;
        }
        let id = request["id"].as_str().unwrap().to_owned();
        return Some(Asked { peer, id });
    }
}

pub(crate) fn welcome(features: &str) -> String {
    format!(r#"{{"id":"welcome","success":true,"data":{{"features":[{features}]}}}}"#)
}

/// A text in one frame.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(FINAL | TEXT, text.as_bytes())
}

/// The answer to a ping.
pub(crate) fn pong(id: &str) -> Vec<u8> {
    text(&format!(r#"{{"id":"{id}","success":true,"data":{{"pong":true}}}}"#))
}

pub(crate) fn chunk(id: &str, seq: u64, bytes: &[u8]) -> String {
    let data = base64::encode(bytes);
    format!(r#"{{"id":"{id}","type":"chunk","seq":{seq},"data":"{data}"}}"#)
}

pub(crate) fn complete(id: &str, total: u64) -> String {
    format!(r#"{{"id":"{id}","type":"complete","success":true,"totalChunks":{total},"data":{{}}}}"#)
}

/// What small frames are gathered to, so that a flood is one.
pub(crate) fn in_large_pieces(piece: &[u8]) -> Vec<u8> {
    piece.repeat((128 * KIB).div_ceil(piece.len().max(1)))
}
