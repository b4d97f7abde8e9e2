//! Nothing is sent beyond what was granted, and all that was.

use longhaul::server::{Order, Script};
use serde_json::{Value, json};

use crate::client::{Client, generated, generated_bytes, kind, payload, seqs, serve};

fn windowed(id: &str, window: u64) -> String {
    let mut request = generated(id, 20);
    request["window"] = json!(window);
    request.to_string()
}

async fn chunks(client: &mut Client, count: u64) -> Vec<Value> {
    let mut frames = Vec::new();
    for _ in 0..count {
        frames.push(client.frame().await);
    }
    frames
}

#[tokio::test]
async fn a_grant_is_kept_to_exactly() {
    for window in [1, 3] {
        let (server, _folder) = serve(|builder| builder).await;
        let mut client = Client::connect(&server).await;
        client.send(windowed("a", window)).await;
        let mut frames = chunks(&mut client, window).await;
        let mut granted = window;
        while granted < 6 {
            client.assert_quiet().await;
            granted += window;
            let grant = json!({"target": "a", "upTo": granted});
            let mut new = client.control("credit", grant).await;
            let rest = window - new.len() as u64;
            new.extend(chunks(&mut client, rest).await);
            frames.extend(new);
            assert_eq!(seqs(&frames), (1..=granted).collect::<Vec<_>>());
        }
        // The seventh and last chunk, and the complete frame, which needs no credit.
        client.assert_quiet().await;
        frames.extend(client.control("credit", json!({"target": "a", "upTo": 7})).await);
        while kind(frames.last().unwrap()) != "complete" {
            frames.push(client.frame().await);
        }
        assert_eq!(payload(&frames), generated_bytes(20));
        client.assert_quiet().await;
    }
}

#[tokio::test]
async fn grants_that_change_nothing_do_no_harm() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(windowed("a", 2)).await;
    chunks(&mut client, 2).await;
    for (target, up_to) in [("a", 2), ("a", 1), ("a", 0), ("b", 9), ("welcome_1", 9)] {
        let grant = json!({"target": target, "upTo": up_to});
        assert_eq!(client.control("credit", grant).await, Vec::<Value>::new());
    }
    // The same id on another connection is another request.
    let mut other = Client::connect(&server).await;
    other.control("credit", json!({"target": "a", "upTo": 9})).await;
    client.assert_quiet().await;
    client
        .send(crate::client::request(
            "c",
            "stream",
            "credit",
            json!({"target": "a", "upTo": u64::MAX}),
        ))
        .await;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|frame| kind(frame) != "complete") {
        seen.push(client.frame().await);
    }
    assert_eq!(seqs(&seen), [3, 4, 5, 6, 7]);
    client.control("credit", json!({"target": "a", "upTo": 99})).await;
    client.assert_quiet().await;
}

#[tokio::test]
async fn without_a_window_or_the_feature_nothing_is_withheld() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(generated("a", 20).to_string()).await;
    assert_eq!(client.frames().await.len(), 8);
    client.send(windowed("b", 1).replace("credit", "unheard-of")).await;
    assert_eq!(client.frames().await.len(), 8);
}

#[tokio::test]
async fn whoever_waits_for_credit_holds_up_nobody() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let most = client.welcome["data"]["limits"]["maxTransfers"].as_u64().unwrap();
    assert!(client.welcome["data"]["limits"]["maxWindow"].as_u64().unwrap() >= 64);
    for number in 1..most {
        client.send(windowed(&format!("waiting_{number}"), 1)).await;
        assert_eq!(client.frame().await["seq"], 1);
    }
    client.send(generated("b", 200).to_string()).await;
    let frames = client.frames().await;
    assert!(frames.iter().all(|frame| frame["id"] == "b"));
    assert_eq!(payload(&frames), generated_bytes(200));
}

#[tokio::test]
async fn an_order_holds_within_each_grant() {
    let script = Script::new().order(Order::Reversed);
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    client.send(windowed("a", 3)).await;
    let mut frames = chunks(&mut client, 3).await;
    frames.extend(client.control("credit", json!({"target": "a", "upTo": 8})).await);
    while kind(frames.last().unwrap()) != "complete" {
        frames.push(client.frame().await);
    }
    assert_eq!(seqs(&frames), [3, 2, 1, 7, 6, 5, 4]);
    let sha256 = longhaul::proto::checksum::Sha256::of(&generated_bytes(20)).to_string();
    assert_eq!(frames.last().unwrap()["sha256"], sha256);
}
