//! Faults that only binary chunks can have.

use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;

use super::Script;
use crate::proto::Alias;
use crate::proto::frame::BinaryHeader;
use crate::proto::frame::binary::{FLAGS_AT, VERSION_AT};

/// What is wrong with the header of a binary chunk. *Source*: PROTOCOL 6.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// An alias that no request of the connection has: 4294967295.
    Alias,
    /// One more in `length` than bytes follow.
    Length,
    /// A flag without a meaning is set.
    Flag,
    /// `crc32` and its flag are 0.
    NoCrc,
    /// The version is 2.
    Version,
    /// The first byte is another one.
    Magic,
    /// The message ends within the header.
    Short,
}

impl HeaderFault {
    /// The header before it is written.
    pub(in crate::server) fn change(self, mut header: BinaryHeader) -> BinaryHeader {
        match self {
            Self::Alias => header.alias = Alias::new(u32::MAX).unwrap_or(header.alias),
            Self::Length => header.length = header.length.wrapping_add(1),
            Self::NoCrc => header.crc32 = None,
            Self::Flag | Self::Version | Self::Magic | Self::Short => {}
        }
        header
    }

    /// The message once it is written.
    pub(in crate::server) fn spoil(self, message: &mut BytesMut) {
        let (at, bits) = match self {
            Self::Flag => (FLAGS_AT, 0x80),
            Self::Version => (VERSION_AT, 3),
            Self::Magic => (0, 0x20),
            Self::Short => return message.truncate(BinaryHeader::BYTES.saturating_sub(1)),
            Self::Alias | Self::Length | Self::NoCrc => return,
        };
        if let Some(byte) = message.get_mut(at) {
            *byte ^= bits;
        }
    }
}

/// What a script does to binary chunks.
#[derive(Clone, Debug, Default)]
pub(super) struct BinaryFaults {
    as_text: BTreeSet<u64>,
    headers: BTreeMap<u64, HeaderFault>,
    without_alias: bool,
}

impl Script {
    /// Sends chunk `seq` as text, also where the others go as binary messages.
    pub fn text_chunk(mut self, seq: u64) -> Self {
        self.binary.as_text.insert(seq);
        self
    }

    /// Sends chunk `seq` with a header that is wrong, if it goes as a binary message; of two faults
    /// of a chunk, the last holds.
    pub fn spoil_header(mut self, seq: u64, fault: HeaderFault) -> Self {
        self.binary.headers.insert(seq, fault);
        self
    }

    /// Gives no alias to any request, so that all chunks go as text.
    pub fn without_alias(mut self) -> Self {
        self.binary.without_alias = true;
        self
    }
}

/// What the server asks its script.
impl Script {
    pub(in crate::server) fn writes_as_text(&self, seq: u64) -> bool {
        self.binary.as_text.contains(&seq)
    }

    pub(in crate::server) fn header_fault(&self, seq: u64) -> Option<HeaderFault> {
        self.binary.headers.get(&seq).copied()
    }

    pub(in crate::server) fn gives_no_alias(&self) -> bool {
        self.binary.without_alias
    }
}
