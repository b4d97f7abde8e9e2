//! Chunks as binary messages: a header of 32 bytes, then the raw bytes. *Source*: PROTOCOL 6.5.
//!
//! [`BinaryEnvelope::read`] finds whose a message is, [`BinaryEnvelope::chunk`] what it says: so
//! whatever is wrong with it can fail the request that it belongs to, and no other.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use crate::proto::checksum::Crc32;
use crate::proto::id::Alias;

/// What every header begins with.
const MAGIC: [u8; 2] = *b"LH";
/// The version of the header that this crate reads and writes.
const VERSION: u8 = 1;
/// The flag that says that `crc32` is valid; there is no other.
const HAS_CRC: u8 = 1;
/// Where the version stands, for whoever spoils it.
#[cfg(feature = "server")]
pub(crate) const VERSION_AT: usize = 2;
/// Where the flags stand.
#[cfg(feature = "server")]
pub(crate) const FLAGS_AT: usize = 3;

/// What a binary chunk says before its bytes.
///
/// ```
/// use longhaul::proto::Alias;
/// use longhaul::proto::frame::{BinaryEnvelope, BinaryHeader};
/// use longhaul::proto::checksum::Crc32;
///
/// let header = BinaryHeader {
///     alias: Alias::new(7).unwrap(),
///     seq: 2,
///     offset: 6,
///     crc32: Some(Crc32::of(b"world")),
///     length: 5,
/// };
/// let mut message = header.to_bytes().to_vec();
/// message.extend(b"world");
///
/// let envelope = BinaryEnvelope::read(&message).unwrap();
/// assert_eq!(envelope.alias(), header.alias);
/// let chunk = envelope.chunk().unwrap();
/// assert_eq!((chunk.header, chunk.bytes), (header, &b"world"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryHeader {
    /// Whose chunk it is.
    pub alias: Alias,
    /// Its number, counted from 1. A 0 is kept here, so that it fails with its own error.
    pub seq: u64,
    /// Where its first byte stands in the payload, from 0.
    pub offset: u64,
    /// The CRC-32 of its bytes, where the header says that there is one.
    pub crc32: Option<Crc32>,
    /// How many bytes follow.
    pub length: u32,
}

impl BinaryHeader {
    /// How long a header is.
    pub const BYTES: usize = 32;

    /// The header as it stands on the wire.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let flags = if self.crc32.is_some() { HAS_CRC } else { 0 };
        let [m0, m1] = MAGIC;
        let [a0, a1, a2, a3] = self.alias.get().to_le_bytes();
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.seq.to_le_bytes();
        let [o0, o1, o2, o3, o4, o5, o6, o7] = self.offset.to_le_bytes();
        let [c0, c1, c2, c3] = self.crc32.map_or(0, |crc32| crc32.0).to_le_bytes();
        let [l0, l1, l2, l3] = self.length.to_le_bytes();
        #[rustfmt::skip]
        let bytes = [
            m0, m1, VERSION, flags, a0, a1, a2, a3,
            s0, s1, s2, s3, s4, s5, s6, s7,
            o0, o1, o2, o3, o4, o5, o6, o7,
            c0, c1, c2, c3, l0, l1, l2, l3,
        ];
        bytes
    }
}

/// A binary chunk that was read. *Source*: PROTOCOL 6.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BinaryChunk<'a> {
    /// What is said of the bytes; `length` is theirs.
    pub header: BinaryHeader,
    /// The slice of the payload.
    pub bytes: &'a [u8],
}

/// A binary message of which only the alias is known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryEnvelope<'a> {
    alias: Alias,
    version: u8,
    flags: u8,
    seq: u64,
    offset: u64,
    crc32: u32,
    length: u32,
    bytes: &'a [u8],
}

impl<'a> BinaryEnvelope<'a> {
    /// Finds whose a binary message is. Allocates nothing, whatever it is given.
    ///
    /// The alias stands at the same place in every version of the header.
    ///
    /// # Errors
    /// [`UnreadableBinary`] if the message names no request: there is none to fail, so it is
    /// counted and ignored.
    pub fn read(message: &'a [u8]) -> Result<Self, UnreadableBinary> {
        let Some((header, bytes)) = message.split_first_chunk() else {
            return Err(UnreadableBinary::TooShort { got: message.len() });
        };
        #[rustfmt::skip]
        let [
            m0, m1, version, flags, a0, a1, a2, a3,
            s0, s1, s2, s3, s4, s5, s6, s7,
            o0, o1, o2, o3, o4, o5, o6, o7,
            c0, c1, c2, c3, l0, l1, l2, l3,
        ]: [u8; BinaryHeader::BYTES] = *header;
        if [m0, m1] != MAGIC {
            return Err(UnreadableBinary::NoMagic { got: [m0, m1] });
        }
        let alias = Alias::new(u32::from_le_bytes([a0, a1, a2, a3]));
        Ok(Self {
            alias: alias.ok_or(UnreadableBinary::NoAlias)?,
            version,
            flags,
            seq: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            offset: u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            crc32: u32::from_le_bytes([c0, c1, c2, c3]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            bytes,
        })
    }

    /// Whose chunk it is.
    pub fn alias(&self) -> Alias {
        self.alias
    }

    /// The typed chunk.
    ///
    /// # Errors
    /// [`BinaryDefect`], the first of version, flags and length that is wrong. That the CRC-32 is
    /// there where `checksum` asks for it, and right, is for whoever knows what was agreed on.
    pub fn chunk(self) -> Result<BinaryChunk<'a>, BinaryDefect> {
        let Self { alias, version, flags, seq, offset, crc32, length, bytes } = self;
        if version != VERSION {
            return Err(BinaryDefect::Version { got: version });
        }
        if flags & !HAS_CRC != 0 {
            return Err(BinaryDefect::Flags { got: flags });
        }
        if u32::try_from(bytes.len()) != Ok(length) {
            return Err(BinaryDefect::Length { declared: length, got: bytes.len() });
        }
        let crc32 = (flags & HAS_CRC != 0).then_some(Crc32(crc32));
        Ok(BinaryChunk { header: BinaryHeader { alias, seq, offset, crc32, length }, bytes })
    }
}

/// A binary message that names no request. *Source*: PROTOCOL 3.5, 6.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableBinary {
    /// Shorter than a header.
    #[error("binary message of {got} bytes has no room for a header")]
    TooShort {
        /// Its length.
        got: usize,
    },
    /// It does not begin as a header does.
    #[error("binary message begins with {got:02x?}")]
    NoMagic {
        /// Its first two bytes.
        got: [u8; 2],
    },
    /// Its alias is 0, which no request has.
    #[error("binary message has no alias")]
    NoAlias,
}

/// A binary chunk is not what its header must be; the request with its alias fails.
///
/// *Source*: PROTOCOL 6.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryDefect {
    /// The header has another version, so nothing behind the alias can be relied on.
    #[error("binary chunk has a header of version {got}")]
    Version {
        /// The version it has.
        got: u8,
    },
    /// A flag is set that has no meaning in this version.
    #[error("binary chunk has unknown flags in {got:#010b}")]
    Flags {
        /// All its flags.
        got: u8,
    },
    /// Another number of bytes follows the header than it says.
    #[error("binary chunk declares {declared} bytes and has {got}")]
    Length {
        /// What the header says.
        declared: u32,
        /// What follows it.
        got: usize,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Chunk 2 of the example in PROTOCOL 6.1, under the alias 7.
    const EXAMPLE: &[u8] = b"LH\x01\x01\x07\0\0\0\x02\0\0\0\0\0\0\0\
        \x06\0\0\0\0\0\0\0\x43\x11\x77\x3a\x05\0\0\0world";

    fn example() -> BinaryHeader {
        let alias = Alias::new(7).unwrap();
        BinaryHeader { alias, seq: 2, offset: 6, crc32: Some(Crc32::of(b"world")), length: 5 }
    }

    /// The example with one byte replaced.
    fn with(at: usize, byte: u8) -> Vec<u8> {
        let mut message = EXAMPLE.to_vec();
        message[at] = byte;
        message
    }

    fn chunk(message: &[u8]) -> Result<BinaryChunk<'_>, BinaryDefect> {
        let envelope = BinaryEnvelope::read(message).unwrap();
        assert_eq!(envelope.alias(), example().alias, "the alias is known before any defect");
        envelope.chunk()
    }

    #[test]
    fn the_example_of_the_protocol_is_written_and_read() {
        assert_eq!(example().to_bytes(), EXAMPLE[..32]);
        assert_eq!(chunk(EXAMPLE), Ok(BinaryChunk { header: example(), bytes: b"world" }));
    }

    #[test]
    fn every_length_is_read_or_refused() {
        for length in 0..40 {
            let message: Vec<_> = EXAMPLE.iter().copied().chain(*b"more").take(length).collect();
            assert_eq!(message.len(), length.min(41));
            match length {
                0..32 => assert_eq!(
                    BinaryEnvelope::read(&message),
                    Err(UnreadableBinary::TooShort { got: length })
                ),
                37 => assert_eq!(chunk(&message).unwrap().bytes, b"world"),
                _ => {
                    let got = length - 32;
                    assert_eq!(chunk(&message), Err(BinaryDefect::Length { declared: 5, got }));
                }
            }
        }
        assert_eq!(
            chunk(&with(31, 1)),
            Err(BinaryDefect::Length { declared: 0x0100_0005, got: 5 })
        );
    }

    #[test]
    fn every_bit_of_the_flags_but_the_first_is_a_defect() {
        for flags in 0..=u8::MAX {
            let message = with(3, flags);
            let read = chunk(&message);
            match flags {
                0 => assert_eq!(read.unwrap().header, BinaryHeader { crc32: None, ..example() }),
                1 => assert_eq!(read.unwrap().header, example()),
                _ => assert_eq!(read, Err(BinaryDefect::Flags { got: flags })),
            }
        }
    }

    #[test]
    fn every_other_version_is_a_defect() {
        for version in (0..=u8::MAX).filter(|version| *version != 1) {
            let mut message = with(2, version);
            assert_eq!(chunk(&message), Err(BinaryDefect::Version { got: version }));
            // Of a header of another version, nothing else is looked at.
            message[3] = 0xff;
            message.truncate(32);
            assert_eq!(chunk(&message), Err(BinaryDefect::Version { got: version }));
        }
    }

    #[test]
    fn every_bit_of_the_magic_counts_and_an_alias_is_never_0() {
        for bit in 0..16 {
            let (at, flipped) = (bit / 8, 1 << (bit % 8));
            let message = with(at, EXAMPLE[at] ^ flipped);
            let got = [message[0], message[1]];
            assert_eq!(BinaryEnvelope::read(&message), Err(UnreadableBinary::NoMagic { got }));
        }
        assert_eq!(BinaryEnvelope::read(&with(4, 0)), Err(UnreadableBinary::NoAlias));
        assert!(BinaryEnvelope::read(&with(7, 1)).is_ok());
    }

    #[test]
    fn a_seq_of_0_is_left_to_its_own_error() {
        assert_eq!(chunk(&with(8, 0)).unwrap().header.seq, 0);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            alias in 1..=u32::MAX,
            seq: u64,
            offset: u64,
            crc32: Option<u32>,
            bytes: Vec<u8>,
        ) {
            let header = BinaryHeader {
                alias: Alias::new(alias).unwrap(),
                seq,
                offset,
                crc32: crc32.map(Crc32),
                length: u32::try_from(bytes.len()).unwrap(),
            };
            let mut message = header.to_bytes().to_vec();
            message.extend(&bytes);
            let envelope = BinaryEnvelope::read(&message).unwrap();
            prop_assert_eq!(envelope.alias(), header.alias);
            prop_assert_eq!(envelope.chunk(), Ok(BinaryChunk { header, bytes: &bytes }));
        }

        #[test]
        fn no_message_makes_the_reader_panic(mut message: Vec<u8>, is_marked: bool) {
            if is_marked && message.len() > 3 {
                message[..4].copy_from_slice(b"LH\x01\x01");
            }
            if let Ok(envelope) = BinaryEnvelope::read(&message) {
                let _ = envelope.chunk();
            }
        }
    }
}
