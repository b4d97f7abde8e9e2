//! Nothing that is secret is printed, however much is logged and whatever fails.

use longhaul::proto::base64;

use crate::front::Front;
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
