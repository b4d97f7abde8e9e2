//! Nothing that is secret is printed, however much is logged and whatever fails.

use longhaul::proto::base64;
use longhaul::server::Profile;

use crate::front::{Answer, Front};
use crate::peer::nobody;
use crate::support::{Folder, Serving, run};

const PASSWORD: &str = "pa55-w0rd";
const COOKIE: &str = "c00kie-va1ue";
const TOKEN: &str = "t0ken-AjExMDAg";
const PROXY_PASSWORD: &str = "pr0xy-pa55";

/// The server, the words, and the variables.
type Situation<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

#[test]
fn failing_logons_print_no_secret() {
    let serving = Serving::start(|server| server.user("ME", "another"));
    let front = serving.front(Front::http_logon(serving.address(), "-", "session=good"));
    let proxy = serving.front(Front::proxy(Some("-")));
    let folder = Folder::new();
    folder.write("jar.txt", format!("127.0.0.1\tFALSE\t/\tFALSE\t0\tSAP_SESSIONID\t{COOKIE}\n"));
    folder.write("broken.txt", format!("127.0.0.1 SAP_SESSIONID {COOKIE}\n"));
    let url = front.url();
    folder.write(
        ".vsp.json",
        format!(
            r#"{{"systems":{{"cookies":{{"url":"{url}","cookie_string":"x={COOKIE}"}},
            "jar":{{"url":"{url}","cookie_file":"jar.txt"}},
            "user":{{"url":"{url}","user":"ME"}}}}}}"#
        ),
    );
    let (server, front) = (serving.url(), front.url());
    let elsewhere = "http://192.0.2.1:8000".to_owned();
    let (cookies, token) = (format!("SAP_SESSIONID={COOKIE}"), format!("MYSAPSSO2={TOKEN}"));
    let unsendable = format!("x={COOKIE}\n");
    let in_url = format!("http://ME:{PASSWORD}@127.0.0.1:1");
    let bad_url = format!("http://ME:{PASSWORD}@127.0.0.1:port");
    let proxied = |scheme: &str| format!("{scheme}://me:{PROXY_PASSWORD}@{}", proxy.address);
    let (by_http, by_socks) = (proxied("http"), proxied("socks5"));
    let no_scheme = format!("me:{PROXY_PASSWORD}@");
    let unreachable = format!("http://me:{PROXY_PASSWORD}@{}", nobody().replace("http://", ""));
    let secret = ("SAP_PASSWORD", PASSWORD);
    let situations: &[Situation<'_>] = &[
        (&server, &["--user", "ME"], &[secret]),
        (&front, &["--user", "ME"], &[secret]),
        (&front, &["--user", "M:E"], &[secret]),
        (&server, &[], &[("SAP_COOKIE_STRING", &cookies)]),
        (&front, &[], &[("SAP_COOKIE_STRING", &token)]),
        (&front, &[], &[("SAP_COOKIE_STRING", &unsendable)]),
        (&front, &["--cookie-file", "jar.txt"], &[]),
        (&front, &["--cookie-file", "broken.txt"], &[]),
        ("", &["-s", "cookies"], &[]),
        ("", &["-s", "jar"], &[]),
        ("", &["-s", "user"], &[("VSP_USER_PASSWORD", PASSWORD)]),
        (&in_url, &[], &[]),
        (&bad_url, &[], &[]),
        (&server, &["--proxy", &by_http], &[]),
        (&server, &["--proxy", &by_socks], &[]),
        (&server, &["--proxy", &no_scheme], &[]),
        (&server, &["--proxy", &unreachable], &[]),
        (&elsewhere, &[], &[("ALL_PROXY", &by_http)]),
        (&elsewhere, &[], &[("HTTP_PROXY", &by_socks)]),
    ];
    let mut secrets = Vec::new();
    for secret in [PASSWORD, COOKIE, TOKEN, PROXY_PASSWORD] {
        secrets.push(secret.to_owned());
        for text in [secret.to_owned(), format!("ME:{secret}"), format!("me:{secret}")] {
            // The last group may be filled up differently.
            secrets.push(base64::encode(text.as_bytes()).trim_end_matches('=').to_owned());
        }
    }
    for (url, words, variables) in situations {
        for more in [&["-vvv"][..], &["-vvv", "--json"]] {
            let words = [&["ping"], *words, more].concat();
            let ran = run(folder.longhaul(url, &words).envs(variables.iter().copied())).expect(3);
            let said = ran.stdout() + &ran.stderr();
            assert!(said.contains("error"), "{words:?}: {said}");
            for secret in &secrets {
                assert!(!said.contains(secret.as_str()), "{words:?}: {secret} in {said}");
            }
        }
    }
}

/// A page that says all that came, and the logon as it is meant.
fn echo(status: &str, head: &str) -> Answer {
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| {
        ["authorization", "cookie"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
    });
    // Pages are shown from their beginning.
    let secrets: Vec<_> = headers.map(|(_, value)| value).collect();
    let expected = format!("ME:{PASSWORD}");
    let basic = format!("Basic {}", base64::encode(expected.as_bytes()));
    let logon = if secrets.contains(&basic.as_str()) { &expected } else { "" };
    let page = format!("<p>Echo <b>{}</b> {logon}</p>", secrets.join("</b> <b>"));
    let length = page.len();
    Answer::Text(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{page}"))
}

#[test]
fn a_page_that_says_the_logon_again_is_shown_without_it() {
    let serving = Serving::start(|server| server.profile(Profile::Deployed));
    let target = serving.address().to_string();
    let folder = Folder::new();
    let password = ("SAP_PASSWORD", PASSWORD);
    let cookies = format!("sap-client=001; SAP_SESSIONID={COOKIE}");
    let cookies = ("SAP_COOKIE_STRING", cookies.as_str());
    let token = base64::encode(format!("ME:{PASSWORD}").as_bytes());
    let secrets = [PASSWORD, COOKIE, token.trim_end_matches('=')];
    let asked: &[(&[&str], (&str, &str))] = &[(&["--user", "ME"], password), (&[], cookies)];
    for (who, variable) in asked {
        for status in ["401 No", "403 No", "404 No", "500 No", "503 No", "302 No", "200 Ok"] {
            let front = serving.front(Front::new(move |head| echo(status, head)));
            let words = [&["ping", "-vvv"], *who].concat();
            let ran = run(folder.longhaul(&front.url(), &words).envs([*variable])).expect(3);
            let said = ran.stdout() + &ran.stderr();
            assert!(said.contains("Echo ") && said.contains("***"), "{said}");
            assert!(!secrets.iter().any(|secret| said.contains(secret)), "{said}");
        }
        // The WebSocket opens, and only what is asked over HTTP is refused.
        let target = target.clone();
        let front = serving.front(Front::new(move |head| {
            if head.to_ascii_lowercase().contains("upgrade: websocket") {
                return Answer::Tunnel { say: String::new(), target: target.clone(), replay: true };
            }
            echo("403 No", head)
        }));
        let words = [&["export", "$DEMO", "--sessions", "2", "-vvv"], *who].concat();
        let ran = run(folder.longhaul(&front.url(), &words).envs([*variable]));
        let said = ran.stdout() + &ran.stderr();
        assert!(said.contains("Echo ") && said.contains("***"), "{said}");
        assert!(!secrets.iter().any(|secret| said.contains(secret)), "{said}");
    }
}

#[test]
fn what_was_sent_before_is_not_shown_either() {
    let serving = Serving::start(|server| server.profile(Profile::Deployed));
    let folder = Folder::new();
    let sent = ("SAP_PASSWORD", PASSWORD);
    // Basic is refused on the upgrade and taken over HTTP, and whoever refuses its cookies knows it.
    let later = serving.front(Front::new(|head| {
        let page = format!("Echo {PASSWORD}");
        let answer = |status: &str, more: &str| {
            let length = page.len();
            Answer::Text(format!(
                "HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\n\r\n{page}"
            ))
        };
        let head = head.to_ascii_lowercase();
        match (head.contains("upgrade: websocket"), head.contains("cookie: ")) {
            (false, _) => answer("200 Ok", "Set-Cookie: session=good\r\n"),
            (true, false) => answer("401 No", ""),
            (true, true) => answer("403 No", ""),
        }
    }));
    // What is no HTTP is shown from its beginning.
    let no_http = serving.front(Front::new(|_| Answer::Text(format!("Echo {PASSWORD}\r\n"))));
    for front in [later, no_http] {
        for more in ["-vvv", "--json"] {
            let words = ["ping", "--user", "ME", more];
            let ran = run(folder.longhaul(&front.url(), &words).envs([sent])).expect(3);
            let said = ran.stdout() + &ran.stderr();
            assert!(said.contains("Echo ***"), "{said}");
            assert!(!said.contains(PASSWORD), "{said}");
        }
    }
}
