//! Listing the objects of packages: by the server, and by ADT in each way it can go.

mod logon;
mod reference;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use longhaul::ops::git::List;
use longhaul::server::{Profile, Script, Server};
use longhaul::{Client, ClientBuilder, ErrorKind, ListError, ListedBy, Listing};
use support::adt::{AdtFront, Asked, DATA_PREVIEW, DISCOVERY, NODE_STRUCTURE, Reply, System};
use support::front::Front;
use support::tls::{Authority, tls_end};
use support::{PACKAGE, bare, chain, deadline, serve, small_sample};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const PASSWORD: &str = "p4ssw0rd";

/// A server that lists nothing itself, behind what answers as `answer` says.
async fn front(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Server, AdtFront) {
    let server = serve(Profile::Seed, small_sample(), Script::new()).await;
    let front = AdtFront::new(server.addr(), answer).await;
    (server, front)
}

/// A front of the sample system, whose answers `first` may take the place of.
async fn system(
    first: impl Fn(&Asked, &System) -> Option<Reply> + Send + Sync + 'static,
) -> (Server, AdtFront) {
    let system = System::sample();
    front(move |asked| first(asked, &system).unwrap_or_else(|| system.answer(asked))).await
}

async fn list_with(builder: ClientBuilder) -> Result<Listing, ListError> {
    let client = deadline(builder.connect()).await.unwrap_or_else(|e| panic!("{}", chain(&e)));
    deadline(client.list(List::packages(["$a"]))).await
}

async fn list(front: &AdtFront) -> Result<Listing, ListError> {
    list_with(Client::builder(front.url()).basic("me", PASSWORD)).await
}

fn names(listing: &Listing) -> Vec<String> {
    listing.objects.iter().map(|o| format!("{} in {}", o.key, o.package)).collect()
}

fn assert_sample(listed: Result<Listing, ListError>, by: ListedBy) {
    let listing = listed.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert_eq!(names(&listing), System::SAMPLE);
    assert_eq!(listing.by, by);
}

#[tokio::test]
async fn the_table_is_asked_over_one_connection() {
    let (_server, front) = system(|_, _| None).await;
    let builder = Client::builder(front.url()).sap_client("001").basic("me", PASSWORD);
    assert_sample(list_with(builder).await, ListedBy::DataPreview);
    let asked = front.asked();
    assert!(asked[0].is("HEAD", DISCOVERY) && asked[0].header("x-csrf-token") == "Fetch");
    assert_eq!(asked.len(), 1 + 2 * 3, "two questions a package");
    for asked in &asked {
        assert!(asked.query.ends_with("sap-client=001"), "{}", asked.query);
        assert!(asked.header("authorization").starts_with("Basic "));
        assert_eq!(asked.connection, 1, "the websocket has the first");
    }
    assert_eq!(asked[1].header("content-type"), "text/plain");
}

#[tokio::test]
async fn sub_packages_only_if_wanted() {
    let (_server, front) = system(|_, _| None).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let list = List::packages(["/ns/b", "$C", "/NS/B"]).without_subpackages();
    let listing = deadline(client.list(list)).await.unwrap();
    let expected =
        ["DEVC $C in $C", "DEVC /NS/B in /NS/B", "FUGR /NS/F in /NS/B", "INTF ZIF_C in $C"];
    assert_eq!(names(&listing), expected);
    assert_eq!(front.asked().len(), 3);
}

#[tokio::test]
async fn data_preview_of_no_use_is_left_for_the_node_structure() {
    let exception = "<exc:exception><message>not allowed</message></exc:exception>";
    let more = "<tableData><totalRows>5</totalRows></tableData>";
    for (status, body, times) in [
        ("403 Forbidden", exception, 2),
        ("404 Not Found", "", 1),
        ("405 Method Not Allowed", "", 1),
        ("501 Not Implemented", "", 1),
        ("400 Bad Request", exception, 1),
        ("200 OK", "<html>log on</html>", 1),
        ("200 OK", "<tableData><columns>", 1),
        ("200 OK", more, 1),
    ] {
        let (_server, front) = system(move |asked, _| {
            asked.is("POST", DATA_PREVIEW).then(|| Reply::new(status, &[], body))
        })
        .await;
        assert_sample(list(&front).await, ListedBy::NodeStructure);
        assert_eq!(front.count("POST", DATA_PREVIEW), times, "{status}");
        assert_eq!(front.count("POST", NODE_STRUCTURE), 3, "{status}");
    }
}

#[tokio::test]
async fn a_session_that_expires_is_begun_anew() {
    let count = AtomicUsize::new(0);
    let (_server, front) = system(move |asked, system| {
        let is_third = asked.path == DATA_PREVIEW && count.fetch_add(1, Ordering::SeqCst) == 2;
        if is_third {
            system.expire();
        }
        None
    })
    .await;
    assert_sample(list(&front).await, ListedBy::DataPreview);
    assert_eq!(front.count("HEAD", DISCOVERY), 2);
    let asked = front.asked();
    let fetches: Vec<_> = asked.iter().filter(|asked| asked.path == DISCOVERY).collect();
    assert!(fetches.iter().all(|asked| asked.header("cookie").is_empty()), "no old cookie");
}

#[tokio::test]
async fn the_token_comes_by_get_where_head_gives_none() {
    let heads: [(&str, &[&str]); 4] = [
        ("405 Method Not Allowed", &["X-CSRF-Token: not-this-one"]),
        ("200 OK", &[]),
        ("200 OK", &["X-CSRF-Token: Required"]),
        ("403 Forbidden", &[]),
    ];
    for (status, headers) in heads {
        let (_server, front) = system(move |asked, _| {
            asked.is("HEAD", DISCOVERY).then(|| Reply::new(status, headers, ""))
        })
        .await;
        assert_sample(list(&front).await, ListedBy::DataPreview);
        assert_eq!(front.count("GET", DISCOVERY), 1, "{status}");
    }
}

#[tokio::test]
async fn a_server_without_tokens_is_asked_without() {
    let system = System::sample();
    let (_server, front) = front(move |asked| {
        if asked.path == DISCOVERY {
            return Reply::new("200 OK", &[], "");
        }
        // What it would have wanted is put in by hand.
        let head = format!(
            "{}x-csrf-token: t0ken0\r\ncookie: {}=s3ssion0\r\n",
            asked.head.trim_end_matches('\n').trim_end_matches('\r'),
            System::COOKIE
        );
        system.answer(&Asked { head, ..asked.clone() })
    })
    .await;
    assert_sample(list(&front).await, ListedBy::DataPreview);
}

#[tokio::test]
async fn statuses_that_end_it() {
    let page = "<html><body>Too many\n users</body></html>";
    for (method, path, status, number) in [
        ("POST", DATA_PREVIEW, "302 Found", 302),
        ("POST", DATA_PREVIEW, "500 Internal Server Error", 500),
        ("GET", DISCOVERY, "404 Not Found", 404),
        ("GET", DISCOVERY, "302 Found", 302),
    ] {
        let (_server, front) = system(move |asked, _| {
            if asked.is("HEAD", DISCOVERY) && path == DISCOVERY {
                return Some(Reply::new(status, &[], ""));
            }
            asked.is(method, path).then(|| Reply::new(status, &["Location: /elsewhere"], page))
        })
        .await;
        let error = list(&front).await.unwrap_err();
        assert!(
            matches!(&error, ListError::Refused { path: at, status, reason }
                if *at == path && *status == number && reason == "Too many users"),
            "{error:?}"
        );
        assert!(front.asked().iter().all(|asked| asked.path != "/elsewhere"));
    }
}

#[tokio::test]
async fn a_large_package_is_one_answer() {
    let objects: Vec<_> = (0..10_000).map(|n| format!("PROG/P ZLONGHAUL_{n:05}")).collect();
    let objects: Vec<_> = objects.iter().map(String::as_str).collect();
    for status in ["", "404 Not Found"] {
        let system = System::default().with("$A", &objects, &[]);
        let (_server, front) = front(move |asked| {
            let is_refused = !status.is_empty() && asked.path == DATA_PREVIEW;
            if is_refused { Reply::new(status, &[], "") } else { system.answer(asked) }
        })
        .await;
        assert_eq!(list(&front).await.unwrap().objects.len(), 10_001);
    }
}

#[tokio::test]
async fn a_package_that_is_nowhere() {
    let (_server, front) = system(|_, _| None).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    for packages in [vec!["$NONE"], vec![]] {
        let error = deadline(client.list(List::packages(packages))).await.unwrap_err();
        assert!(matches!(error, ListError::Empty { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
    assert_eq!(front.count("POST", NODE_STRUCTURE), 1, "it was looked for there as well");
    let listing = deadline(client.list(List::packages(["$NONE", "$A"]))).await.unwrap();
    assert_eq!((names(&listing).len(), listing.empty), (6, vec!["$NONE".to_owned()]));
}

#[tokio::test]
async fn connections_that_are_closed_in_between() {
    let (_server, front) = system(|asked, system| Some(system.answer(asked).and_close())).await;
    assert_sample(list(&front).await, ListedBy::DataPreview);
    assert!(front.asked().iter().map(|asked| asked.connection).max() > Some(1));
}

#[tokio::test]
async fn a_connection_that_ends_as_it_is_used_again() {
    let count = AtomicUsize::new(0);
    let (_server, front) = system(move |asked, _| {
        let is_second = asked.path == DATA_PREVIEW && count.fetch_add(1, Ordering::SeqCst) == 1;
        is_second.then(|| Reply::Text { text: String::new(), close: true })
    })
    .await;
    assert_sample(list(&front).await, ListedBy::DataPreview);
    assert_eq!(front.count("POST", DATA_PREVIEW), 7, "one of them twice");
}

#[tokio::test]
async fn a_server_that_hangs() {
    for path in [DISCOVERY, DATA_PREVIEW] {
        let (_server, front) =
            system(move |asked, _| (asked.path == path).then_some(Reply::Silence)).await;
        let limit = Duration::from_millis(100);
        let error = list_with(Client::builder(front.url()).http_timeout(limit)).await.unwrap_err();
        assert!(matches!(error, ListError::Timeout { path: at, .. } if at == path), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

#[tokio::test]
async fn answers_that_break_off_or_never_end() {
    let broken = |text: &'static str| {
        system(move |asked, _| {
            let text = text.to_owned();
            (asked.path == DATA_PREVIEW).then_some(Reply::Text { text, close: true })
        })
    };
    for text in ["", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<tableData>"] {
        let (_server, front) = broken(text).await;
        let error = list(&front).await.unwrap_err();
        assert!(matches!(error, ListError::Http { path: DATA_PREVIEW, .. }), "{text}: {error:?}");
    }
    let (_server, front) = system(|asked, _| {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".into();
        (asked.path == DATA_PREVIEW).then_some(Reply::Endless { text, bytes: 65 << 20 })
    })
    .await;
    let error = list(&front).await.unwrap_err();
    assert!(matches!(error, ListError::AnswerTooLarge { path: DATA_PREVIEW, .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[tokio::test]
async fn a_tree_that_is_no_tree() {
    let (_server, front) =
        system(|asked, _| (asked.path != DISCOVERY).then(|| Reply::new("200 OK", &[], "<html/>")))
            .await;
    let error = list(&front).await.unwrap_err();
    assert!(matches!(error, ListError::Unreadable { path: NODE_STRUCTURE, .. }), "{error:?}");
}

#[tokio::test]
async fn encrypted_and_through_a_proxy() {
    let (_server, front) = system(|_, _| None).await;
    let (authority, proxy) = (Authority::new(), Front::proxy(Some("bWU6czNjcjN0")).await);
    let address = tls_end(&authority.sign("localhost", 2100), None, front.address).await;
    let builder = Client::builder(format!("https://localhost:{}", address.port()))
        .authority(authority.file())
        .proxy(format!("http://me:s3cr3t@{}", proxy.address));
    assert_sample(list_with(builder).await, ListedBy::DataPreview);
    assert_eq!(proxy.heads().len(), 2, "one for the websocket, one for everything else");
}

#[tokio::test]
async fn a_server_that_lists_is_asked_itself() {
    let server = serve(Profile::Full, small_sample(), Script::new()).await;
    let front = AdtFront::new(server.addr(), |_| Reply::new("404 Not Found", &[], "")).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let listing = deadline(client.list(List::packages([PACKAGE]))).await.unwrap();
    assert_eq!((listing.by, listing.empty.len()), (ListedBy::Server, 0));
    assert!(listing.objects.is_sorted() && listing.objects.len() > 1);
    assert_eq!(front.asked().len(), 0);
}

/// A server over WebSocket that names features and refuses everything with this error.
async fn refusing(error: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let welcome = r#"{"id":"welcome","success":true,"data":{"features":[]}}"#;
            socket.send(Message::text(welcome)).await.unwrap();
            while let Some(Ok(Message::Text(request))) = socket.next().await {
                let request: serde_json::Value = serde_json::from_str(&request).unwrap();
                let id = &request["id"];
                let answer = format!(r#"{{"id":{id},"success":false,"error":{error}}}"#);
                socket.send(Message::text(answer)).await.unwrap();
            }
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_refuses_is_gone_around_unless_it_is_busy() {
    let server = refusing(r#"{"code":"GIT_ERROR","message":"no"}"#).await;
    let system = System::sample();
    let front = AdtFront::new(server, move |asked| system.answer(asked)).await;
    assert_sample(list(&front).await, ListedBy::DataPreview);

    let server = refusing(r#"{"code":"BUSY","message":"full","retryAfterMs":60000}"#).await;
    let front = AdtFront::new(server, |_| Reply::new("404 Not Found", &[], "")).await;
    let error = list(&front).await.unwrap_err();
    assert!(matches!(error, ListError::Server(_)) && error.is_retryable(), "{error:?}");
    assert_eq!(front.asked().len(), 0);
}

#[tokio::test]
async fn a_server_that_does_not_know_of_lists() {
    let (server, system) = (bare(Script::new()).await, System::sample());
    let front = AdtFront::new(server.addr(), move |asked| system.answer(asked)).await;
    assert_sample(list(&front).await, ListedBy::DataPreview);
}

#[tokio::test]
async fn listing_may_be_spawned() {
    let (_server, front) = system(|_, _| None).await;
    let client = deadline(Client::builder(front.url()).connect()).await.unwrap();
    let listing = tokio::spawn(async move { client.list(List::packages(["$A"])).await });
    assert_sample(deadline(listing).await.unwrap(), ListedBy::DataPreview);
}
