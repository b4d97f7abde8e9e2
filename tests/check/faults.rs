//! Every step of a script is found by the check that is there for it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use longhaul::check::Status;
use longhaul::server::{HeaderFault, Order, RawMessage, Script};

use crate::support::PACKAGE;
use crate::{assert_found, each, found, hasty, run, serve};

/// A step, the check that finds it, and how grave that is at least.
struct Case {
    step: &'static str,
    script: Script,
    is_export: bool,
    finds: &'static str,
    status: Status,
}

fn payload(step: &'static str, script: Script, finds: &'static str, status: Status) -> Case {
    Case { step, script, is_export: false, finds, status }
}

fn export(step: &'static str, script: Script, finds: &'static str, status: Status) -> Case {
    Case { step, script, is_export: true, finds, status }
}

/// An object of the sample.
const OBJECT: (&str, &str) = ("CLAS", "ZLH_CL_TARIFF_BASE");

fn cases() -> Vec<Case> {
    use Status::{Deviation, Fault, Note};
    let new = Script::new;
    let (kind, name) = OBJECT;
    let text = |text: &str| vec![RawMessage::from(text)];
    let mut cases = vec![
        payload("order", new().order(Order::Reversed), "4.3.chunk.order", Deviation),
        payload("order", new().order(Order::Shuffled(7)), "4.3.chunk.order", Deviation),
        payload("repeat_each", new().repeat_each(), "4.3.chunk.once", Deviation),
        payload("repeat_altered", new().repeat_altered(2), "4.3.chunk.conflict", Fault),
        payload("drop_chunk", new().drop_chunk(2), "4.3.chunk.gap", Fault),
        payload("corrupt_bit", new().corrupt_bit(10, 3), "6.1.chunk.crc32", Fault),
        payload("stall_after", new().stall_after(1), "4.1.request.ends", Fault),
        payload("cut_after", new().cut_after(1), "1.4.connection.stays", Fault),
        payload(
            "error_after",
            new().error_after(1, "TEST_ERROR", "no"),
            "4.1.operation.completes",
            Fault,
        ),
        payload("total", new().total(99), "4.4.complete.total", Fault),
        payload("total", new().total(1), "4.4.complete.total", Fault),
        payload("seq_zero", new().seq_zero(), "4.3.chunk.from-1", Fault),
        payload("invalid_base64", new().invalid_base64(1), "3.3.base64.valid", Fault),
        payload(
            "complete_unsuccessful",
            new().complete_unsuccessful(),
            "4.1.operation.completes",
            Fault,
        ),
        payload(
            "complete_unsuccessful",
            new().complete_unsuccessful(),
            "4.4.complete.reason",
            Deviation,
        ),
        payload(
            "extra_chunk_past_total",
            new().extra_chunk_past_total(),
            "4.4.complete.total",
            Fault,
        ),
        payload("truncate_payload", new().truncate_payload(20_000), "6.1.complete.size", Fault),
        payload("truncate_payload", new().truncate_payload(20_000), "6.1.complete.sha256", Fault),
        export("payload", new().payload("no archive"), "10.1.export.archive", Fault),
        payload("raw", new().raw(text("{}")), "3.5.text.readable", Fault),
        payload(
            "before",
            new().before(text(r#"{"id":"{id}","type":"heartbeat"}"#)),
            "3.1.type.known",
            Deviation,
        ),
        payload(
            "after",
            new().after(text(r#"{"id":"{id}","type":"progress","done":1}"#)),
            "3.1.last.last",
            Deviation,
        ),
        payload("busy", new().busy(2, Duration::from_millis(10)), "9.busy.retry", Note),
        payload(
            "ignore_chunk_size",
            new().ignore_chunk_size(9_000),
            "6.3.credit.chunk-size",
            Fault,
        ),
        payload(
            "ignore_chunk_size",
            new().ignore_chunk_size(9_000),
            "2.chunk-size.kept",
            Deviation,
        ),
        payload("only_first", new().drop_chunk(1).only_first(2), "4.3.chunk.gap", Fault),
        payload(
            "cut_connection_after",
            new().cut_connection_after(20_000),
            "1.4.connection.stays",
            Fault,
        ),
        payload("lose_operations", new().lose_operations(), "6.4.resume.goes-on", Fault),
        payload("new_epoch", new().new_epoch(), "6.4.resume.goes-on", Fault),
        payload("text_chunk", new().text_chunk(2), "6.5.form.one", Deviation),
        payload("without_alias", new().without_alias(), "6.5.alias.given", Note),
        export("fail_object", new().fail_object(kind, name, "no"), "4.1.operation.completes", Note),
        export("skip_object", new().skip_object(kind, name, "no"), "4.7.items.whole", Note),
        export("crash_object", new().crash_object(kind, name), "1.4.connection.stays", Fault),
        // It still answers pings, as one that computes.
        payload("stall_requests", new().stall_requests(100, 1), "4.1.request.ends", Note),
        payload("kill_requests", new().kill_requests(100, 1), "1.4.connection.stays", Fault),
        export("list_nothing", new().list_nothing(), "10.1.list.packages", Fault),
    ];
    cases.extend(
        HEADER_FAULTS.map(|(fault, finds)| {
            payload("spoil_header", new().spoil_header(2, fault), finds, Fault)
        }),
    );
    cases
}

const HEADER_FAULTS: [(HeaderFault, &str); 7] = [
    (HeaderFault::Alias, "6.5.alias.known"),
    (HeaderFault::Length, "6.5.header.length"),
    (HeaderFault::Flag, "6.5.header.flags"),
    (HeaderFault::NoCrc, "6.1.checksum.there"),
    (HeaderFault::Version, "6.5.header.version"),
    (HeaderFault::Magic, "6.5.header.readable"),
    (HeaderFault::Short, "6.5.header.readable"),
];

/// Steps about ADT: plain HTTP, which is no part of the protocol (PROTOCOL 10.6).
const NOT_ON_THE_WIRE: [&str; 3] =
    ["forbid_data_preview", "no_token_by_head", "expire_token_after"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_is_found() {
    each(cases(), async |case| {
        let server = serve(|builder| builder.script(case.script)).await;
        let packages = if case.is_export { &[PACKAGE][..] } else { &[] };
        let report = run(&server.url(), hasty().packages(packages.iter().copied())).await;
        assert_found(&report, case.finds, case.status, case.step);
        assert_eq!(report.is_clean(), case.status == Status::Note, "{}", case.step);
    })
    .await;
}

#[test]
fn no_step_is_without_an_expectation() {
    let sources = [
        "script.rs",
        "script/adt.rs",
        "script/binary.rs",
        "script/objects.rs",
        "script/order.rs",
        "script/message.rs",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server");
    let listed: BTreeSet<_> = std::fs::read_dir(folder.join("script"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed.len(), sources.len() - 1, "another file of steps: {listed:?}");
    let texts = sources.map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
    let steps: BTreeSet<_> = texts.iter().flat_map(|text| steps_in(text)).collect();
    let cases = cases();
    let expected = cases.iter().map(|case| case.step.to_owned());
    let expected: BTreeSet<_> = expected.chain(NOT_ON_THE_WIRE.map(str::to_owned)).collect();
    assert_eq!(steps, expected);
}

/// The public methods that take a script and give one.
fn steps_in(source: &str) -> Vec<String> {
    let mut steps = Vec::new();
    for part in source.split("    pub fn ").skip(1) {
        let head = part.split('{').next().unwrap();
        let takes_script = head.contains("(self") || head.contains("(mut self");
        if takes_script && head.contains("-> Self") {
            steps.push(head.split('(').next().unwrap().to_owned());
        }
    }
    steps
}

#[test]
fn no_fault_of_a_header_is_without_an_expectation() {
    let source = include_str!("../../src/server/script/binary.rs");
    let body = source.split("pub enum HeaderFault {").nth(1).unwrap().split('}').next().unwrap();
    let variants =
        body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let variants: BTreeSet<_> =
        variants.map(|line| line.trim_end_matches(',').to_owned()).collect();
    let expected: BTreeSet<_> = HEADER_FAULTS.map(|(fault, _)| format!("{fault:?}")).into();
    assert_eq!(variants, expected);
}

#[tokio::test]
async fn what_departs_elsewhere_is_reported_with_a_section() {
    let script = Script::new().stall_after(1);
    let server = serve(|builder| builder.script(script)).await;
    let report = run(&server.url(), hasty().section("6.4")).await;
    assert_found(&report, "4.1.request.ends", Status::Fault, "a section of its own");
    let is_extra = |id: &str| id == "4.1.request.ends";
    assert!(report.results.iter().all(|r| r.check.is_in("6.4") || is_extra(r.check.id)));
}

/// Something comes to the last, so silence is not what ends it; what is slow rightly is no departure.
#[tokio::test]
async fn what_takes_too_long_is_skipped() {
    let server = serve(|builder| builder.object_delay(Duration::from_millis(100))).await;
    let options = hasty().packages([PACKAGE]).section("4").group_limit(Duration::from_millis(500));
    let report = run(&server.url(), options).await;
    assert_found(&report, "4.1.request.ends", Status::Note, "a group that takes too long");
    assert!(report.is_clean() && !report.is_complete(), "{}", found(&report));
    for limit in [Duration::ZERO, Duration::from_millis(500)] {
        let options = hasty().packages([PACKAGE]).section("4").limit(limit);
        let report = run(&server.url(), options).await;
        assert!(report.is_clean() && !report.is_complete(), "{}", found(&report));
    }
}
