//! One direction of a connection, as bytes that may stop coming anywhere.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// How much may be on its way before the sender has to wait.
pub(in crate::server::core) const PIPE_BYTES: usize = 40_000;

/// A message as either side writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server::core) enum WireMessage {
    Text(String),
    Binary(Bytes),
}

impl WireMessage {
    /// The text it is.
    pub(in crate::server::core) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Binary(_) => panic!("a binary message"),
        }
    }

    pub(in crate::server::core) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl From<String> for WireMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Messages on their way to one side.
#[derive(Clone, Debug, Default)]
pub(in crate::server::core) struct Pipe {
    /// What was sent and has not arrived, whole messages.
    flying: VecDeque<Bytes>,
    flying_bytes: usize,
    /// What has arrived and was not read yet.
    pub(in crate::server::core) arrived: BytesMut,
}

impl Pipe {
    pub(in crate::server::core) fn send(&mut self, message: &WireMessage) {
        self.send_bytes(matches!(message, WireMessage::Text(_)), message.bytes());
    }

    /// As [`send`](Self::send), for what may be no text any more.
    pub(in crate::server::core) fn send_bytes(&mut self, is_text: bool, bytes: &[u8]) {
        let frame = frame(if is_text { 0x81 } else { 0x82 }, bytes);
        self.flying_bytes += frame.len();
        self.flying.push_back(frame);
    }

    pub(in crate::server::core) fn is_full(&self) -> bool {
        self.flying_bytes >= PIPE_BYTES
    }

    /// How much is on its way, in bytes.
    pub(in crate::server::core) fn flying_bytes(&self) -> usize {
        self.flying_bytes
    }

    pub(in crate::server::core) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// How many bytes the next message has, with its header.
    pub(in crate::server::core) fn next_length(&self) -> usize {
        self.flying.front().map_or(0, Bytes::len)
    }

    /// Lets the first `count` bytes of the next message arrive.
    pub(in crate::server::core) fn arrive(&mut self, count: usize) {
        let Some(first) = self.flying.front_mut() else { return };
        self.arrived.extend_from_slice(&first.split_to(count));
        self.flying_bytes -= count;
        if first.is_empty() {
            self.flying.pop_front();
        }
    }

    /// Lets the next `count` bytes arrive, of however many messages.
    pub(in crate::server::core) fn arrive_many(&mut self, count: usize) {
        let mut left = count;
        while left > 0 && !self.is_empty() {
            let part = self.next_length().min(left);
            self.arrive(part);
            left -= part;
        }
    }

    /// The message whose last byte has arrived.
    pub(in crate::server::core) fn receive(&mut self) -> Option<WireMessage> {
        let (start, length) = header(&self.arrived)?;
        self.arrived.get(start..start + length)?;
        let is_text = self.arrived[0] == 0x81;
        let body = self.arrived.split_to(start + length).freeze().slice(start..);
        Some(if is_text {
            WireMessage::Text(String::from_utf8(body.to_vec()).unwrap())
        } else {
            WireMessage::Binary(body)
        })
    }

    /// The next message, in full.
    pub(in crate::server::core) fn receive_next(&mut self) -> Option<WireMessage> {
        self.arrive(self.next_length());
        self.receive()
    }
}

/// A message as WebSocket frames it, without a mask.
fn frame(first: u8, body: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(body.len() + 10);
    frame.push(first);
    match body.len() {
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
    frame.extend_from_slice(body);
    frame.into()
}

/// How long the header is, and the message behind it; `None` before all of the header is there.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    assert!(bytes.first().is_none_or(|first| matches!(first, 0x81 | 0x82)), "no start");
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
        for message in
            [WireMessage::Text("x".repeat(length)), WireMessage::Binary(vec![0xff; length].into())]
        {
            let mut pipe = Pipe::default();
            pipe.send(&message);
            for _ in 1..pipe.next_length() {
                pipe.arrive(1);
                assert_eq!(pipe.receive(), None);
            }
            pipe.arrive(1);
            assert_eq!(pipe.receive(), Some(message));
            assert!(pipe.is_empty() && !pipe.is_full());
        }
    }
}

#[test]
fn bytes_of_several_messages_arrive_at_once() {
    let mut pipe = Pipe::default();
    for text in ["a", "bc", "def"] {
        pipe.send(&WireMessage::Text(text.into()));
    }
    pipe.arrive_many(9);
    assert_eq!(pipe.receive().unwrap().text(), "a");
    assert_eq!(pipe.receive().unwrap().text(), "bc");
    assert_eq!(pipe.receive(), None);
    pipe.arrive_many(100);
    assert_eq!(pipe.receive().unwrap().text(), "def");
}
