//! Operations that go on elsewhere.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{
    Client, assert_demo, code, export, generated, kind, of_kind, payload, seqs, serve,
};
use crate::operation::{KEY, answer, assert_whole, epoch, kept, resume, run};

#[tokio::test]
async fn an_operation_is_accepted_with_its_terms() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send(kept("a").to_string()).await;
    let accepted = client.frame().await;
    assert_eq!((&accepted["ttl"], &accepted["chunkSize"]), (&json!(600_000), &json!(3)));
    // Without a key or without the feature there is nothing to go on with.
    let mut plain = kept("b");
    plain["features"] = json!(["checksum"]);
    for request in [plain, generated("c", 20)] {
        let mut client = Client::connect(&server).await;
        client.send(request.to_string()).await;
        assert_eq!(kind(&client.frame().await), "chunk");
    }
}

#[tokio::test]
async fn every_border_is_a_place_to_go_on() {
    let (server, _folder) = serve(|builder| builder).await;
    let epoch = run(&server).await;
    for chunks in 0..=7 {
        let mut client = Client::connect(&server).await;
        client.send(resume("b", &epoch, chunks).to_string()).await;
        assert_whole(&client.frames().await, chunks);
        client.assert_quiet().await;
    }
}

#[tokio::test]
async fn a_grant_counts_from_the_first_chunk_that_is_wanted() {
    let (server, _folder) = serve(|builder| builder).await;
    let epoch = run(&server).await;
    let mut client = Client::connect(&server).await;
    let mut request = resume("b", &epoch, 3);
    request["window"] = json!(2);
    client.send(request.to_string()).await;
    let mut frames = vec![client.frame().await, client.frame().await, client.frame().await];
    assert_eq!(seqs(&frames), [4, 5]);
    client.assert_quiet().await;
    frames.extend(client.control("credit", json!({"target": "b", "upTo": 7})).await);
    while kind(frames.last().unwrap()) != "complete" {
        frames.push(client.frame().await);
    }
    assert_whole(&frames, 3);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let (server, _folder) = serve(|builder| builder).await;
    let epoch = run(&server).await;
    let mut client = Client::connect(&server).await;
    for (param, value, expected) in [
        ("epoch", json!("another"), "RESUME_MISMATCH"),
        ("offset", json!(7), "RESUME_MISMATCH"),
        ("nextSeq", json!(4), "RESUME_MISMATCH"),
        ("nextSeq", json!(9), "RESUME_MISMATCH"),
        ("sha256", json!("0".repeat(64)), "RESUME_MISMATCH"),
        ("operation", json!("0123456789012345678901"), "RESUME_UNKNOWN"),
        ("operation", json!("short"), "MISSING_PARAM"),
        ("nextSeq", json!(0), "MISSING_PARAM"),
        ("sha256", json!("00"), "MISSING_PARAM"),
    ] {
        let mut wrong = resume("b", &epoch, 2);
        wrong["params"][param] = value;
        let frame = answer(&mut client, &wrong).await;
        assert_eq!((kind(&frame), code(&frame)), ("error", expected), "{param}");
        client.assert_quiet().await;
    }
    client.send(resume("c", &epoch, 2).to_string()).await;
    assert_whole(&client.frames().await, 2);
}

#[tokio::test]
async fn an_operation_belongs_to_its_user() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut me = Client::connect_as(&server, "ME").await;
    me.send(kept("a").to_string()).await;
    let epoch = epoch(&me.frames().await[0]);
    let mut other = Client::connect_as(&server, "OTHER").await;
    let frame = answer(&mut other, &resume("b", &epoch, 2)).await;
    assert_eq!(code(&frame), "RESUME_UNKNOWN");
    other.control("release", json!({"operation": KEY})).await;
    let mut again = Client::connect_as(&server, "ME").await;
    again.send(resume("b", &epoch, 2).to_string()).await;
    assert_whole(&again.frames().await, 2);
}

#[tokio::test]
async fn the_latest_resume_wins() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut first = Client::connect(&server).await;
    let mut withheld = kept("a");
    withheld["window"] = json!(2);
    let epoch = epoch(&answer(&mut first, &withheld).await);
    assert_eq!(first.frame().await["seq"], 1);
    assert_eq!(first.frame().await["seq"], 2);
    let mut second = Client::connect(&server).await;
    second.send(resume("b", &epoch, 2).to_string()).await;
    assert_whole(&second.frames().await, 2);
    assert_eq!(code(&first.frame().await), "SUPERSEDED");
    // Whoever lost it has no say over it any more.
    first.control("cancel", json!({"target": "a"})).await;
    first.assert_quiet().await;
    second.send(resume("c", &epoch, 7).to_string()).await;
    assert_whole(&second.frames().await, 7);
}

#[tokio::test]
async fn the_same_key_attaches_and_runs_nothing_again() {
    let (server, _folder) = serve(|builder| builder.max_per_minute(1)).await;
    run(&server).await;
    let mut client = Client::connect(&server).await;
    let mut reordered = kept("b");
    reordered["params"] = json!({"seed": 7, "size": 20});
    client.send(reordered.to_string()).await;
    assert_whole(&client.frames().await, 0);
    let mut larger = kept("c");
    larger["params"]["size"] = json!(21);
    let export: Value = serde_json::from_str(&kept_export("d")).unwrap();
    for other in [larger, export] {
        assert_eq!(code(&answer(&mut client, &other).await), "RESUME_MISMATCH");
    }
}

/// An export that outlives its connection, with the key of all tests.
fn kept_export(id: &str) -> String {
    let mut request: Value = serde_json::from_str(&export(id, 50)).unwrap();
    request["features"] = json!(["checksum", "resume"]);
    request["operation"] = json!(KEY);
    request.to_string()
}

#[tokio::test]
async fn an_operation_ends_with_nobody_there() {
    let delay = Duration::from_millis(10);
    let (server, _folder) = serve(|builder| builder.object_delay(delay).max_concurrent(1)).await;
    let mut client = Client::connect(&server).await;
    client.send(kept_export("a")).await;
    let epoch = epoch(&client.frame().await);
    client.close().await;
    // While it runs, it has the one place there is.
    let mut client = Client::connect(&server).await;
    let params = json!({"objects": [{"type": "PROG", "name": "ZMISSING"}]});
    while client.ask("x", "git", "export", params.clone()).await["success"] != true {}
    client.send(resume("b", &epoch, 0).to_string()).await;
    let frames = client.frames().await;
    assert_demo(&payload(&frames));
    let progress = of_kind(&frames, "progress");
    assert_eq!((progress.len(), &progress[0]["done"]), (1, &json!(3)));
    assert_eq!(frames.last().unwrap()["data"]["objectCount"], 3);
}

#[tokio::test]
async fn a_running_operation_can_be_taken_over() {
    let delay = Duration::from_millis(10);
    let (server, folder) = serve(|builder| builder.object_delay(delay)).await;
    std::fs::remove_file(folder.path().join("zcl_a.clas.xml")).unwrap();
    let mut first = Client::connect(&server).await;
    first.send(kept_export("a")).await;
    epoch(&first.frame().await);
    let mut second = Client::connect(&server).await;
    second.send(kept_export("b")).await;
    let frames = second.frames().await;
    assert_eq!(kind(&frames[0]), "accepted");
    assert_eq!(of_kind(&frames, "warning").len(), 1, "warnings come again");
    assert_eq!(kind(frames.last().unwrap()), "complete");
    let frames = first.frames().await;
    assert_eq!(code(frames.last().unwrap()), "SUPERSEDED");
}
