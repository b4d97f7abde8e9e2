//! Where the messages of a WebSocket end in a stream of bytes, found as the bytes go by.

/// Reads one direction of a connection: an HTTP head, then frames.
pub struct Frames {
    state: State,
    text: Option<Vec<u8>>,
}

enum State {
    /// Looks for the empty line; holds how much of it has come.
    Head(usize),
    /// Gathers a frame's header.
    Header(Vec<u8>),
    Payload {
        left: u64,
        mask: [u8; 4],
        place: usize,
    },
}

/// The end of the head, or of a frame.
pub struct Border {
    /// How many of the bytes fed last come before it.
    pub place: usize,
    /// The frame's text, where texts are kept and it is one.
    pub text: Option<String>,
}

impl Frames {
    pub fn new(keeps_texts: bool) -> Self {
        Self { state: State::Head(0), text: keeps_texts.then(Vec::new) }
    }

    /// Takes the next bytes and gives the borders in them.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Border> {
        let (mut place, mut borders) = (0, Vec::new());
        while place < bytes.len() {
            match &mut self.state {
                State::Head(matched) => {
                    let byte = bytes[place];
                    place += 1;
                    let fits = byte == b"\r\n\r\n"[*matched];
                    *matched = if fits { *matched + 1 } else { usize::from(byte == b'\r') };
                    if *matched == 4 {
                        self.state = State::Header(Vec::new());
                        borders.push(Border { place, text: None });
                    }
                }
                State::Header(header) => {
                    header.push(bytes[place]);
                    place += 1;
                    if let Some((left, mask)) = read(header) {
                        self.state = State::Payload { left, mask, place: 0 };
                        if left == 0 {
                            borders.push(self.end(place));
                        }
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
                        borders.push(self.end(place));
                    }
                }
            }
        }
        borders
    }

    fn end(&mut self, place: usize) -> Border {
        self.state = State::Header(Vec::new());
        let text = self.text.as_mut().map(std::mem::take);
        Border { place, text: text.and_then(|text| String::from_utf8(text).ok()) }
    }
}

/// The length and mask of a frame, once its header is whole.
fn read(header: &[u8]) -> Option<(u64, [u8; 4])> {
    let second = *header.get(1)?;
    let long = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let masked = if second & 0x80 == 0 { 0 } else { 4 };
    if header.len() < 2 + long + masked {
        return None;
    }
    let length = match long {
        0 => u64::from(second & 0x7f),
        _ => header[2..2 + long].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    let mask = header[2 + long..].try_into().unwrap_or_default();
    Some((length, mask))
}
