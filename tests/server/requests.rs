//! Requests that are light, wrong, or too many.

use std::time::Duration;

use longhaul::server::{Profile, Script};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::{Client, code, export, kind, request, serve};

#[tokio::test]
async fn ping_and_types_are_answered() {
    for profile in [Profile::Full, Profile::Seed] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        let pong = client.ask("p_1", "system", "ping", json!({})).await;
        assert_eq!((&pong["id"], &pong["data"]["pong"]), (&json!("p_1"), &json!(true)));
        let timestamp = pong["data"]["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 15 && timestamp.as_bytes()[8] == b'T');
        let types = client.ask("t_1", "git", "getTypes", json!({})).await;
        let listed = types["data"]["types"].as_array().unwrap();
        assert_eq!(types["data"]["count"], listed.len());
        assert!(listed.contains(&json!("CLAS")));
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    for (domain, action, params, expected) in [
        ("rfc", "call", json!({}), "UNKNOWN_DOMAIN"),
        ("git", "import", json!({}), "UNKNOWN_ACTION"),
        ("system", "reboot", json!({}), "UNKNOWN_ACTION"),
        ("git", "export", json!({}), "MISSING_PARAM"),
        ("git", "export", json!({"packages": ["$NONE"]}), "GIT_ERROR"),
    ] {
        let frame = client.ask("a_1", domain, action, params).await;
        assert_eq!((&frame["id"], code(&frame)), (&json!("a_1"), expected));
        assert_eq!(kind(&frame), "");
    }
    let stream = export("a_2", 1).replace("$DEMO", "$NONE");
    client.send(stream).await;
    let frame = client.frame().await;
    assert_eq!((kind(&frame), code(&frame)), ("error", "GIT_ERROR"));
    assert!(frame["error"]["message"].as_str().unwrap().contains("$NONE"));
}

#[tokio::test]
async fn what_is_no_request_is_answered_as_unknown() {
    for profile in [Profile::Full, Profile::Seed] {
        let (server, _folder) = serve(|builder| builder.profile(profile)).await;
        let mut client = Client::connect(&server).await;
        let long = "x".repeat(100_000);
        for text in [
            "",
            "junk",
            "[]",
            "{\"id\":1,\"domain\":\"git\",\"action\":\"getTypes\"}",
            &request("welcome", "system", "ping", json!({})),
            &request("a b", "system", "ping", json!({})),
            &request(&long, "system", "ping", json!({})),
            &request("a", "system", "ping", json!([])),
            &"[".repeat(100_000),
        ] {
            client.send(text).await;
            let frame = client.frame().await;
            assert_eq!((&frame["id"], code(&frame)), (&json!("unknown"), "PARSE_ERROR"));
            assert!(frame.to_string().len() < 1_000);
        }
        let frame = client.ask("a_1", &long, "ping", json!({})).await;
        assert_eq!(code(&frame), "UNKNOWN_DOMAIN");
        assert!(frame.to_string().len() < 1_000);
    }
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send_message(Message::Binary(vec![0; 10].into())).await;
    assert_eq!(code(&client.frame().await), "PARSE_ERROR");
}

#[tokio::test]
async fn a_request_has_a_largest_size() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send("x".repeat(5 << 20)).await;
    match client.message().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Size),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn requests_past_a_limit_are_told_to_come_back() {
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.max_concurrent(1).object_delay(delay)).await;
    let mut first = Client::connect(&server).await;
    first.send(export("a", 10)).await;
    assert_eq!(kind(&first.frame().await), "progress");
    let mut second = Client::connect(&server).await;
    second.send(export("b", 10)).await;
    let busy = second.frame().await;
    assert_eq!((kind(&busy), code(&busy)), ("error", "BUSY"));
    assert!(busy["error"]["retryAfterMs"].as_u64().unwrap() > 0);
    let pong = second.ask("p", "system", "ping", json!({})).await;
    assert_eq!(pong["success"], true);
}

#[tokio::test]
async fn a_minute_has_so_many_exports() {
    let (server, _folder) = serve(|builder| builder.max_per_minute(1)).await;
    let mut client = Client::connect(&server).await;
    let params = json!({"packages": ["$DEMO"]});
    assert_eq!(client.ask("a", "git", "export", params.clone()).await["success"], true);
    let busy = client.ask("b", "git", "export", params).await;
    assert_eq!((kind(&busy), code(&busy)), ("", "BUSY"));
    let wait = busy["error"]["retryAfterMs"].as_u64().unwrap();
    assert!((50_000..=60_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_connection_runs_so_many_exports() {
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let mut client = Client::connect(&server).await;
    let most = client.welcome["data"]["limits"]["maxTransfers"].as_u64().unwrap();
    for number in 0..most {
        client.send(export(&format!("a_{number}"), 10)).await;
        assert_eq!(kind(&client.frame().await), "progress");
    }
    client.send(export("b", 10)).await;
    assert_eq!(code(&client.frame().await), "BUSY");
}

#[tokio::test]
async fn a_script_makes_the_server_busy() {
    let script = Script::new().busy(2, Duration::from_millis(7));
    let (server, _folder) = serve(|builder| builder.script(script)).await;
    let mut client = Client::connect(&server).await;
    let params = json!({"packages": ["$DEMO"]});
    for _ in 0..2 {
        let busy = client.ask("a", "git", "export", params.clone()).await;
        assert_eq!((code(&busy), &busy["error"]["retryAfterMs"]), ("BUSY", &json!(7)));
    }
    assert_eq!(client.ask("a", "git", "export", params).await["success"], true);
}
