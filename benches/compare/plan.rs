//! The rows: which clients there are, what each is compared with, and what is aimed at.

use longhaul::proto::{Feature, Features};

use crate::client::{Asks, Into, Role};

/// One client.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) table: Table,
    pub(crate) program: Program,
    /// Whether it runs with every size of chunk, or with one alone.
    pub(crate) every_chunk: bool,
    pub(crate) tls: bool,
    /// What it sees of what is sent, as the sender names it.
    pub(crate) view: &'static str,
    /// What its figures are divided by.
    pub(crate) against: References,
}

/// Rows that are compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Table {
    Sink,
    Tls,
    Memory,
}

/// What is started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    Own(Role),
    Curl,
    Go,
    Node,
    Python { fast: bool },
}

/// The names of the rows that a row is compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct References {
    /// The socket drained without looking.
    pub(crate) raw: Option<&'static str>,
    /// The library's messages drained.
    pub(crate) drain: Option<&'static str>,
    /// The download over HTTP.
    pub(crate) http: Option<&'static str>,
    /// longhaul without CRC.
    pub(crate) plain: Option<&'static str>,
}

/// The read buffer with which the drain measures best.
const BEST_READ_BUFFER: usize = 64 << 10;

const TEXT: References = References {
    raw: Some("raw-text"),
    drain: Some("tungstenite-best"),
    http: Some("hyper"),
    plain: Some("longhaul-text"),
};
const BINARY: References = References {
    raw: Some("raw-binary"),
    drain: Some("tungstenite-binary"),
    http: Some("hyper"),
    plain: Some("longhaul-binary"),
};
const TLS_TEXT: References = References {
    raw: None,
    drain: Some("tungstenite-tls"),
    http: Some("hyper-tls"),
    plain: Some("longhaul-text-tls"),
};
const TLS_BINARY: References = References {
    raw: None,
    drain: Some("tungstenite-binary-tls"),
    http: Some("hyper-tls"),
    plain: Some("longhaul-binary-tls"),
};
const MEMORY: References = References {
    raw: None,
    drain: None,
    http: Some("hyper-memory"),
    plain: Some("longhaul-memory"),
};

/// Whether this build has binary chunks.
pub(crate) fn has_binary() -> bool {
    Features::BUILT.contains(Feature::Binary)
}

/// Every client, in the order of the tables.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = text_sinks();
    rows.extend(binary_sinks());
    rows.extend(over_tls());
    rows.extend(into_memory());
    rows
}

/// A client of this program that throws away what it gets.
fn sink(
    name: &'static str,
    about: &'static str,
    role: Role,
    view: &'static str,
    against: References,
) -> Row {
    let program = Program::Own(role);
    Row { name, about, table: Table::Sink, program, every_chunk: true, tls: false, view, against }
}

fn text_sinks() -> Vec<Row> {
    let drain = |read_buffer| Role::Drain { binary: false, read_buffer };
    let longhaul = |asks| Role::Longhaul { asks, into: Into::Sink };
    let asks = Asks::default();
    let checksum = Asks { checksum: true, ..asks };
    let payload = "payload/text";
    let file = Role::Longhaul { asks: checksum, into: Into::File };
    vec![
        sink(
            "raw-text",
            "the bytes of the text WebSocket from a TCP socket, 64 KiB reads, not looked at",
            Role::Raw { text: true },
            "stream/text",
            TEXT,
        ),
        sink(
            "tungstenite-default",
            "tokio-tungstenite as it comes, text messages dropped",
            drain(None),
            "messages/text",
            TEXT,
        ),
        sink(
            "tungstenite-best",
            "the same with a read buffer of 64 KiB",
            drain(Some(BEST_READ_BUFFER)),
            "messages/text",
            TEXT,
        ),
        sink(
            "longhaul-text",
            "longhaul, text chunks, no features, no digest, into nothing",
            longhaul(asks),
            payload,
            TEXT,
        ),
        sink(
            "longhaul-credit",
            "longhaul-text with credit, the default window",
            longhaul(Asks { credit: true, ..asks }),
            payload,
            TEXT,
        ),
        sink(
            "longhaul-crc",
            "longhaul-text with CRC-32 and offset on each chunk",
            longhaul(Asks { crc_alone: true, ..asks }),
            payload,
            TEXT,
        ),
        sink(
            "longhaul-checksum",
            "longhaul-text with checksum: CRC-32 on each chunk, SHA-256 of the whole",
            longhaul(checksum),
            payload,
            TEXT,
        ),
        Row {
            every_chunk: false,
            ..sink("longhaul-file", "longhaul-checksum saved to a file", file, payload, TEXT)
        },
    ]
}

fn binary_sinks() -> Vec<Row> {
    let asks = Asks { binary: true, ..Asks::default() };
    let longhaul = |asks| Role::Longhaul { asks, into: Into::Sink };
    let http = Role::Http { in_memory: false };
    let bare = "payload/bare";
    vec![
        sink(
            "raw-binary",
            "the payload itself from a TCP socket, 64 KiB reads, not looked at",
            Role::Raw { text: false },
            bare,
            BINARY,
        ),
        sink(
            "tungstenite-binary",
            "tokio-tungstenite with a read buffer of 64 KiB, binary messages dropped",
            Role::Drain { binary: true, read_buffer: Some(BEST_READ_BUFFER) },
            "messages/binary",
            BINARY,
        ),
        sink(
            "longhaul-binary",
            "longhaul, binary chunks, no digest, into nothing",
            longhaul(asks),
            "payload/binary",
            BINARY,
        ),
        sink(
            "longhaul-binary-checksum",
            "longhaul-binary with checksum: CRC-32 on each chunk, SHA-256 of the whole",
            longhaul(Asks { checksum: true, ..asks }),
            "payload/binary",
            BINARY,
        ),
        sink("hyper", "a download over HTTP/1.1 with hyper, into nothing", http, bare, BINARY),
        Row {
            program: Program::Curl,
            every_chunk: false,
            ..sink("curl", "curl over HTTP/1.1, into nothing", http, bare, BINARY)
        },
    ]
}

fn over_tls() -> Vec<Row> {
    let row = |name, about, role, view, against| Row {
        name,
        about,
        table: Table::Tls,
        program: Program::Own(role),
        every_chunk: false,
        tls: true,
        view,
        against,
    };
    let drain = |binary| Role::Drain { binary, read_buffer: Some(BEST_READ_BUFFER) };
    let sink =
        |binary| Role::Longhaul { asks: Asks { binary, ..Asks::default() }, into: Into::Sink };
    vec![
        row(
            "tungstenite-tls",
            "tungstenite-best over TLS",
            drain(false),
            "messages/text",
            TLS_TEXT,
        ),
        row("longhaul-text-tls", "longhaul-text over TLS", sink(false), "payload/text", TLS_TEXT),
        row(
            "tungstenite-binary-tls",
            "tungstenite-binary over TLS",
            drain(true),
            "messages/binary",
            TLS_BINARY,
        ),
        row(
            "longhaul-binary-tls",
            "longhaul-binary over TLS",
            sink(true),
            "payload/binary",
            TLS_BINARY,
        ),
        row(
            "hyper-tls",
            "hyper over TLS",
            Role::Http { in_memory: false },
            "payload/bare",
            TLS_BINARY,
        ),
    ]
}

fn into_memory() -> Vec<Row> {
    let row = |name, about, program, view| Row {
        name,
        about,
        table: Table::Memory,
        program,
        every_chunk: false,
        tls: false,
        view,
        against: MEMORY,
    };
    let memory = |binary, checksum| {
        let asks = Asks { binary, checksum, ..Asks::default() };
        Program::Own(Role::Longhaul { asks, into: Into::Memory })
    };
    let text = "payload/text";
    vec![
        row(
            "longhaul-memory",
            "longhaul, text chunks, no digest, the payload",
            memory(false, false),
            text,
        ),
        row(
            "longhaul-memory-checksum",
            "longhaul, text chunks with checksum, the verified payload",
            memory(false, true),
            text,
        ),
        row(
            "longhaul-binary-memory",
            "longhaul, binary chunks, no digest, the payload",
            memory(true, false),
            "payload/binary",
        ),
        row(
            "hyper-memory",
            "a download over HTTP/1.1 with hyper",
            Program::Own(Role::Http { in_memory: true }),
            "payload/bare",
        ),
        row(
            "naive-rust",
            "tokio-tungstenite, serde_json::Value, base64",
            Program::Own(Role::Naive),
            text,
        ),
        row("naive-go", "gorilla/websocket, encoding/json, encoding/base64", Program::Go, text),
        row("naive-node", "ws, JSON.parse, Buffer", Program::Node, text),
        row("naive-python", "websockets, json, base64", Program::Python { fast: false }, text),
        row(
            "naive-python-fast",
            "websockets, orjson, pybase64",
            Program::Python { fast: true },
            text,
        ),
    ]
}

impl Row {
    /// Whether longhaul itself must have binary chunks for it.
    pub(crate) fn needs_binary(&self) -> bool {
        matches!(self.program, Program::Own(Role::Longhaul { asks, .. }) if asks.binary)
    }

    /// Whether it joins the base64 before it decodes, which goes wrong unless each chunk ends
    /// without padding.
    pub(crate) fn joins_base64(&self) -> bool {
        match self.program {
            Program::Own(role) => role == Role::Naive,
            Program::Curl => false,
            Program::Go | Program::Node | Program::Python { .. } => true,
        }
    }
}

/// What is to be reached; ratios are of the same round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    pub(crate) row: &'static str,
    pub(crate) measure: Measure,
    pub(crate) every_chunk: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// Processor time against that of a row: at most so much.
    Processor { against: &'static str, most: f64 },
    /// Goodput against that of a row: at least so much.
    Goodput { against: &'static str, least: f64 },
    /// Peak memory: at most so many chunks and so many MiB.
    Peak { chunks: u64, mib: u64 },
}

/// The largest chunk for which the aims of text hold; larger ones are only reported.
pub(crate) const LARGEST_AIMED_CHUNK: u64 = longhaul::proto::limits::CHUNK_BYTES;

pub(crate) const AIMS: &[Aim] = &[
    processor("longhaul-text", "tungstenite-best", 1.10),
    processor("longhaul-text", "raw-text", 1.35),
    processor("longhaul-crc", "longhaul-text", 1.05),
    processor("longhaul-binary", "raw-binary", 1.12),
    processor("longhaul-binary", "hyper", 1.00),
    goodput("longhaul-memory", "naive-go", 20.0),
    goodput("longhaul-memory", "naive-node", 3.0),
    goodput("longhaul-memory", "naive-python-fast", 2.5),
    goodput("longhaul-memory", "hyper-memory", 0.8),
    peak("longhaul-text"),
    peak("longhaul-binary"),
];

const fn processor(row: &'static str, against: &'static str, most: f64) -> Aim {
    Aim { row, measure: Measure::Processor { against, most }, every_chunk: true }
}

const fn goodput(row: &'static str, against: &'static str, least: f64) -> Aim {
    Aim { row, measure: Measure::Goodput { against, least }, every_chunk: false }
}

const fn peak(row: &'static str) -> Aim {
    Aim { row, measure: Measure::Peak { chunks: 4, mib: 6 }, every_chunk: true }
}
