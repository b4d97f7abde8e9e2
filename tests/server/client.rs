//! A raw client: text in, JSON out, every wait under a deadline.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io::{Cursor, Read as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use longhaul::server::{DEFAULT_PATH, Server, ServerBuilder, TestPayload};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// The longest that any single step may take.
const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn soon<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, step).await.expect("the server took too long")
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    folder
}

/// The package that most tests export: two objects, a sub-package with one.
pub(crate) fn demo() -> TempDir {
    folder(&[
        ("zcl_a.clas.abap", b"CLASS zcl_a DEFINITION.\r\nENDCLASS."),
        ("zcl_a.clas.xml", b"\xef\xbb\xbf<xml/>"),
        ("zb.prog.abap", b"REPORT zb."),
        ("$demo_sub/zc.prog.abap", b"REPORT zc."),
    ])
}

/// A server for that package, and its folder.
pub(crate) async fn serve(
    set_up: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> (Server, TempDir) {
    let folder = demo();
    let builder = Server::builder().package("$DEMO", folder.path());
    (soon(set_up(builder).bind("127.0.0.1:0")).await.unwrap(), folder)
}

/// A connection whose upgrade was taken.
pub(crate) async fn upgrade(
    server: &Server,
    request: impl IntoClientRequest + Unpin,
) -> Result<WebSocketStream<TcpStream>, Error> {
    let tcp = soon(TcpStream::connect(server.addr())).await.unwrap();
    Ok(soon(client_async(request, tcp)).await?.0)
}

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(crate) welcome: Value,
    /// How many pings and controls were sent.
    asked: u32,
}

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        let url = format!("ws://{}{DEFAULT_PATH}?sap-client=001", server.addr());
        Self::open(server, url).await.expect("the server greets")
    }

    pub(crate) async fn connect_as(server: &Server, user: &str) -> Self {
        let url = format!("ws://{}{DEFAULT_PATH}", server.addr());
        let mut request = url.into_client_request().unwrap();
        let logon = format!("Basic {}", STANDARD.encode(format!("{user}:secret")));
        request.headers_mut().insert("authorization", logon.parse().unwrap());
        Self::open(server, request).await.expect("the server greets")
    }

    /// A connection, `None` if it ends before the welcome.
    pub(crate) async fn try_connect(server: &Server) -> Option<Self> {
        Self::open(server, format!("ws://{}{DEFAULT_PATH}", server.addr())).await
    }

    async fn open(server: &Server, request: impl IntoClientRequest + Unpin) -> Option<Self> {
        let socket = upgrade(server, request).await.unwrap();
        let mut client = Self { socket, welcome: Value::Null, asked: 0 };
        client.welcome = client.try_frame().await?;
        Some(client)
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.send_message(Message::text(text.into())).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        soon(self.socket.send(message)).await.unwrap();
    }

    /// The next message, `None` at the end of the connection.
    pub(crate) async fn message(&mut self) -> Option<Result<Message, Error>> {
        soon(self.socket.next()).await
    }

    /// The next text message as JSON.
    pub(crate) async fn frame(&mut self) -> Value {
        match self.message().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next text message as JSON, `None` at the end of the connection, however it comes.
    pub(crate) async fn try_frame(&mut self) -> Option<Value> {
        match self.message().await {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(other)) => panic!("no frame but {other:?}"),
            Some(Err(_)) | None => None,
        }
    }

    /// Closes the connection; the server knows of it then.
    pub(crate) async fn close(mut self) {
        self.send_message(Message::Close(None)).await;
        while let Some(Ok(_)) = self.message().await {}
    }

    /// Asks something light, and gives the answer and all frames of other ids before it.
    pub(crate) async fn ask_meanwhile(
        &mut self,
        domain: &str,
        action: &str,
        params: Value,
    ) -> (Value, Vec<Value>) {
        self.asked += 1;
        let id = format!("meanwhile_{}", self.asked);
        self.send(request(&id, domain, action, params)).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.frame().await;
            if frame["id"] == id {
                return (frame, frames);
            }
            frames.push(frame);
        }
    }

    /// Sends a control, which has to succeed, and gives the frames that came before its answer.
    pub(crate) async fn control(&mut self, action: &str, params: Value) -> Vec<Value> {
        let (answer, frames) = self.ask_meanwhile("stream", action, params).await;
        assert_eq!((&answer["success"], answer.get("data")), (&json!(true), None));
        frames
    }

    /// Asserts that nothing comes but the answer to a ping, and to another.
    pub(crate) async fn assert_quiet(&mut self) {
        for _ in 0..2 {
            let (_, frames) = self.ask_meanwhile("system", "ping", json!({})).await;
            assert_eq!(frames, Vec::<Value>::new());
        }
    }

    pub(crate) async fn ask(
        &mut self,
        id: &str,
        domain: &str,
        action: &str,
        params: Value,
    ) -> Value {
        self.send(request(id, domain, action, params)).await;
        self.frame().await
    }

    /// All frames of one stream, the last being what ended it.
    pub(crate) async fn frames(&mut self) -> Vec<Value> {
        let mut frames = vec![self.frame().await];
        while matches!(kind(frames.last().unwrap()), "accepted" | "progress" | "chunk" | "warning")
        {
            frames.push(self.frame().await);
        }
        frames
    }
}

#[expect(clippy::needless_pass_by_value, reason = "literals read better without a reference")]
pub(crate) fn request(id: &str, domain: &str, action: &str, params: Value) -> String {
    json!({"id": id, "domain": domain, "action": action, "params": params}).to_string()
}

/// A streamed export of `$DEMO` with checksums.
pub(crate) fn export(id: &str, chunk_size: u64) -> String {
    json!({
        "id": id, "domain": "git", "action": "export", "params": {"packages": ["$DEMO"]},
        "stream": true, "chunkSize": chunk_size, "features": ["stream", "checksum"],
    })
    .to_string()
}

/// A stream of `test.payload` with checksums, of the seed 7 and in chunks of three bytes.
pub(crate) fn generated(id: &str, size: u64) -> Value {
    json!({
        "id": id, "domain": "test", "action": "payload", "params": {"size": size, "seed": 7},
        "stream": true, "chunkSize": 3, "features": ["checksum", "cancel", "credit", "resume"],
    })
}

/// The bytes of such a stream.
pub(crate) fn generated_bytes(size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    TestPayload::new(7, size).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The code of a failure.
pub(crate) fn code(frame: &Value) -> &str {
    assert_eq!(frame["success"], false, "{frame}");
    frame["error"]["code"].as_str().unwrap()
}

/// The value of `type`, or nothing where there is none.
pub(crate) fn kind(frame: &Value) -> &str {
    frame["type"].as_str().unwrap_or_default()
}

pub(crate) fn of_kind<'a>(frames: &'a [Value], name: &str) -> Vec<&'a Value> {
    frames.iter().filter(|frame| kind(frame) == name).collect()
}

/// The number of each chunk in the order they came.
pub(crate) fn seqs(frames: &[Value]) -> Vec<u64> {
    of_kind(frames, "chunk").iter().map(|chunk| chunk["seq"].as_u64().unwrap()).collect()
}

pub(crate) fn decoded(frame: &Value) -> Vec<u8> {
    STANDARD.decode(frame["data"].as_str().unwrap()).unwrap()
}

/// The bytes of all chunks, as they came.
pub(crate) fn payload(frames: &[Value]) -> Vec<u8> {
    of_kind(frames, "chunk").into_iter().flat_map(decoded).collect()
}

/// The files of an archive, without `.abapgit.xml`.
pub(crate) fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.name().unwrap().to_string(), bytes);
    }
    assert!(files.remove(".abapgit.xml").is_some());
    files
}

/// Whether these are the files of [`demo`].
pub(crate) fn assert_demo(bytes: &[u8]) {
    let files = unzip(bytes);
    let expected = [
        ("src/$demo/zb.prog.abap", &b"REPORT zb."[..]),
        ("src/$demo/zcl_a.clas.abap", b"CLASS zcl_a DEFINITION.\r\nENDCLASS."),
        ("src/$demo/zcl_a.clas.xml", b"\xef\xbb\xbf<xml/>"),
        ("src/$demo_sub/zc.prog.abap", b"REPORT zc."),
    ];
    let files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), &bytes[..])).collect();
    assert_eq!(files, expected);
}
