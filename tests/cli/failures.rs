//! What goes wrong: the exit code, the hint, and that nothing is left behind.

use std::fs;
use std::io::{Read, Write};

use longhaul::server::{Profile, RawMessage, Script};

use crate::peer::{nobody, peer, refusing};
use crate::support::{Folder, Ran, Serving, run};

/// Exports over an existing file, expects `code` and a hint with `word`, and that the file is as
/// it was with nothing beside it.
#[track_caller]
fn fails(url: &str, more: &[&str], code: i32, word: &str) -> Ran {
    let (folder, ran) = fails_in_folder(url, more, code, word);
    assert_eq!(folder.names(), ["a.zip"]);
    ran
}

/// The same, but what has come stays beside the file, and the hint says how to go on.
#[track_caller]
fn breaks_off(script: Script, more: &[&str], word: &str) -> Ran {
    let serving = Serving::start(|server| server.script(script));
    let (folder, ran) = fails_in_folder(&serving.url(), more, 5, word);
    assert_eq!((folder.names().len(), folder.parts().0), (3, 1), "{:?}", folder.names());
    ran.expect_hint("--resume");
    ran
}

#[track_caller]
fn fails_in_folder(url: &str, more: &[&str], code: i32, word: &str) -> (Folder, Ran) {
    let folder = Folder::new();
    fs::write(folder.path("a.zip"), "old").unwrap();
    let words = [&["export", "$DEMO", "-o", "a.zip"], more].concat();
    let ran = run(&mut folder.longhaul(url, &words)).expect(code);
    ran.expect_hint(word);
    assert_eq!(folder.finished(), ["a.zip"]);
    assert_eq!(fs::read(folder.path("a.zip")).unwrap(), b"old");
    (folder, ran)
}

#[track_caller]
fn scripted(script: Script, more: &[&str], code: i32, word: &str) -> Ran {
    let serving = Serving::start(|server| server.script(script));
    fails(&serving.url(), more, code, word)
}

#[test]
fn nobody_listens() {
    fails(&nobody(), &[], 3, "port");
}

#[test]
fn the_connection_is_refused_with_a_status() {
    let ran =
        fails(&refusing("404 Not Found", "<h1>No\x1b[2J such\n service</h1>"), &[], 3, "SICF");
    assert!(ran.stderr().contains("404") && ran.stderr().contains("such service"));
    assert!(!ran.stderr().contains('\x1b'));
    fails(&refusing("302 Found", ""), &[], 3, "--url");
    fails(&refusing("503 Service Unavailable", ""), &[], 3, "later");
}

#[test]
fn something_else_answers() {
    let says = |text: &'static [u8]| {
        peer(move |mut stream| {
            stream.write_all(text).unwrap();
            // It waits for what its own protocol says comes next.
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    fails(&refusing("200 OK", "<h1>It works!</h1>"), &[], 3, "something else");
    fails(&says(b"SSH-2.0-x\r\n"), &[], 3, "HTTP");
    fails(&says(b"\x15\x03\x01\0\x02\x02\x46"), &[], 3, "https://");
    fails(&peer(drop), &[], 3, "https://");
}

#[test]
fn a_wrong_password_is_refused() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let folder = Folder::new();
    let words = ["ping", "--user", "ME"];
    let mut command = folder.longhaul(&serving.url(), &words);
    run(command.env("SAP_PASSWORD", "wrong")).expect(3).expect_hint("--client");
    run(command.env("SAP_PASSWORD", "right")).expect(0);
    run(&mut folder.longhaul(&serving.url(), &["ping"])).expect(3);
    let words = ["ping", "--user", "ME", "--password-stdin"];
    run(folder.longhaul(&serving.url(), &words).write_stdin("right\n")).expect(0);
    run(folder.longhaul(&serving.url(), &words).write_stdin("wrong\n")).expect(3);
    run(&mut folder.longhaul(&serving.url(), &words)).expect(3).expect_hint("SAP_PASSWORD");
    let words = ["ping", "--user", "ME"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(3).expect_hint("--password-stdin");
}

#[test]
fn settings_that_cannot_be_used() {
    let folder = Folder::new();
    run(&mut folder.longhaul("", &["ping"])).expect(3).expect_hint("SAP_URL");
    run(&mut folder.longhaul("http://", &["ping"])).expect(3).expect_hint("--url");
    let serving = Serving::start(|server| server);
    let encrypted = serving.url().replace("http://", "https://");
    run(&mut folder.longhaul(&encrypted, &["ping"])).expect(3).expect_hint("http://");
    let mut command = folder.longhaul("http://u:secret@h", &["ping"]);
    let ran = run(&mut command).expect(3);
    ran.expect_hint("SAP_PASSWORD");
    assert!(!ran.stderr().contains("secret"));
}

#[test]
fn a_server_that_never_greets_runs_out_of_time() {
    let silent = || {
        peer(|mut stream| {
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    fails(&silent(), &["--timeout", "300ms"], 3, "overloaded");
}

#[test]
fn a_password_that_leaves_the_machine_in_the_clear_is_warned_of() {
    let folder = Folder::new();
    // An address for documentation, where nothing answers.
    let words = ["ping", "--user", "ME", "--timeout", "50ms"];
    let mut command = folder.longhaul("http://192.0.2.1:8000", &words);
    let ran = run(command.env("SAP_PASSWORD", "x")).expect(3);
    assert!(ran.stderr().contains("warning: the password"), "{}", ran.stderr());
}

#[test]
fn the_server_refuses_or_fails() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&serving.url(), &["export", "$NOPE", "-q"])).expect(4);
    ran.expect_hint("package name");
    assert!(ran.stderr().contains("GIT_ERROR"));
    let script = Script::new().error_after(1, "SERVICE_EXCEPTION", "dump");
    scripted(script, &["--chunk-size", "10kB"], 4, "ST22");
    scripted(Script::new().complete_unsuccessful(), &[], 4, "");
}

#[test]
fn nothing_is_delivered() {
    let answers = [
        r#"{"id":"{id}","type":"complete","totalChunks":0}"#,
        r#"{"id":"{id}","success":true,"data":{"objectCount":1,"zipBase64":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}"#,
    ];
    for answer in answers {
        let serving = Serving::start(|server| {
            server.profile(Profile::Seed).script(Script::new().raw(vec![answer.into()]))
        });
        fails(&serving.url(), &[], 4, "names");
    }
}

#[test]
fn the_connection_breaks() {
    let chunked = ["--chunk-size", "10kB"];
    let ran = breaks_off(Script::new().cut_after(0), &chunked, "is kept");
    assert_eq!(ran.stderr().matches("connection lost (the connection was cut), trying").count(), 5);
    scripted(Script::new().raw(vec![RawMessage::Close]), &chunked, 5, "try again");
}

#[test]
fn a_connection_that_breaks_is_opened_again() {
    let serving = Serving::start(|server| server.script(Script::new().cut_after(3)));
    let folder = Folder::new();
    let words = ["export", "$DEMO", "--chunk-size", "10kB"];
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert_eq!(folder.names(), ["$DEMO.zip"]);
    for word in
        ["connection lost (the connection was cut), trying again in 0.", "resuming at 30000"]
    {
        assert!(ran.stderr().contains(word), "{}", ran.stderr());
    }
    let quiet = [&words[..], &["-q"]].concat();
    assert_eq!(run(&mut folder.longhaul(&serving.url(), &quiet)).expect(0).stderr(), "");
    // Where the server keeps nothing, all of it comes once more.
    let script = Script::new().before(vec![RawMessage::Cut]).only_first(1);
    let serving = Serving::start(|server| server.profile(Profile::Seed).script(script));
    let ran = run(&mut folder.longhaul(&serving.url(), &words)).expect(0);
    assert!(ran.stderr().contains("warning: starting over from the beginning: the connection"));
    assert!(!ran.stderr().contains("resuming"), "{}", ran.stderr());
}

#[test]
fn the_data_does_not_verify() {
    let chunked = ["--chunk-size", "10kB"];
    let ran = scripted(Script::new().corrupt_bit(15_000, 3), &chunked, 5, "try again");
    assert!(ran.stderr().contains("chunk 2 should have crc"), "{}", ran.stderr());
    scripted(Script::new().drop_chunk(2), &chunked, 5, "try again");
    scripted(Script::new().truncate_payload(50_000), &chunked, 5, "try again");
    scripted(Script::new().payload(&b"no archive at all"[..]), &chunked, 5, "try again");
}

#[test]
fn limits_on_size_name_their_option() {
    scripted(Script::new(), &["--max-message", "10kB"], 5, "--max-message");
    scripted(Script::new(), &["--max-size", "10kB"], 5, "--max-size");
    // The archive itself is below this, what it inflates to is not.
    let ran = scripted(Script::new(), &["--max-size", "100kB"], 5, "--max-size");
    assert!(ran.stderr().contains("inflates"), "{}", ran.stderr());
}

#[test]
fn limits_on_time_name_their_option() {
    let stalled = || Script::new().stall_after(1);
    let chunked = ["--chunk-size", "10kB"];
    breaks_off(stalled(), &[&chunked[..], &["--timeout", "500ms"]].concat(), "--timeout");
    breaks_off(stalled(), &[&chunked[..], &["--idle-timeout", "300ms"]].concat(), "--idle-timeout");
}

#[test]
fn progress_is_a_line_now_and_then_unless_quiet() {
    let words = ["--chunk-size", "10kB", "--timeout", "3s"];
    let is_line = |line: &str| line.contains("/71 objects, ") && line.contains("KiB");
    let ran = breaks_off(Script::new().stall_after(2), &words, "--timeout");
    assert_eq!(ran.stderr().lines().filter(|line| is_line(line)).count(), 1, "{}", ran.stderr());
    let quiet = [&words[..], &["-q"]].concat();
    let ran = breaks_off(Script::new().stall_after(2), &quiet, "--timeout");
    assert_eq!(ran.stderr().lines().count(), 2, "{}", ran.stderr());
}

#[test]
fn a_file_that_cannot_be_written_is_this_side_s_fault() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let words = ["export", "$DEMO", "-o", "no/such/a.zip"];
    run(&mut folder.longhaul(&serving.url(), &words)).expect(1).expect_hint("-o");
    assert!(folder.names().is_empty());
}

#[test]
fn json_says_what_went_wrong_on_stdout_and_stderr() {
    let folder = Folder::new();
    let serving = Serving::start(|server| server);
    for (url, words, code, kind) in [
        (serving.url(), &["export", "$NOPE", "--json"][..], 4, "refused"),
        (serving.url(), &["export", "$DEMO", "--json", "--max-size", "1"], 5, "limit"),
        (serving.url(), &["export", "$DEMO", "--json", "-o", "-"], 2, "usage"),
        (serving.url(), &["export", "--json"], 2, "usage"),
        (serving.url(), &["export", "--json", "--no-such-option"], 2, "usage"),
        (serving.url(), &["call", "git", "nope", "--json"], 4, "refused"),
        (nobody(), &["ping", "--json", "-q"], 3, "connection"),
        (nobody(), &["types", "--json"], 3, "connection"),
        (String::new(), &["types", "--json"], 3, "configuration"),
    ] {
        let ran = run(&mut folder.longhaul(&url, words)).expect(code);
        let error = &ran.json()["error"];
        assert_eq!(error["kind"], kind, "{words:?}");
        assert!(error["message"].is_string() && error["hint"].is_string(), "{words:?}");
        assert!(ran.stderr().contains("error: "), "{words:?}");
    }
    assert!(folder.names().is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    for (words, code) in [
        (&["export", "$DEMO", "-o", "-"][..], 1),
        (&["export", "$DEMO"], 0),
        (&["types"], 0),
        (&["--help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.std_command(&serving.url(), words);
        let ended = command.stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{words:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{words:?}: {stderr}");
    }
}
