//! One connection, as its client, the network and the server have it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::halves::{Content, Pipe, Routed, Way, WireMessage, route, route_chunk};
use super::faults::Kinds;
use crate::proto::frame::Kind;
use crate::proto::websocket::{FrameError, Message, MessageReader};
use crate::proto::{Counters, Demux, MessageId};

/// The largest message that a client of the simulation takes.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// The longest refusal, or answer to a control.
const MOST_ANSWER_BYTES: usize = 300;

#[expect(clippy::struct_excessive_bools, reason = "each is something else that may be so")]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) pipes: [Pipe; 2],
    /// What became of each message on its way down.
    marks: VecDeque<Mark>,
    reader: MessageReader,
    pub(super) demux: Demux<usize>,
    pub(super) outgoing: Vec<String>,
    /// Whether it takes no new requests.
    pub(super) is_retired: bool,
    /// Whether the client counts on it.
    pub(super) is_open: bool,
    /// Whether the client has said goodbye, which arrives once all else has.
    pub(super) is_closing: bool,
    /// Nothing comes through any more.
    pub(super) is_stalled: bool,
    /// When the client notices that it is gone.
    pub(super) lost_at: Option<Instant>,
    /// When the server notices.
    pub(super) noticed_at: Option<Instant>,
    /// Until when nothing comes through, each way.
    pub(super) blocked: [Option<Instant>; 2],
    /// The message that has no room; nothing is read while it waits.
    pub(super) held: Option<Held>,
    held_before: Duration,
    /// Whether something was held, and what came with it was not read yet.
    pub(super) is_released: bool,
    /// What an alias that was given on it became, and by what.
    pub(super) strays: Vec<(u32, Kinds)>,
    /// Ids and aliases that have ended.
    pub(super) ended: Vec<MessageId>,
    pub(super) largest_message: usize,
    /// What is on its way that no stream sends, in bytes.
    pub(super) beside_bytes: usize,
    /// How many messages have come to the server.
    pub(super) asked: u64,
    /// How many it has said something to beside all streams.
    pub(super) answered: u64,
}

/// A message that its transfer has no room for.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) caller: usize,
    pub(super) delivery: Delivery,
    pub(super) since: Instant,
}

/// A message for one transfer.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) content: Content,
    pub(super) last: Option<Kind>,
    pub(super) mark: Mark,
}

impl Delivery {
    /// What it says, if it is the last frame of its request.
    pub(super) fn last(&self) -> Option<(&str, Kind)> {
        match &self.content {
            Content::Text(text) => Some((text.as_str(), self.last?)),
            _ => None,
        }
    }
}

/// What became of a message on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// By what it was altered, if it was.
    pub(super) altered: Kinds,
    /// Whose it was when it was sent.
    pub(super) of: Option<usize>,
    /// Whether its request cannot go on without it.
    pub(super) is_needed: bool,
    /// How many bytes it has on its way if no stream sends it, or none.
    pub(super) beside: usize,
}

/// A message that has come.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) content: Content,
    pub(super) routed: Routed,
    pub(super) mark: Mark,
}

impl Connection {
    pub(super) fn new(number: u64, counters: &Arc<Counters>) -> Self {
        Self {
            number,
            pipes: Default::default(),
            marks: VecDeque::new(),
            reader: MessageReader::new(MAX_MESSAGE_BYTES),
            demux: Demux::new(Arc::clone(counters)),
            outgoing: Vec::new(),
            is_retired: false,
            is_open: true,
            is_closing: false,
            is_stalled: false,
            lost_at: None,
            noticed_at: None,
            blocked: [None; 2],
            held: None,
            held_before: Duration::ZERO,
            is_released: false,
            strays: Vec::new(),
            ended: Vec::new(),
            largest_message: 0,
            beside_bytes: 0,
            asked: 0,
            answered: 0,
        }
    }

    pub(super) fn pipe(&mut self, way: Way) -> &mut Pipe {
        &mut self.pipes[way as usize]
    }

    /// Whether something comes through this way.
    pub(super) fn moves(&self, way: Way, now: Instant) -> bool {
        let is_blocked = self.blocked[way as usize].is_some_and(|until| until > now);
        let is_read = way == Way::Up || self.held.is_none();
        !self.pipes[way as usize].is_empty() && !self.is_stalled && !is_blocked && is_read
    }

    /// Sends what the server has sent, or what is left of it.
    pub(super) fn send_down(&mut self, message: &WireMessage, altered: Option<&[u8]>, mark: Mark) {
        self.marks.push_back(mark);
        self.beside_bytes += mark.beside;
        self.largest_message = self.largest_message.max(message.bytes().len());
        let is_text = matches!(message, WireMessage::Text(_));
        let bytes = altered.unwrap_or(message.bytes());
        self.pipes[Way::Down as usize].send_bytes(is_text, bytes);
    }

    /// The server says something beside all streams: at most once to each message, and not much.
    pub(super) fn note_answer(&mut self, message: &WireMessage) {
        self.answered += 1;
        assert!(self.answered <= self.asked, "more is answered than was asked");
        let bytes = message.bytes().len();
        assert!(bytes <= MOST_ANSWER_BYTES, "an answer beside all streams has {bytes} bytes");
    }

    /// The next message that is there in full.
    pub(super) fn receive(&mut self) -> Result<Option<Arrived>, FrameError> {
        let input = &mut self.pipes[Way::Down as usize].arrived;
        let Some(message) = self.reader.read(input)? else { return Ok(None) };
        let mark = self.marks.pop_front().expect("each was sent");
        self.beside_bytes -= mark.beside;
        let content = match message {
            Message::Chunk(message) => {
                let routed = route_chunk(&mut self.demux, &message);
                return Ok(Some(Arrived { content: Content::Chunk(message.chunk), routed, mark }));
            }
            Message::Text(text) => Content::Text(text.to_string()),
            Message::Binary(bytes) => Content::Binary(bytes),
            message => panic!("nobody sends {message:?}"),
        };
        let routed = route(&mut self.demux, &content);
        Ok(Some(Arrived { content, routed, mark }))
    }

    /// What the server has sent and has not arrived, in bytes.
    pub(super) fn down_bytes(&self) -> usize {
        self.pipes[Way::Down as usize].flying_bytes()
    }

    /// By what the message was altered that is read next.
    pub(super) fn next_altered(&self) -> Kinds {
        self.marks.front().map_or(Kinds::NONE, |mark| mark.altered)
    }

    /// Whether a frame is on its way to a transfer.
    pub(super) fn brings(&self, number: usize) -> bool {
        self.marks.iter().any(|mark| mark.of == Some(number))
    }

    /// What its reader has set aside for a message under way, in bytes.
    pub(super) fn set_aside(&self) -> usize {
        self.reader.set_aside()
    }

    /// Something is held from now on.
    pub(super) fn hold(&mut self, held: Held) {
        assert!(self.held.is_none(), "nothing is read meanwhile");
        self.held = Some(held);
    }

    pub(super) fn release(&mut self, now: Instant) -> Option<Held> {
        let held = self.held.take()?;
        self.is_released = true;
        self.held_before += now - held.since;
        Some(held)
    }

    /// How long it was held in all.
    pub(super) fn held_for(&self, now: Instant) -> Duration {
        self.held_before + self.held.as_ref().map_or(Duration::ZERO, |held| now - held.since)
    }
}
