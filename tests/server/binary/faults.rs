//! A script's steps, as they show in binary chunks.

use longhaul::proto::checksum::{Crc32, Sha256};
use longhaul::server::{HeaderFault, Order, Script};
use serde_json::{Value, json};

use super::{Chunk, Seen, binary, joined, numbers, see, stream};
use crate::client::{Client, export, kind, of_kind, seqs, serve};

const PAYLOAD: &[u8] = b"0123456789";

/// An export of ten bytes in chunks of three.
fn exported() -> Value {
    let mut request: Value = serde_json::from_str(&export("a", 3)).unwrap();
    request["features"] = json!(["checksum", "binary"]);
    request
}

async fn follow(script: Script) -> (Vec<Value>, Vec<Chunk>) {
    let (server, _folder) = serve(|builder| builder.script(script.payload(PAYLOAD))).await;
    let mut client = Client::connect(&server).await;
    client.send(exported().to_string()).await;
    stream(&mut client).await
}

async fn chunks(script: Script) -> Vec<Chunk> {
    follow(script).await.1
}

/// The first chunk as it stands on the wire.
async fn first(fault: HeaderFault) -> Vec<u8> {
    let script = Script::new().payload(PAYLOAD).spoil_header(1, fault);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(exported().to_string()).await;
    loop {
        if let Seen::Binary(message) = see(&mut client).await {
            return message;
        }
    }
}

#[tokio::test]
async fn order_repeats_and_counts() {
    assert_eq!(numbers(&chunks(Script::new().order(Order::Reversed)).await), [4, 3, 2, 1]);
    let twice = chunks(Script::new().repeat_each()).await;
    assert_eq!(numbers(&twice), [1, 1, 2, 2, 3, 3, 4, 4]);
    assert_eq!(twice[0], twice[1]);
    let altered = chunks(Script::new().repeat_altered(2)).await;
    assert_eq!(numbers(&altered), [1, 2, 2, 3, 4]);
    assert_ne!(altered[1].bytes, altered[2].bytes);
    for chunk in &altered {
        chunk.assert_fits(true);
    }
    assert_eq!(numbers(&chunks(Script::new().drop_chunk(2)).await), [1, 3, 4]);
    assert_eq!(numbers(&chunks(Script::new().seq_zero()).await), [0, 1, 2, 3]);
    let (frames, extra) = follow(Script::new().extra_chunk_past_total()).await;
    assert_eq!((numbers(&extra), extra[4].offset), (vec![1, 2, 3, 4, 5], 10));
    assert_eq!(frames.last().unwrap()["totalChunks"], 4);
    let (frames, _) = follow(Script::new().total(9)).await;
    assert_eq!(frames.last().unwrap()["totalChunks"], 9);
    assert_eq!(numbers(&chunks(Script::new().ignore_chunk_size(5)).await), [1, 2]);
}

#[tokio::test]
async fn bytes_that_are_wrong() {
    let (frames, corrupted) = follow(Script::new().corrupt_bit(4, 0)).await;
    assert_eq!((&corrupted[1].bytes[..], corrupted[1].crc32), (&b"355"[..], Crc32::of(b"345").0));
    assert_eq!(frames.last().unwrap()["sha256"], Sha256::of(PAYLOAD).to_string());
    assert_eq!(joined(&chunks(Script::new().truncate_payload(4)).await), PAYLOAD[..4]);
    // There is no base64 to spoil.
    let sound = chunks(Script::new().invalid_base64(1)).await;
    assert_eq!(joined(&sound), PAYLOAD);
}

#[tokio::test]
async fn errors_come_between_binary_chunks() {
    let (frames, chunks) = follow(Script::new().error_after(2, "GIT_ERROR", "no more")).await;
    assert_eq!(numbers(&chunks), [1, 2]);
    assert_eq!(frames.last().unwrap()["error"]["code"], "GIT_ERROR");
}

#[tokio::test]
async fn a_chunk_may_come_as_text() {
    let (frames, chunks) = follow(Script::new().text_chunk(2)).await;
    assert_eq!((numbers(&chunks), seqs(&frames)), (vec![1, 3, 4], vec![2]));
    assert_eq!(of_kind(&frames, "chunk")[0]["offset"], 3);
}

#[tokio::test]
async fn headers_that_are_wrong() {
    let crc = Crc32::of(b"012").0.to_le_bytes();
    let sound = [
        &b"LH\x01\x01\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..],
        &crc,
        &[3, 0, 0, 0],
        b"012",
    ]
    .concat();
    let with = |at: usize, bytes: &[u8]| {
        let mut message = sound.clone();
        message[at..at + bytes.len()].copy_from_slice(bytes);
        message
    };
    let mut no_crc = with(3, &[0]);
    no_crc[24..28].fill(0);
    for (fault, expected) in [
        (HeaderFault::Alias, with(4, &[0xff; 4])),
        (HeaderFault::Length, with(28, &[4])),
        (HeaderFault::Flag, with(3, &[0x81])),
        (HeaderFault::NoCrc, no_crc),
        (HeaderFault::Version, with(2, &[2])),
        (HeaderFault::Magic, with(0, b"l")),
        (HeaderFault::Short, sound[..31].to_vec()),
    ] {
        assert_eq!(first(fault).await, expected, "{fault:?}");
    }
    // Text has no such header.
    let script = Script::new().spoil_header(1, HeaderFault::Length);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(crate::client::generated("b", 8).to_string()).await;
    assert_eq!(kind(client.frames().await.last().unwrap()), "complete");
    client.send(binary("c", 8, &[]).to_string()).await;
    let (_, chunks) = stream(&mut client).await;
    assert_eq!((chunks[0].length, chunks[1].length), (4, 3), "only the chunk that is named");
}
