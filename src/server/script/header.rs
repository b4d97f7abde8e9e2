//! Headers of binary chunks that are wrong.

use bytes::BytesMut;

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
