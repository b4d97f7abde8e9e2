//! Ctrl+C.
#![cfg(unix)]

#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::Command;

use longhaul::server::{Profile, Script};
use rustix::process::Signal;

use crate::support::{Folder, SAMPLE, Serving, Spawned, run};

const EXPORT: [&str; 3] = ["export", "$DEMO", "--json"];
const WARNED: &str = "warning: now";

/// A server whose export says a warning, and then nothing.
fn falls_silent() -> Serving {
    let warning = r#"{"id":"{id}","type":"warning","message":"now"}"#;
    let script = Script::new().before(vec![warning.into()]).stall_after(0);
    Serving::start(|server| server.profile(Profile::Seed).script(script))
}

/// What an export says that a signal has ended.
fn ended_by(signal: Signal, mut spawned: Spawned) -> String {
    spawned.wait_for_stderr(WARNED);
    spawned.signal(signal);
    let (status, ended) = spawned.wait();
    assert_eq!(status.code(), Some(130), "{ended}");
    assert!(ended.contains(r#""kind":"interrupted""#), "{ended}");
    ended
}

#[test]
fn an_interrupted_export_leaves_nothing_where_it_cannot_go_on() {
    let (serving, folder) = (falls_silent(), Folder::new());
    let ended = ended_by(Signal::INT, folder.spawn(&serving.url(), &EXPORT));
    assert!(!ended.contains("--resume"), "{ended}");
    assert!(folder.names().is_empty());
}

/// Linux alone says whether the signal is ignored, as it may be already where these tests run.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_interrupts_too_unless_that_is_to_be_outlived() {
    let (serving, folder) = (falls_silent(), Folder::new());
    let with = |disposition: &str| {
        let mut env = Command::new("env");
        env.arg(disposition);
        started_by(env, &folder, &serving, &EXPORT)
    };
    ended_by(Signal::HUP, Spawned::new(with("--default-signal=HUP")));
    let mut command = with("--ignore-signal=HUP");
    command.args(["--timeout", "500ms"]);
    let mut spawned = Spawned::new(command);
    spawned.wait_for_stderr(WARNED);
    spawned.signal(Signal::HUP);
    let (status, ended) = spawned.wait();
    assert_eq!(status.code(), Some(5), "{ended}");
}

#[test]
fn a_file_larger_than_the_user_may_write_fails_like_a_full_disk() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    for target in ["a.zip", "-"] {
        let words = ["export", "$DEMO", "-o", target];
        // In blocks of 512 bytes; the export has 70 kB, and stdout is no file.
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -f 40; exec \"$0\" \"$@\""]);
        let command = started_by(shell, &folder, &serving, &words);
        let (status, _, said) = Spawned::new(command).wait_for_all();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("error: ") && said.contains("hint: "), "{said}");
        assert!(!folder.path("a.zip").exists());
    }
}

/// A named pipe in the folder.
#[cfg(target_os = "linux")]
fn pipe(folder: &Folder, name: &str) -> PathBuf {
    let pipe = folder.path(name);
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    pipe
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_that_nobody_reads_is_waited_for_and_can_be_left() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let pipe = pipe(&folder, "pipe");
    let words = ["export", "$DEMO", "-o", "pipe"];
    let mut spawned = folder.spawn(&serving.url(), &words);
    spawned.wait_for_stderr("is a pipe");
    spawned.signal(Signal::INT);
    assert_eq!(spawned.wait().0.code(), Some(130));
    let mut spawned = folder.spawn(&serving.url(), &words);
    spawned.wait_for_stderr("is a pipe");
    let read = std::fs::read(&pipe).unwrap();
    assert_eq!(spawned.wait().0.code(), Some(0));
    assert!(read.starts_with(b"PK"));
    assert_eq!(folder.names(), ["pipe"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_cookie_file_that_nobody_writes_is_not_waited_for_without_end() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    pipe(&folder, "jar");
    let words = ["ping", "--cookie-file", "jar", "--timeout", "300ms"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(3);
}

/// The command, started by another that takes it as its arguments.
fn started_by(mut command: Command, folder: &Folder, serving: &Serving, words: &[&str]) -> Command {
    let inner = folder.std_command(&serving.url(), words);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(folder.path(""));
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
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
