//! Checking a server against PROTOCOL.md.

use longhaul::server::{HeaderFault, Profile, Script};
use serde_json::{Value, json};

use crate::peer::{nobody, refusing};
use crate::support::{Folder, Serving, run};

/// A package of the sample that is small.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sample/zlh_demo_tariff");

fn serving(script: Script) -> Serving {
    Serving::start(|server| server.package("$SMALL", SMALL).script(script))
}

#[test]
fn a_server_that_is_right() {
    let (serving, folder) = (serving(Script::new()), Folder::new());
    let url = serving.url();
    // The URL as a word, whatever the environment says.
    let ran = run(&mut folder.longhaul("http://127.0.0.1:9", &["check", &url])).expect(0);
    let stdout = ran.stdout();
    for word in ["operation  test.payload", "6.4 resume\n", "6.4.resume.goes-on", " pass, "] {
        assert!(stdout.contains(word), "no {word} in: {stdout}");
    }
    assert!(!stdout.contains('\u{1b}'), "no colours where nobody looks");
    assert_eq!(ran.stderr().lines().count(), 2, "{}", ran.stderr());
    let quiet = run(&mut folder.longhaul(&url, &["check", "-q"])).expect(0);
    // An export shows what the test payload does not.
    assert_eq!((quiet.stdout(), quiet.stderr().lines().count()), (String::new(), 1));
    assert!(quiet.stderr().contains("name a package"), "{}", quiet.stderr());
    let words = ["check", &url, "$SMALL", "--json"];
    let report = run(&mut folder.longhaul(&url, &words)).expect(0).json();
    assert_eq!((&report["isClean"], &report["operation"]), (&json!(true), &json!("git.export")));
    assert_eq!(report["counts"]["fault"], 0);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn each_profile_passes() {
    for profile in [Profile::Seed, Profile::Deployed] {
        let serving = Serving::start(|server| server.package("$SMALL", SMALL).profile(profile));
        let folder = Folder::new();
        run(&mut folder.longhaul(&serving.url(), &["check", "$SMALL"])).expect(0);
    }
}

/// A server that shows nothing without a package is not green.
#[test]
fn what_was_skipped_is_said_also_where_it_is_to_be_quiet() {
    let serving = Serving::start(|server| server.package("$SMALL", SMALL).profile(Profile::Seed));
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["check", "-q"])).expect(0);
    let said = ran.stderr();
    assert_eq!((ran.stdout(), said.lines().count()), (String::new(), 1), "{said}");
    assert!(said.contains(" skipped") && said.contains("--operation"), "{said}");
    let ran = run(&mut folder.longhaul(&serving.url(), &["check", "-q", "--json"])).expect(0);
    let report = ran.json();
    assert_eq!((&report["isClean"], &report["isComplete"]), (&json!(true), &json!(false)));
    let skipped = report["skipped"].as_array().unwrap();
    let checks: u64 = skipped.iter().filter_map(|skipped| skipped["checks"].as_u64()).sum();
    assert_eq!(report["counts"]["skipped"], checks);
    assert!(
        skipped.iter().all(|skipped| skipped["reason"].as_str().is_some_and(|r| !r.is_empty()))
    );
    assert!(report["hint"].as_str().unwrap().contains("--operation"));
    let ran =
        run(&mut folder.longhaul(&serving.url(), &["check", "-q", "--json", "--section", "2.1"]));
    assert_eq!(ran.json()["isComplete"], true);
}

#[test]
fn a_departure_is_told_with_its_evidence() {
    let script = Script::new().spoil_header(2, HeaderFault::Version);
    let (serving, folder) = (serving(script), Folder::new());
    let words = ["check", "--section", "6.5", "--idle-timeout", "1s"];
    let ran = run(&mut folder.longhaul(&serving.url(), &[&words[..], &["-q"]].concat())).expect(4);
    let stdout = ran.stdout();
    assert!(stdout.starts_with("fault "), "{stdout}");
    for word in
        ["6.5.header.version", "expected  version 1", "came      5746 bytes, binary: 4c 48 02"]
    {
        assert!(stdout.contains(word), "no {word} in: {stdout}");
    }
    assert!(ran.stderr().starts_with("error: the server departs from PROTOCOL.md: "));

    let words = [&words[..], &["--json"]].concat();
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(4).json();
    assert_eq!(report["isClean"], false);
    let results = report["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["id"] == "6.5.header.version").unwrap();
    assert_eq!(result["status"], "fault");
    assert!(result["title"].is_string() && result["times"].as_u64().unwrap() > 0);
    let finding = &result["findings"][0];
    assert_eq!((&finding["grade"], &finding["expected"]), (&json!("fault"), &json!("version 1")));
    assert!(finding["came"].is_string() && finding["sent"].is_string());
}

#[test]
fn the_json_has_one_shape() {
    let (serving, folder) = (serving(Script::new()), Folder::new());
    let words = ["check", "--json", "--section", "2.1", "--section", "10.1"];
    let report = run(&mut folder.longhaul(&serving.url(), &words)).expect(0).json();
    let keys: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "connections",
        "counts",
        "elapsedMs",
        "hint",
        "isClean",
        "isComplete",
        "operation",
        "requests",
        "results",
        "server",
        "skipped",
    ];
    assert_eq!(keys, expected);
    let server = report["server"].as_object().unwrap();
    assert!(
        server["domains"].is_array()
            && server["features"].is_array()
            && server["version"].is_string()
    );
    let results = report["results"].as_array().unwrap();
    assert!(results.iter().all(|result| {
        let id = result["id"].as_str().unwrap();
        id.starts_with("2.1.") || id.starts_with("10.1.")
    }));
    let unapplied = results.iter().find(|result| result["status"] == "notApplicable").unwrap();
    assert!(unapplied["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    let counted: u64 =
        report["counts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, results.len() as u64);
}

#[test]
fn what_the_user_named_is_not_shown() {
    let (serving, folder) = (serving(Script::new().drop_chunk(1)), Folder::new());
    let words = ["check", "--operation", "test.payload", "--idle-timeout", "1s"];
    let params = ["--params", r#"{"size":5000,"note":"s3cret"}"#, "-vv"];
    let ran = run(&mut folder.longhaul(&serving.url(), &[&words[..], &params].concat())).expect(4);
    let said = ran.stdout() + &ran.stderr();
    assert!(said.contains("\"params\":{…}") && !said.contains("s3cret"), "{said}");
    // Each group says before what it does.
    assert!(said.contains("asks for the operation twice"));

    // A list that is wrong is shown, the package's name aside.
    let serving = Serving::start(|server| {
        server.package("$SMALL", SMALL).script(Script::new().list_nothing())
    });
    let words = ["check", "$SMALL", "--section", "10.1", "-vv"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(4);
    let said = ran.stdout() + &ran.stderr();
    assert!(said.contains("10.1.list.packages") && !said.contains("$SMALL"), "{said}");
}

#[test]
fn checks_can_be_listed() {
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&nobody(), &["check", "--list"])).expect(0);
    assert!(ran.stdout().lines().count() > 100, "{}", ran.stdout());
    let words = ["check", "--list", "--section", "6.3", "--json"];
    let list = run(&mut folder.longhaul(&nobody(), &words)).expect(0).json();
    let checks = list["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["id"].as_str().unwrap().starts_with("6.3.")));
    assert!(checks.iter().any(|check| check["id"] == "6.3.credit.kept"));
}

#[test]
fn without_a_connection_there_is_no_report() {
    let folder = Folder::new();
    run(&mut folder.longhaul(&nobody(), &["check"])).expect(3).expect_hint("");
    let page = refusing("200 OK", "<p>hello</p>");
    let ran = run(&mut folder.longhaul(&page, &["check", "--json"])).expect(3);
    assert_eq!(ran.json()["error"]["kind"], "connection");
    let logon = refusing("401 Unauthorized", "no");
    run(&mut folder.longhaul(&logon, &["check"])).expect(3);
}

#[test]
fn words_that_do_not_go_together() {
    let folder = Folder::new();
    for wrong in [
        &["http://a.example", "http://b.example"][..],
        &["http://a.example", "--url", "http://b.example"],
        &["$DEMO", "--operation", "git.export"],
        &["--operation", "export"],
        &["--params", "{}"],
        &["--section", "12"],
        &["--list", "--section", "12"],
    ] {
        let words = [&["check"], wrong].concat();
        run(&mut folder.longhaul(&nobody(), &words)).expect(2);
    }
}
