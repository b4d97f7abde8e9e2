//! What is kept, for how long, and how much.

use std::time::Duration;

use longhaul::server::{Script, Server, ServerError};
use serde_json::{Value, json};

use crate::cancel::cancel;
use crate::client::{
    Client, assert_demo, code, export, folder, generated, kind, payload, serve, soon,
};
use crate::operation::{KEY, answer, assert_whole, epoch, kept, resume, run};

#[tokio::test]
async fn release_frees_an_operation() {
    let (server, _folder) = serve(|builder| builder).await;
    let epoch = run(&server).await;
    let mut client = Client::connect(&server).await;
    for _ in 0..2 {
        client.control("release", json!({"operation": KEY})).await;
        let frame = answer(&mut client, &resume("b", &epoch, 7)).await;
        assert_eq!(code(&frame), "RESUME_UNKNOWN");
    }
    // The key stands for nothing then, and may stand for something else.
    let mut other = kept("c");
    other["params"]["size"] = json!(3);
    client.send(other.to_string()).await;
    assert_eq!(kind(client.frames().await.last().unwrap()), "complete");
}

#[tokio::test]
async fn cancel_frees_an_operation() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    // While it is sent, and when it has ended.
    for window in [1, 99] {
        let mut withheld = kept("a");
        withheld["window"] = json!(window);
        let epoch = epoch(&answer(&mut client, &withheld).await);
        assert_eq!(kind(&client.frame().await), "chunk");
        if window == 99 {
            client.frames().await;
        }
        if window == 1 {
            assert_eq!(code(&cancel(&mut client, "a").await), "CANCELLED");
        } else {
            client.control("cancel", json!({"target": "a"})).await;
        }
        let mut other = Client::connect(&server).await;
        let frame = answer(&mut other, &resume("b", &epoch, 1)).await;
        assert_eq!(code(&frame), "RESUME_UNKNOWN");
    }
}

#[tokio::test]
async fn an_operation_is_kept_for_its_time() {
    let ttl = Duration::from_mins(1);
    let (server, _folder) = serve(|builder| builder.retain(ttl, 1 << 20)).await;
    let mut client = Client::connect(&server).await;
    client.send(kept("a").to_string()).await;
    let frames = client.frames().await;
    assert_eq!(frames[0]["ttl"], 60_000);
    let epoch = epoch(&frames[0]);
    pass(ttl * 2 / 3).await;
    client.send(resume("b", &epoch, 7).to_string()).await;
    assert_whole(&client.frames().await, 7);
    pass(ttl * 2 / 3).await;
    client.send(resume("c", &epoch, 7).to_string()).await;
    assert_whole(&client.frames().await, 7);
    pass(ttl).await;
    let frame = answer(&mut client, &resume("d", &epoch, 7)).await;
    assert_eq!(code(&frame), "RESUME_EXPIRED");
    assert_eq!(code(&answer(&mut client, &kept("e")).await), "RESUME_EXPIRED");
    // What is being sent does not expire.
    let mut withheld = generated("f", 20);
    withheld["operation"] = json!("0123456789012345678901");
    withheld["window"] = json!(1);
    answer(&mut client, &withheld).await;
    assert_eq!(client.frame().await["seq"], 1);
    pass(ttl * 2).await;
    client.assert_quiet().await;
    client.control("credit", json!({"target": "f", "upTo": 2})).await;
}

/// Lets so much time pass at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// An export that outlives its connection, under a key of this number.
fn kept_export(number: u64) -> Value {
    let mut request: Value = serde_json::from_str(&export("a", 50)).unwrap();
    request["features"] = json!(["checksum", "resume"]);
    request["operation"] = json!(format!("{number:022}"));
    request
}

/// Asks for the same again: whether it is known shows in the epoch.
async fn exported(server: &Server, number: u64) -> String {
    let mut client = Client::connect(server).await;
    client.send(kept_export(number).to_string()).await;
    let frames = client.frames().await;
    assert_demo(&payload(&frames));
    client.close().await;
    epoch(&frames[0])
}

#[tokio::test]
async fn a_quota_frees_the_oldest() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(kept_export(0).to_string()).await;
    let size = client.frames().await.last().unwrap()["size"].as_u64().unwrap();
    let ttl = Duration::from_mins(10);
    let (server, _folder) = serve(|builder| builder.retain(ttl, size * 2)).await;
    let first = exported(&server, 1).await;
    let second = exported(&server, 2).await;
    assert_eq!(exported(&server, 1).await, first);
    // The second is alone for longer now.
    let third = exported(&server, 3).await;
    let again = (exported(&server, 1).await, exported(&server, 3).await);
    assert_eq!(again, (first, third.clone()));
    assert_ne!(second, third);
    refused(&server, 2).await;
    // Nothing is kept where nothing may be, and all is sent the same.
    let (server, _folder) = serve(|builder| builder.retain(ttl, 0)).await;
    exported(&server, 1).await;
    refused(&server, 1).await;
}

/// An operation that the server had to free is not run a second time under the same key.
async fn refused(server: &Server, number: u64) {
    let mut client = Client::connect(server).await;
    let refusal = answer(&mut client, &kept_export(number)).await;
    assert_eq!(code(&refusal), "RESUME_EXPIRED");
}

#[tokio::test]
async fn payloads_can_be_kept_on_disk() {
    let disk = tempfile::tempdir().unwrap();
    let place = disk.path().join("kept");
    let files = || std::fs::read_dir(&place).unwrap().count();
    let (server, _folder) = serve(|builder| builder.retain_on_disk(&place)).await;
    let first = exported(&server, 1).await;
    exported(&server, 2).await;
    assert_eq!(files(), 2);
    assert_eq!(exported(&server, 1).await, first);
    // What is made as it is sent needs no file, nor does what ends with its connection.
    run(&server).await;
    let mut client = Client::connect(&server).await;
    client.send(export("a", 50)).await;
    client.frames().await;
    assert_eq!(files(), 2);
    client.control("release", json!({"operation": format!("{:022}", 1)})).await;
    assert_eq!(files(), 1);
    drop(client);
    soon(server.shutdown()).await;
    assert_eq!(files(), 0);
    let blocked = folder(&[("file", b"")]);
    let builder = Server::builder().retain_on_disk(blocked.path().join("file/kept"));
    let refused = soon(builder.bind("127.0.0.1:0")).await;
    assert!(matches!(refused, Err(ServerError::Retention { .. })));
}

#[tokio::test]
async fn a_script_loses_operations() {
    for (script, expected) in [
        (Script::new().lose_operations(), "RESUME_UNKNOWN"),
        (Script::new().new_epoch(), "RESUME_MISMATCH"),
    ] {
        let (server, _folder) = serve(|builder| builder.script(script)).await;
        let mut client = Client::connect(&server).await;
        client.send(kept("a").to_string()).await;
        let epoch = epoch(&client.frames().await[0]);
        let mut other = Client::connect(&server).await;
        client.close().await;
        let frame = answer(&mut other, &resume("b", &epoch, 7)).await;
        assert_eq!(code(&frame), expected);
    }
}
