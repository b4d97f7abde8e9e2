//! Messages cut into more fragments than the sender made.

use super::wire::{Head, frame_header};

/// Takes one direction of a connection, not masked, and gives it with smaller frames.
pub(super) struct Fragmenter {
    most: usize,
    state: State,
}

enum State {
    /// Looks for the empty line; holds how much of it has come.
    Upgrade(usize),
    Header(Vec<u8>),
    /// Passes on what is no message of text or bytes as it is.
    Other(u64),
    Message {
        left: u64,
        /// What the next frame begins with, its end left out.
        opcode: u8,
        is_final: bool,
        gathered: Vec<u8>,
    },
}

const FINAL: u8 = 0x80;

impl Fragmenter {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), state: State::Upgrade(0) }
    }

    /// Gives what the next bytes become.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        while let Some((byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Upgrade(matched) => {
                    out.push(*byte);
                    bytes = rest;
                    let fits = *byte == b"\r\n\r\n"[*matched];
                    *matched = if fits { *matched + 1 } else { usize::from(*byte == b'\r') };
                    if *matched == 4 {
                        self.state = State::Header(Vec::new());
                    }
                }
                State::Header(header) => {
                    header.push(*byte);
                    bytes = rest;
                    let Some(head) = Head::read(header) else { continue };
                    let header = std::mem::take(header);
                    self.state = State::begin(&head, &header, &mut out);
                }
                State::Other(left) => {
                    let n = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    out.extend_from_slice(&bytes[..n]);
                    bytes = &bytes[n..];
                    *left -= n as u64;
                    if *left == 0 {
                        self.state = State::Header(Vec::new());
                    }
                }
                State::Message { left, opcode, is_final, gathered } => {
                    let room = (self.most - gathered.len()).min(bytes.len());
                    let n = room.min(usize::try_from(*left).unwrap_or(usize::MAX));
                    gathered.extend_from_slice(&bytes[..n]);
                    bytes = &bytes[n..];
                    *left -= n as u64;
                    if gathered.len() == self.most || *left == 0 {
                        let end = if *left == 0 && *is_final { FINAL } else { 0 };
                        out.extend(frame_header(end | *opcode, gathered.len()));
                        out.append(gathered);
                        *opcode = 0;
                    }
                    if *left == 0 {
                        self.state = State::Header(Vec::new());
                    }
                }
            }
        }
        out
    }
}

impl State {
    fn begin(head: &Head, header: &[u8], out: &mut Vec<u8>) -> Self {
        let (opcode, is_plain) = (head.first & 0x0F, head.first & 0x70 == 0 && !head.is_masked);
        if is_plain && opcode <= 2 && head.length > 0 {
            let is_final = head.first & FINAL != 0;
            return Self::Message { left: head.length, opcode, is_final, gathered: Vec::new() };
        }
        out.extend_from_slice(header);
        if head.length == 0 { Self::Header(Vec::new()) } else { Self::Other(head.length) }
    }
}
