//! How requests are read.

use std::time::Duration;

use serde_json::json;

use crate::{answer, ask, code, connect, echo, raw, serve};

const PING: &str = r#"{"id":"p","domain":"system","action":"ping","params":{}}"#;

#[tokio::test]
async fn r_the_welcome_lists_five_domains_and_system_works_all_the_same() {
    let (mut client, _server, _folder) = connect().await;
    let data = &client.welcome["data"];
    assert_eq!(data["domains"], json!(["rfc", "debug", "amdp", "git", "report"]));
    assert_eq!((data["version"].as_str(), data.get("features")), (Some("2.3.0"), None));
    assert!(data.get("limits").is_none());
    let pong = ask(&mut client, PING).await;
    assert_eq!((&pong["id"], &pong["data"]["pong"]), (&json!("p"), &json!(true)));
    let timestamp = pong["data"]["timestamp"].as_str().unwrap();
    assert_eq!((timestamp.len(), timestamp.find('T')), (15, Some(8)));
}

#[tokio::test]
async fn r_the_first_id_domain_and_action_anywhere_win() {
    let (mut client, _server, _folder) = connect().await;
    let text = r#"{"params":{"id":"inner","domain":"git"},"id":"outer","domain":"system","action":"getTypes"}"#;
    let types = ask(&mut client, text).await;
    assert_eq!((&types["id"], &types["success"]), (&json!("inner"), &json!(true)));
    assert!(types["data"]["count"].as_u64().unwrap() > 0);
    let text = r#"{"id":"a","domain":"system","action":"ping","params":{"id":"b","domain":"c","action":"d"}}"#;
    assert_eq!(ask(&mut client, text).await["id"], "a");
}

#[tokio::test]
async fn r_ids_are_strings_and_not_empty() {
    let (mut client, _server, _folder) = connect().await;
    let long = format!(r#"{{"id":"{}","domain":"system","action":"ping"}}"#, "x".repeat(1 << 20));
    for text in [
        r#"{"id":1,"domain":"system","action":"ping","params":{}}"#,
        r#"{"id":"","domain":"system","action":"ping","params":{}}"#,
        r#"{"domain":"system","action":"ping","params":{}}"#,
        "junk",
        "",
        &long,
    ] {
        let refusal = ask(&mut client, text).await;
        assert_eq!((&refusal["id"], code(&refusal)), (&json!("unknown"), "PARSE_ERROR"));
    }
}

#[tokio::test]
async fn r_a_backslash_in_an_id_comes_back_doubled() {
    let (mut client, _server, _folder) = connect().await;
    let pong = answer(&mut client, r#"{"id":"a\b","domain":"system","action":"ping"}"#).await;
    assert!(pong.starts_with(r#"{"id":"a\\b","success":true"#), "{pong}");
}

#[tokio::test]
async fn r_unicode_escapes_are_not_undone() {
    let text = r#"{"function":"STFC_CONNECTION","REQUTEXT":"\u00e4 ä"}"#;
    assert_eq!(echo(text).await, r"\u00e4 ä");
}

#[tokio::test]
async fn r_a_space_before_the_colon_loses_the_param() {
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","REQUTEXT" :"x"}"#).await, "");
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","REQUTEXT": "x"}"#).await, "x");
}

#[tokio::test]
async fn r_a_param_that_is_no_string_takes_the_next_string() {
    let text = r#"{"function":"STFC_CONNECTION","REQUTEXT":100,"OTHER":"not mine"}"#;
    assert_eq!(echo(text).await, "not mine");
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","REQUTEXT":100}"#).await, "");
}

#[tokio::test]
async fn r_braces_inside_strings_break_the_params() {
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","A":"}","REQUTEXT":"x"}"#).await, "");
    let (mut client, _server, _folder) = connect().await;
    let text = r#"{"id":"a","domain":"rfc","action":"call","params":{"function":"STFC_CONNECTION","A":"{{"}}"#;
    assert_eq!(code(&ask(&mut client, text).await), "MISSING_PARAM");
}

#[tokio::test]
async fn r_quotes_and_backslashes_break_strings() {
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","REQUTEXT":"a\"b"}"#).await, r"a\");
    assert_eq!(echo(r#"{"function":"STFC_CONNECTION","REQUTEXT":"a\\b"}"#).await, r"a\\b");
}

#[tokio::test]
async fn r_a_bracket_breaks_a_list() {
    let (mut client, _server, _folder) = connect().await;
    let export = |packages: &str| {
        format!(
            r#"{{"id":"a","domain":"git","action":"export","params":{{"packages":{packages}}}}}"#
        )
    };
    let text = export(r#"["$DEMO","$A]"]"#);
    let whole = ask(&mut client, &text).await;
    assert_eq!(whole["data"]["objectCount"], 3, "what stands before it is read");
    assert!(answer(&mut client, &export(r#"["$A]","$DEMO"]"#)).await.contains("GIT_ERROR"));
    assert!(answer(&mut client, &export(r#"["","$DEMO"]"#)).await.contains("GIT_ERROR"));
}

#[tokio::test]
async fn r_objects_match_in_one_form_only() {
    let (mut client, _server, _folder) = connect().await;
    for (object, count) in [
        (r#"{"type":"CLAS","name":"ZCL_A"}"#, Some(1)),
        (r#"{"type":"CLAS","name":"ZCL_A"},{"type":"PROG","name":"ZB"}"#, Some(2)),
        (r#"{"name":"ZCL_A","type":"CLAS"}"#, None),
        (r#"{"type": "CLAS","name":"ZCL_A"}"#, None),
        (r#"{"type":"clas","name":"zcl_a"}"#, None),
        (r#"{"type":"CLAS","name":"ZCL_A","x":"y"}"#, None),
    ] {
        let text = format!(
            r#"{{"id":"a","domain":"git","action":"export","params":{{"objects":[{object}]}}}}"#
        );
        let text = answer(&mut client, &text).await;
        match count {
            Some(count) => assert!(text.contains(&format!("\"objectCount\":{count},")), "{text}"),
            None => assert!(text.contains("GIT_ERROR"), "{text}"),
        }
    }
}

#[tokio::test]
async fn r_a_missing_include_subpackages_means_true() {
    let (mut client, _server, _folder) = connect().await;
    for (more, count) in [
        ("", 3),
        (r#","includeSubpackages":false"#, 2),
        (r#","includeSubpackages" : false"#, 2),
        (r#","includeSubpackages":true"#, 3),
        (r#","includeSubpackages":"false""#, 3),
    ] {
        let text = format!(
            r#"{{"id":"a","domain":"git","action":"export","params":{{"packages":["$demo"]{more}}}}}"#
        );
        assert_eq!(ask(&mut client, &text).await["data"]["objectCount"], count, "{more}");
    }
}

#[tokio::test]
async fn r_messages_are_handled_one_after_the_other() {
    let delay = Duration::from_millis(20);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let mut client = raw::Client::connect(&server).await;
    client.send(raw::export("git_1", 10)).await;
    client.send(PING).await;
    assert_eq!(client.frame().await["id"], "git_1");
    assert_eq!(client.frame().await["id"], "p");
}

#[tokio::test]
async fn r_timeout_is_a_hint_and_nothing_more() {
    let delay = Duration::from_millis(20);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let mut client = raw::Client::connect(&server).await;
    let text = r#"{"id":"a","domain":"git","action":"export","params":{"packages":["$DEMO"]},"timeout":1}"#;
    assert_eq!(ask(&mut client, text).await["success"], true);
}

#[tokio::test]
async fn pings_of_the_websocket_are_answered_while_it_works() {
    use tokio_tungstenite::tungstenite::Message;
    let delay = Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let mut client = raw::Client::connect(&server).await;
    client.send(raw::export("git_1", 10)).await;
    client.send_message(Message::Ping("there?".into())).await;
    assert_eq!(client.message().await.unwrap().unwrap(), Message::Pong("there?".into()));
    let mut other = raw::Client::connect(&server).await;
    assert_eq!(ask(&mut other, PING).await["id"], "p", "other connections are served");
}

#[tokio::test]
async fn whatever_comes_is_survived() {
    let (mut client, _server, _folder) = connect().await;
    let units = ["{", "\"", "\"id\":\"", "[", "\\", "\u{0}", "ä", "\"params\":{", "\"packages\":["];
    for unit in units {
        let text = unit.repeat((1 << 20) / unit.len());
        client
            .send(format!("{{\"id\":\"a\",\"domain\":\"git\",\"action\":\"export\",{text}"))
            .await;
        let _ = client.message().await.unwrap().unwrap();
    }
    assert_eq!(ask(&mut client, PING).await["id"], "p");
}
