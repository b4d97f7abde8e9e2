//! Getting there: logons, encryption, proxies, and each way it can fail.

mod support;

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, ready};
use longhaul::server::{Script, Server};
use longhaul::{
    Attempt, Client, ClientBuilder, ConnectError, Credentials, Logon, Stage, TlsProblem,
};
use support::front::{Answer, Front};
use support::tls::{Authority, tls_end};
use support::{PACKAGE, chain, deadline, scripted, small_sample};

const PASSWORD: &str = "s3cr3t:p€ss";
/// `me:s3cr3t:p€ss` in base64.
const BASIC: &str = "bWU6czNjcjN0OnDigqxzcw==";
const COOKIE: &str = "SAP_SESSIONID_A4H_001=abc%3d";

async fn connects(builder: ClientBuilder) {
    let client =
        deadline(builder.connect()).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
    deadline(client.ping()).await.unwrap();
}

/// The error of a connection that cannot be made; nothing in it may give a secret away.
async fn fails(builder: ClientBuilder) -> ConnectError {
    let printed = format!("{builder:?}");
    let error = deadline(builder.connect()).await.expect_err("it cannot be reached");
    let printed = format!("{printed} {error:?} {}", chain(&error));
    for secret in [PASSWORD, BASIC, "s3cr3t", "abc%3d", "t0ken"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    error
}

/// A front that gives everyone the same answer.
async fn status(line: &'static str, page: &'static str) -> Front {
    Front::new(move |_| {
        let length = page.len();
        Answer::Text(format!("HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n{page}"))
    })
    .await
}

#[tokio::test]
async fn basic_refused_on_the_upgrade_goes_over_http() {
    let server = scripted(Script::new()).await;
    let front = Front::http_logon(server.addr(), BASIC, COOKIE).await;
    connects(Client::builder(front.url()).sap_client("001").basic("me", PASSWORD)).await;
    let heads = front.heads();
    assert_eq!(heads.len(), 3);
    assert!(heads[0].contains("Upgrade") && heads[0].contains(BASIC));
    assert!(heads[1].starts_with("GET /sap/bc/adt/core/discovery?sap-client=001 "), "{}", heads[1]);
    assert!(heads[2].contains("Upgrade") && heads[2].contains(COOKIE), "{}", heads[2]);
    assert!(!heads[2].contains(BASIC), "cookies only");
}

#[tokio::test]
async fn a_password_that_is_wrong_everywhere() {
    let server = scripted(Script::new()).await;
    let front = Front::http_logon(server.addr(), "b3RoZXI6b3RoZXI=", COOKIE).await;
    let error = fails(Client::builder(front.url()).basic("me", PASSWORD)).await;
    assert!(
        matches!(&error, ConnectError::Unauthorized { explanation } if explanation == "Logon failed"),
        "{error:?}"
    );
}

#[tokio::test]
async fn cookies_and_tokens() {
    let server = scripted(Script::new()).await;
    let front = Front::http_logon(server.addr(), "-", COOKIE).await;
    connects(Client::builder(front.url()).cookies(format!("a=b; {COOKIE}"))).await;
    let error = fails(Client::builder(front.url()).cookies("a=b")).await;
    assert!(matches!(error, ConnectError::Unauthorized { .. }), "{error:?}");
    let error = fails(Client::builder(front.url()).bearer("t0ken")).await;
    assert!(matches!(error, ConnectError::Unauthorized { .. }), "{error:?}");
    assert!(front.heads().last().unwrap().contains("Bearer t0ken"));
}

#[tokio::test]
async fn a_cookie_file_is_read_again_when_it_is_refused() {
    let server = scripted(Script::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookies.txt");
    let line = |cookie: &str| {
        format!("127.0.0.1\tFALSE\t/\tFALSE\t0\t{}\n", cookie.replacen('=', "\t", 1))
    };
    std::fs::write(&path, line("SAP_SESSIONID_A4H_001=expired")).unwrap();
    // Somebody logs on again in the browser while the old cookie is being refused.
    let (fresh, renewed, target) = (line(COOKIE), path.clone(), server.addr().to_string());
    let front = Front::new(move |head| {
        if head.contains(COOKIE) {
            return Answer::Tunnel { say: String::new(), target: target.clone(), replay: true };
        }
        std::fs::write(&renewed, &fresh).unwrap();
        Answer::Text("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n".into())
    })
    .await;
    connects(Client::builder(front.url()).cookie_file(&path)).await;
    assert_eq!(front.heads().len(), 2);
}

#[tokio::test]
async fn a_cookie_file_that_stays_the_same_is_refused_once() {
    let front = status("401 No", "").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookies.txt");
    std::fs::write(&path, "127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tabc%3d\n").unwrap();
    let error = fails(Client::builder(front.url()).cookie_file(&path)).await;
    assert!(matches!(error, ConnectError::Unauthorized { .. }), "{error:?}");
    assert_eq!(front.heads().len(), 1);
    let error = fails(Client::builder(front.url()).cookie_file(folder.path().join("none"))).await;
    assert!(matches!(error, ConnectError::Credentials(_)), "{error:?}");
}

#[tokio::test]
async fn credentials_of_one_s_own_are_asked_again() {
    #[derive(Debug, Default)]
    struct Vault(AtomicUsize);
    impl Credentials for Vault {
        fn logon(
            &self,
            attempt: Attempt,
        ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let cookies = if attempt.refused { COOKIE } else { "old=1" };
            ready(Ok(Logon::Cookies(cookies.into()))).boxed()
        }
    }
    let server = scripted(Script::new()).await;
    let front = Front::http_logon(server.addr(), "-", COOKIE).await;
    connects(Client::builder(front.url()).credentials(Vault::default())).await;
    assert_eq!(front.heads().len(), 2);
}

#[tokio::test]
async fn each_status_has_an_error_of_its_own() {
    let error =
        |line, page| async move { fails(Client::builder(status(line, page).await.url())).await };
    let page = "<html><body>No authorization for S_ADT_RES</body></html>";
    let forbidden = error("403 Forbidden", page).await;
    assert!(
        matches!(&forbidden, ConnectError::Forbidden { explanation }
            if explanation == "No authorization for S_ADT_RES"),
        "{forbidden:?}"
    );
    let missing = error("404 Not Found", "").await;
    assert!(
        matches!(&missing, ConnectError::NotFound { path, .. }
            if path == "/sap/bc/apc/sap/zadt_vsp"),
        "{missing:?}"
    );
    let failed = error("500 Internal Server Error", "dump").await;
    assert!(matches!(failed, ConnectError::ServerFailed { .. }), "{failed:?}");
    let busy = error("503 Service Unavailable", "").await;
    assert!(matches!(busy, ConnectError::Unavailable { .. }), "{busy:?}");
    let moved = error("302 Found", "").await;
    assert!(matches!(moved, ConnectError::Status { status: 302, .. }), "{moved:?}");
    let plain = error("200 OK", "hello").await;
    assert!(matches!(plain, ConnectError::Status { status: 200, .. }), "{plain:?}");
}

#[tokio::test]
async fn no_such_host_nobody_there_and_no_welcome() {
    let error = fails(Client::builder("http://no-such-host.invalid").no_proxy()).await;
    assert!(matches!(error, ConnectError::Lookup { .. }), "{error:?}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    let error = fails(Client::builder(&url).connect_timeout(limit)).await;
    assert!(matches!(error, ConnectError::Timeout { stage: Stage::Upgrade, .. }), "{error:?}");
    drop(listener);
    let error = fails(Client::builder(&url)).await;
    assert!(matches!(error, ConnectError::Dial { .. }), "{error:?}");
    // The key of RFC 6455's own example would not match; this front answers by the rules.
    let front = Front::new(|head| {
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(
            key.unwrap_or_default().trim().as_bytes(),
        );
        Answer::Text(format!(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        ))
    })
    .await;
    let error = fails(Client::builder(front.url())).await;
    assert!(matches!(error, ConnectError::NoWelcome(_)), "{error:?}");
}

#[tokio::test]
async fn what_was_not_offered_is_not_taken() {
    for chosen in ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"] {
        let front = Front::new(move |head| {
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(
                key.unwrap_or_default().trim().as_bytes(),
            );
            Answer::Text(format!(
                "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{chosen}\r\n\r\n"
            ))
        })
        .await;
        let error = fails(Client::builder(front.url())).await;
        let ConnectError::NotOffered { header } = error else { panic!("{error:?}") };
        assert!(chosen.starts_with(header));
    }
}

#[tokio::test]
async fn encryption_with_an_authority_of_one_s_own() {
    let server = scripted(Script::new()).await;
    let authority = Authority::new();
    let address = tls_end(&authority.sign("localhost", 2100), None, server.addr()).await;
    let url = format!("https://localhost:{}", address.port());
    connects(Client::builder(&url).authority(authority.file())).await;
    let error = fails(Client::builder(&url).authority(Authority::new().file())).await;
    assert!(
        matches!(error, ConnectError::Tls { problem: TlsProblem::UnknownIssuer(_), .. }),
        "{error:?}"
    );
    connects(Client::builder(&url).danger_accept_any_certificate()).await;
}

#[tokio::test]
async fn certificates_that_do_not_fit() {
    let server = scripted(Script::new()).await;
    let authority = Authority::new();
    let expired = tls_end(&authority.sign("localhost", 2021), None, server.addr()).await;
    let url = format!("https://localhost:{}", expired.port());
    let error = fails(Client::builder(url).authority(authority.file())).await;
    assert!(
        matches!(error, ConnectError::Tls { problem: TlsProblem::NotValidNow(_), .. }),
        "{error:?}"
    );
    let other = tls_end(&authority.sign("elsewhere.example", 2100), None, server.addr()).await;
    let url = format!("https://localhost:{}", other.port());
    let error = fails(Client::builder(url).authority(authority.file())).await;
    assert!(
        matches!(error, ConnectError::Tls { problem: TlsProblem::WrongName(_), .. }),
        "{error:?}"
    );
    let url = format!("https://localhost:{}", server.addr().port());
    let error = fails(Client::builder(url).authority(authority.file())).await;
    assert!(matches!(error, ConnectError::Tls { problem: TlsProblem::NotTls(_), .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_asks_who_we_are() {
    let server = scripted(Script::new()).await;
    let authority = Authority::new();
    let identity = authority.sign("localhost", 2100);
    let address = tls_end(&identity, Some(&authority), server.addr()).await;
    let builder = Client::builder(format!("https://localhost:{}", address.port()))
        .authority(authority.file());
    let me = authority.sign("me", 2100);
    connects(builder.clone().identity(&me.certificate, &me.key)).await;
    let error = fails(builder).await;
    assert!(
        matches!(error, ConnectError::Tls { problem: TlsProblem::ClientCertificate(_), .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn certificate_files_that_are_no_use() {
    let authority = Authority::new();
    let me = authority.sign("me", 2100);
    let url = "https://localhost:1";
    let unusable = |error: ConnectError, wanted: &str| {
        assert!(
            matches!(&error, ConnectError::TlsFile { role, .. } if *role == wanted),
            "{error:?}"
        );
    };
    let builder = || Client::builder(url).authority(authority.file());
    unusable(fails(Client::builder(url).authority("/no/such/file")).await, "certificate authority");
    unusable(fails(Client::builder(url).authority(&me.key)).await, "certificate authority");
    let swapped = builder().identity(&me.key, &me.certificate);
    unusable(fails(swapped).await, "client certificate");
    let keyless = builder().identity(&me.certificate, &me.certificate);
    unusable(fails(keyless).await, "private key");
    let other = authority.sign("other", 2100);
    let mixed = fails(builder().identity(&me.certificate, &other.key)).await;
    assert!(matches!(mixed, ConnectError::TlsSettings { .. }), "{mixed:?}");
}

#[tokio::test]
async fn through_a_proxy_plain_encrypted_and_for_the_http_logon() {
    let server = scripted(Script::new()).await;
    let proxy = Front::proxy(Some("bWU6czNjcjN0")).await;
    let through = format!("http://me:s3cr3t@{}", proxy.address);
    connects(Client::builder(server.url()).proxy(&through)).await;
    assert!(proxy.heads()[0].starts_with(&format!("CONNECT {} ", server.addr())));

    let authority = Authority::new();
    let address = tls_end(&authority.sign("localhost", 2100), None, server.addr()).await;
    let url = format!("https://localhost:{}", address.port());
    connects(Client::builder(url).authority(authority.file()).proxy(&through)).await;
    assert_eq!(proxy.heads().len(), 2);

    let front = Front::http_logon(server.addr(), BASIC, COOKIE).await;
    connects(Client::builder(front.url()).basic("me", PASSWORD).proxy(&through)).await;
    assert_eq!(proxy.heads().len(), 5, "all three connections went through it");
}

#[tokio::test]
async fn a_proxy_that_is_encrypted_itself() {
    let server = scripted(Script::new()).await;
    let authority = Authority::new();
    let proxy = Front::proxy(None).await;
    let encrypted = tls_end(&authority.sign("localhost", 2100), None, proxy.address).await;
    let through = format!("https://localhost:{}", encrypted.port());
    connects(Client::builder(server.url()).authority(authority.file()).proxy(through)).await;
}

#[tokio::test]
async fn proxies_that_do_not_let_us_through() {
    let server = scripted(Script::new()).await;
    let proxy = Front::proxy(Some("b3RoZXI6b3RoZXI=")).await;
    let through = format!("http://me:s3cr3t@{}", proxy.address);
    let error = fails(Client::builder(server.url()).proxy(through)).await;
    assert!(matches!(error, ConnectError::Proxy { status: 407, .. }), "{error:?}");
    let mute = Front::new(|_| Answer::Text("I am no proxy\r\n".into())).await;
    let error = fails(Client::builder(server.url()).proxy(mute.url())).await;
    assert!(matches!(error, ConnectError::ProxyBroken { .. }), "{error:?}");
    let error = fails(Client::builder(server.url()).proxy("http://127.0.0.1:1")).await;
    assert!(matches!(error, ConnectError::ProxyUnreachable { .. }), "{error:?}");
    let error = fails(Client::builder(server.url()).proxy("socks5://127.0.0.1:1")).await;
    assert!(matches!(error, ConnectError::ProxyUrl { .. }), "{error:?}");
}

#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let builder = Server::builder().package(PACKAGE, small_sample()).user("me", "s3cr3t");
    let printed_builder = format!("{builder:?}");
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let proxy = Front::proxy(Some("bWU6czNjcjN0")).await;
    let settings = Client::builder(server.url())
        .basic("me", "s3cr3t")
        .proxy(format!("http://me:s3cr3t@{}", proxy.address));
    let client = deadline(settings.clone().connect()).await.unwrap();
    let request = client.request("system", "ping");
    let printed = [
        printed_builder,
        format!("{server:?} {settings:?} {client:?} {request:?}"),
        format!("{:?}", longhaul::Secret::from("s3cr3t")),
        format!("{:?}", Logon::Basic { user: "me".into(), password: "s3cr3t".into() }),
        format!("{:?} {:?}", Logon::Cookies("s3cr3t".into()), Logon::Bearer("s3cr3t".into())),
        format!("{:?} {:?} {:?}", client.welcome(), client.stats(), client.options()),
        format!("{:?}", client.start(longhaul::ops::system::Ping).await.unwrap()),
        format!("{:?}", Client::builder("http://h").cookies("s3cr3t").bearer("s3cr3t")),
    ];
    for text in printed {
        for secret in ["s3cr3t", "czNjcjN0"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn what_connects_may_be_spawned() {
    let builder = Server::builder().package(PACKAGE, small_sample()).user("me", PASSWORD);
    let server = deadline(builder.bind("127.0.0.1:0")).await.unwrap();
    let connecting = Client::builder(server.url()).basic("me", PASSWORD).connect();
    let client = deadline(tokio::spawn(connecting)).await.unwrap().unwrap();
    deadline(tokio::spawn(async move { client.ping().await })).await.unwrap().unwrap();
}
