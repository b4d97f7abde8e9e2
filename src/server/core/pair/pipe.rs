//! One direction of a connection, as bytes that may stop coming anywhere.

use std::collections::VecDeque;

use bytes::Bytes;

/// How much may be on its way before the sender has to wait.
const CAPACITY: usize = 40_000;

/// Messages on their way to one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    /// What was sent and has not arrived, whole messages.
    flying: VecDeque<Bytes>,
    flying_bytes: usize,
    /// What has arrived and is no whole message yet.
    arrived: Vec<u8>,
}

impl Pipe {
    pub(super) fn send(&mut self, text: &str) {
        let frame = frame(text);
        self.flying_bytes += frame.len();
        self.flying.push_back(frame);
    }

    pub(super) fn is_full(&self) -> bool {
        self.flying_bytes >= CAPACITY
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// How many bytes the next message has, with its header.
    pub(super) fn next_length(&self) -> usize {
        self.flying.front().map_or(0, Bytes::len)
    }

    /// Lets the first `count` bytes of the next message arrive.
    pub(super) fn arrive(&mut self, count: usize) {
        let Some(first) = self.flying.front_mut() else { return };
        self.arrived.extend_from_slice(&first.split_to(count));
        self.flying_bytes -= count;
        if first.is_empty() {
            self.flying.pop_front();
        }
    }

    /// The message whose last byte has arrived.
    pub(super) fn receive(&mut self) -> Option<String> {
        let (start, length) = header(&self.arrived)?;
        let body = self.arrived.get(start..start + length)?;
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.arrived.drain(..start + length);
        Some(text)
    }

    /// The next message, in full.
    pub(super) fn receive_next(&mut self) -> Option<String> {
        self.arrive(self.next_length());
        self.receive()
    }
}

/// A text message as WebSocket frames it, without a mask.
fn frame(text: &str) -> Bytes {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(u8::try_from(length).unwrap()),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    frame.into()
}

/// How long the header is, and the message behind it; `None` before all of the header is there.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    assert!(bytes.first().is_none_or(|first| *first == 0x81), "no start of a message");
    Some(match bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap());
            (10, usize::try_from(length).unwrap())
        }
        short => (2, usize::from(*short)),
    })
}

#[test]
fn a_message_counts_once_its_last_byte_is_there() {
    for length in [0, 1, 125, 126, 65_535, 65_536] {
        let text = "x".repeat(length);
        let mut pipe = Pipe::default();
        pipe.send(&text);
        for _ in 1..pipe.next_length() {
            pipe.arrive(1);
            assert_eq!(pipe.receive(), None);
        }
        pipe.arrive(1);
        assert_eq!(pipe.receive(), Some(text));
        assert!(pipe.is_empty() && !pipe.is_full());
    }
}
