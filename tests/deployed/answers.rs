//! What is answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::raw::{assert_demo, export, unzip};
use crate::{answer, ask, code, connect};

#[tokio::test]
async fn r_one_answer_whatever_is_asked_for() {
    let (mut client, _server, _folder) = connect().await;
    let whole = ask(&mut client, &export("git_1", 10)).await;
    assert_eq!((&whole["id"], whole.get("type")), (&json!("git_1"), None));
    let data = &whole["data"];
    assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(3), &json!(4)));
    let paths: Vec<_> =
        data["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert!(paths.contains(&json!("src/$demo/zcl_a.clas.abap")), "{paths:?}");
    assert_demo(&STANDARD.decode(data["zipBase64"].as_str().unwrap()).unwrap());
    let ping = r#"{"id":"p","domain":"system","action":"ping","params":{}}"#;
    assert_eq!(ask(&mut client, ping).await["id"], "p", "nothing more comes of the export");
}

#[tokio::test]
async fn r_objects_that_fail_are_skipped_silently_but_counted() {
    let (mut client, _server, folder) = connect().await;
    std::fs::remove_file(folder.path().join("zcl_a.clas.xml")).unwrap();
    let text = r#"{"id":"a","domain":"git","action":"export","params":{"objects":[{"type":"CLAS","name":"ZCL_A"}]}}"#;
    let answer = ask(&mut client, text).await;
    let data = &answer["data"];
    assert_eq!(answer["success"], true);
    assert_eq!((&data["objectCount"], &data["fileCount"]), (&json!(1), &json!(0)));
    assert_eq!((&data["files"], data.get("skipped")), (&json!([]), None));
    // The archive holds the settings and nothing else.
    assert!(unzip(&STANDARD.decode(data["zipBase64"].as_str().unwrap()).unwrap()).is_empty());
}

#[tokio::test]
async fn r_errors_of_git_can_be_invalid_json() {
    let (mut client, _server, _folder) = connect().await;
    let text = r#"{"id":"a","domain":"git","action":"export","params":{"packages":["$NONE"]}}"#;
    let text = answer(&mut client, text).await;
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    assert!(text.contains("\"code\":\"GIT_ERROR\""), "{text}");
    for raw in ['\r', '\t', '\u{1}', '\u{c}'] {
        assert!(text.contains(raw), "{raw:?}");
    }
}

#[tokio::test]
async fn r_other_answers_have_control_characters_but_no_raw_tabs() {
    let (mut client, _server, _folder) = connect().await;
    let text =
        r#"{"id":"a","domain":"report","action":"getTextElements","params":{"program":"zx"}}"#;
    let text = answer(&mut client, text).await;
    for raw in ['\r', '\u{1}', '\u{c}'] {
        assert!(text.contains(raw), "{raw:?}");
    }
    assert!(text.contains(r"File\tname") && !text.contains('\t'), "{text}");
}

#[tokio::test]
async fn r_errors_have_their_codes() {
    let (mut client, _server, _folder) = connect().await;
    for (domain, action, params, expected) in [
        ("nowhere", "call", "{}", "UNKNOWN_DOMAIN"),
        ("system", "reboot", "{}", "UNKNOWN_DOMAIN"),
        ("rfc", "nothing", "{}", "UNKNOWN_ACTION"),
        ("report", "nothing", "{}", "UNKNOWN_ACTION"),
        ("debug", "nothing", "{}", "UNKNOWN_ACTION"),
        ("git", "nothing", "{}", "GIT_ERROR"),
        ("rfc", "call", "{}", "MISSING_PARAM"),
        ("rfc", "moveToPackage", r#"{"object":"PROG"}"#, "MISSING_PARAM"),
        ("report", "runReport", "{}", "MISSING_PARAM"),
        ("system", "get_abap_help", "{}", "MISSING_PARAM"),
    ] {
        let text =
            format!(r#"{{"id":"a","domain":"{domain}","action":"{action}","params":{params}}}"#);
        let refusal = ask(&mut client, &text).await;
        assert_eq!((&refusal["id"], code(&refusal)), (&json!("a"), expected), "{text}");
        assert!(refusal["error"]["message"].is_string() && refusal.get("data").is_none());
    }
}

#[tokio::test]
async fn r_every_failure_of_an_export_is_a_git_error() {
    let (mut client, _server, _folder) = connect().await;
    for params in [
        "{}",
        r#"{"packages":[]}"#,
        r#"{"packages":"$DEMO"}"#,
        r#"{"packages":["$NONE"],"objects":[{"type":"CLAS","name":"ZCL_A"}]}"#,
        r#"{"objects":[{"type":"CLAS","name":"ZCL_NONE"}]}"#,
    ] {
        let text = format!(r#"{{"id":"a","domain":"git","action":"export","params":{params}}}"#);
        let text = answer(&mut client, &text).await;
        assert!(text.contains("\"code\":\"GIT_ERROR\""), "{params}: {text}");
    }
}

#[tokio::test]
async fn c_import_and_validate_are_not_implemented() {
    let (mut client, _server, _folder) = connect().await;
    for action in ["import", "validate"] {
        let text = format!(r#"{{"id":"a","domain":"git","action":"{action}","params":{{}}}}"#);
        let refusal = ask(&mut client, &text).await;
        assert_eq!(code(&refusal), "GIT_ERROR");
        assert!(refusal["error"]["message"].as_str().unwrap().contains("not yet implemented"));
    }
}
