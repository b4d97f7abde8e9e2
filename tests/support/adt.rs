//! ADT as far as listing objects needs it: scripted answers over real connections that stay open,
//! and a system to answer from. The WebSocket goes through to a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const DISCOVERY: &str = "/sap/bc/adt/core/discovery";
pub const DATA_PREVIEW: &str = "/sap/bc/adt/datapreview/freestyle";
pub const NODE_STRUCTURE: &str = "/sap/bc/adt/repository/nodestructure";

/// A request that came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub head: String,
    pub body: String,
    /// Which connection it came over, counted from 0; those of WebSockets count as well.
    pub connection: usize,
}

impl Asked {
    /// The value of a header, by its name in lower case; empty without one.
    pub fn header(&self, name: &str) -> String {
        let value = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        value.unwrap_or_default()
    }

    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// The value of a cookie; empty without one.
    pub fn cookie(&self, name: &str) -> String {
        let cookies = self.header("cookie");
        let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// What is done with a request.
pub enum Reply {
    /// Send this; with `close`, end the connection without having said so.
    Text { text: String, close: bool },
    /// Send this, and so many bytes more.
    Endless { text: String, bytes: usize },
    /// Send nothing, and keep the connection.
    Silence,
}

impl Reply {
    /// An answer of a status line, further header lines, and a body.
    pub fn new(status: &str, headers: &[&str], body: &str) -> Self {
        let headers: Vec<_> = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let text = format!(
            "HTTP/1.1 {status}\r\n{}Content-Length: {}\r\n\r\n{body}",
            headers.concat(),
            body.len()
        );
        Self::Text { text, close: false }
    }

    /// The same, and then the connection is closed.
    pub fn and_close(self) -> Self {
        match self {
            Self::Text { text, .. } => Self::Text { text, close: true },
            other => other,
        }
    }

    /// As an answer to HEAD: a length, and no body.
    fn without_body(self) -> Self {
        match self {
            Self::Text { text, close } => {
                let end = text.find("\r\n\r\n").map_or(text.len(), |at| at + 4);
                Self::Text { text: text[..end].to_owned(), close }
            }
            other => other,
        }
    }
}

/// Listens, and answers by what `answer` says.
pub struct AdtFront {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl AdtFront {
    /// WebSockets go to `server`, everything else is for `answer`.
    pub async fn new(
        server: SocketAddr,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                tokio::spawn(async move {
                    let _ = serve(stream, connection, server, &noted, answer.as_ref()).await;
                });
                connection += 1;
            }
        });
        Self { address, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was asked so far, WebSockets left out.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this was asked.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.is(method, path)).count()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    server: SocketAddr,
    noted: &Mutex<Vec<Asked>>,
    answer: &(impl Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head_text = String::from_utf8_lossy(&head).into_owned();
        let mut words = head_text.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut asked = Asked {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            head: head_text.clone(),
            body: String::new(),
            connection,
        };
        if !asked.header("upgrade").is_empty() {
            let mut outer = TcpStream::connect(server).await?;
            outer.write_all(&head).await?;
            tokio::io::copy_bidirectional(&mut stream, &mut outer).await?;
            return Ok(());
        }
        let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        asked.body = String::from_utf8_lossy(&body).into_owned();
        noted.lock().unwrap().push(asked.clone());
        let reply = answer(&asked);
        match if asked.method == "HEAD" { reply.without_body() } else { reply } {
            Reply::Text { text, close } => {
                stream.write_all(text.as_bytes()).await?;
                if close {
                    return stream.shutdown().await;
                }
            }
            Reply::Endless { text, bytes } => {
                stream.write_all(text.as_bytes()).await?;
                let piece = vec![b' '; 1 << 20];
                for _ in 0..bytes.div_ceil(piece.len()) {
                    stream.write_all(&piece).await?;
                }
            }
            Reply::Silence => {
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
        }
    }
}

/// A system with packages, which wants a token and the cookie that belongs to it.
#[derive(Debug, Default)]
pub struct System {
    /// Objects as `TYPE/SUB NAME`, and sub-packages, by package.
    packages: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// How many sessions it has had; the last one is valid.
    sessions: AtomicUsize,
}

impl System {
    pub const COOKIE: &'static str = "SAP_SESSIONID_TST_001";

    pub fn with(mut self, package: &str, objects: &[&str], subpackages: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        self.packages.insert(package.into(), (owned(objects), owned(subpackages)));
        self
    }

    /// `$A` with an object, the sub-packages `/NS/B` and `$C`, and a way back to itself.
    pub fn sample() -> Self {
        Self::default()
            .with("$A", &["CLAS/OC ZCL_A"], &["/NS/B", "$C"])
            .with("/NS/B", &["FUGR/F /NS/F"], &["$A"])
            .with("$C", &["INTF/OI ZIF_C"], &[])
    }

    /// What listing `$A` of the sample gives.
    pub const SAMPLE: [&'static str; 6] = [
        "CLAS ZCL_A in $A",
        "DEVC $A in $A",
        "DEVC $C in $C",
        "DEVC /NS/B in /NS/B",
        "FUGR /NS/F in /NS/B",
        "INTF ZIF_C in $C",
    ];

    /// Ends the session, so that its token and its cookie are worth nothing.
    pub fn expire(&self) {
        self.sessions.fetch_add(1, Ordering::SeqCst);
    }

    pub fn answer(&self, asked: &Asked) -> Reply {
        if asked.path == DISCOVERY {
            let session = self.sessions.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!("X-CSRF-Token: t0ken{session}");
            let cookie = format!("Set-Cookie: {}=s3ssion{session}; path=/", Self::COOKIE);
            return Reply::new("200 OK", &[&token, &cookie], "<service/>");
        }
        let session = self.sessions.load(Ordering::SeqCst);
        let is_valid = asked.header("x-csrf-token") == format!("t0ken{session}")
            && asked.cookie(Self::COOKIE) == format!("s3ssion{session}");
        if !is_valid {
            return Reply::new("403 Forbidden", &["X-CSRF-Token: Required"], "CSRF token expired");
        }
        match asked.path.as_str() {
            DATA_PREVIEW => self.table(&asked.body),
            NODE_STRUCTURE => self.nodes(&asked.query),
            _ => Reply::new("404 Not Found", &[], ""),
        }
    }

    fn table(&self, statement: &str) -> Reply {
        let package = statement.rsplit('\'').nth(1).unwrap_or_default();
        let (objects, below) = self.packages.get(package).cloned().unwrap_or_default();
        let own = (!objects.is_empty()).then(|| format!("DEVC/K {package}"));
        let objects: Vec<_> = objects.into_iter().chain(own).collect();
        let keys = || objects.iter().filter_map(|object| object.split_once(' '));
        let columns = if statement.starts_with("SELECT DEVCLASS FROM TDEVC WHERE PARENTCL = '") {
            column("DEVCLASS", below.iter().map(String::as_str))
        } else {
            let kinds = keys().map(|(kind, _)| kind.split('/').next().unwrap_or_default());
            column("OBJ_NAME", keys().map(|(_, name)| name))
                + &column("DEVCLASS", keys().map(|_| package))
                + &column("OBJECT", kinds)
        };
        Reply::new(
            "200 OK",
            &["Content-Type: application/xml"],
            &format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><dataPreview:tableData \
                 xmlns:dataPreview=\"http://www.sap.com/adt/dataPreview\">{columns}\
                 </dataPreview:tableData>"
            ),
        )
    }

    fn nodes(&self, query: &str) -> Reply {
        let name = query.split('&').find_map(|pair| pair.strip_prefix("parent_name="));
        let name = name.unwrap_or_default().replace("%24", "$").replace("%2F", "/");
        let (objects, below) = self.packages.get(&name).cloned().unwrap_or_default();
        let below = below.iter().map(|name| format!("DEVC/K {name}"));
        let nodes: Vec<_> = objects
            .into_iter()
            .chain(below)
            .filter_map(|object| {
                let (kind, name) = object.split_once(' ')?;
                Some(format!(
                    "<SEU_ADT_REPOSITORY_OBJ_NODE><OBJECT_TYPE>{kind}</OBJECT_TYPE>\
                     <OBJECT_NAME>{name}</OBJECT_NAME><TECH_NAME>X</TECH_NAME>\
                     <OBJECT_URI>/sap/bc/adt/x</OBJECT_URI></SEU_ADT_REPOSITORY_OBJ_NODE>"
                ))
            })
            .collect();
        Reply::new(
            "200 OK",
            &["Content-Type: application/vnd.sap.as+xml"],
            &format!(
                "<asx:abap xmlns:asx=\"http://www.sap.com/abapxml\" version=\"1.0\"><asx:values>\
                 <DATA><TREE_CONTENT>{}</TREE_CONTENT></DATA></asx:values></asx:abap>",
                nodes.concat()
            ),
        )
    }
}

fn column<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> String {
    let data: Vec<_> =
        values.map(|value| format!("<dataPreview:data>{value}</dataPreview:data>")).collect();
    format!(
        "<dataPreview:columns><dataPreview:metadata dataPreview:name=\"{name}\"/>\
         <dataPreview:dataSet>{}</dataPreview:dataSet></dataPreview:columns>",
        data.concat()
    )
}
