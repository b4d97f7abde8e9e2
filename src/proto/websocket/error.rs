//! What can be wrong with the frames of a peer.

/// A server's frames are not as RFC 6455 has them, or exceed a limit; the connection has to end.
///
/// Each names the evidence; [`close_code`](Self::close_code) is what the server is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Bits are set that only an extension may set, and none was agreed on.
    #[error("a frame has the reserved bits {bits:#05b}")]
    ReservedBits {
        /// The three bits, the first of them highest.
        bits: u8,
    },
    /// A kind of frame that is not defined.
    #[error("a frame has the reserved opcode {opcode:#x}")]
    ReservedOpcode {
        /// The four bits of it.
        opcode: u8,
    },
    /// A server does not mask what it sends.
    #[error("a frame from the server is masked")]
    Masked,
    /// A length is not written in as few bytes as it takes, or has its highest bit set.
    #[error("a length of {declared} is written in {bytes} bytes")]
    LengthForm {
        /// The length as it stands.
        declared: u64,
        /// How many bytes it is written in: 2 or 8.
        bytes: usize,
    },
    /// A ping, pong or close that is said to go on in another frame.
    #[error("a control frame ({opcode:#x}) is fragmented")]
    FragmentedControl {
        /// Its opcode: 8 for close, 9 for ping, 10 for pong.
        opcode: u8,
    },
    /// A ping, pong or close of more than 125 bytes.
    #[error("a control frame ({opcode:#x}) has more than 125 bytes")]
    ControlTooLong {
        /// Its opcode: 8 for close, 9 for ping, 10 for pong.
        opcode: u8,
    },
    /// A frame goes on with a message where none has begun.
    #[error("a continuation frame belongs to no message")]
    NothingToContinue,
    /// A message begins before the one under way has ended.
    #[error("a message begins inside another, of which there are {got} bytes")]
    MessageInMessage {
        /// The bytes of the unfinished message.
        got: usize,
    },
    /// A message is larger than the limit; no byte of it beyond that was kept.
    #[error("a message of {got} bytes exceeds the limit of {limit} bytes")]
    MessageTooLarge {
        /// What has come of it, and what the next frame declares.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// A message is cut into too many frames.
    #[error("a message has more than {limit} fragments")]
    TooManyFragments {
        /// [`MAX_FRAGMENTS`](super::MAX_FRAGMENTS).
        limit: u32,
    },
    /// Too many frames of a message in a row have nothing in them.
    #[error("a message has more than {limit} empty fragments in a row")]
    TooManyEmptyFragments {
        /// [`MAX_EMPTY_FRAGMENTS`](super::MAX_EMPTY_FRAGMENTS).
        limit: u32,
    },
    /// A text message is no UTF-8.
    #[error("a text message is not utf-8 from byte {valid_up_to} of {len}")]
    InvalidText {
        /// How many bytes of it are.
        valid_up_to: usize,
        /// How many it has.
        len: usize,
    },
    /// The reason in a close frame is no UTF-8.
    #[error("the reason of a close is not utf-8 from byte {valid_up_to}")]
    InvalidReason {
        /// How many bytes of it are.
        valid_up_to: usize,
    },
    /// A close frame has one byte, where a code has two.
    #[error("a close has half a code: {byte:#04x}")]
    HalfCloseCode {
        /// The byte.
        byte: u8,
    },
    /// A code that may not stand in a close frame.
    #[error("a close has the code {code}, which may not be sent")]
    CloseCode {
        /// The code.
        code: u16,
    },
}

impl FrameError {
    /// The code that the connection is closed with (RFC 6455, 7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::InvalidText { .. } | Self::InvalidReason { .. } => 1007,
            Self::TooManyFragments { .. } | Self::TooManyEmptyFragments { .. } => 1008,
            Self::MessageTooLarge { .. } => 1009,
            _ => 1002,
        }
    }
}
