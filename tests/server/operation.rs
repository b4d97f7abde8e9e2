//! Requests with an operation key, as tests write and follow them.

use longhaul::proto::checksum::Sha256;
use longhaul::server::Server;
use serde_json::{Value, json};

use crate::client::{Client, generated, generated_bytes, kind, of_kind, payload};

pub(crate) const KEY: &str = "Wc3nP0wq7ZbE4m_Xk2TtRA";
/// The size of the payload: seven chunks.
pub(crate) const SIZE: u64 = 20;

/// A stream of `test.payload` that outlives its connection.
pub(crate) fn kept(id: &str) -> Value {
    let mut request = generated(id, SIZE);
    request["operation"] = json!(KEY);
    request
}

/// The resume of such a stream after its first `chunks` chunks.
pub(crate) fn resume(id: &str, epoch: &str, chunks: u64) -> Value {
    let offset = (chunks * 3).min(SIZE);
    let sha256 = Sha256::of(&generated_bytes(offset)).to_string();
    json!({
        "id": id, "domain": "stream", "action": "resume",
        "params": {
            "operation": KEY, "epoch": epoch, "nextSeq": chunks + 1, "offset": offset,
            "sha256": sha256,
        },
        "stream": true, "features": ["checksum", "cancel", "credit", "resume"],
    })
}

/// The epoch that an accepted frame names.
pub(crate) fn epoch(accepted: &Value) -> String {
    assert_eq!(kind(accepted), "accepted", "{accepted}");
    accepted["epoch"].as_str().unwrap().to_owned()
}

/// Runs such a stream to its end on a connection that is closed then; gives the epoch.
pub(crate) async fn run(server: &Server) -> String {
    let mut client = Client::connect(server).await;
    client.send(kept("a").to_string()).await;
    let frames = client.frames().await;
    assert_whole(&frames, 0);
    client.close().await;
    epoch(&frames[0])
}

/// Whether these are all frames of the stream after its first `chunks` chunks.
pub(crate) fn assert_whole(frames: &[Value], chunks: u64) {
    let (bytes, complete) = (generated_bytes(SIZE), frames.last().unwrap());
    let start = usize::try_from((chunks * 3).min(SIZE)).unwrap();
    assert_eq!(of_kind(frames, "accepted").len(), 1);
    assert_eq!(kind(&frames[0]), "accepted");
    assert_eq!(payload(frames), bytes[start..]);
    let numbers: Vec<_> = (chunks + 1..=7).collect();
    assert_eq!(crate::client::seqs(frames), numbers);
    assert_eq!((kind(complete), &complete["totalChunks"]), ("complete", &json!(7)));
    assert_eq!(complete["sha256"], Sha256::of(&bytes).to_string());
    assert_eq!((&complete["size"], &complete["data"]["seed"]), (&json!(SIZE), &json!(7)));
}

/// What a resume is answered, the first frame.
pub(crate) async fn answer(client: &mut Client, resume: &Value) -> Value {
    client.send(resume.to_string()).await;
    client.frame().await
}
