//! The header of one frame.

use super::error::FrameError;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) is_final: bool,
    pub(super) opcode: Opcode,
    /// The payload's length, in bytes.
    pub(super) len: u64,
    /// The header's own length, in bytes.
    pub(super) header_len: usize,
}

/// The longest payload of a control frame, in bytes.
const MAX_CONTROL_BYTES: u64 = 125;
/// Above this, the length is in the two or eight bytes that follow.
const MAX_SHORT_LEN: u8 = 125;
const TWO_BYTES: u8 = 126;

impl Opcode {
    fn read(bits: u8) -> Result<Self, FrameError> {
        match bits {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xA => Ok(Self::Pong),
            opcode => Err(FrameError::ReservedOpcode { opcode }),
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl FrameHeader {
    /// Reads the header that `bytes` begin with; `None` if it has not come as a whole.
    ///
    /// What is wrong is said as soon as the byte is there that shows it.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let is_final = first & 0x80 != 0;
        let bits = (first & 0x70) >> 4;
        if bits != 0 {
            return Err(FrameError::ReservedBits { bits });
        }
        let code = first & 0x0F;
        let opcode = Opcode::read(code)?;
        if opcode.is_control() && !is_final {
            return Err(FrameError::FragmentedControl { opcode: code });
        }
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        if second & 0x80 != 0 {
            return Err(FrameError::Masked);
        }
        let short = second & 0x7F;
        if opcode.is_control() && u64::from(short) > MAX_CONTROL_BYTES {
            return Err(FrameError::ControlTooLong { opcode: code });
        }
        let (len, header_len) = match short {
            0..=MAX_SHORT_LEN => (u64::from(short), 2),
            TWO_BYTES => {
                let Some(bytes) = rest.first_chunk() else { return Ok(None) };
                let len = u16::from_be_bytes(*bytes).into();
                check_form(len, 2, u64::from(MAX_SHORT_LEN))?;
                (len, 4)
            }
            _ => {
                let Some(bytes) = rest.first_chunk() else { return Ok(None) };
                let len = u64::from_be_bytes(*bytes);
                check_form(len, 8, u16::MAX.into())?;
                (len, 10)
            }
        };
        Ok(Some(Self { is_final, opcode, len, header_len }))
    }
}

/// A length has to exceed what fewer bytes can say, and leave the highest of 64 bits alone.
fn check_form(declared: u64, bytes: usize, most_shorter: u64) -> Result<(), FrameError> {
    if declared <= most_shorter || declared > u64::MAX >> 1 {
        return Err(FrameError::LengthForm { declared, bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<(Opcode, u64, usize)>, FrameError> {
        // Whatever it says of the whole, it has not said otherwise of less.
        let whole = FrameHeader::read(bytes);
        for len in 0..bytes.len() {
            let part = FrameHeader::read(&bytes[..len]);
            assert!(part == Ok(None) || part == whole, "{part:?} of {len}, then {whole:?}");
        }
        whole.map(|header| header.map(|header| (header.opcode, header.len, header.header_len)))
    }

    #[test]
    fn lengths_have_three_forms() {
        assert_eq!(read(&[0x81, 125]), Ok(Some((Opcode::Text, 125, 2))));
        assert_eq!(read(&[0x82, 126, 0, 126]), Ok(Some((Opcode::Binary, 126, 4))));
        assert_eq!(read(&[0x80, 126, 0xFF, 0xFF]), Ok(Some((Opcode::Continuation, 65_535, 4))));
        let long = [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(read(&long), Ok(Some((Opcode::Text, 65_536, 10))));
        let longest = [0x81, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(read(&longest), Ok(Some((Opcode::Text, u64::MAX >> 1, 10))));
    }

    #[test]
    fn a_length_is_written_in_as_few_bytes_as_it_takes() {
        for declared in [0, 1, 125] {
            let error = FrameError::LengthForm { declared: declared.into(), bytes: 2 };
            assert_eq!(read(&[0x81, 126, 0, declared]), Err(error));
        }
        for declared in [0_u64, 125, 65_535, 1 << 63, u64::MAX] {
            let mut bytes = vec![0x81, 127];
            bytes.extend(declared.to_be_bytes());
            assert_eq!(read(&bytes), Err(FrameError::LengthForm { declared, bytes: 8 }));
        }
    }

    #[test]
    fn what_is_reserved_is_refused_at_the_first_byte() {
        for bits in 1..8 {
            assert_eq!(read(&[0x81 | bits << 4]), Err(FrameError::ReservedBits { bits }));
        }
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
            assert_eq!(read(&[0x80 | opcode]), Err(FrameError::ReservedOpcode { opcode }));
        }
        for opcode in 8..=10 {
            assert_eq!(read(&[opcode]), Err(FrameError::FragmentedControl { opcode }));
        }
    }

    #[test]
    fn a_server_does_not_mask() {
        for len in [0, 125, 126, 127] {
            assert_eq!(read(&[0x81, 0x80 | len]), Err(FrameError::Masked));
        }
    }

    #[test]
    fn control_frames_are_short() {
        for opcode in 8..=10 {
            assert!(matches!(read(&[0x80 | opcode, 125]), Ok(Some((_, 125, 2)))));
            for len in [126, 127] {
                let error = FrameError::ControlTooLong { opcode };
                assert_eq!(read(&[0x80 | opcode, len]), Err(error));
            }
        }
    }
}
