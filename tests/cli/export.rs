//! What an export leaves behind when all goes well, or nearly.

use std::fs;

use longhaul::proto::checksum::Sha256;
use longhaul::server::{Profile, Script};

use crate::support::{Folder, Serving, run, unzip};

#[test]
fn a_package_becomes_a_file_named_after_it() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO"])).expect(0);
    assert_eq!(folder.names(), ["$DEMO.zip"]);
    let archive = fs::read(folder.path("$DEMO.zip")).unwrap();
    let digest = Sha256::of(&archive).to_string();
    assert!(ran.stdout().starts_with("$DEMO.zip: 71 objects, "), "{}", ran.stdout());
    assert!(ran.stdout().contains(&digest));
    assert_eq!(ran.stderr(), "");
}

#[test]
fn json_is_one_object_that_says_everything() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "-o", "demo.zip", "--json", "--chunk-size", "10kB"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    let report = ran.json();
    let archive = fs::read(folder.path("demo.zip")).unwrap();
    assert_eq!(report["output"], "demo.zip");
    assert_eq!(report["bytes"], archive.len());
    assert_eq!(report["sha256"], Sha256::of(&archive).to_string());
    assert_eq!(report["chunks"], archive.len().div_ceil(10_000));
    assert_eq!(report["objectCount"], 71);
    assert_eq!(report["files"], unzip(&folder.path("demo.zip")).len());
    assert_eq!(report["skipped"], serde_json::json!([]));
    assert!(report["elapsedMs"].is_u64());
    assert_eq!(ran.stderr(), "");
}

#[test]
fn an_older_server_gives_the_same_archive() {
    let folder = Folder::new();
    for (profile, name) in [(Profile::Full, "full.zip"), (Profile::Seed, "seed.zip")] {
        let serving = Serving::start(|server| server.profile(profile));
        run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "-o", name])).expect(0);
    }
    assert_eq!(unzip(&folder.path("full.zip")), unzip(&folder.path("seed.zip")));
}

#[test]
fn a_dash_gives_the_archive_and_nothing_else_on_stdout() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO"])).expect(0);
    let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "-o", "-"])).expect(0);
    assert_eq!(ran.stdout_bytes(), fs::read(folder.path("$DEMO.zip")).unwrap());
    assert!(ran.stderr().contains("71 objects"), "{}", ran.stderr());
    let words = ["export", "$DEMO", "-o", "-", "-q"];
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &words)).expect(0).stderr(), "");
}

#[test]
fn only_what_is_asked_for_comes() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--no-subpackages", "--json"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.json()["objectCount"].as_u64().unwrap() < 71);

    fs::write(folder.path("list.txt"), "# wanted\nclas:zcl_no_such\nCLAS:ZLH_CL_ROUTE\n").unwrap();
    let words = ["export", "--object", "CLAS:ZLH_CL_WEIGHT", "--objects-from", "list.txt"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(6);
    assert!(ran.stderr().contains("missing: CLAS:ZCL_NO_SUCH"), "{}", ran.stderr());
    let files = unzip(&folder.path("objects.zip"));
    assert!(files.iter().any(|(path, _)| path.ends_with("zlh_cl_route.clas.abap")));
    assert!(files.iter().any(|(path, _)| path.ends_with("zlh_cl_weight.clas.abap")));
}

#[test]
fn missing_objects_keep_the_file_and_are_listed() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--object", "CLAS:ZCL_NO_SUCH", "-o", "a.zip"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(6);
    assert_eq!(folder.names(), ["a.zip"]);
    assert!(ran.stdout().starts_with("a.zip: 71 objects"), "{}", ran.stdout());
    let listed = ran.stderr().lines().filter(|line| line.starts_with("missing: ")).count();
    assert_eq!(listed, 1, "{}", ran.stderr());

    let quiet = [&words[..], &["-q", "--json"]].concat();
    let ran = run(&mut folder.longhaul(&serving.url(), &quiet)).expect(6);
    assert!(ran.stderr().contains("missing: CLAS:ZCL_NO_SUCH"), "{}", ran.stderr());
    assert_eq!(ran.json()["missing"]["objects"][0]["name"], "ZCL_NO_SUCH");
}

#[test]
fn a_count_that_does_not_fit_is_told() {
    let archive = {
        let serving = Serving::start(|server| server);
        let folder = Folder::new();
        run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "-o", "-"]))
            .stdout_bytes()
            .to_vec()
    };
    let folder = Folder::new();
    for (count, code, word) in
        [(70, 0, "warning: the server counts 70"), (73, 6, "missing: 2 more")]
    {
        let whole = base64(&archive);
        let answer = format!(
            r#"{{"id":"{{id}}","success":true,"data":{{"objectCount":{count},"zipBase64":"{whole}"}}}}"#
        );
        let script = Script::new().raw(vec![answer.into()]);
        let serving = Serving::start(|server| server.script(script));
        let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO"])).expect(code);
        assert!(ran.stderr().contains(word), "{}", ran.stderr());
    }
}

#[test]
fn what_the_server_says_cannot_act_on_a_terminal() {
    let warning = r#"{"id":"{id}","type":"warning","item":"CLAS \u001b[2J","code":"X","message":"\u009b31mred\nnew line"}"#;
    let serving =
        Serving::start(|server| server.script(Script::new().before(vec![warning.into()])));
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "--json"])).expect(0);
    let warned = ran.stderr();
    assert!(warned.starts_with("warning: CLAS ") && warned.lines().count() == 1, "{warned:?}");
    assert!(!warned.trim_end().contains(char::is_control), "{warned:?}");
    assert!(!ran.stdout().trim_end().contains(char::is_control), "{:?}", ran.stdout());
    assert_eq!(ran.json()["warnings"][0]["message"], "\u{9b}31mred\nnew line");
    let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$DEMO", "-q"])).expect(0);
    assert_eq!(ran.stderr(), "");
}

#[test]
fn logs_are_there_when_asked_for_and_hold_no_password() {
    let serving = Serving::start(|server| server.user("ME", "hunter2"));
    let folder = Folder::new();
    let mut command = folder.longhaul(&serving.url(), &["export", "$DEMO", "--user", "ME", "-vvv"]);
    let ran = run(command.env("SAP_PASSWORD", "hunter2")).expect(0);
    assert!(ran.stderr().contains("DEBUG"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("hunter2") && !ran.stderr().contains("TUU6aHVudGVyMg"));
}

fn base64(bytes: &[u8]) -> String {
    longhaul::proto::base64::encode(bytes)
}
