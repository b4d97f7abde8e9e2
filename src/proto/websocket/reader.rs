//! From bytes to messages.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use super::error::FrameError;
use super::header::{FrameHeader, Opcode};
use super::message::{Goodbye, Message, MessageText};
use crate::proto::buffers::{Buffer, BufferPool};
use crate::proto::frame::{LEAST_TEXT_BYTES, UnfinishedChunk};

/// How many frames a message may come in: 65,536, which 64 MiB in pieces of 1 KiB are.
pub const MAX_FRAGMENTS: u32 = 65_536;
/// How many frames of one message may be empty in a row.
pub const MAX_EMPTY_FRAGMENTS: u32 = 100;

/// How many messages are taken as text behind an unusual chunk.
const UNUSUAL_MESSAGES: u32 = 64;
/// Where less than this is missing of a frame, in bytes, it is read together with what follows.
const LEAST_ROOM: usize = 4 << 10;

/// Finds the messages in what a server sends.
///
/// The bytes that have come are given to [`read`](Self::read) until it has no message for them. The
/// next ones belong behind what it has left, or, where there is [`room`](Self::room), into that:
///
/// ```
/// use bytes::{BufMut, BytesMut};
/// use longhaul::proto::websocket::{Message, MessageReader};
///
/// let mut reader = MessageReader::new(1 << 20);
/// let mut input = BytesMut::from(&b"\x89\x00\x81\x05hel"[..]);
/// assert_eq!(reader.read(&mut input), Ok(Some(Message::Ping(Default::default()))));
/// assert_eq!(reader.read(&mut input), Ok(None));
/// input.put_slice(b"lo");
/// let Ok(Some(Message::Text(text))) = reader.read(&mut input) else { panic!() };
/// assert_eq!(&*text, "hello");
/// ```
///
/// A chunk is [decoded](Message::Chunk) while it comes.
///
/// **Memory**: a message gets its room in one piece while it is 8 MiB at most, so that messages of
/// about the same length use the same memory in turns; that much may be set aside for what has not
/// come yet, once a connection. Beyond that the room grows with what really comes: it is never more
/// than twice that once it has grown, and the limit is looked at before anything is set aside.
#[derive(Debug)]
pub struct MessageReader {
    /// Also the limit for a frame: a message may be one frame.
    max_message_bytes: usize,
    state: State,
    /// The message under way.
    partial: Option<Partial>,
    /// What there is of it, where it may be a chunk.
    chunk: UnfinishedChunk,
    /// So many messages are not looked at for being chunks, since the last one turned out to be
    /// unusual after its data had begun, and a server that writes one so writes all so.
    taken_as_text: u32,
    /// Whether texts are kept as they come, chunks too.
    keeps_texts: bool,
    pool: BufferPool,
    /// The length of the last message in fragments: the next may be as long.
    last_fragmented: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// At the start of a frame.
    Header,
    /// Within a frame, which ends with so many bytes of the message.
    Data { end: usize, is_final: bool },
    /// Nothing comes any more.
    Closed,
    /// What came cannot be gone on from.
    Failed(FrameError),
}

/// What there is of a message.
struct Partial {
    form: Form,
    /// What has come, unless that is being decoded.
    bytes: Buffer,
    /// How many bytes have come of what is being decoded.
    decoded_from: usize,
    /// What it may well come to, by those before it.
    expected: usize,
    fragments: u32,
    /// How many of them were empty, the last ones in a row.
    empty_fragments: u32,
}

/// How what comes of a message is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Binary,
    /// As it is.
    Text,
    /// Decoded, as long as it looks like a chunk.
    Chunk,
}

impl MessageReader {
    /// A reader at the start of a connection, behind the answer to the upgrade.
    pub fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            state: State::Header,
            partial: None,
            chunk: UnfinishedChunk::default(),
            taken_as_text: 0,
            keeps_texts: false,
            pool: BufferPool::default(),
            last_fragmented: 0,
        }
    }

    /// Takes messages of another length from now on, the one under way included. What has been read
    /// of that stays.
    pub fn set_max_message_bytes(&mut self, max_message_bytes: usize) {
        self.max_message_bytes = max_message_bytes;
    }

    /// Gives every chunk as the text it came in from now on, for whoever looks at how it is written.
    pub fn keep_texts(&mut self) {
        self.keeps_texts = true;
    }

    /// Takes what it can use from the front of `input`, and gives the next message if that is
    /// whole. With `None`, more bytes are needed; after a close there are none of interest.
    ///
    /// # Errors
    /// [`FrameError`], from then on each time.
    pub fn read(&mut self, input: &mut BytesMut) -> Result<Option<Message>, FrameError> {
        self.read_on(input).inspect_err(|error| {
            self.partial = None;
            self.state = State::Failed(*error);
        })
    }

    /// Room for the next bytes, where they are sure to belong to one large message and nothing
    /// else. To be asked for after [`read`](Self::read) has taken all there was.
    ///
    /// How much was put there is told by [`advance`](Self::advance).
    pub fn room(&mut self) -> Option<&mut [u8]> {
        let State::Data { end, .. } = self.state else { return None };
        let partial = self.partial.as_mut()?;
        let missing = end.saturating_sub(partial.bytes.len());
        if partial.form == Form::Chunk || missing < LEAST_ROOM {
            return None;
        }
        let room = partial.make_room(end, &mut self.pool);
        let len = room.len().min(missing);
        room.get_mut(..len)
    }

    /// The first `len` bytes of the [`room`](Self::room) have come; [`read`](Self::read) goes on
    /// from them.
    pub fn advance(&mut self, len: usize) {
        if let Some(partial) = &mut self.partial {
            partial.bytes.advance(len);
        }
    }

    /// How much is set aside for the message under way, in bytes.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn set_aside(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.bytes.capacity())
    }

    /// Frees memory that has not been needed since the time before last.
    pub fn trim(&mut self) {
        self.pool.trim();
    }

    fn read_on(&mut self, input: &mut BytesMut) -> Result<Option<Message>, FrameError> {
        loop {
            let (end, is_final) = match self.state {
                State::Closed => return Ok(None),
                State::Failed(error) => return Err(error),
                State::Data { end, is_final } => (end, is_final),
                State::Header => {
                    let Some(header) = FrameHeader::read(input)? else { return Ok(None) };
                    if let Opcode::Close | Opcode::Ping | Opcode::Pong = header.opcode {
                        return self.read_control(header, input);
                    }
                    let end = self.begin_frame(header)?;
                    input.advance(header.header_len);
                    (end, header.is_final)
                }
            };
            self.state = State::Data { end, is_final };
            if !self.fill(end, input) {
                return Ok(None);
            }
            self.state = State::Header;
            if is_final {
                return self.finish();
            }
        }
    }

    /// Gives a control frame once it is there as a whole; it is too short for a state of its own.
    fn read_control(
        &mut self,
        header: FrameHeader,
        input: &mut BytesMut,
    ) -> Result<Option<Message>, FrameError> {
        let len = usize::try_from(header.len).unwrap_or(usize::MAX);
        let end = header.header_len.saturating_add(len);
        let Some(payload) = input.get(header.header_len..end) else { return Ok(None) };
        let message = match header.opcode {
            Opcode::Close => {
                let goodbye = Goodbye::read(payload)?;
                self.state = State::Closed;
                Message::Close(goodbye)
            }
            Opcode::Ping => Message::Ping(Bytes::copy_from_slice(payload)),
            _ => Message::Pong,
        };
        input.advance(end);
        Ok(Some(message))
    }

    /// Checks a data frame against its message, and gives the length of that at the frame's end.
    fn begin_frame(&mut self, header: FrameHeader) -> Result<usize, FrameError> {
        let got = self.partial.as_ref().map_or(0, Partial::len);
        let partial = match (header.opcode, &mut self.partial) {
            (Opcode::Continuation, Some(partial)) => partial,
            (Opcode::Continuation, None) => return Err(FrameError::NothingToContinue),
            (_, Some(_)) => return Err(FrameError::MessageInMessage { got }),
            (opcode, partial) => {
                self.chunk.begin();
                let is_usual = self.taken_as_text == 0 && !self.keeps_texts;
                self.taken_as_text = self.taken_as_text.saturating_sub(1);
                partial.insert(Partial::new(match opcode {
                    Opcode::Text if is_usual && header.len >= LEAST_TEXT_BYTES as u64 => {
                        Form::Chunk
                    }
                    Opcode::Text => Form::Text,
                    _ => Form::Binary,
                }))
            }
        };
        let declared = usize::try_from(header.len).unwrap_or(usize::MAX);
        let (end, limit) = (got.saturating_add(declared), self.max_message_bytes);
        if end > limit {
            return Err(FrameError::MessageTooLarge { got: end, limit });
        }
        partial.note_frame(declared == 0)?;
        if !header.is_final {
            partial.expected = self.last_fragmented;
        }
        Ok(end)
    }

    /// Moves what there is of a frame into the message; true if that is all of it.
    fn fill(&mut self, end: usize, input: &mut BytesMut) -> bool {
        let Some(partial) = &mut self.partial else { return true };
        loop {
            let missing = end.saturating_sub(partial.len());
            if missing == 0 || input.is_empty() {
                return missing == 0;
            }
            if partial.form == Form::Chunk {
                let (piece, _) = input.split_at_checked(missing).unwrap_or((input, &[]));
                let (len, follows) = (piece.len(), missing.saturating_sub(piece.len()));
                let likely = partial.expected.saturating_sub(partial.len());
                if self.chunk.push(piece, follows, likely, &mut self.pool).is_ok() {
                    partial.decoded_from = partial.decoded_from.saturating_add(len);
                    input.advance(len);
                } else {
                    self.taken_as_text = unusual_for(&self.chunk);
                    partial.turn_into_text(&mut self.chunk, end, &mut self.pool);
                }
                continue;
            }
            let room = partial.make_room(end, &mut self.pool).len();
            let (piece, _) = input.split_at_checked(room.min(missing)).unwrap_or((input, &[]));
            let len = piece.len();
            partial.bytes.put(piece);
            input.advance(len);
        }
    }

    fn finish(&mut self) -> Result<Option<Message>, FrameError> {
        let Some(mut partial) = self.partial.take() else { return Ok(None) };
        if partial.fragments > 1 {
            self.last_fragmented = partial.len();
        }
        if partial.form == Form::Chunk {
            if let Ok(chunk) = self.chunk.finish(partial.len(), &mut self.pool) {
                return Ok(Some(Message::Chunk(chunk)));
            }
            let end = partial.len();
            self.taken_as_text = unusual_for(&self.chunk);
            partial.turn_into_text(&mut self.chunk, end, &mut self.pool);
        }
        let bytes = self.pool.hand_out(partial.bytes);
        Ok(Some(match partial.form {
            Form::Binary => Message::Binary(bytes),
            _ => Message::Text(MessageText::new(bytes)?),
        }))
    }
}

/// How many messages are taken as text behind one that was not what it began as.
fn unusual_for(chunk: &UnfinishedChunk) -> u32 {
    if chunk.has_data() { UNUSUAL_MESSAGES } else { 0 }
}

impl fmt::Debug for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {} frames", self.len(), self.fragments)
    }
}

impl Partial {
    fn new(form: Form) -> Self {
        Self {
            form,
            bytes: Buffer::default(),
            decoded_from: 0,
            expected: 0,
            fragments: 0,
            empty_fragments: 0,
        }
    }

    /// How many bytes of it have come.
    fn len(&self) -> usize {
        if self.form == Form::Chunk { self.decoded_from } else { self.bytes.len() }
    }

    /// Goes on with the text of what is no ordinary chunk, in a frame that ends at `end`.
    fn turn_into_text(&mut self, chunk: &mut UnfinishedChunk, end: usize, pool: &mut BufferPool) {
        self.form = Form::Text;
        pool.make_room(&mut self.bytes, self.decoded_from, end.max(self.expected));
        chunk.put_text(&mut self.bytes, pool);
    }

    /// Counts another frame, which costs time even where it brings nothing.
    fn note_frame(&mut self, is_empty: bool) -> Result<(), FrameError> {
        self.fragments = self.fragments.saturating_add(1);
        if self.fragments > MAX_FRAGMENTS {
            return Err(FrameError::TooManyFragments { limit: MAX_FRAGMENTS });
        }
        self.empty_fragments = if is_empty { self.empty_fragments.saturating_add(1) } else { 0 };
        if self.empty_fragments > MAX_EMPTY_FRAGMENTS {
            return Err(FrameError::TooManyEmptyFragments { limit: MAX_EMPTY_FRAGMENTS });
        }
        Ok(())
    }

    /// Room for at least one byte more, of a frame that ends at `end`.
    fn make_room(&mut self, end: usize, pool: &mut BufferPool) -> &mut [u8] {
        pool.make_room(&mut self.bytes, 1, end.max(self.expected));
        self.bytes.room()
    }
}
