//! Ways to a server: encryption, proxies, logons, and where each setting comes from.

use crate::front::{Answer, Front};
use crate::support::{Folder, Ran, Serving, run};
use crate::tls::{Authority, tls_end};

const COOKIE: &str = "SAP_SESSIONID_A4H_001=abc%3d";
/// An address for documentation, where nothing answers.
const ELSEWHERE: &str = "192.0.2.1";

/// A ping with variables; short of time where it goes nowhere.
fn ping(folder: &Folder, url: &str, words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let words = [&["ping"], words].concat();
    run(folder.longhaul(url, &words).envs(variables.iter().copied()))
}

/// A front that lets everything through and notes what is asked for.
fn noting(serving: &Serving) -> Front {
    let target = serving.address().to_string();
    let pass =
        move |_: &str| Answer::Tunnel { say: String::new(), target: target.clone(), replay: true };
    serving.front(Front::new(pass))
}

/// A proxy that leads every CONNECT to one address.
fn leading_to(serving: &Serving, target: String) -> Front {
    let lead = move |_: &str| Answer::Tunnel {
        say: "HTTP/1.1 200 Connection established\r\n\r\n".into(),
        target: target.clone(),
        replay: false,
    };
    serving.front(Front::new(lead))
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_authority_of_one_s_own_or_none() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let (ours, other) = (Authority::new(), Authority::new());
    let address = serving.front(tls_end(&ours.sign("localhost", 2100), None, serving.address()));
    let url = format!("https://localhost:{}", address.port());
    let (ours, other) = (ours.file(), other.file());
    ping(&folder, &url, &["--cacert", text(&ours)], &[]).expect(0);
    ping(&folder, &url, &["--cacert", text(&other), "--cacert", text(&ours)], &[]).expect(0);
    ping(&folder, &url, &["--cacert", text(&other)], &[]).expect(3).expect_hint("--cacert");
    ping(&folder, &url, &["--cacert", "no-such.pem"], &[]).expect(3).expect_hint("PEM");
    let ran = ping(&folder, &url, &["--insecure"], &[]).expect(0);
    assert!(ran.stderr().contains("warning: the server's certificate"), "{}", ran.stderr());
    let ran = ping(&folder, &url, &["--insecure", "-q"], &[]).expect(0);
    assert!(ran.stderr().starts_with("warning: the server's certificate"), "{}", ran.stderr());
    let ran = ping(&folder, &url, &[], &[("SAP_INSECURE", "true")]).expect(0);
    assert!(ran.stderr().contains("warning: the server's certificate"), "{}", ran.stderr());
    ping(&folder, &url, &["--cacert", text(&other)], &[("SAP_INSECURE", "0")]).expect(3);
}

#[test]
fn a_certificate_of_one_s_own() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let authority = Authority::new();
    let identity = authority.sign("localhost", 2100);
    let address = serving.front(tls_end(&identity, Some(&authority), serving.address()));
    let url = format!("https://localhost:{}", address.port());
    let (me, ca) = (authority.sign("me", 2100), authority.file());
    let trusting = ["--cacert", text(&ca)];
    let (certificate, key) = (text(&me.certificate), text(&me.key));
    let with = |more: &[&str]| ping(&folder, &url, &[&trusting, more].concat(), &[]);
    with(&["--cert", certificate, "--key", key]).expect(0);
    with(&[]).expect(3).expect_hint("--cert");
    with(&["--cert", certificate]).expect(2);
    with(&["--key", key]).expect(2);
    with(&["--cert", key, "--key", certificate]).expect(3).expect_hint("--key");
    let other = authority.sign("other", 2100);
    with(&["--cert", certificate, "--key", text(&other.key)]).expect(3).expect_hint("--key");
}

#[test]
fn cookies_of_a_session_that_exists() {
    let serving = Serving::start(|server| server);
    let front = serving.front(Front::http_logon(serving.address(), "-", COOKIE));
    let folder = Folder::new();
    let line = COOKIE.replace('=', "\t");
    folder.write("good.txt", format!("127.0.0.1\tFALSE\t/\tFALSE\t0\t{line}\n"));
    folder.write("old.txt", "127.0.0.1\tFALSE\t/\tFALSE\t0\tSAP_SESSIONID_A4H_001\told\n");
    let with = |words: &[&str], variables: &[_]| ping(&folder, &front.url(), words, variables);
    with(&["--cookie-file", "good.txt"], &[]).expect(0);
    with(&[], &[("SAP_COOKIE_FILE", "good.txt")]).expect(0);
    with(&[], &[("SAP_COOKIE_STRING", COOKIE)]).expect(0);
    let all = [("SAP_COOKIE_STRING", "a=b"), ("SAP_USER", "ME"), ("SAP_PASSWORD", "x")];
    with(&["--cookie-file", "good.txt"], &all).expect(0);
    with(&[], &all).expect(3).expect_hint("cookies");
    with(&["--cookie-file", "old.txt"], &[]).expect(3).expect_hint("cookies");
    with(&["--cookie-file", "no.txt"], &[]).expect(3).expect_hint("cookie file");
    with(&["--cookie-file", "good.txt", "--user", "ME"], &[]).expect(2);
}

#[test]
fn cookies_in_the_clear_are_warned_of() {
    let folder = Folder::new();
    let url = format!("http://{ELSEWHERE}:8000");
    let cookies = [("SAP_COOKIE_STRING", COOKIE)];
    let ran = ping(&folder, &url, &["--timeout", "50ms"], &cookies).expect(3);
    assert!(ran.stderr().contains("warning: the cookies"), "{}", ran.stderr());
    let ran = ping(&folder, "http://127.0.0.1:1", &[], &cookies).expect(3);
    assert!(!ran.stderr().contains("warning"), "{}", ran.stderr());
}

#[test]
fn a_proxy_that_is_named_holds_for_this_machine_too() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let proxy = serving.front(Front::proxy(Some("bWU6c2VjcmV0")));
    let (bare, logon) = (proxy.url(), format!("http://me:secret@{}", proxy.address));
    ping(&folder, &serving.url(), &["--proxy", &logon], &[]).expect(0);
    assert_eq!(proxy.heads().len(), 1);
    ping(&folder, &serving.url(), &["--proxy", &bare], &[]).expect(3).expect_hint("USER:PASSWORD");
    ping(&folder, &serving.url(), &["--proxy", "socks5://h:1"], &[])
        .expect(3)
        .expect_hint("--proxy");
    ping(&folder, &serving.url(), &["--proxy", ""], &[]).expect(2);
}

#[test]
fn the_environment_s_proxies_hold_for_other_machines() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let proxy = leading_to(&serving, serving.address().to_string());
    let (url, at) = (format!("http://{ELSEWHERE}:8000"), proxy.url());
    for name in ["HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        ping(&folder, &url, &[], &[(name, &at)]).expect(0);
    }
    let heads = proxy.heads();
    assert!(heads.len() == 3 && heads[0].starts_with("CONNECT 192.0.2.1:8000 "), "{heads:?}");
    // This machine is reached directly, and so is what is excepted.
    ping(&folder, &serving.url(), &[], &[("HTTP_PROXY", &at), ("ALL_PROXY", &at)]).expect(0);
    let except = [("HTTP_PROXY", at.as_str()), ("NO_PROXY", ELSEWHERE)];
    ping(&folder, &url, &["--timeout", "50ms"], &except).expect(3);
    assert_eq!(proxy.heads().len(), 3);
    // A flag wins over both.
    ping(&folder, &url, &["--proxy", &at], &[("NO_PROXY", "*")]).expect(0);
}

#[test]
fn an_encrypted_connection_goes_through_the_proxy_for_those() {
    let serving = Serving::start(|server| server);
    let folder = Folder::new();
    let authority = Authority::new();
    let identity = authority.sign(ELSEWHERE, 2100);
    let address = serving.front(tls_end(&identity, None, serving.address()));
    let proxy = leading_to(&serving, address.to_string());
    let (url, at, ca) = (format!("https://{ELSEWHERE}"), proxy.url(), authority.file());
    ping(&folder, &url, &["--cacert", text(&ca)], &[("HTTPS_PROXY", &at)]).expect(0);
    assert!(proxy.heads()[0].starts_with("CONNECT 192.0.2.1:443 "), "{:?}", proxy.heads());
}

#[test]
fn client_language_and_path_reach_the_server_from_where_they_are_said() {
    let serving = Serving::start(|server| server);
    let front = noting(&serving);
    let folder = Folder::new();
    let said = [("SAP_CLIENT", "100"), ("SAP_LANGUAGE", "de")];
    let flags = ["--client", "200", "--language", "fr"];
    for (words, variables, wanted) in [
        (&[][..], &[][..], "?sap-client=001&sap-language=EN "),
        (&[], &said[..], "?sap-client=100&sap-language=DE "),
        (&flags[..], &said[..], "?sap-client=200&sap-language=FR "),
        (&["--path", "/sap/bc/apc/sap/other"], &[], " /sap/bc/apc/sap/other?"),
    ] {
        // The server itself knows one path only; what was asked for is what counts.
        ping(&folder, &front.url(), words, variables);
        let heads = front.heads();
        assert!(heads.last().unwrap().lines().next().unwrap().contains(wanted), "{heads:?}");
    }
    let url = format!("{}/sap/bc/apc/sap/mine?sap-client=300", front.url());
    ping(&folder, "http://127.0.0.1:1", &["--url", &url], &[]);
    let heads = front.heads();
    assert!(heads.last().unwrap().contains("/sap/bc/apc/sap/mine?sap-client=300"), "{heads:?}");
}

#[test]
fn a_user_and_a_password_from_each_source() {
    let serving = Serving::start(|server| server.user("ME", "right"));
    let folder = Folder::new();
    let with = |words: &[&str], variables: &[_]| ping(&folder, &serving.url(), words, variables);
    let (me, right) = (("SAP_USER", "ME"), ("SAP_PASSWORD", "right"));
    with(&[], &[me, right]).expect(0);
    with(&["--user", "OTHER"], &[me, right]).expect(3);
    with(&["--user", "ME"], &[("SAP_USER", "OTHER"), right]).expect(0);
    with(&["--user", "ME"], &[("SAP_COOKIE_STRING", "a=b"), right]).expect(0);
    let mut command = folder.longhaul(&serving.url(), &["ping", "--password-stdin"]);
    let command = command.envs([("SAP_USER", "ME"), ("SAP_PASSWORD", "wrong")]);
    run(command.write_stdin("right\n")).expect(0);
    with(&["--password-stdin"], &[]).expect(3).expect_hint("--user");
}
