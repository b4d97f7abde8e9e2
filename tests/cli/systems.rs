//! Systems by name, from the files of vsp.

use crate::front::Front;
use crate::peer::nobody;
use crate::support::{Folder, Ran, Serving, run};

const COOKIE: &str = "SAP_SESSIONID_A4H_001=abc%3d";

/// A ping without `SAP_URL`.
fn ping(folder: &Folder, words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let words = [&["ping"], words].concat();
    run(folder.longhaul("", &words).envs(variables.iter().copied()))
}

fn file(url: &str) -> String {
    format!(r#"{{"default":"a4h","systems":{{"a4h":{{"url":"{url}","user":"ME"}}}}}}"#)
}

#[test]
fn a_system_is_found_here_or_at_home() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let password = [("VSP_A4H_PASSWORD", "right")];
    for name in [".vsp.json", ".vsp/systems.json", "home/.vsp.json", "home/.vsp/systems.json"] {
        let folder = Folder::new();
        ping(&folder, &["-s", "a4h"], &password).expect(3).expect_hint(".vsp.json");
        folder.write(name, file(&serving.url()));
        let ran = ping(&folder, &["-s", "a4h"], &password).expect(0);
        assert_eq!(ran.stderr(), "", "{name}");
        let ran = ping(&folder, &[], &password).expect(0);
        assert!(ran.stderr().contains(&serving.url()), "a default is told: {}", ran.stderr());
        let ran = ping(&folder, &["-q"], &password).expect(0);
        assert!(ran.stderr().contains(&serving.url()), "also with -q: {}", ran.stderr());
    }
    let folder = Folder::new();
    folder.write("home/.vsp.json", file(&nobody()));
    folder.write(".vsp.json", file(&serving.url()));
    ping(&folder, &["-s", "a4h"], &password).expect(0);
}

#[test]
fn a_named_system_keeps_the_environment_out() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let folder = Folder::new();
    folder.write(".vsp.json", file(&serving.url()));
    let (own, wrong) = (("VSP_A4H_PASSWORD", "right"), ("SAP_PASSWORD", "wrong"));
    let nobody = nobody();
    let others = [
        ("SAP_URL", nobody.as_str()),
        ("SAP_USER", "OTHER"),
        ("SAP_COOKIE_STRING", "a=b"),
        ("SAP_CLIENT", "no client"),
        wrong,
        own,
    ];
    ping(&folder, &["-s", "a4h"], &others).expect(0);
    // What was set for another system is not sent to this one.
    let right = [("SAP_PASSWORD", "right")];
    ping(&folder, &["-s", "a4h"], &right).expect(3).expect_hint("VSP_A4H_PASSWORD");
    let words = ["ping", "-s", "a4h", "--password-stdin"];
    run(folder.longhaul("", &words).env("VSP_A4H_PASSWORD", "wrong").write_stdin("right"))
        .expect(0);
    ping(&folder, &["-s", "a4h", "--user", "OTHER"], &[own]).expect(3);
    ping(&folder, &["-s", "a4h", "--url", &nobody], &[own]).expect(3).expect_hint("port");
}

#[test]
fn the_default_is_for_who_names_no_server() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let folder = Folder::new();
    folder.write(".vsp.json", file(&nobody()));
    let url = serving.url();
    let said = [("SAP_USER", "ME"), ("SAP_PASSWORD", "right")];
    ping(&folder, &["--url", &url], &said).expect(0);
    ping(&folder, &[], &[said[0], said[1], ("SAP_URL", &url)]).expect(0);
    ping(&folder, &[], &said).expect(3).expect_hint("port");
    folder.write(".vsp.json", file(&url));
    ping(&folder, &[], &[("SAP_PASSWORD", "right")]).expect(0);
    ping(&folder, &[], &[("SAP_PASSWORD", "wrong"), ("VSP_A4H_PASSWORD", "right")]).expect(0);
    ping(&folder, &[], &[said[1], ("SAP_USER", "OTHER")]).expect(3);
}

#[test]
fn what_is_wrong_with_a_file_is_named_without_what_is_in_it() {
    let folder = Folder::new();
    folder.write(".vsp.json", r#"{"systems":{"q1":{"url":"http://h"},"a4h":{},"d 1":{}}}"#);
    let ran = ping(&folder, &["-s", "nope"], &[]).expect(3);
    ran.expect_hint("a4h, d 1, q1");
    assert!(ran.stderr().contains("\"nope\""), "{}", ran.stderr());
    ping(&folder, &["-s", "a4h"], &[]).expect(3).expect_hint(".vsp.json");
    ping(&folder, &[], &[]).expect(3).expect_hint("-s");
    let words = ["ping", "-s", "nope", "--json"];
    let report = run(&mut folder.longhaul("", &words)).expect(3).json();
    assert_eq!(report["error"]["kind"], "configuration");
    for (text, word) in [
        ("{\"systems\":{\n\"a4h\":{\"cookie_string\":hidden}}}", "line 2"),
        (r#"{"systems":{"a4h":{"cookie_string":["hidden"]}}}"#, "cookie_string"),
        (r#"{"systems":{"a4h":{"url":"http://h","client":"hidden"}}}"#, "client"),
    ] {
        folder.write(".vsp.json", text);
        let ran = ping(&folder, &["-s", "a4h", "-vvv"], &[]).expect(3);
        let said = ran.stderr();
        assert!(said.contains(".vsp.json") && said.contains(word), "{said}");
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn a_system_may_have_cookies_and_be_written_carelessly() {
    let serving = Serving::start(|server| server);
    let front = serving.front(Front::http_logon(serving.address(), "-", COOKIE));
    let folder = Folder::new();
    let url = front.url();
    folder.write(
        ".vsp/systems.json",
        format!(
            "\u{feff}{{\"systems\":{{\"text\":{{\"url\":\"{url}\",\"client\":1,\
             \"cookie_string\":\"{COOKIE}\",\"user\":\"ME\",\"more\":{{}}}},\
             \"my-sys.1\":{{\"url\":\"{url}\",\"cookie_file\":\"jar.txt\",\"insecure\":\"true\"}}}}}}"
        ),
    );
    let line = COOKIE.replace('=', "\t");
    folder.write("jar.txt", format!("127.0.0.1\tFALSE\t/\tFALSE\t0\t{line}\n"));
    ping(&folder, &["-s", "text"], &[]).expect(0);
    assert!(front.heads()[0].contains("sap-client=001"), "{:?}", front.heads());
    let ran = ping(&folder, &["-s", "my-sys.1"], &[]).expect(0);
    assert!(ran.stderr().contains("warning: the server's certificate"), "{}", ran.stderr());
    let ran = ping(&folder, &["-s", "my-sys.1", "--user", "ME"], &[]).expect(3);
    ran.expect_hint("VSP_MY_SYS_1_PASSWORD");
}
