//! Findings of static checks over real sockets, one by one while the server still checks.

mod support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use longhaul::ops::atc::{Finding, Priority, Run};
use longhaul::ops::git::ObjectKey;
use longhaul::proto::{Feature, Features, RecordError, RecordLimits, ServerError};
use longhaul::server::{Order, Profile, Script, Server, ServerBuilder};
use longhaul::{Error, ErrorKind, Retries, Transfer, TransferOptions};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use support::{PACKAGE, chain, chunks_of, connect, connect_with, deadline};
use tempfile::TempDir;

/// Longer than any test: whoever waits for it never comes to the next object.
const NEVER: Duration = Duration::from_hours(24);

/// Five objects with something to find in four of them, in two packages.
fn sources() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("$sub")).unwrap();
    write("zcl_a.clas.abap", "* TODO: ä \"quoted\"\nSELECT * FROM t INTO TABLE @lt.\n");
    write("zcl_a.clas.testclasses.abap", "BREAK-POINT.\n");
    write("zcl_a.clas.xml", "<no source/>");
    write("zb.prog.abap", "BREAK-POINT.\nIF sy-uname = 'ME'. ENDIF.\n");
    write("zclean.prog.abap", "REPORT zclean.\n");
    write("zlong.prog.abap", &"MOVE a TO b.\n".repeat(40));
    write("$sub/zz.prog.abap", "TRY. a( ). CATCH cx_a. ENDTRY.\n");
    folder
}

async fn serve_with(folder: &Path, change: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Server {
    let builder = change(Server::builder().package(PACKAGE, folder));
    deadline(builder.bind("127.0.0.1:0")).await.unwrap()
}

fn run() -> Run {
    Run::packages([PACKAGE])
}

/// All findings, as a payload that was taken whole has them.
async fn directly(server: &Server) -> Vec<Finding> {
    let client = connect(server).await;
    let completed = deadline(client.run(run())).await.unwrap();
    let text = std::str::from_utf8(completed.payload.as_ref()).unwrap();
    let findings: Vec<Finding> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(completed.output.findings, findings.len() as u64);
    findings
}

/// All findings one by one, and how many the verdict counts.
async fn one_by_one(transfer: Transfer<Run>) -> Result<(Vec<Finding>, u64), Error> {
    let mut records = transfer.records();
    let mut findings = Vec::new();
    while let Some(finding) = deadline(records.next()).await {
        findings.push(finding.into_inner());
    }
    let recorded = deadline(records.finish()).await?;
    assert_eq!(
        (recorded.records, recorded.output.findings),
        (findings.len() as u64, recorded.records)
    );
    Ok((findings, recorded.records))
}

#[tokio::test]
async fn the_first_finding_is_there_before_the_last_object_was_checked() {
    let folder = sources();
    // Held after the first object, so that the second is never begun.
    let server = serve_with(folder.path(), |builder| builder.object_delay(NEVER)).await;
    for features in
        [Features::NONE, Features::from_iter([Feature::Credit, Feature::Cancel]), Features::BUILT]
    {
        let client = connect(&server).await;
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let shown = Arc::clone(&seen);
        let options = TransferOptions::default().features(features);
        let transfer = deadline(client.start_with(run().without_subpackages(), options)).await;
        let transfer = transfer.unwrap().on_progress(move |status| {
            let progress = status.progress.map(|p| (p.done, p.total, p.message.clone()));
            shown.lock().unwrap().push(format!("{progress:?}"));
        });
        let stopper = transfer.stopper();
        let mut records = transfer.records();
        let found = [
            ("zcl_a.clas.abap", 1, Priority::Information),
            ("zcl_a.clas.abap", 2, Priority::Warning),
            ("zcl_a.clas.testclasses.abap", 1, Priority::Error),
        ];
        for (file, line, priority) in found {
            let finding = deadline(records.next()).await.unwrap().into_inner();
            assert_eq!(finding.object, ObjectKey::new("CLAS", "ZCL_A"));
            assert_eq!((finding.file.as_deref(), finding.line), (Some(file), Some(line)));
            assert_eq!(finding.priority, priority);
        }
        stopper.cancel();
        assert!(deadline(records.next()).await.is_none());
        let error = deadline(records.finish()).await.unwrap_err();
        assert!(matches!(error, Error::Cancelled { .. }), "{}", chain(&error));
        for progress in seen.lock().unwrap().iter() {
            assert_eq!(progress, "Some((Some(0), Some(4), Some(\"CLAS ZCL_A\")))");
        }
        client.close().await;
    }
}

#[tokio::test]
async fn one_by_one_they_are_those_of_the_whole_payload() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    let expected = directly(&server).await;
    assert_eq!(expected.len(), 3 + 2 + 40 + 1);
    let transfer = deadline(client.start(run())).await.unwrap();
    let mut records = transfer.records();
    let first = deadline(records.next()).await.unwrap().into_inner();
    assert_eq!(first.object.name(), "ZCL_A", "the order is that of an archive");
    let recorded = deadline(records.finish()).await.unwrap();
    let summary = recorded.output;
    assert_eq!((summary.objects, summary.findings, recorded.records), (5, 46, 46));
    assert_eq!(<[u64; 3]>::from(summary.priorities), [3, 2, 41]);
    assert!(summary.skipped.is_empty() && recorded.receipt.digest_checked);
    let transfer = deadline(client.start(run())).await.unwrap();
    assert_eq!(deadline(one_by_one(transfer)).await.unwrap().0, expected);
}

#[tokio::test]
async fn chunks_may_have_any_size() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    let few =
        || Run::objects([("CLAS", "ZCL_A"), ("PROG", "ZB")].map(|(t, n)| ObjectKey::new(t, n)));
    let mut expected = directly(&server).await;
    expected.retain(|finding| ["ZCL_A", "ZB"].contains(&finding.object.name()));
    for size in (1..=40).chain([100, 149, 1_000, 1 << 20, u64::MAX]) {
        for window in [1, 8] {
            let transfer = client.start_with(few(), chunks_of(size).window(window));
            let findings = deadline(one_by_one(deadline(transfer).await.unwrap())).await.unwrap();
            assert_eq!(findings.0, expected, "chunks of {size}, window of {window}");
        }
    }
}

#[tokio::test]
async fn a_cut_in_the_middle_gives_each_record_once() {
    let folder = sources();
    let whole = directly(&serve_with(folder.path(), |builder| builder).await).await;
    let disk = tempfile::tempdir().unwrap();
    let mut reconnects = 0;
    for (place, is_on_disk) in
        (0..).map(|n| 700 + n * 613).zip([false, true].into_iter().cycle()).take(16)
    {
        let script = Script::new().cut_connection_after(place).cut_connection_after(place / 2);
        let server = serve_with(folder.path(), |builder| {
            let builder = builder.script(script).object_delay(Duration::from_millis(2));
            if is_on_disk { builder.retain_on_disk(disk.path()) } else { builder }
        });
        let server = server.await;
        let client = connect_with(&server, |builder| builder.retries(Retries::default())).await;
        let transfer = deadline(client.start_with(run(), chunks_of(97))).await.unwrap();
        let (findings, _) = deadline(one_by_one(transfer)).await.expect("it goes on");
        assert_eq!(findings, whole, "cut after {place} bytes");
        reconnects += client.stats().reconnects;
        client.close().await;
        server.shutdown().await;
    }
    assert!(reconnects >= 10, "only {reconnects} connections were cut under it");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0, "what was kept is gone");
}

#[tokio::test]
async fn a_cut_without_resume_is_an_error_once_records_were_given_out() {
    let folder = sources();
    let server =
        serve_with(folder.path(), |builder| builder.script(Script::new().cut_after(3))).await;
    let client = connect(&server).await;
    let options = chunks_of(97).features(Features::from_iter([Feature::Checksum]));
    let transfer = deadline(client.start_with(run(), options)).await.unwrap();
    let error = one_by_one(transfer).await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{}", chain(&error));
}

#[tokio::test]
async fn a_record_above_the_limit_ends_it() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    let transfer = deadline(client.start(Run::objects([ObjectKey::new("PROG", "ZB")]))).await;
    let mut limits = RecordLimits::default();
    limits.max_record_bytes = 30;
    let records = transfer.unwrap().records_with(limits);
    let error = deadline(records.finish()).await.unwrap_err();
    let Error::Record { source, operation } = &error else { panic!("{}", chain(&error)) };
    assert!(matches!(source, RecordError::TooLarge { index: 1, limit: 30 }), "{source:?}");
    assert_eq!((operation.as_str(), error.kind()), ("atc.run", ErrorKind::Limit));
    deadline(client.ping()).await.expect("the connection lives on");
}

#[tokio::test]
async fn dropped_midway_it_stops_on_the_server() {
    let folder = sources();
    let one_place = |builder: ServerBuilder| builder.object_delay(NEVER).max_concurrent(1);
    let server = serve_with(folder.path(), one_place).await;
    let client = connect_with(&server, |builder| builder.retries(Retries::never())).await;
    for features in [Features::from_iter([Feature::Cancel]), Features::BUILT] {
        let options = TransferOptions::default().features(features);
        let start = || client.start_with(run().without_subpackages(), options.clone());
        let mut records = loop {
            // The place of the one before is free as soon as the server has heard of it.
            let mut records = deadline(start()).await.unwrap().records();
            if deadline(records.next()).await.is_some() {
                break records;
            }
            let error = deadline(records.finish()).await.unwrap_err();
            assert!(chain(&error).contains("BUSY"), "{}", chain(&error));
        };
        assert!(deadline(records.next()).await.is_some());
        drop(records);
    }
}

#[tokio::test]
async fn nothing_to_find_is_a_good_result() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    let transfer = deadline(client.start(run())).await.unwrap();
    let mut records = transfer.records();
    assert!(deadline(records.next()).await.is_none());
    let recorded = deadline(records.finish()).await.unwrap();
    assert_eq!((recorded.output.objects, recorded.records, recorded.receipt.bytes), (0, 0, 0));
    let summary: Value =
        deadline(client.request("atc", "run").param("packages", [PACKAGE]).call()).await.unwrap();
    let expected =
        json!({"objectCount": 0, "findingCount": 0, "priorities": [0, 0, 0], "skipped": []});
    assert_eq!(summary, expected, "one answer can say that");
}

#[tokio::test]
async fn one_answer_cannot_hold_findings() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    for (packages, code) in [(PACKAGE, "ATC_ERROR"), ("$NOWHERE", "ATC_ERROR")] {
        let asked = client.request("atc", "run").param("packages", [packages]).call::<Value>();
        let error = deadline(asked).await.unwrap_err();
        let Error::Server { source, .. } = &error else { panic!("{}", chain(&error)) };
        assert_eq!(source.code, code);
    }
    for profile in [Profile::Seed, Profile::Deployed] {
        let server = serve_with(folder.path(), |builder| builder.profile(profile)).await;
        let client = connect(&server).await;
        let error = deadline(client.run(run())).await.unwrap_err();
        let Error::Server { source: ServerError { code, .. }, .. } = &error else {
            panic!("{}", chain(&error))
        };
        assert_eq!(code, "UNKNOWN_DOMAIN", "{profile:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_checked_is_left_out_and_said() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    // The folder was listed; now the file is gone.
    fs::remove_file(folder.path().join("zcl_a.clas.testclasses.abap")).unwrap();
    fs::remove_file(folder.path().join("zcl_a.clas.xml")).unwrap();
    let client = connect(&server).await;
    let warnings = Arc::<Mutex<Vec<_>>>::default();
    let kept = Arc::clone(&warnings);
    let run = run().with_objects([ObjectKey::new("PROG", "ZNONE")]);
    let transfer = deadline(client.start(run)).await.unwrap().on_warning(move |warning| {
        kept.lock().unwrap().push((warning.item.clone(), warning.code.clone()));
    });
    let recorded = deadline(transfer.records().finish()).await.unwrap();
    assert_eq!((recorded.output.objects, recorded.output.findings), (4, 43));
    let skipped: Vec<_> =
        recorded.output.skipped.iter().map(|s| (s.kind.as_str(), s.name.as_str())).collect();
    assert_eq!(skipped, [("CLAS", "ZCL_A"), ("PROG", "ZNONE")]);
    let reason = &recorded.output.skipped[0].reason;
    assert!(reason.starts_with("zcl_a.clas.testclasses.abap is not readable"), "{reason}");
    assert!(!reason.contains(folder.path().to_str().unwrap()));
    let expected = [("CLAS ZCL_A", "READ_ERROR"), ("PROG ZNONE", "NOT_FOUND")];
    let expected = expected.map(|(item, code)| (Some(item.to_owned()), Some(code.to_owned())));
    assert_eq!(*warnings.lock().unwrap(), expected);
    assert_eq!(recorded.receipt.warnings.len(), 2);
}

#[tokio::test]
async fn a_request_of_no_type_gives_records_as_json() {
    let folder = sources();
    let server = serve_with(folder.path(), |builder| builder).await;
    let client = connect(&server).await;
    let request = client.request("atc", "run").param("packages", [PACKAGE]).stream();
    let mut records = deadline(request.start()).await.unwrap().records();
    let mut lines = Vec::<Box<RawValue>>::new();
    while let Some(record) = deadline(records.next()).await {
        lines.push(record.into_inner());
    }
    let recorded = deadline(records.finish()).await.unwrap();
    assert_eq!((recorded.records, lines.len()), (46, 46));
    assert!(recorded.output.get().contains("\"findingCount\":46"));
    assert_eq!(
        lines[0].get(),
        r#"{"object":{"type":"CLAS","name":"ZCL_A"},"file":"zcl_a.clas.abap","line":1,"priority":3,"check":"todo","message":"comment says TODO"}"#
    );
}

#[tokio::test]
async fn many_records_come_in_their_order() {
    let server = deadline(Server::builder().bind("127.0.0.1:0")).await.unwrap();
    let client = connect(&server).await;
    for size in [1 << 10, 1 << 20] {
        let request = client.request("test", "records").param("count", 5_000);
        let transfer = deadline(request.options(chunks_of(size)).stream().start()).await.unwrap();
        let mut records = transfer.records();
        for number in 1..=5_000 {
            let record = deadline(records.next()).await.unwrap().into_inner();
            assert_eq!(record.get(), format!("{{\"n\":{number}}}"));
        }
        assert!(deadline(records.next()).await.is_none());
        assert_eq!(deadline(records.finish()).await.unwrap().records, 5_000);
    }
}

#[tokio::test]
async fn an_array_is_records_as_well() {
    let folder = sources();
    let plain = serve_with(folder.path(), |builder| builder).await;
    let expected = directly(&plain).await;
    let array = serde_json::to_string_pretty(&expected).unwrap();
    for (order, is_kept) in [(Order::InOrder, true), (Order::Reversed, false)] {
        let script = Script::new().payload(array.clone()).order(order);
        let server = serve_with(folder.path(), |builder| builder.script(script)).await;
        let client = connect(&server).await;
        let features = if is_kept { Features::BUILT } else { Features::NONE };
        let options = chunks_of(333).features(features);
        let transfer = deadline(client.start_with(run(), options)).await.unwrap();
        assert_eq!(one_by_one(transfer).await.unwrap().0, expected);
    }
    let script = Script::new().payload(array.replace("\n]", ""));
    let server = serve_with(folder.path(), |builder| builder.script(script)).await;
    let client = connect(&server).await;
    let transfer = deadline(client.start(run())).await.unwrap();
    let error = one_by_one(transfer).await.unwrap_err();
    let Error::Record { source, .. } = &error else { panic!("{}", chain(&error)) };
    assert!(matches!(source, RecordError::Truncated { .. }), "{source:?}");
}

#[tokio::test]
async fn fewer_findings_than_counted_are_a_failure() {
    let folder = sources();
    let half = r#"{"object":{"type":"PROG","name":"ZB"},"priority":1}"#;
    let script = Script::new().payload(half);
    let server = serve_with(folder.path(), |builder| builder.script(script)).await;
    let client = connect(&server).await;
    let transfer = deadline(client.start(run())).await.unwrap();
    let error = one_by_one(transfer).await.unwrap_err();
    assert!(
        chain(&error).contains("there should be 46 findings and there are 1"),
        "{}",
        chain(&error)
    );
}
