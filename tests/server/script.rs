//! Every step of a script, as it shows on the wire.

use std::time::Duration;

use longhaul::proto::checksum::{Crc32, Sha256};
use longhaul::server::{Order, Profile, RawMessage, Script, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{
    Client, assert_demo, decoded, export, kind, of_kind, payload, request, seqs, serve,
};

const PAYLOAD: &[u8] = b"0123456789";

/// A connection to a server that follows the script with ten bytes as payload.
async fn connect(script: Script) -> (Client, Server, TempDir) {
    let script = script.payload(PAYLOAD);
    let (server, folder) = serve(|builder| builder.script(script)).await;
    (Client::connect(&server).await, server, folder)
}

/// The frames of an export in chunks of three bytes.
async fn frames(script: Script) -> Vec<Value> {
    let (mut client, _server, _folder) = connect(script).await;
    client.send(export("a", 3)).await;
    client.frames().await
}

/// What comes of such an export until nothing more does, and how it then ends.
async fn until_silent(script: Script) -> (Vec<u64>, Option<Message>) {
    let (mut client, _server, _folder) = connect(script).await;
    client.send(export("a", 3)).await;
    let mut chunks = Vec::new();
    loop {
        let silence = Duration::from_millis(300);
        match tokio::time::timeout(silence, client.message()).await {
            Err(_) => return (chunks, Some(Message::text("silence"))),
            Ok(Some(Ok(Message::Text(text)))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                chunks.extend((kind(&frame) == "chunk").then(|| frame["seq"].as_u64().unwrap()));
            }
            Ok(Some(Ok(message))) => return (chunks, Some(message)),
            Ok(Some(Err(_)) | None) => return (chunks, None),
        }
    }
}

#[tokio::test]
async fn a_payload_may_be_given() {
    let frames = frames(Script::new()).await;
    assert_eq!(seqs(&frames), [1, 2, 3, 4]);
    assert_eq!(payload(&frames), PAYLOAD);
    let complete = frames.last().unwrap();
    assert_eq!(complete["sha256"], Sha256::of(PAYLOAD).to_string());
    assert_eq!(complete["data"]["objectCount"], 3);
    let empty = Script::new().payload(Vec::new());
    let (server, _folder) = serve(|builder| builder.script(empty)).await;
    let mut client = Client::connect(&server).await;
    client.send(export("a", 3)).await;
    assert_eq!(client.frames().await.last().unwrap()["totalChunks"], 0);
}

#[tokio::test]
async fn order_and_repeats() {
    let reversed = Script::new().order(Order::Reversed);
    assert_eq!(seqs(&frames(reversed).await), [4, 3, 2, 1]);
    let shuffled = seqs(&frames(Script::new().order(Order::Shuffled(1))).await);
    assert_eq!(shuffled, seqs(&frames(Script::new().order(Order::Shuffled(1))).await));
    assert_eq!(shuffled.len(), 4);
    let twice = frames(Script::new().repeat_each()).await;
    assert_eq!(seqs(&twice), [1, 1, 2, 2, 3, 3, 4, 4]);
    let chunks = of_kind(&twice, "chunk");
    assert_eq!(chunks[0], chunks[1]);
    let altered = frames(Script::new().repeat_altered(2)).await;
    assert_eq!(seqs(&altered), [1, 2, 2, 3, 4]);
    let chunks = of_kind(&altered, "chunk");
    let (first, second) = (decoded(chunks[1]), decoded(chunks[2]));
    assert!(first != second && first.len() == second.len());
    assert_eq!(chunks[2]["crc32"], Crc32::of(&second).to_string());
}

#[tokio::test]
async fn counts_that_are_wrong() {
    let dropped = frames(Script::new().drop_chunk(2)).await;
    assert_eq!(seqs(&dropped), [1, 3, 4]);
    assert_eq!(dropped.last().unwrap()["totalChunks"], 4);
    let lied = frames(Script::new().total(9)).await;
    assert_eq!(lied.last().unwrap()["totalChunks"], 9);
    let from_zero = frames(Script::new().seq_zero()).await;
    assert_eq!(seqs(&from_zero), [0, 1, 2, 3]);
    let extra = frames(Script::new().extra_chunk_past_total()).await;
    assert_eq!(seqs(&extra), [1, 2, 3, 4, 5]);
    assert_eq!(extra.last().unwrap()["totalChunks"], 4);
    let sliced = frames(Script::new().ignore_chunk_size(5)).await;
    assert_eq!(seqs(&sliced), [1, 2]);
}

#[tokio::test]
async fn bytes_that_are_wrong() {
    let corrupted = frames(Script::new().corrupt_bit(4, 0)).await;
    let chunk = of_kind(&corrupted, "chunk")[1];
    assert_eq!(decoded(chunk), b"355");
    assert_eq!(chunk["crc32"], Crc32::of(b"345").to_string());
    assert_eq!(corrupted.last().unwrap()["sha256"], Sha256::of(PAYLOAD).to_string());
    let spoilt = frames(Script::new().invalid_base64(1)).await;
    assert!(of_kind(&spoilt, "chunk")[0]["data"].as_str().unwrap().starts_with('*'));
    let short = frames(Script::new().truncate_payload(4)).await;
    assert_eq!(payload(&short), &PAYLOAD[..4]);
    let complete = short.last().unwrap();
    assert_eq!((&complete["totalChunks"], &complete["size"]), (&json!(2), &json!(10)));
}

#[tokio::test]
async fn ends_that_are_wrong() {
    let refused = frames(Script::new().complete_unsuccessful()).await;
    let complete = refused.last().unwrap();
    assert_eq!((kind(complete), &complete["success"]), ("complete", &json!(false)));
    let failed = frames(Script::new().error_after(2, "GIT_ERROR", "no more")).await;
    assert_eq!(seqs(&failed), [1, 2]);
    let error = failed.last().unwrap();
    assert_eq!(error["error"], json!({"code": "GIT_ERROR", "message": "no more"}));
    let early = frames(Script::new().error_after(0, "X", "")).await;
    assert!(seqs(&early).is_empty());
    let never = frames(Script::new().error_after(5, "X", "")).await;
    assert_eq!(kind(never.last().unwrap()), "complete");
}

#[tokio::test]
async fn silence_and_cuts() {
    let (chunks, end) = until_silent(Script::new().stall_after(4)).await;
    assert_eq!((chunks, end), (vec![1, 2, 3, 4], Some(Message::text("silence"))));
    let (chunks, end) = until_silent(Script::new().cut_after(2)).await;
    assert_eq!((chunks, end), (vec![1, 2], None));
}

#[tokio::test]
async fn a_stalled_export_leaves_the_connection_alive() {
    let (mut client, _server, _folder) = connect(Script::new().stall_after(0)).await;
    client.send(export("a", 3)).await;
    // One for each of the three objects, one when all are done.
    for _ in 0..4 {
        assert_eq!(kind(&client.frame().await), "progress");
    }
    assert_eq!(client.ask("p", "system", "ping", json!({})).await["id"], "p");
}

#[tokio::test]
async fn raw_messages_replace_the_answer() {
    let raw = vec![
        r#"{"id":"{id}","type":"chunk"}"#.into(),
        RawMessage::Binary(vec![1, 2].into()),
        "junk".to_owned().into(),
        RawMessage::Close,
    ];
    for profile in [Profile::Full, Profile::Seed] {
        let script = Script::new().raw(raw.clone());
        let (server, _folder) = serve(|builder| builder.profile(profile).script(script)).await;
        let single = request("a", "git", "export", json!({"packages": ["$DEMO"]}));
        for text in [export("a", 3), single] {
            let mut client = Client::connect(&server).await;
            client.send(text).await;
            assert_eq!(client.frame().await, json!({"id": "a", "type": "chunk"}));
            let binary = client.message().await.unwrap().unwrap();
            assert_eq!(binary, Message::Binary(vec![1, 2].into()));
            assert_eq!(client.message().await.unwrap().unwrap(), Message::text("junk"));
            assert_eq!(client.message().await.unwrap().unwrap(), Message::Close(None));
            assert!(client.message().await.is_none());
        }
    }
    let script = Script::new().raw(vec!["one".into(), RawMessage::Cut, "two".into()]);
    let (mut client, _server, _folder) = connect(script).await;
    client.send(export("a", 3)).await;
    assert_eq!(client.message().await.unwrap().unwrap(), Message::text("one"));
    assert!(!matches!(client.message().await, Some(Ok(_))));
}

#[tokio::test]
async fn stray_messages_before_and_after() {
    let stray = |n: u8| vec![RawMessage::from(format!(r#"{{"id":"stray","type":"x{n}"}}"#))];
    let script = Script::new().before(stray(1)).after(stray(2));
    let (mut client, _server, _folder) = connect(script).await;
    client.send(export("a", 3)).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|last| last != "x2") {
        let frame = client.frame().await;
        if kind(&frame) != "progress" {
            kinds.push(kind(&frame).to_owned());
        }
    }
    assert_eq!(kinds, ["x1", "chunk", "chunk", "chunk", "chunk", "complete", "x2"]);
    client.send(request("b", "git", "export", json!({"packages": ["$DEMO"]}))).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(client.frame().await["id"].clone());
    }
    assert_eq!(ids, ["stray", "b", "stray"]);
}

#[tokio::test]
async fn a_script_may_hold_for_the_first_export_only() {
    let script = Script::new().cut_after(0).only_first(1);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(export("a", 1_000)).await;
    while let Some(Ok(message)) = client.message().await {
        assert!(message.into_text().unwrap().contains("progress"));
    }
    let mut client = Client::connect(&server).await;
    client.send(export("b", 1_000)).await;
    assert_demo(&payload(&client.frames().await));
}
