//! A raw HTTP client: one connection, request after request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::server::Server;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::soon;

/// The objects of a package, as a client asks for them.
pub(crate) fn tadir(package: &str) -> String {
    format!(
        "SELECT OBJECT, OBJ_NAME, DEVCLASS FROM TADIR \
         WHERE PGMID = 'R3TR' AND DELFLAG = ' ' AND DEVCLASS = '{package}'"
    )
}

/// Its sub-packages.
pub(crate) fn tdevc(package: &str) -> String {
    format!("SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = '{package}'")
}

pub(crate) const DISCOVERY: &str = "/sap/bc/adt/core/discovery?sap-client=001";
pub(crate) const PREVIEW: &str = "/sap/bc/adt/datapreview/freestyle?rowNumber=1000";

/// The path of the node structure of a package, whose name is encoded already.
pub(crate) fn nodes(package: &str) -> String {
    format!(
        "/sap/bc/adt/repository/nodestructure?parent_type=DEVC%2FK&parent_name={package}\
         &withShortDescriptions=true"
    )
}

pub(crate) fn basic(logon: &str) -> String {
    format!("Basic {}", STANDARD.encode(logon))
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// The cookies that it sets, as a client sends them back; empty if it sets none.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie"));
        let pairs = set.map(|(_, value)| value.split(';').next().unwrap());
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The texts of all elements of this name.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let contents = self.contents(name).into_iter();
        contents.map(|text| unescape(&text).unwrap().into_owned()).collect()
    }

    /// What stands in all elements of this name.
    fn contents(&self, name: &str) -> Vec<String> {
        let mut reader = Reader::from_str(&self.body);
        let mut texts = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) if start.name().as_ref() == name => {
                    let end = start.to_end().into_owned();
                    texts.push(reader.read_text(end.name()).unwrap().to_string());
                }
                Event::Empty(empty) if empty.name().as_ref() == name => {
                    texts.push(String::new());
                }
                Event::Eof => return texts,
                _ => {}
            }
        }
    }

    /// The columns of a data preview.
    pub(crate) fn columns(&self) -> Vec<Vec<String>> {
        let columns = self.contents("dataPreview:dataSet").into_iter();
        let rows = |body| Self { status: 200, headers: Vec::new(), body };
        let wrapped = columns.map(|column| rows(format!("<x>{column}</x>")));
        wrapped.map(|column| column.texts("dataPreview:data")).collect()
    }
}

pub(crate) struct Http {
    tcp: TcpStream,
    /// The headers of every request.
    pub(crate) headers: Vec<(String, String)>,
}

impl Http {
    pub(crate) async fn connect(server: &Server) -> Self {
        let tcp = soon(TcpStream::connect(server.addr())).await.unwrap();
        Self { tcp, headers: vec![("Host".into(), "x".into())] }
    }

    /// A connection with a session of its own and its token.
    pub(crate) async fn log_on(server: &Server) -> Self {
        let mut http = Self::connect(server).await;
        http.fetch_token("HEAD").await;
        http
    }

    /// Asks for a token, and sends it from now on, with the cookies that came along.
    pub(crate) async fn fetch_token(&mut self, method: &str) -> Answer {
        self.set("X-CSRF-Token", "Fetch");
        let answer = self.ask(method, DISCOVERY, "").await;
        if !answer.cookies().is_empty() {
            self.set("Cookie", &answer.cookies());
        }
        self.set("X-CSRF-Token", answer.header("x-csrf-token").unwrap_or("none"));
        answer
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.into(), value.into()));
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(key, _)| key == name).unwrap().1
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body).await
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = self.headers.iter().map(|(key, value)| format!("{key}: {value}\r\n"));
        let head = format!("{method} {path} HTTP/1.1\r\n{}", headers.collect::<String>());
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.send(request.as_bytes()).await;
        self.answer(method != "HEAD").await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        soon(self.tcp.write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn answer(&mut self, has_body: bool) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.tcp.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut answer = Answer { status, headers, body: String::new() };
        if has_body {
            let length = answer.header("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            soon(self.tcp.read_exact(&mut body)).await.unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        answer
    }

    /// Whether the server has ended the connection.
    pub(crate) async fn is_over(&mut self) -> bool {
        soon(self.tcp.read_u8()).await.is_err()
    }
}
