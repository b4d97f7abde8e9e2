//! Upgrade, welcome and the end of connections.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::server::{DEFAULT_PATH, Profile, Server, ServerError};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, export, folder, kind, serve, soon, upgrade};

#[tokio::test]
async fn the_welcome_comes_first() {
    let (server, _folder) = serve(|builder| builder).await;
    let welcome = Client::connect(&server).await.welcome;
    assert_eq!(welcome["id"], "welcome");
    assert_eq!(
        welcome["data"]["features"],
        json!(["stream", "checksum", "cancel", "credit", "resume", "binary"])
    );
    let max_chunk = welcome["data"]["limits"]["maxChunk"].as_u64().unwrap();
    assert!(max_chunk * 4 / 3 < 32 << 20, "a chunk fits well within a message of 64 MiB");

    let (server, _folder) = serve(|builder| builder.profile(Profile::Seed)).await;
    let welcome = Client::connect(&server).await.welcome;
    assert_eq!(welcome["success"], true);
    assert!(welcome["data"].get("features").is_none() && welcome["data"].get("limits").is_none());
}

/// The status and the `WWW-Authenticate` header that an upgrade is refused with.
async fn refusal(server: &Server, path: &str, logon: Option<&str>) -> Option<(u16, String)> {
    let url = format!("ws://{}{path}", server.addr());
    let mut request = url.into_client_request().unwrap();
    if let Some(logon) = logon {
        let value = format!("Basic {}", STANDARD.encode(logon));
        request.headers_mut().insert("authorization", value.parse().unwrap());
    }
    match upgrade(server, request).await {
        Ok(_) => None,
        Err(Error::Http(response)) => {
            let header = response.headers().get("www-authenticate");
            let realm = header.map(|value| value.to_str().unwrap().to_owned());
            Some((response.status().as_u16(), realm.unwrap_or_default()))
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_user_has_to_log_on() {
    let (server, _folder) = serve(|builder| builder.user("DEVELOPER", "pa:ss")).await;
    assert_eq!(refusal(&server, DEFAULT_PATH, Some("DEVELOPER:pa:ss")).await, None);
    for logon in [None, Some("DEVELOPER:pass"), Some("OTHER:pa:ss"), Some("")] {
        let (status, realm) = refusal(&server, DEFAULT_PATH, logon).await.unwrap();
        assert_eq!((status, realm.as_str()), (401, "Basic realm=\"longhaul\""), "{logon:?}");
    }
    let (server, _folder) = serve(|builder| builder).await;
    assert_eq!(refusal(&server, DEFAULT_PATH, Some("ANY:body")).await, None);
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let (server, _folder) = serve(|builder| builder).await;
    for path in ["/", "/sap/bc/apc/sap/other", "/sap/bc/apc/sap/zadt_vsp/"] {
        assert_eq!(refusal(&server, path, None).await.unwrap().0, 404, "{path}");
    }
    let with_query = format!("{DEFAULT_PATH}?sap-client=001&x=/y");
    assert_eq!(refusal(&server, &with_query, None).await, None);
    let (server, _folder) = serve(|builder| builder.path("/ws")).await;
    assert_eq!(refusal(&server, "/ws?x", None).await, None);
    assert_eq!(refusal(&server, DEFAULT_PATH, None).await.unwrap().0, 404);
}

#[tokio::test]
async fn plain_http_is_told_to_upgrade() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut tcp = soon(TcpStream::connect(server.addr())).await.unwrap();
    soon(tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).await.unwrap();
    let mut answer = String::new();
    soon(tcp.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn shutdown_closes_connections_and_the_port() {
    let delay = std::time::Duration::from_hours(1);
    let (server, _folder) = serve(|builder| builder.object_delay(delay)).await;
    let addr = server.addr();
    let mut client = Client::connect(&server).await;
    client.send(export("a", 10)).await;
    assert_eq!(kind(&client.frame().await), "progress");
    let stopped = tokio::spawn(server.shutdown());
    match client.message().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("{other:?}"),
    }
    assert!(client.message().await.is_none());
    soon(stopped).await.unwrap();
    assert!(soon(TcpStream::connect(addr)).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_silent_peer() {
    let (server, _folder) = serve(|builder| builder).await;
    let _idle = soon(TcpStream::connect(server.addr())).await.unwrap();
    let _silent = Client::connect(&server).await;
    soon(server.shutdown()).await;
}

#[tokio::test]
async fn dropping_the_server_stops_it() {
    let (server, _folder) = serve(|builder| builder).await;
    let addr = server.addr();
    let mut client = Client::connect(&server).await;
    drop(server);
    assert!(!matches!(client.message().await, Some(Ok(_))));
    assert!(soon(TcpStream::connect(addr)).await.is_err());
}

#[tokio::test]
async fn a_client_that_closes_gets_its_close_frame_back() {
    let (server, _folder) = serve(|builder| builder).await;
    let mut client = Client::connect(&server).await;
    client.send_message(Message::Close(None)).await;
    assert!(matches!(client.message().await, Some(Ok(Message::Close(_)))));
    assert!(client.message().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_served_is_said_at_once() {
    let missing = Server::builder().package("$X", "/no/such/folder").bind("127.0.0.1:0");
    assert!(matches!(soon(missing).await, Err(ServerError::MissingFolder { .. })));
    let colon = Server::builder().user("a:b", "x").bind("127.0.0.1:0");
    assert!(matches!(soon(colon).await, Err(ServerError::InvalidUser { .. })));
    let twice = folder(&[("a/x/1.txt", b""), ("b/x/1.txt", b"")]);
    let twice = Server::builder().package("$X", twice.path()).bind("127.0.0.1:0");
    assert!(matches!(soon(twice).await, Err(ServerError::DuplicatePackage { .. })));
    let (server, _folder) = serve(|builder| builder).await;
    let taken = Server::builder().bind(&server.addr().to_string()).await;
    assert!(matches!(taken, Err(ServerError::Bind { .. })));
}

#[test]
fn nothing_secret_is_printed() {
    let builder = Server::builder().user("DEVELOPER", "hunter2");
    assert!(!format!("{builder:?}").contains("hunter2"));
}
