//! The domain `test`.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::proto::checksum::{Crc32, Sha256};
use longhaul::server::{Profile, TestPayload};
use serde_json::json;

use crate::client::{
    Client, code, decoded, generated, generated_bytes, kind, of_kind, payload, request, seqs, serve,
};

#[tokio::test]
async fn a_payload_is_what_its_seed_says() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.welcome["data"]["domains"], json!(["atc", "git", "test"]));
    for size in [0, 1, 3, 100] {
        client.send(generated("a", size).to_string()).await;
        let frames = client.frames().await;
        let bytes = generated_bytes(size);
        assert_eq!(payload(&frames), bytes);
        for chunk in of_kind(&frames, "chunk") {
            assert_eq!(chunk["crc32"], Crc32::of(&decoded(chunk)).to_string());
        }
        let complete = frames.last().unwrap();
        assert_eq!(complete["sha256"], Sha256::of(&bytes).to_string());
        assert_eq!(complete["data"], json!({"size": size, "seed": 7}));
    }
}

#[tokio::test]
async fn a_large_payload_goes_on_in_its_middle() {
    const SIZE: u64 = 5 << 20;
    let (server, _folder) =
        serve(|builder| builder.retain(std::time::Duration::from_mins(1), 0)).await;
    let mut client = Client::connect(&server).await;
    let mut whole = generated("a", SIZE);
    whole["chunkSize"] = json!(700_000);
    whole["operation"] = json!("0123456789012345678901");
    client.send(whole.to_string()).await;
    let frames = client.frames().await;
    assert_eq!(seqs(&frames).len(), 8);
    let mut before = vec![0; 6 * 700_000];
    TestPayload::new(7, SIZE).read_exact(&mut before).unwrap();
    let resume = json!({
        "id": "b", "domain": "stream", "action": "resume", "stream": true, "features": ["checksum"],
        "params": {
            "operation": "0123456789012345678901", "epoch": frames[0]["epoch"], "nextSeq": 7,
            "offset": before.len(), "sha256": Sha256::of(&before).to_string(),
        },
    });
    client.send(resume.to_string()).await;
    let rest = client.frames().await;
    assert_eq!(seqs(&rest), [7, 8]);
    let mut bytes = before;
    bytes.extend(payload(&rest));
    assert!(bytes == payload(&frames));
    assert_eq!(rest.last().unwrap()["sha256"], Sha256::of(&bytes).to_string());
}

#[tokio::test]
async fn a_small_payload_may_be_one_answer() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let data = client.ask("a", "test", "payload", json!({"size": 9, "seed": 7})).await;
    let bytes = STANDARD.decode(data["data"]["payloadBase64"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, generated_bytes(9));
    for (action, params, expected) in [
        ("payload", json!({"size": (1 << 20) + 1}), "TEST_ERROR"),
        ("payload", json!({}), "MISSING_PARAM"),
        ("sleep", json!({}), "MISSING_PARAM"),
        ("other", json!({}), "UNKNOWN_ACTION"),
    ] {
        assert_eq!(code(&client.ask("a", "test", action, params).await), expected);
    }
    let (server, _folder) = serve(|builder| builder.profile(Profile::Seed)).await;
    let mut client = Client::connect(&server).await;
    for domain in ["test", "stream"] {
        assert_eq!(code(&client.ask("a", domain, "cancel", json!({})).await), "UNKNOWN_DOMAIN");
    }
}

#[tokio::test]
async fn time_passes_for_each_on_its_own() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(request("slow", "test", "sleep", json!({"ms": 3_600_000}))).await;
    assert_eq!(client.ask("fast", "test", "sleep", json!({"ms": 1})).await["id"], "fast");
    let mut paced = generated("a", 9);
    paced["params"]["chunkDelayMs"] = json!(20);
    let start = std::time::Instant::now();
    client.send(paced.to_string()).await;
    let frames = client.frames().await;
    assert_eq!((seqs(&frames), kind(frames.last().unwrap())), (vec![1, 2, 3], "complete"));
    assert!(start.elapsed().as_millis() >= 60);
}

#[tokio::test]
async fn records_are_lines() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut request = generated("a", 0);
    request["action"] = json!("records");
    request["params"] = json!({"count": 120});
    client.send(request.to_string()).await;
    let frames = client.frames().await;
    let lines: Vec<_> = (1..=120).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    let lines = lines.concat();
    assert_eq!(payload(&frames), lines.as_bytes());
    let complete = frames.last().unwrap();
    assert_eq!((&complete["data"]["count"], &complete["size"]), (&json!(120), &json!(lines.len())));
    let many = client.ask("b", "test", "records", json!({"count": u64::MAX})).await;
    assert_eq!(code(&many), "TEST_ERROR");
}
