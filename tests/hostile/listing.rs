//! Answers of ADT that explode, never end, or lead into packages without end.

use crate::case::Case;
use crate::child::{Asked, Task};
use crate::serve::{KIB, LARGE, MIB, MOST_LARGE, text};
use crate::support::peer::{Asking, Listening, Peer};

/// An answer of ADT that is nearly too large.
const LONG: usize = LARGE / 16 * 15;

/// What an answer of ADT may cost that is as large as may be: itself twice, and the base.
const MOST_ADT: u64 = 16 + 2 * 64;

/// A peer without features, so that its objects are listed by ADT, whose services answer a POST with
/// what `answer` sends.
fn lists<F: Future<Output = ()> + Send + 'static>(
    answer: impl Fn(Peer, String) -> F + Clone + Send + Sync + 'static,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    move |listening| {
        Box::pin(async move {
            loop {
                let asking = listening.asking().await;
                if asking.header("upgrade").is_some() {
                    let welcome = r#"{"id":"welcome","success":true,"data":{"version":"2.3.0"}}"#;
                    let peer = asking.upgrade(text(welcome)).await;
                    tokio::spawn(peer.fall_silent());
                    continue;
                }
                if !asking.head.starts_with("POST") {
                    let head = "HTTP/1.1 200 OK\r\nX-CSRF-Token: t\r\nContent-Length: 0\r\n";
                    let head = format!("{head}Connection: close\r\n\r\n");
                    send(asking, head.as_bytes()).await;
                    continue;
                }
                let head = asking.head.clone();
                tokio::spawn(answer(asking.into_peer(), head));
            }
        })
    }
}

async fn send(asking: Asking, bytes: &[u8]) {
    asking.into_peer().send(bytes).await;
}

/// A whole answer.
fn body(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Answers everything with this body.
fn says(text: String) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    let answer = std::sync::Arc::new(body(text));
    lists(move |mut peer, _| {
        let answer = std::sync::Arc::clone(&answer);
        async move { peer.send(&answer).await }
    })
}

/// Answers everything with what never ends.
fn endless(
    start: &'static str,
    piece: &'static str,
) -> impl FnOnce(Listening) -> crate::case::Serving + Send {
    lists(move |mut peer, _| async move {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{start}");
        peer.send(head.as_bytes()).await;
        let piece = piece.repeat(64 * KIB / piece.len());
        peer.flood(piece.as_bytes(), 256 * MIB, true).await;
    })
}

fn tree(nodes: &str) -> String {
    format!(
        "<asx:abap><asx:values><DATA><TREE_CONTENT>{nodes}</TREE_CONTENT></DATA></asx:values></asx:abap>"
    )
}

fn node(kind: &str, name: &str) -> String {
    format!(
        "<SEU_ADT_REPOSITORY_OBJ_NODE><OBJECT_TYPE>{kind}</OBJECT_TYPE><OBJECT_NAME>{name}</OBJECT_NAME>\
         <OBJECT_URI>u</OBJECT_URI></SEU_ADT_REPOSITORY_OBJ_NODE>"
    )
}

pub(crate) fn cases() -> Vec<Case> {
    let list = || Asked { connect_ms: 20_000, ..Asked::to(Task::List) };
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><asx:abap>&c;</asx:abap>";
    let unreadable = |kind| format!("List/Unreadable/{kind}").leak() as &'static str;
    let mut cases = vec![
        Case::new("entities that expand", list(), unreadable("DocumentType"), says(bomb.into())),
        Case::new(
            "entities nobody declared",
            list(),
            unreadable("Entity"),
            says(tree(&node("CLAS/OC", "&c;"))),
        ),
        Case::new(
            "elements 100,000 deep",
            list(),
            unreadable("TooDeep"),
            says(format!("<asx:abap>{}", "<a>".repeat(100_000))),
        ),
        Case::new(
            "an answer that never ends",
            list(),
            "List/AnswerTooLarge",
            endless("<asx:abap>", "<a>hello</a>"),
        )
        .costs_at_most(MOST_ADT),
        Case::new(
            "an attribute that never ends",
            list(),
            "List/AnswerTooLarge",
            endless("<asx:abap a=\"", "hello "),
        )
        .costs_at_most(MOST_ADT),
        Case::new(
            "an answer of ADT that never comes",
            Asked { connect_ms: 1_000, ..list() },
            "List/Timeout",
            lists(|peer, _| peer.fall_silent()),
        ),
        Case::new(
            "an answer of ADT that declares 2^40 bytes",
            Asked { connect_ms: 1_000, ..list() },
            "List/Timeout or List/AnswerTooLarge",
            lists(|mut peer, _| async move {
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n<asx").await;
                peer.fall_silent().await;
            }),
        ),
        Case::new(
            "a listing that is redirected",
            list(),
            "List/Refused",
            lists(|mut peer, _| async move {
                let found =
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n";
                peer.send(format!("{found}Connection: close\r\n\r\n").as_bytes()).await;
            }),
        ),
    ];
    cases.extend(many());
    cases
}

fn many() -> Vec<Case> {
    let list = || Asked { connect_ms: 60_000, ..Asked::to(Task::List) };
    // Each name another one; data preview is refused by being no such table.
    let count = LONG / node("CLAS/OC", "Z000000").len();
    let objects: String = (0..count).map(|n| node("CLAS/OC", &format!("Z{n:06}"))).collect();
    // And the package.
    let all: &'static str = format!("ok {}", count + 1).leak();
    // Each package has a thousand others.
    let packages = lists(|mut peer, head| async move {
        let name: String = head.split("parent_name=").nth(1).map_or_else(String::new, |rest| {
            rest.chars().take_while(char::is_ascii_alphanumeric).collect()
        });
        let nodes: String = (0..1_000).map(|n| node("DEVC/K", &format!("{name}Z{n}"))).collect();
        peer.send(&body(tree(&nodes))).await;
    });
    let rows = |count: usize| {
        let column = |name: &str, value: &str| {
            let data = format!("<d:data>{value}</d:data>").repeat(count);
            format!(
                "<d:columns><d:metadata d:name=\"{name}\"/><d:dataSet>{data}</d:dataSet></d:columns>"
            )
        };
        let columns = ["OBJECT", "OBJ_NAME", "DEVCLASS"].map(|name| column(name, "$DEMO")).concat();
        format!("<d:tableData><d:totalRows>1</d:totalRows>{columns}</d:tableData>")
    };
    let others = format!(
        "<d:tableData>{}</d:tableData>",
        "<d:columns><d:metadata d:name=\"X\"/><d:dataSet/></d:columns>"
            .repeat(if cfg!(debug_assertions) { 60_000 } else { 500_000 })
    );
    vec![
        // The answer, and 256 bytes for each object of the list that is asked for.
        Case::new("400,000 objects in one answer", list(), all, says(tree(&objects)))
            .costs_at_most(16 + (LARGE / MIB) as u64 + (count / 4096) as u64),
        Case::new("packages without end", list(), "List/TooManyPackages", packages),
        Case::new(
            "more rows than were asked for",
            list(),
            "List/Unreadable/OtherDocument",
            says(rows(150_000)),
        )
        // An answer of 12 MiB, twice.
        .costs_at_most(16 + 24),
        Case::new("500,000 columns", list(), "List/Unreadable/OtherDocument", says(others))
            .costs_at_most(MOST_LARGE),
    ]
}
