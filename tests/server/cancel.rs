//! Requests that are stopped.

use std::time::Duration;

use longhaul::server::Script;
use serde_json::{Value, json};

use crate::client::{Client, code, export, generated, kind, request, serve};

/// Cancels and gives the last frame of the target, after which nothing must come.
pub(crate) async fn cancel(client: &mut Client, target: &str) -> Value {
    let before = client.control("cancel", json!({ "target": target })).await;
    let last = match before.into_iter().find(|frame| frame.get("success").is_some()) {
        Some(last) => last,
        None => loop {
            let frame = client.frame().await;
            if frame.get("success").is_some() {
                break frame;
            }
        },
    };
    assert_eq!(last["id"], target);
    client.assert_quiet().await;
    last
}

#[tokio::test]
async fn a_stream_is_stopped_in_the_middle() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut withheld = generated("a", 20);
    withheld["window"] = json!(2);
    client.send(withheld.to_string()).await;
    assert_eq!(client.frame().await["seq"], 1);
    let last = cancel(&mut client, "a").await;
    assert_eq!((kind(&last), code(&last)), ("error", "CANCELLED"));
    // In full flow, without end.
    client.send(generated("b", u64::MAX).to_string()).await;
    for _ in 0..10 {
        assert_eq!(kind(&client.frame().await), "chunk");
    }
    assert_eq!(code(&cancel(&mut client, "b").await), "CANCELLED");
}

#[tokio::test]
async fn what_is_not_there_counts_as_cancelled() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.control("cancel", json!({"target": "never"})).await;
    client.send(generated("a", 20).to_string()).await;
    assert_eq!(kind(client.frames().await.last().unwrap()), "complete");
    for _ in 0..2 {
        assert_eq!(client.control("cancel", json!({"target": "a"})).await, Vec::<Value>::new());
    }
    // The requests of other connections are not there either.
    client.send(generated("a", u64::MAX).to_string()).await;
    Client::connect(&server).await.control("cancel", json!({"target": "a"})).await;
    for _ in 0..10 {
        assert_eq!(kind(&client.frame().await), "chunk");
    }
}

#[tokio::test]
async fn controls_that_are_wrong_say_so() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    for (action, params, expected) in [
        ("cancel", json!({}), "MISSING_PARAM"),
        ("cancel", json!({"target": 1}), "MISSING_PARAM"),
        ("credit", json!({"target": "a"}), "MISSING_PARAM"),
        ("credit", json!({"target": "a", "upTo": -1}), "MISSING_PARAM"),
        ("release", json!({"operation": "short"}), "MISSING_PARAM"),
        ("watch", json!({}), "UNKNOWN_ACTION"),
    ] {
        assert_eq!(code(&client.ask("a", "stream", action, params).await), expected);
    }
}

#[tokio::test]
async fn an_export_that_runs_gives_its_place_back() {
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay).max_concurrent(1)).await;
    let mut client = Client::connect(&server).await;
    for id in ["a", "b"] {
        client.send(export(id, 3)).await;
        assert_eq!(kind(&client.frame().await), "progress");
        assert_eq!(code(&cancel(&mut client, id).await), "CANCELLED");
    }
    // Before anything of it was sent, and of one that was to be answered once.
    client.send(export("c", 3)).await;
    assert_eq!(code(&cancel(&mut client, "c").await), "CANCELLED");
    client.send(request("d", "git", "export", json!({"packages": ["$DEMO"]}))).await;
    let last = cancel(&mut client, "d").await;
    assert_eq!((kind(&last), code(&last)), ("", "CANCELLED"));
    client.send(request("e", "test", "sleep", json!({"ms": 3_600_000}))).await;
    assert_eq!(code(&cancel(&mut client, "e").await), "CANCELLED");
}

#[tokio::test]
async fn a_kept_operation_is_stopped_as_well() {
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay).max_concurrent(1)).await;
    let mut client = Client::connect(&server).await;
    for id in ["a", "b"] {
        let mut kept: Value = serde_json::from_str(&export(id, 3)).unwrap();
        kept["features"] = json!(["resume"]);
        kept["operation"] = json!("0123456789012345678901");
        // The task that ran the first has the one place until it has stopped.
        let first = loop {
            client.send(kept.to_string()).await;
            let frame = client.frame().await;
            if frame["error"]["code"] != "BUSY" {
                break frame;
            }
        };
        assert_eq!(kind(&first), "accepted");
        assert_eq!(code(&cancel(&mut client, id).await), "CANCELLED");
    }
}

#[tokio::test]
async fn a_stalled_stream_can_be_stopped() {
    for after in [0, 2, 7] {
        let script = Script::new().stall_after(after);
        let (server, _folder) = serve(|builder| builder.script(script)).await;
        let mut client = Client::connect(&server).await;
        client.send(generated("a", 20).to_string()).await;
        for _ in 0..after {
            assert_eq!(kind(&client.frame().await), "chunk");
        }
        assert_eq!(code(&cancel(&mut client, "a").await), "CANCELLED");
    }
}

#[tokio::test]
async fn an_id_stands_for_one_request_at_a_time() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    let mut withheld = generated("a", 20);
    withheld["window"] = json!(1);
    client.send(withheld.to_string()).await;
    assert_eq!(client.frame().await["seq"], 1);
    client.send(withheld.to_string()).await;
    let refused = client.frame().await;
    assert_eq!((&refused["id"], code(&refused)), (&json!("unknown"), "PARSE_ERROR"));
    assert_eq!(code(&cancel(&mut client, "a").await), "CANCELLED");
}
