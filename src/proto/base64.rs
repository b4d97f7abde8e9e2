//! Base64 of one chunk, decoded in blocks that stay in the processor's cache.

use std::sync::OnceLock;

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{DecodeSliceError, Engine};
use bytes::BytesMut;

/// Characters decoded at a time: a multiple of 4 that leaves block and result in the first-level
/// cache, so that appending and checksumming read no memory.
const BLOCK_CHARS: usize = 16_384;
const BLOCK_BYTES: usize = BLOCK_CHARS / 4 * 3;

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

/// Appends what `text` decodes to and returns its CRC-32.
///
/// Standard alphabet, padded, as RFC 4648 section 4 has it; white space within is skipped
/// (PROTOCOL 3.3).
///
/// # Errors
/// [`InvalidBase64`]; `out` is then as it was.
pub(crate) fn decode_append(text: &str, out: &mut BytesMut) -> Result<u32, InvalidBase64> {
    let invalid = InvalidBase64 { chars: text.len() };
    let start = out.len();
    if let Ok(crc) = decode_blocks(text.as_bytes(), out) {
        return Ok(crc);
    }
    out.truncate(start);
    let is_space = u8::is_ascii_whitespace;
    if !text.as_bytes().iter().any(is_space) {
        return Err(invalid);
    }
    let mut dense = Vec::with_capacity(text.len());
    dense.extend(text.bytes().filter(|b| !is_space(b)));
    decode_blocks(&dense, out).map_err(|_| {
        out.truncate(start);
        invalid
    })
}

fn decode_blocks(text: &[u8], out: &mut BytesMut) -> Result<u32, DecodeSliceError> {
    let mut block = [0; BLOCK_BYTES];
    let mut crc = crc32fast::Hasher::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at_checked(BLOCK_CHARS).unwrap_or((rest, &[]));
        // Only the last block may end in padding.
        let padding = if tail.is_empty() { &padded().0 } else { &unpadded().0 };
        let len = padding.decode_slice(head, &mut block)?;
        let decoded = block.get(..len).unwrap_or_default();
        crc.update(decoded);
        out.extend_from_slice(decoded);
        rest = tail;
    }
    Ok(crc.finalize())
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
    fn new(padding: DecodePaddingMode) -> Self {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        return Self(Fastest::standard(config));
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        return Self(Fastest::new(&base64::alphabet::STANDARD, config));
    }
}

fn padded() -> &'static Standard {
    static ENGINE: OnceLock<Standard> = OnceLock::new();
    ENGINE.get_or_init(|| Standard::new(DecodePaddingMode::RequireCanonical))
}

fn unpadded() -> &'static Standard {
    static ENGINE: OnceLock<Standard> = OnceLock::new();
    ENGINE.get_or_init(|| Standard::new(DecodePaddingMode::RequireNone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, InvalidBase64> {
        let mut out = BytesMut::from(&b"kept"[..]);
        let crc = decode_append(text, &mut out);
        assert_eq!(&out[..4], b"kept");
        let decoded = out[4..].to_vec();
        match crc {
            Ok(crc) => assert_eq!(crc, crc32fast::hash(&decoded)),
            Err(_) => assert!(decoded.is_empty(), "an error leaves the output as it was"),
        }
        crc.map(|_| decoded)
    }

    #[test]
    fn every_length_around_a_block_comes_back() {
        for len in (0..70).chain(BLOCK_BYTES - 4..BLOCK_BYTES + 4).chain([3 * BLOCK_BYTES + 1]) {
            let bytes: Vec<u8> = (0..=250_u8).cycle().take(len).collect();
            assert_eq!(decode(&encode(&bytes)), Ok(bytes));
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
