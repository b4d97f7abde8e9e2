//! Ctrl+C.
#![cfg(unix)]

use longhaul::server::{Profile, Script};
use rustix::process::Signal;

use crate::support::{Folder, SAMPLE, Serving, Spawned, run};

#[test]
fn an_interrupted_export_leaves_nothing_where_it_cannot_go_on() {
    let warning = r#"{"id":"{id}","type":"warning","message":"now"}"#;
    let script = Script::new().before(vec![warning.into()]).stall_after(0);
    let serving = Serving::start(|server| server.profile(Profile::Seed).script(script));
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--json"];
    let mut spawned = folder.spawn(&serving.url(), &words);
    spawned.wait_for_stderr("warning: now");
    spawned.signal(Signal::INT);
    let (status, ended) = spawned.wait();
    assert_eq!(status.code(), Some(130), "{ended}");
    assert!(ended.contains(r#""kind":"interrupted""#), "{ended}");
    assert!(!ended.contains("--resume"), "{ended}");
    assert!(folder.names().is_empty());
}

#[test]
fn a_server_tells_its_url_and_ends_well() {
    let folder = Folder::new();
    let package = format!("$DEMO={SAMPLE}");
    for signal in [Signal::INT, Signal::TERM] {
        let words = ["serve", "--listen", "127.0.0.1:0", "--package", &package];
        let mut serving = folder.spawn("", &words);
        let url = serving.stdout_line();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let words = ["ping", "--user", "ANY"];
        run(folder.longhaul(&url, &words).env("SAP_PASSWORD", "any")).expect(0);
        serving.signal(signal);
        let (status, _) = serving.wait();
        assert_eq!(status.code(), Some(0), "{signal:?}");
    }
}

#[test]
fn a_server_can_ask_for_a_logon_and_be_an_older_one() {
    let folder = Folder::new();
    let package = format!("$DEMO={SAMPLE}");
    let words = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--package",
        &package,
        "--profile",
        "seed",
        "--user",
        "ME",
        "-q",
    ];
    let mut command = folder.std_command("", &words);
    command.env("SAP_PASSWORD", "right");
    let mut serving = Spawned::new(command);
    let url = serving.stdout_line();
    let words = ["ping", "--user", "ME", "--json"];
    run(folder.longhaul(&url, &words).env("SAP_PASSWORD", "wrong")).expect(3);
    let ran = run(folder.longhaul(&url, &words).env("SAP_PASSWORD", "right")).expect(0);
    assert!(ran.json()["features"].is_null());
    serving.signal(Signal::TERM);
    assert_eq!(serving.wait().0.code(), Some(0));
}
