//! What stands between a client and a server: a CONNECT proxy, and a front that wants its logon
//! over HTTP. Both speak HTTP only as far as the tests need it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listener that hands each connection's first request to `answer`.
pub struct Front {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What a front does with a request.
pub enum Answer {
    /// Send this and close.
    Text(String),
    /// Send this, then pass everything on to the address, beginning with what was read if asked.
    Tunnel { say: String, target: String, replay: bool },
}

impl Front {
    /// Answers by what `answer` says of a request's head.
    pub async fn new(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&heads), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &noted, answer.as_ref()).await });
            }
        });
        Self { address, heads }
    }

    /// A proxy for CONNECT; with `logon`, only for who sends that Basic logon.
    pub async fn proxy(logon: Option<&'static str>) -> Self {
        Self::new(move |head| {
            let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
            let Some(target) = target else {
                return Answer::Text("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n".into());
            };
            let allowed = logon.is_none_or(|logon| {
                header(head, "proxy-authorization") == Some(format!("Basic {logon}"))
            });
            if !allowed {
                return Answer::Text(
                    "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n".into(),
                );
            }
            Answer::Tunnel {
                say: "HTTP/1.1 200 Connection established\r\n\r\n".into(),
                target: target.to_owned(),
                replay: false,
            }
        })
        .await
    }

    /// A system that refuses Basic on the upgrade, takes it over HTTP, and wants `cookie` then.
    pub async fn http_logon(target: SocketAddr, basic: &'static str, cookie: &'static str) -> Self {
        Self::new(move |head| {
            let basic = header(head, "authorization") == Some(format!("Basic {basic}"));
            let cookies = header(head, "cookie").unwrap_or_default();
            if head.starts_with("GET /sap/bc/adt/core/discovery") && basic {
                return Answer::Text(format!(
                    "HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}; path=/; HttpOnly\r\n\
                     Set-Cookie: sap-usercontext=sap-client=001; path=/\r\n\
                     Content-Length: 5\r\n\r\n<a/>\n"
                ));
            }
            if cookies.split("; ").any(|pair| pair == cookie) && head.contains("Upgrade") {
                let target = target.to_string();
                return Answer::Tunnel { say: String::new(), target, replay: true };
            }
            let page = "<html><title>Logon failed</title></html>";
            let length = page.len();
            Answer::Text(format!(
                "HTTP/1.1 401 Unauthorized\r\nContent-Length: {length}\r\n\r\n{page}"
            ))
        })
        .await
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(
    mut stream: TcpStream,
    noted: &Mutex<Vec<String>>,
    answer: &(impl Fn(&str) -> Answer + Send + Sync),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) if head.len() < 65_536 => head.push(byte),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    noted.lock().unwrap().push(text.clone());
    match answer(&text) {
        Answer::Text(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
        Answer::Tunnel { say, target, replay } => {
            let Ok(mut outer) = TcpStream::connect(target).await else { return };
            let _ = stream.write_all(say.as_bytes()).await;
            if replay {
                let _ = outer.write_all(&head).await;
            }
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut outer).await;
        }
    }
}

/// The value of a header, by its name in lower case.
fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
