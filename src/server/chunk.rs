//! A chunk as a message, right or as the script has it. *Source*: PROTOCOL 4.3, 6.5.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::core::StreamTerms;
use super::outbox::Outgoing;
use super::script::Script;
use crate::proto::checksum::Crc32;
use crate::proto::frame::BinaryHeader;
use crate::proto::{Alias, base64};

/// Chunk `seq` of a payload, whose first byte stands at `offset` there.
#[derive(Clone, Copy)]
pub(super) struct OutgoingChunk<'a> {
    pub(super) seq: u64,
    pub(super) bytes: &'a [u8],
    pub(super) offset: u64,
}

impl OutgoingChunk<'_> {
    /// The message, in the form that was agreed on, spoilt after its CRC was computed where the
    /// script says so.
    pub(super) fn message(self, terms: &StreamTerms, script: &Script) -> Outgoing {
        match terms.alias.filter(|_| !script.writes_as_text(self.seq)) {
            Some(alias) => Outgoing::binary(self.binary(alias, terms.checksum, script)),
            None => Outgoing::text(self.text(terms, script)),
        }
    }

    fn text(self, terms: &StreamTerms, script: &Script) -> String {
        let Self { seq, bytes, offset } = self;
        let stated = terms.checksum.then_some(offset);
        let frame = terms.frames.chunk(script.seq_sent(seq), bytes, stated);
        let data = |bytes: &[u8]| format!("\"data\":\"{}\"", base64::encode(bytes));
        let frame = match script.corrupt(bytes, offset) {
            Some(corrupted) => frame.replacen(&data(bytes), &data(&corrupted), 1),
            None => frame,
        };
        if script.spoils_base64(seq) {
            frame.replacen("\"data\":\"", "\"data\":\"*", 1)
        } else {
            frame
        }
    }

    /// Header and bytes in one piece, for which the bytes are copied once.
    fn binary(self, alias: Alias, has_crc: bool, script: &Script) -> Bytes {
        let Self { seq, bytes, offset } = self;
        let header = BinaryHeader {
            alias,
            seq: script.seq_sent(seq),
            offset,
            crc32: has_crc.then(|| Crc32::of(bytes)),
            // Chunks are far smaller, by the server's own limit.
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        };
        let fault = script.header_fault(seq);
        let header = fault.map_or(header, |fault| fault.change(header));
        let room = BinaryHeader::BYTES.saturating_add(bytes.len());
        let mut message = BytesMut::with_capacity(room);
        message.put_slice(&header.to_bytes());
        message.put_slice(script.corrupt(bytes, offset).as_deref().unwrap_or(bytes));
        if let Some(fault) = fault {
            fault.spoil(&mut message);
        }
        message.freeze()
    }
}
