//! One payload as it goes over the wire: small heads and tails around what the stock holds.

use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longhaul::proto::checksum::{Crc32, Sha256, Sha256Hasher};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::stock::Stock;

/// What the bytes of a payload are wrapped into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Chunk frames with base64, PROTOCOL 4.3.
    Text,
    /// Binary messages, PROTOCOL 6.5.
    Binary,
    /// Nothing.
    Bare,
}

/// What of a delivery is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// All that stands on the wire, with the headers of the WebSocket.
    Stream,
    /// The messages, one after the other.
    Messages,
    /// The decoded bytes.
    Payload,
}

/// What goes beside the bytes, PROTOCOL 6.1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checks {
    /// CRC-32 and offset of each chunk.
    pub(crate) crc: bool,
    /// Size and SHA-256 of the whole.
    pub(crate) digest: bool,
}

/// One payload, to be sent under one id.
pub(crate) struct Delivery {
    stock: Arc<Stock>,
    pub(crate) form: Form,
    id: String,
    /// What binary chunks have in place of the id.
    alias: u32,
    checks: Checks,
    size: u64,
    /// The last chunk, where it is shorter than the others.
    rest: Option<Rest>,
}

struct Rest {
    bytes: usize,
    text: Vec<u8>,
    crc: Crc32,
}

/// The lengths of what was written for one frame.
pub(crate) struct Framed {
    /// The header of the WebSocket, part of the head.
    pub(crate) header: usize,
    pub(crate) head: usize,
    pub(crate) tail: usize,
}

impl Delivery {
    pub(crate) fn new(stock: Arc<Stock>, size: u64, form: Form, id: &str, checks: Checks) -> Self {
        let full = size / stock.chunk_bytes();
        let bytes = usize::try_from(size % stock.chunk_bytes()).unwrap_or_default();
        let rest = (bytes > 0).then(|| {
            let raw = &stock.raw(full)[..bytes];
            Rest { bytes, text: STANDARD.encode(raw).into_bytes(), crc: Crc32::of(raw) }
        });
        Self { stock, form, id: id.to_owned(), alias: 1, checks, size, rest }
    }

    /// With another alias than 1: one is given once on a connection.
    pub(crate) fn alias(self, alias: u32) -> Self {
        Self { alias, ..self }
    }

    /// How many chunks there are.
    pub(crate) fn total(&self) -> u64 {
        self.size.div_ceil(self.stock.chunk_bytes())
    }

    /// What the stock holds of a chunk, by its number from 1.
    pub(crate) fn body(&self, seq: u64) -> &[u8] {
        match (self.rest_at(seq), self.form) {
            (Some(rest), Form::Text) => &rest.text,
            (Some(_), _) => self.raw(seq),
            (None, Form::Text) => self.stock.text(seq - 1),
            (None, _) => self.stock.raw(seq - 1),
        }
    }

    /// The decoded length of a chunk.
    pub(crate) fn decoded(&self, seq: u64) -> u64 {
        self.rest_at(seq).map_or(self.stock.chunk_bytes(), |rest| rest.bytes as u64)
    }

    /// Appends head and tail of a chunk's frame to `out`.
    pub(crate) fn frame(&self, seq: u64, out: &mut Vec<u8>) -> Framed {
        if self.form == Form::Bare {
            return Framed { header: 0, head: 0, tail: 0 };
        }
        let offset = (seq - 1) * self.stock.chunk_bytes();
        let crc = self.rest_at(seq).map_or_else(|| self.stock.crc(seq - 1), |rest| rest.crc);
        let (mut head, mut tail) = (Vec::with_capacity(96), Vec::new());
        match self.form {
            Form::Text => {
                let _ = write!(head, r#"{{"id":"{}","type":"chunk","seq":{seq},"data":""#, self.id);
                let _ = if self.checks.crc {
                    write!(tail, r#"","offset":{offset},"crc32":"{crc}"}}"#)
                } else {
                    write!(tail, r#""}}"#)
                };
            }
            Form::Binary | Form::Bare => {
                let length = u32::try_from(self.body(seq).len()).unwrap_or(u32::MAX);
                let crc = if self.checks.crc { crc.0 } else { 0 };
                head.extend_from_slice(b"LH");
                head.extend_from_slice(&[1, u8::from(self.checks.crc)]);
                head.extend_from_slice(&self.alias.to_le_bytes());
                head.extend_from_slice(&seq.to_le_bytes());
                head.extend_from_slice(&offset.to_le_bytes());
                head.extend_from_slice(&crc.to_le_bytes());
                head.extend_from_slice(&length.to_le_bytes());
            }
        }
        let length = head.len() + self.body(seq).len() + tail.len();
        let opcode = if self.form == Form::Text { Data::Text } else { Data::Binary };
        let start = out.len();
        write_header(OpCode::Data(opcode), length, out);
        let header = out.len() - start;
        out.extend_from_slice(&head);
        out.extend_from_slice(&tail);
        Framed { header, head: header + head.len(), tail: tail.len() }
    }

    /// The message that comes before the chunks, if there is one.
    pub(crate) fn accepted(&self) -> Option<String> {
        let chunk = self.stock.chunk_bytes();
        let (id, alias) = (&self.id, self.alias);
        (self.form == Form::Binary).then(|| {
            format!(r#"{{"id":"{id}","type":"accepted","chunkSize":{chunk},"alias":{alias}}}"#)
        })
    }

    /// The message that comes after the chunks.
    pub(crate) fn complete(&self) -> String {
        let (id, total) = (&self.id, self.total());
        let mut text =
            format!(r#"{{"id":"{id}","type":"complete","success":true,"totalChunks":{total}"#);
        if self.checks.digest {
            let digest = self.stock.digest(self.size);
            text += &format!(r#","size":{},"sha256":"{digest}""#, self.size);
        }
        text + r#","data":{}}"#
    }

    /// How many bytes a client that looks at `view` receives, and their digest if it is wanted.
    pub(crate) fn expected(&self, view: View, with_digest: bool) -> (u64, Option<Sha256>) {
        if view == View::Payload {
            return (self.size, with_digest.then(|| self.stock.digest(self.size)));
        }
        let (mut bytes, mut hasher) = (0, Sha256Hasher::default());
        let mut note = |piece: &[u8]| {
            bytes += piece.len() as u64;
            if with_digest {
                hasher.update(piece);
            }
        };
        let skipped = |framed: &Framed| if view == View::Messages { framed.header } else { 0 };
        let mut small = Vec::new();
        for seq in 1..=self.total() {
            small.clear();
            let framed = self.frame(seq, &mut small);
            note(&small[skipped(&framed)..framed.head]);
            note(self.body(seq));
            note(&small[framed.head..]);
        }
        if self.form != Form::Bare {
            let complete = self.complete();
            match view {
                View::Stream => note(&text_message(&complete)),
                _ => note(complete.as_bytes()),
            }
        }
        (bytes, with_digest.then(|| hasher.finish()))
    }

    fn rest_at(&self, seq: u64) -> Option<&Rest> {
        self.rest.as_ref().filter(|_| seq == self.total())
    }

    fn raw(&self, seq: u64) -> &[u8] {
        let raw = self.stock.raw(seq - 1);
        self.rest_at(seq).map_or(raw, |rest| &raw[..rest.bytes])
    }
}

/// A text message as it stands on the wire.
pub(crate) fn text_message(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 10);
    write_header(OpCode::Data(Data::Text), text.len(), &mut out);
    out.extend_from_slice(text.as_bytes());
    out
}

pub(crate) fn write_header(opcode: OpCode, length: usize, out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    // Into memory it cannot fail.
    let _ = header.format(length as u64, out);
}
