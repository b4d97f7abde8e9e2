//! The typed operations write the requests of PROTOCOL 10 and make sense of its answers.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use longhaul::ops::git::{List, ListedObject, ObjectKey};
use longhaul::ops::{report, rfc, system};
use longhaul::proto::checksum::Sha256;
use longhaul::proto::{
    Exchange, Features, Limits, MessageId, Mode, Operation, OperationError, Request, Terms,
};
use serde_json::Value;

const VECTORS: &str = include_str!("vectors/domains.json");

/// The case of this name.
fn case(name: &str) -> Value {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases.find(|case| case["name"] == name).unwrap_or_else(|| panic!("no case {name}")).clone()
}

/// The operation writes the request of its vector.
fn writes<O: Operation>(operation: &O) {
    let case = case(&operation.name().to_string().replace('.', "-"));
    let id = MessageId::new(case["id"].as_str().unwrap()).unwrap();
    let request = Request::new(operation.name(), operation.params());
    assert_eq!(request.write(&id, None).unwrap(), case["text"].as_str().unwrap());
}

/// What the operation makes of the answer of this name.
fn reads<O: Operation>(operation: &O, name: &str) -> Result<O::Output, OperationError> {
    let case = case(name);
    let mut exchange = Exchange::new(Terms::new(Mode::Single, Features::NONE), Arc::default());
    let text = case["messages"][0].as_str().unwrap();
    exchange.handle_text(text, Instant::now(), &mut BytesMut::new()).unwrap();
    let reply = exchange.finish(Sha256::of(b"")).unwrap().unwrap();
    operation.conclude(&reply, &mut Cursor::new([]), &Limits::default())
}

#[test]
fn git() {
    let list = List::packages(["$zray"]);
    writes(&list);
    let listed = reads(&list, "answer-to-git-list").unwrap();
    let row = |kind, name, package| ListedObject::new(ObjectKey::new(kind, name), package);
    let expected = [
        row("CLAS", "ZCL_X", "$ZRAY"),
        row("DEVC", "$ZRAY", "$ZRAY"),
        row("DEVC", "$ZRAY_UI", "$ZRAY_UI"),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn rfc() {
    let call = rfc::Call::new("bapi_user_get_detail").with("username", "ME");
    writes(&call);
    assert!(reads(&call, "answer-to-rfc-call").unwrap().refusals().is_empty());
    let failed = reads(&call, "answer-to-rfc-call-2");
    assert!(matches!(failed, Err(OperationError::Unsuccessful { .. })));
    let search = rfc::Search::new("rfc_p*");
    writes(&search);
    assert_eq!(reads(&search, "answer-to-rfc-search").unwrap().names, ["RFC_PING"]);
    let metadata = rfc::Metadata::new("bapi_user_get_detail");
    writes(&metadata);
    assert_eq!(reads(&metadata, "answer-to-rfc-getMetadata").unwrap().parameters.len(), 1);
    let moving = rfc::MoveToPackage::new(ObjectKey::new("clas", "zcl_x"), "$zray");
    writes(&moving);
    let failed = reads(&moving, "answer-to-rfc-moveToPackage");
    assert!(matches!(failed, Err(OperationError::Unsuccessful { .. })));
    let run = rfc::RunReport::new("rsusr003").variant("daily");
    writes(&run);
    assert!(reads(&run, "answer-to-rfc-runReport").unwrap().task.is_some());
}

#[test]
fn report() {
    let run = report::Run::new("rsparam").max_rows(50).param("alsounsu", "X");
    writes(&run);
    assert!(reads(&run, "answer-to-report-runReport").unwrap().job().is_none());
    writes(&reads(&run, "answer-to-report-runReport-2").unwrap().job().unwrap());
    let status = report::JobStatus::new("VSP_202611201200", "12000001");
    let job = reads(&status, "answer-to-report-getJobStatus").unwrap();
    assert!(job.state.is_ended());
    let spool = job.spools().next().unwrap();
    writes(&spool);
    let text = reads(&spool, "answer-to-report-getSpoolOutput").unwrap().text;
    assert_eq!(text.as_deref(), Some("one\ntwo"));
    let texts = report::TextElements::new("zlh_quote").language('E');
    writes(&texts);
    assert_eq!(reads(&texts, "answer-to-report-getTextElements").unwrap().symbols["001"], "Quote");
    let setting = report::SetTextElements::new("zlh_quote").language('E').symbol("001", "Quote");
    writes(&setting);
    assert_eq!(reads(&setting, "answer-to-report-setTextElements").unwrap().language, "E");
    let variants = report::Variants::new("rsusr003");
    writes(&variants);
    assert_eq!(reads(&variants, "answer-to-report-getVariants").unwrap()[0].name, "DAILY");
}

#[test]
fn system() {
    let help = system::Help::new("select");
    writes(&help);
    assert!(reads(&help, "answer-to-system-get_abap_help").unwrap().html.is_some());
}
