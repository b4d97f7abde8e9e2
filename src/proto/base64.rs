//! Base64 of one chunk, decoded in blocks that stay in the processor's cache.
//!
//! The bulk is decoded by `base64-turbo`, which is three times as fast on wide vectors as the next
//! best and says how its unsafe code was verified; ends, where padding is, and encoding are left to
//! `base64`, and the tests hold one against the other.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::GeneralPurposeConfig;
use bytes::Bytes;

use super::buffers::{Buffer, BufferPool};

/// Characters decoded at a time: a multiple of 4 that leaves block and result in the first-level
/// cache, so that appending and checksumming read no memory.
const BLOCK_CHARS: usize = 16_384;
/// Characters that stand for three bytes.
const QUAD: usize = 4;

/// The text is no base64: a foreign character, missing padding, or padding in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{chars} characters of data are not base64")]
pub struct InvalidBase64 {
    /// How many characters the text has.
    pub chars: usize,
}

/// An upper bound of the bytes that `chars` characters decode to.
pub fn max_decoded_len(chars: usize) -> usize {
    chars.div_ceil(4).saturating_mul(3)
}

/// What `text` decodes to, in memory that `pool` lends, with its CRC-32.
///
/// Standard alphabet, padded, as RFC 4648 section 4 has it; white space within is skipped
/// (PROTOCOL 3.3).
///
/// # Errors
/// [`InvalidBase64`].
pub(crate) fn decode(text: &str, pool: &mut BufferPool) -> Result<(Bytes, u32), InvalidBase64> {
    if let Some(decoded) = decode_dense(text.as_bytes(), pool) {
        return Ok(decoded);
    }
    let (invalid, is_space) = (InvalidBase64 { chars: text.len() }, u8::is_ascii_whitespace);
    if !text.as_bytes().iter().any(is_space) {
        return Err(invalid);
    }
    let mut dense = Vec::with_capacity(text.len());
    dense.extend(text.bytes().filter(|b| !is_space(b)));
    decode_dense(&dense, pool).ok_or(invalid)
}

fn decode_dense(text: &[u8], pool: &mut BufferPool) -> Option<(Bytes, u32)> {
    let mut out = pool.lend(max_decoded_len(text.len()).saturating_add(SPARE_BYTES));
    let mut decoder = Decoder::default();
    let taken = decoder.push(text, &mut out);
    let Some(crc) = (taken == text.len()).then(|| decoder.finish(&mut out)).flatten() else {
        pool.take_back(out);
        return None;
    };
    Some((pool.hand_out(out), crc))
}

/// Room beyond [`max_decoded_len`] of the characters that a [`Decoder`] is given, for what it holds
/// back and what it writes beyond its end.
pub(crate) const SPARE_BYTES: usize = 2 * QUAD;

/// Decodes base64 that comes in pieces, without white space in it.
///
/// The last characters of what has come are held back, since only the end may have padding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decoder {
    held: [u8; QUAD],
    held_len: usize,
    crc: crc32fast::Hasher,
}

impl Decoder {
    /// Appends what the next characters decode to, and says how many of them it has taken: fewer
    /// than all if one of the others is no base64, or there is no room for it.
    pub(crate) fn push(&mut self, chars: &[u8], out: &mut Buffer) -> usize {
        let mut rest = chars;
        if self.held_len > 0 {
            let free = QUAD.saturating_sub(self.held_len);
            let Some((filling, behind)) =
                chars.split_at_checked(free).filter(|(_, b)| !b.is_empty())
            else {
                return self.hold(chars);
            };
            let before = self.held_len;
            self.hold(filling);
            let quad = self.held;
            if !self.decode(&quad, out) {
                self.held_len = before;
                return 0;
            }
            self.held_len = 0;
            rest = behind;
        }
        while rest.len() > QUAD {
            // At least one character stays behind.
            let most = rest.len().saturating_sub(1).min(BLOCK_CHARS);
            let (block, behind) = rest.split_at(most.saturating_sub(most % QUAD));
            if !self.decode(block, out) {
                return chars.len().saturating_sub(rest.len());
            }
            rest = behind;
        }
        self.hold(rest);
        chars.len()
    }

    /// Ends the text and gives the CRC-32 of all that it decoded to; `None` if it ends within a
    /// character, or with padding that is not right.
    pub(crate) fn finish(mut self, out: &mut Buffer) -> Option<u32> {
        let mut last = [0; QUAD];
        let len = padded().0.decode_slice(self.held(), &mut last).ok()?;
        let decoded = last.get(..len)?;
        self.crc.update(decoded);
        out.put(decoded);
        Some(self.crc.finalize())
    }

    /// The characters that are held back.
    pub(crate) fn held(&self) -> &[u8] {
        self.held.get(..self.held_len).unwrap_or_default()
    }

    fn hold(&mut self, chars: &[u8]) -> usize {
        let end = self.held_len.saturating_add(chars.len());
        if let Some(room) = self.held.get_mut(self.held_len..end) {
            room.copy_from_slice(chars);
            self.held_len = end;
        }
        chars.len()
    }

    /// Decodes whole quads without padding, one block at most: its CRC is taken while it is in the
    /// processor's cache.
    fn decode(&mut self, quads: &[u8], out: &mut Buffer) -> bool {
        let room = out.room();
        let Ok(len) = base64_turbo::STANDARD_NO_PAD.decode_slice(quads, room) else { return false };
        self.crc.update(room.get(..len).unwrap_or_default());
        out.advance(len);
        true
    }
}

/// The text of `bytes`, for what this side sends.
pub fn encode(bytes: &[u8]) -> String {
    padded().0.encode(bytes)
}

/// The text of `bytes` in the alphabet of ids, without padding.
pub(crate) fn encode_plain(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Fastest = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Fastest = base64::engine::GeneralPurpose;

struct Standard(Fastest);

impl Standard {
    fn new() -> Self {
        let config = GeneralPurposeConfig::new();
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        return Self(Fastest::standard(config));
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        return Self(Fastest::new(&base64::alphabet::STANDARD, config));
    }
}

fn padded() -> &'static Standard {
    static ENGINE: OnceLock<Standard> = OnceLock::new();
    ENGINE.get_or_init(Standard::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, InvalidBase64> {
        super::decode(text, &mut BufferPool::default()).map(|(decoded, crc)| {
            assert_eq!(crc, crc32fast::hash(&decoded));
            decoded.to_vec()
        })
    }

    #[test]
    fn every_length_around_a_block_comes_back() {
        const BLOCK: usize = BLOCK_CHARS / QUAD * 3;
        for len in (0..70).chain(BLOCK - 4..BLOCK + 4).chain([3 * BLOCK + 1]) {
            let bytes: Vec<u8> = (0..=250_u8).cycle().take(len).collect();
            assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn pieces_of_any_length_make_the_same() {
        let bytes: Vec<u8> = (0..=250_u8).cycle().take(1_000).collect();
        for len in [0, 1, 2, 3, 4, 5, 6, 700, 998, 999, 1_000] {
            let (bytes, text) = (&bytes[..len], encode(&bytes[..len]));
            for piece in [1, 2, 3, 4, 5, 7, 8, 400] {
                let (mut decoder, mut out) = (Decoder::default(), Buffer::with_capacity(2_000));
                for chars in text.as_bytes().chunks(piece) {
                    assert_eq!(decoder.push(chars, &mut out), chars.len());
                    assert!(out.len() % 3 == 0 && decoder.held().len() <= QUAD);
                }
                assert_eq!(decoder.finish(&mut out), Some(crc32fast::hash(bytes)));
                assert_eq!(&out[..], bytes);
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_not_taken() {
        for (pieces, taken, decoded) in [
            (&["QUJD\"QUJD"][..], 0, ""),
            (&["QUJDQUJD", "Q\"xxx"], 0, "ABCABC"),
            (&["QU==", "QUJD"], 0, ""),
            (&["QUJDQ", "U=="], 3, "ABC"),
        ] {
            let (mut decoder, mut out) = (Decoder::default(), Buffer::with_capacity(2_000));
            let took = pieces.iter().map(|p| decoder.push(p.as_bytes(), &mut out)).last();
            assert_eq!((took, &out[..]), (Some(taken), decoded.as_bytes()), "{pieces:?}");
        }
    }

    #[test]
    fn both_decoders_take_the_same() {
        let standard = &base64::engine::general_purpose::STANDARD;
        let mut text = encode(&(0..=250).cycle().take(600).collect::<Vec<u8>>()).into_bytes();
        for at in [0, 1, 31, 32, 63, 64, 65, 255, 256, 700, 795, 796, 798, 799] {
            let right = text[at];
            for byte in 0..=u8::MAX {
                text[at] = byte;
                let text = std::str::from_utf8(&text);
                let ours = text.ok().and_then(|text| decode(text).ok());
                let dense = text.ok().map(|text| text.replace(['\n', '\r', '\t', '\x0c', ' '], ""));
                let theirs = dense.and_then(|text| standard.decode(text).ok());
                assert_eq!(ours, theirs, "{byte} at {at}");
            }
            text[at] = right;
        }
    }

    #[test]
    fn white_space_is_skipped() {
        assert_eq!(decode("QU\r\nJD\n\tRA ==\n").unwrap(), b"ABCD");
    }

    #[test]
    fn padding_belongs_at_the_end_only() {
        let mut text = "A".repeat(BLOCK_CHARS - 2);
        text.push_str("==");
        text.push_str("QUJD");
        decode(&text).unwrap_err();
        decode("QUI=QUI=").unwrap_err();
    }

    #[test]
    fn foreign_characters_and_short_text_are_refused() {
        for text in ["QUJ", "QUJ$", "QUI", "Q", "QUI==", "QU=I", "ÄÖÜ", "QUJDR===", "QR=="] {
            decode(text).unwrap_err();
        }
    }
}
