//! Chunks as binary messages, read by the table of PROTOCOL 6.5 and nothing of the crate's.

mod faults;
mod resume;

use longhaul::proto::Feature;
use longhaul::proto::checksum::{Crc32, Sha256};
use longhaul::server::{Profile, Script};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{
    Client, assert_demo, code, export, generated, generated_bytes, kind, of_kind, payload, request,
    seqs, serve,
};

/// A message from the server.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Text(Value),
    Binary(Vec<u8>),
}

/// A binary message, taken apart.
#[derive(Clone, Debug, PartialEq)]
struct Chunk {
    version: u8,
    flags: u8,
    alias: u32,
    seq: u64,
    offset: u64,
    crc32: u32,
    length: u32,
    bytes: Vec<u8>,
}

impl Chunk {
    fn read(message: &[u8]) -> Self {
        let number = |at: usize, size: usize| {
            let field = message[at..at + size].iter().rev();
            field.fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let small = |at| u32::try_from(number(at, 4)).unwrap();
        assert_eq!(&message[..2], b"LH");
        Self {
            version: message[2],
            flags: message[3],
            alias: small(4),
            seq: number(8, 8),
            offset: number(16, 8),
            crc32: small(24),
            length: small(28),
            bytes: message[32..].to_vec(),
        }
    }

    /// Fails unless the header fits the bytes.
    #[track_caller]
    fn assert_fits(&self, has_crc: bool) {
        let crc32 = if has_crc { Crc32::of(&self.bytes).0 } else { 0 };
        assert_eq!((self.version, self.flags, self.crc32), (1, u8::from(has_crc), crc32));
        assert_eq!(self.length as usize, self.bytes.len());
    }
}

async fn see(client: &mut Client) -> Seen {
    match client.message().await {
        Some(Ok(Message::Text(text))) => Seen::Text(serde_json::from_str(&text).unwrap()),
        Some(Ok(Message::Binary(bytes))) => Seen::Binary(bytes.into()),
        other => panic!("neither text nor binary but {other:?}"),
    }
}

/// All of one stream: the frames, the last being what ended it, and the chunks that are binary.
async fn stream(client: &mut Client) -> (Vec<Value>, Vec<Chunk>) {
    let (mut frames, mut chunks) = (Vec::new(), Vec::new());
    loop {
        match see(client).await {
            Seen::Binary(message) => chunks.push(Chunk::read(&message)),
            Seen::Text(frame) => {
                let is_last = matches!(kind(&frame), "complete" | "error" | "");
                frames.push(frame);
                if is_last {
                    return (frames, chunks);
                }
            }
        }
    }
}

/// A stream of `test.payload` that may have binary chunks, with these features beside.
fn binary(id: &str, size: u64, others: &[&str]) -> Value {
    let mut request = generated(id, size);
    let features: Vec<_> = others.iter().copied().chain(["binary"]).collect();
    request["features"] = json!(features);
    request
}

fn joined(chunks: &[Chunk]) -> Vec<u8> {
    chunks.iter().flat_map(|chunk| chunk.bytes.clone()).collect()
}

fn numbers(chunks: &[Chunk]) -> Vec<u64> {
    chunks.iter().map(|chunk| chunk.seq).collect()
}

/// The alias that an accepted frame gives.
fn alias(accepted: &Value) -> u32 {
    assert_eq!(kind(accepted), "accepted", "{accepted}");
    u32::try_from(accepted["alias"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn every_byte_is_as_the_protocol_has_it() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    assert!(client.welcome["data"]["features"].as_array().unwrap().contains(&json!("binary")));
    client.send(binary("a", 5, &["checksum"]).to_string()).await;
    let bytes = generated_bytes(5);
    let mut expected =
        vec![Message::text(r#"{"id":"a","type":"accepted","chunkSize":3,"alias":1}"#)];
    for (seq, offset, slice) in [(1_u64, 0_u64, &bytes[..3]), (2, 3, &bytes[3..])] {
        let mut message = b"LH\x01\x01\x01\0\0\0".to_vec();
        message.extend(seq.to_le_bytes());
        message.extend(offset.to_le_bytes());
        message.extend(Crc32::of(slice).0.to_le_bytes());
        message.extend(u32::try_from(slice.len()).unwrap().to_le_bytes());
        message.extend(slice);
        expected.push(Message::Binary(message.into()));
    }
    let sha256 = Sha256::of(&bytes);
    let complete = format!(
        "{{\"id\":\"a\",\"type\":\"complete\",\"success\":true,\"totalChunks\":2,\"size\":5,\
         \"sha256\":\"{sha256}\",\"data\":{{\"seed\":7,\"size\":5}}}}"
    );
    expected.push(Message::text(complete));
    for message in expected {
        assert_eq!(client.message().await.unwrap().unwrap(), message);
    }
    client.assert_quiet().await;
}

#[tokio::test]
async fn without_checksum_the_offset_stands_and_no_crc() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(binary("a", 8, &[]).to_string()).await;
    let (frames, chunks) = stream(&mut client).await;
    assert_eq!(joined(&chunks), generated_bytes(8));
    for (chunk, offset) in chunks.iter().zip([0, 3, 6]) {
        chunk.assert_fits(false);
        assert_eq!((chunk.alias, chunk.offset), (1, offset));
    }
    assert_eq!(numbers(&chunks), [1, 2, 3]);
    assert_eq!(frames.last().unwrap().get("sha256"), None);
}

#[tokio::test]
async fn what_was_not_agreed_on_stays_text() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(generated("a", 8).to_string()).await;
    let frames = client.frames().await;
    assert_eq!((kind(&frames[0]), payload(&frames)), ("chunk", generated_bytes(8)));
    // One answer has no chunks.
    let mut single = binary("b", 8, &["checksum"]);
    single["stream"] = json!(false);
    client.send(single.to_string()).await;
    let answer = client.frame().await;
    assert_eq!((kind(&answer), &answer["success"]), ("", &json!(true)));
    client.assert_quiet().await;
}

#[tokio::test]
async fn a_server_that_does_not_offer_it_ignores_it() {
    let (server, _folder) = serve(|builder| builder.without_feature(Feature::Binary)).await;
    let mut client = Client::connect(&server).await;
    let offered = &client.welcome["data"]["features"];
    assert_eq!(offered, &json!(["stream", "checksum", "cancel", "credit", "resume"]));
    client.send(binary("a", 8, &["checksum"]).to_string()).await;
    let frames = client.frames().await;
    assert_eq!((kind(&frames[0]), payload(&frames)), ("chunk", generated_bytes(8)));
    let (server, _folder) = serve(|builder| builder.profile(Profile::Seed)).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.welcome["data"].get("features"), None);
    let mut wanted: Value = serde_json::from_str(&export("b", 50)).unwrap();
    wanted["features"] = json!(["binary"]);
    client.send(wanted.to_string()).await;
    assert_demo(&payload(&client.frames().await));
}

#[tokio::test]
async fn a_server_may_agree_and_give_no_alias() {
    let script = Script::new().without_alias();
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(binary("a", 8, &["checksum"]).to_string()).await;
    let frames = client.frames().await;
    assert_eq!((kind(&frames[0]), payload(&frames)), ("chunk", generated_bytes(8)));
    let mut kept = binary("b", 8, &["checksum", "resume"]);
    kept["operation"] = json!(crate::operation::KEY);
    client.send(kept.to_string()).await;
    let frames = client.frames().await;
    assert_eq!((kind(&frames[0]), frames[0].get("alias")), ("accepted", None));
    assert_eq!(payload(&frames), generated_bytes(8));
}

#[tokio::test]
async fn a_payload_without_a_byte_has_no_chunk() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(binary("a", 0, &["checksum"]).to_string()).await;
    let (frames, chunks) = stream(&mut client).await;
    assert_eq!((frames.len(), chunks.len(), alias(&frames[0])), (2, 0, 1));
    assert_eq!(frames[1]["totalChunks"], 0);
}

#[tokio::test]
async fn no_alias_comes_twice_on_a_connection() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut aliases = Vec::new();
    for number in 0..5 {
        client.send(binary(&format!("a_{number}"), 8, &["checksum"]).to_string()).await;
        let (frames, chunks) = stream(&mut client).await;
        aliases.push(alias(&frames[0]));
        assert!(chunks.iter().all(|chunk| Some(&chunk.alias) == aliases.last()));
    }
    assert_eq!(aliases, [1, 2, 3, 4, 5]);
    // Another connection has its own.
    let mut other = Client::connect(&server).await;
    other.send(binary("b", 8, &[]).to_string()).await;
    assert_eq!(alias(&stream(&mut other).await.0[0]), 1);
}

#[tokio::test]
async fn streams_at_once_are_told_apart_by_their_aliases() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let sizes = [("a", 200), ("b", 100), ("c", 151), ("text", 120)];
    for (id, size) in sizes {
        let mut request = binary(id, size, &["checksum", "credit"]);
        request["window"] = json!(2);
        if id == "text" {
            request["features"] = json!(["credit"]);
        }
        client.send(request.to_string()).await;
    }
    for (id, _) in sizes {
        client
            .send(request(
                &format!("g_{id}"),
                "stream",
                "credit",
                json!({"target": id, "upTo": 999}),
            ))
            .await;
    }
    let (mut frames, mut chunks, mut ended) = (Vec::new(), Vec::new(), 0);
    while ended < sizes.len() {
        match see(&mut client).await {
            Seen::Binary(message) => chunks.push(Chunk::read(&message)),
            Seen::Text(frame) => {
                ended += usize::from(kind(&frame) == "complete");
                frames.push(frame);
            }
        }
    }
    let mut seen = Vec::new();
    for (id, size) in &sizes[..3] {
        let is_own = |frame: &&Value| kind(frame) == "accepted" && frame["id"] == *id;
        let alias = alias(frames.iter().find(is_own).unwrap());
        assert!(!seen.contains(&alias));
        seen.push(alias);
        let own: Vec<_> = chunks.iter().filter(|chunk| chunk.alias == alias).cloned().collect();
        for chunk in &own {
            chunk.assert_fits(true);
        }
        assert_eq!(joined(&own), generated_bytes(*size), "{id}");
    }
    assert!(chunks.iter().all(|chunk| seen.contains(&chunk.alias)));
    let texts: Vec<_> = frames.into_iter().filter(|frame| frame["id"] == "text").collect();
    assert_eq!(payload(&texts), generated_bytes(120));
}

#[tokio::test]
async fn a_grant_holds_for_binary_chunks() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut request = binary("a", 20, &["checksum", "credit"]);
    request["window"] = json!(3);
    client.send(request.to_string()).await;
    assert!(matches!(see(&mut client).await, Seen::Text(accepted) if alias(&accepted) == 1));
    let mut chunks = Vec::new();
    for _ in 0..3 {
        let Seen::Binary(message) = see(&mut client).await else { panic!("no chunk") };
        chunks.push(Chunk::read(&message));
    }
    client.assert_quiet().await;
    let grant = json!({"target": "a", "upTo": 5});
    client.send(crate::client::request("g", "stream", "credit", grant)).await;
    while chunks.len() < 5 {
        if let Seen::Binary(message) = see(&mut client).await {
            chunks.push(Chunk::read(&message));
        }
    }
    client.assert_quiet().await;
    let grant = json!({"target": "a", "upTo": 7});
    client.send(crate::client::request("h", "stream", "credit", grant)).await;
    loop {
        match see(&mut client).await {
            Seen::Binary(message) => chunks.push(Chunk::read(&message)),
            Seen::Text(frame) if kind(&frame) == "complete" => break,
            Seen::Text(_) => {}
        }
    }
    assert_eq!(
        (numbers(&chunks), joined(&chunks)),
        (vec![1, 2, 3, 4, 5, 6, 7], generated_bytes(20))
    );
}

#[tokio::test]
async fn a_stream_of_binary_chunks_is_stopped() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(binary("a", u64::MAX, &["checksum", "cancel"]).to_string()).await;
    for _ in 0..10 {
        see(&mut client).await;
    }
    client.send(request("c", "stream", "cancel", json!({"target": "a"}))).await;
    let (mut is_cancelled, mut is_answered) = (false, false);
    while !(is_cancelled && is_answered) {
        match see(&mut client).await {
            Seen::Binary(_) => assert!(!is_cancelled, "a chunk after the last frame"),
            Seen::Text(frame) if frame["id"] == "c" => is_answered = true,
            Seen::Text(frame) => is_cancelled = code(&frame) == "CANCELLED",
        }
    }
    client.assert_quiet().await;
}

#[tokio::test]
async fn exports_and_checks_have_binary_chunks_with_the_same_borders() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut export: Value = serde_json::from_str(&export("a", 50)).unwrap();
    client.send(export.to_string()).await;
    let text = client.frames().await;
    export["id"] = json!("b");
    export["features"] = json!(["checksum", "binary"]);
    client.send(export.to_string()).await;
    let (frames, chunks) = stream(&mut client).await;
    assert_eq!((payload(&text), seqs(&text)), (joined(&chunks), numbers(&chunks)));
    let borders: Vec<_> = of_kind(&text, "chunk").iter().map(|c| c["offset"].clone()).collect();
    assert_eq!(borders, chunks.iter().map(|c| json!(c.offset)).collect::<Vec<_>>());
    assert_eq!(frames.last().unwrap()["sha256"], text.last().unwrap()["sha256"]);
    assert_demo(&joined(&chunks));
}

#[tokio::test]
async fn a_payload_that_is_sent_while_it_is_made_has_binary_chunks() {
    let script = Script::new().payload(&b"0123456789"[..]);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    let check = json!({
        "id": "a", "domain": "atc", "action": "run", "params": {"packages": ["$DEMO"]},
        "stream": true, "chunkSize": 4, "features": ["checksum", "binary"],
    });
    client.send(check.to_string()).await;
    let (frames, chunks) = stream(&mut client).await;
    assert_eq!((joined(&chunks), numbers(&chunks)), (b"0123456789".to_vec(), vec![1, 2, 3]));
    assert!(of_kind(&frames, "chunk").is_empty());
    assert_eq!(alias(&frames[0]), 1);
    assert_eq!(frames.last().unwrap()["sha256"], Sha256::of(b"0123456789").to_string());
}
