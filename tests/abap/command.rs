//! The command against the handler.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::host::{Host, PACKAGE, objects};

/// Runs the command in a folder of its own; a host that does not answer ends it by its own limits.
fn longhaul(host: &Host, folder: &TempDir, words: &[&str]) -> Output {
    let mut command = assert_cmd::Command::from_std(Command::new(env!("CARGO_BIN_EXE_longhaul")));
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("SAP_") || upper.starts_with("VSP_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command.timeout(std::time::Duration::from_mins(1));
    command.env("HOME", folder.path()).env("SAP_URL", host.url());
    command.args(words).current_dir(folder.path()).output().unwrap()
}

#[test]
fn a_package_with_objects_that_fail_gives_the_rest_and_names_them() {
    let source = objects(20);
    let failing = ["--fail", "CLAS ZCL_0003=no active version", "--fail", "CLAS ZCL_0011=locked"];
    let Some(host) = Host::of_folder(source.path(), &failing) else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = longhaul(&host, &folder, &["export", PACKAGE, "-o", "all.zip", "--json", "-q"]);
    assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reasons: Vec<_> = report["skipped"].as_array().unwrap().iter().collect();
    assert_eq!(reasons.len(), 2, "{report}");
    assert_eq!(reasons[0]["reason"], "no active version");
    assert_eq!(reasons[1]["name"], "ZCL_0011");
    let entries = crate::support::unzip(&fs::read(folder.path().join("all.zip")).unwrap());
    assert_eq!(entries.len(), 2 + 18 * 2, "settings, package, and two files for each object");
}

#[test]
fn the_command_does_its_work_against_the_handler() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let output = longhaul(&host, &folder, words);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["ping"]).contains("stream, checksum, cancel, credit, resume, binary"));
    assert!(run(&["types"]).contains("CLAS"));
    run(&["export", PACKAGE, "--extract", "demo", "-q"]);
    let route = "src/$demo/zlh_cl_route.clas.abap";
    let extracted = fs::read(folder.path().join("demo").join(route)).unwrap();
    let original = crate::support::sample().join("zlh_cl_route.clas.abap");
    assert_eq!(extracted, fs::read(original).unwrap());
    run(&["export", PACKAGE, "-o", "resumable.zip", "--resume", "-q"]);
    run(&["call", "atc", "run", "--stream", "--params", "{\"packages\":[\"$DEMO\"]}"]);
}
