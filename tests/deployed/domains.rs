//! The domains beside `git`.

use serde_json::{Value, json};

use crate::{ask, code, connect};

/// The `data` of the answer to a request.
async fn data(domain: &str, action: &str, params: &str) -> Value {
    let (mut client, _server, _folder) = connect().await;
    let text = format!(r#"{{"id":"a","domain":"{domain}","action":"{action}","params":{params}}}"#);
    let answer = ask(&mut client, &text).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn r_help_has_a_keyword() {
    let help = data("system", "get_abap_help", r#"{"keyword":"loop"}"#).await;
    assert_eq!((&help["keyword"], &help["found"]), (&json!("LOOP"), &json!(true)));
    assert!(help["html"].as_str().unwrap().contains("LOOP"));
    let none = data("system", "get_abap_help", r#"{"keyword":"nothing"}"#).await;
    assert_eq!((&none["html"], &none["found"]), (&json!(""), &json!(false)));
}

#[tokio::test]
async fn c_a_call_gives_subrc_exports_and_tables() {
    let echo = data("rfc", "call", r#"{"function":"stfc_connection","REQUTEXT":"Grüße"}"#).await;
    assert_eq!((&echo["subrc"], &echo["tables"]), (&json!(0), &json!({})));
    assert_eq!(echo["exports"]["ECHOTEXT"], "Grüße");
    let deep = data("rfc", "call", r#"{"function":"STFC_DEEP_STRUCTURE","RFCCHAR4":"abcd"}"#).await;
    assert_eq!(deep["exports"]["ECHOSTRUCT"]["DEEP"], "[complex]");
    let rows = json!([{"RFCCHAR4": "abcd", "RFCDATA": "[complex]"}]);
    assert_eq!(deep["tables"]["RFCTABLE"], rows);
    for function in ["STFC_EXCEPTION", "Z_NO_SUCH_FUNCTION"] {
        let failed = data("rfc", "call", &json!({ "function": function }).to_string()).await;
        assert_ne!(failed["subrc"], 0);
    }
}

#[tokio::test]
async fn c_functions_are_found_and_described() {
    let found = data("rfc", "search", r#"{"pattern":"stfc_c*"}"#).await;
    assert_eq!(found, json!([{"name": "STFC_CONNECTION"}]));
    assert!(data("rfc", "search", "{}").await.as_array().unwrap().len() > 2);
    let metadata = data("rfc", "getMetadata", r#"{"function":"STFC_CONNECTION"}"#).await;
    let first =
        json!({"name": "REQUTEXT", "kind": "importing", "type": "SY-LISEL", "optional": false});
    assert_eq!(metadata["parameters"][0], first);
    assert_eq!(data("rfc", "ping", "{}").await["pong"], true);
}

#[tokio::test]
async fn c_a_move_says_whether_it_went_well() {
    let moved = r#"{"object":"PROG","obj_name":"zb","new_package":"$DEMO_SUB"}"#;
    let moved = data("rfc", "moveToPackage", moved).await;
    assert_eq!((&moved["success"], &moved["pgmid"]), (&json!(true), &json!("R3TR")));
    let nowhere = r#"{"object":"PROG","obj_name":"ZB","new_package":"$NONE"}"#;
    assert_eq!(data("rfc", "moveToPackage", nowhere).await["success"], false);
}

#[tokio::test]
async fn c_reports_have_texts_variants_jobs_and_spool() {
    let texts =
        r#"{"program":"zb","selection_texts":{"P_A":"x","P_B":"y"},"text_symbols":{"001":"z"}}"#;
    let set = data("report", "setTextElements", texts).await;
    assert_eq!((&set["selection_texts_set"], &set["text_symbols_set"]), (&json!(2), &json!(1)));
    let variants = data("report", "getVariants", r#"{"report":"ZB"}"#).await;
    assert_eq!(variants["variants"][0], json!({"name": "DAILY", "protected": true}));
    let job = data("report", "getJobStatus", r#"{"jobname":"J","jobcount":"1"}"#).await;
    assert_eq!(job["status"], "finished");
    let spool = json!({ "spool_id": job["spool_ids"][0] }).to_string();
    assert_eq!(data("report", "getSpoolOutput", &spool).await["lines"], 2);
    let started = data("rfc", "runReport", r#"{"report":"ZB"}"#).await;
    assert_eq!((&started["status"], &started["mode"]), (&json!("started"), &json!("async_rfc")));
}

#[tokio::test]
async fn c_a_report_that_is_run_never_answers() {
    let (mut client, _server, _folder) = connect().await;
    client
        .send(r#"{"id":"r","domain":"report","action":"runReport","params":{"report":"ZB"}}"#)
        .await;
    let ping = r#"{"id":"p","domain":"system","action":"ping","params":{}}"#;
    assert_eq!(ask(&mut client, ping).await["id"], "p");
    let unknown =
        r#"{"id":"u","domain":"report","action":"getSpoolOutput","params":{"spool_id":"1"}}"#;
    assert_eq!(code(&ask(&mut client, unknown).await), "SPOOL_NOT_FOUND");
}
