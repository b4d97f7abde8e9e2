//! Where the messages of a WebSocket begin and end in a stream of bytes, found as the bytes go by.

const BINARY: u8 = 2;

/// Reads one direction of a connection: an HTTP head, then frames.
pub(super) struct Frames {
    state: State,
    text: Option<Vec<u8>>,
}

enum State {
    /// Looks for the empty line; holds how much of it has come.
    Upgrade(usize),
    /// Gathers a frame's header.
    Header(Vec<u8>),
    Payload {
        left: u64,
        mask: [u8; 4],
        place: usize,
    },
}

/// What a place in the bytes fed last is.
pub(super) struct Mark {
    /// How many of them come before it.
    pub(super) place: usize,
    pub(super) kind: MarkKind,
}

pub(super) enum MarkKind {
    /// The payload of a binary frame of so many bytes begins.
    Binary(u64),
    /// The head or a frame ends; with the frame's text, where texts are kept and it is one.
    End(Option<String>),
}

impl Frames {
    pub(super) fn new(keeps_texts: bool) -> Self {
        Self { state: State::Upgrade(0), text: keeps_texts.then(Vec::new) }
    }

    /// Takes the next bytes and gives the marks in them, in order.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Mark> {
        let (mut place, mut marks) = (0, Vec::new());
        while place < bytes.len() {
            match &mut self.state {
                State::Upgrade(matched) => {
                    let byte = bytes[place];
                    place += 1;
                    let fits = byte == b"\r\n\r\n"[*matched];
                    *matched = if fits { *matched + 1 } else { usize::from(byte == b'\r') };
                    if *matched == 4 {
                        self.state = State::Header(Vec::new());
                        marks.push(Mark { place, kind: MarkKind::End(None) });
                    }
                }
                State::Header(header) => {
                    header.push(bytes[place]);
                    place += 1;
                    let Some(head) = Head::read(header) else { continue };
                    if head.first & 0x0F == BINARY {
                        marks.push(Mark { place, kind: MarkKind::Binary(head.length) });
                    }
                    self.state = State::Payload { left: head.length, mask: head.mask, place: 0 };
                    if head.length == 0 {
                        marks.push(self.end(place));
                    }
                }
                State::Payload { left, mask, place: at } => {
                    let most = usize::try_from(*left).unwrap().min(bytes.len() - place);
                    if let Some(text) = &mut self.text {
                        let piece = &bytes[place..place + most];
                        text.extend(piece.iter().zip(*at..).map(|(byte, at)| byte ^ mask[at % 4]));
                    }
                    *at += most;
                    *left -= most as u64;
                    place += most;
                    if *left == 0 {
                        marks.push(self.end(place));
                    }
                }
            }
        }
        marks
    }

    fn end(&mut self, place: usize) -> Mark {
        self.state = State::Header(Vec::new());
        let text = self.text.as_mut().map(std::mem::take);
        Mark { place, kind: MarkKind::End(text.and_then(|text| String::from_utf8(text).ok())) }
    }
}

/// What a frame's header says.
pub(super) struct Head {
    /// Its first byte: end, reserved bits, opcode.
    pub(super) first: u8,
    pub(super) length: u64,
    pub(super) is_masked: bool,
    mask: [u8; 4],
}

impl Head {
    /// Reads a header once it is whole.
    pub(super) fn read(header: &[u8]) -> Option<Self> {
        let second = *header.get(1)?;
        let long = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let is_masked = second & 0x80 != 0;
        if header.len() < 2 + long + if is_masked { 4 } else { 0 } {
            return None;
        }
        let length = match long {
            0 => u64::from(second & 0x7f),
            _ => header[2..2 + long].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let mask = header[2 + long..].try_into().unwrap_or_default();
        Some(Self { first: header[0], length, is_masked, mask })
    }
}

/// The header of a frame as a server writes it.
pub fn frame_header(first: u8, length: usize) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(length.try_into().unwrap()),
        126..65_536 => {
            header.push(126);
            header.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            header.push(127);
            header.extend((length as u64).to_be_bytes());
        }
    }
    header
}
