//! Frames from the server, read liberally.
//!
//! [`Envelope::read`] finds id and kind, [`Envelope::body`] makes the typed [`Body`]. Two readers
//! stand behind it: `scan` finds the fields of an ordinary chunk without building anything, and
//! the full reader takes whatever else is JSON. A third, `unfinished`, decodes an ordinary chunk
//! before its text is there as a whole. All give the same answer wherever they give one.
//!
//! Chunks that come as binary messages are read by [`BinaryEnvelope`] in the same two steps.

pub mod binary;
mod body;
mod decoded;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod scan;
mod unfinished;
pub mod write;

use std::borrow::Cow;

pub use binary::{BinaryChunk, BinaryDefect, BinaryEnvelope, BinaryHeader, UnreadableBinary};
pub use body::{Accepted, Answer, Body, Chunk, Complete};
pub use decoded::DecodedChunk;
pub use unfinished::ChunkMessage;
pub(crate) use unfinished::{LEAST_TEXT_BYTES, UnfinishedChunk};

use super::id::MessageId;
use super::json::{Key, Object, Text, mend};
use super::request::Mode;

/// What a frame is, as its `type` says. *Source*: PROTOCOL 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// How far the operation is.
    Progress,
    /// One slice of the payload.
    Chunk,
    /// The end of a stream.
    Complete,
    /// The end, by failure.
    Error,
    /// Something went wrong with one item.
    Warning,
    /// The server keeps the operation beyond the connection.
    Accepted,
    /// A single answer, which has no type.
    Answer,
    /// A type this version does not know.
    Unknown,
}

impl Kind {
    /// Whether the id ends with such a frame.
    pub fn ends(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Answer)
    }

    /// The name of the kind: the value of `type`, or `answer` where there is none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Chunk => "chunk",
            Self::Complete => "complete",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Accepted => "accepted",
            Self::Answer => "answer",
            Self::Unknown => "unknown",
        }
    }

    fn from_type(name: &str) -> Self {
        let typed = [
            Self::Progress,
            Self::Chunk,
            Self::Complete,
            Self::Error,
            Self::Warning,
            Self::Accepted,
        ];
        typed.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Unknown)
    }
}

/// A text message that is no frame at all: it has no id to fail, so it is counted and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Not a JSON object, even after mending control characters.
    #[error("text is not a json object")]
    NotAnObject,
    /// There is no `id`, or it is no string.
    #[error("frame has no id")]
    NoId,
}

/// A frame for a known id is not what its type says it is; the id fails.
///
/// *Source*: PROTOCOL 3.4.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A field that this kind must have is absent.
    #[error("{} frame lacks {field}", kind.name())]
    Missing {
        /// The kind of the frame.
        kind: Kind,
        /// The key that is missing.
        field: &'static str,
    },
    /// A field holds something else than it must.
    #[error("{} frame has an invalid {field}", kind.name())]
    Invalid {
        /// The kind of the frame.
        kind: Kind,
        /// The key whose value is wrong.
        field: &'static str,
    },
    /// A known key stands twice.
    #[error("{} frame has {field} twice", kind.name())]
    Duplicate {
        /// The kind of the frame.
        kind: Kind,
        /// The key that stands twice.
        field: &'static str,
    },
}

/// A whole frame: what [`Envelope::read`] and [`Envelope::body`] give together.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// The id it belongs to.
    pub id: Cow<'a, str>,
    /// What it says.
    pub body: Result<Body<'a>, FrameError>,
}

impl<'a> Frame<'a> {
    /// Reads a whole frame. `mended` is used only where the text has raw control characters.
    ///
    /// ```
    /// use longhaul::proto::Frame;
    /// use longhaul::proto::frame::Body;
    /// use longhaul::proto::request::Mode;
    ///
    /// let mut mended = String::new();
    /// let text = r#"{"id":"git_1","type":"chunk","seq":1,"data":"QUJD"}"#;
    /// let frame = Frame::read(text, Mode::Stream, &mut mended).unwrap();
    /// assert_eq!(frame.id, "git_1");
    /// assert!(matches!(frame.body, Ok(Body::Chunk(chunk)) if chunk.seq == 1));
    /// ```
    ///
    /// # Errors
    /// [`Unreadable`] where there is no id to attribute anything to. What is wrong with a frame
    /// that has an id is in `body`.
    pub fn read(text: &'a str, mode: Mode, mended: &'a mut String) -> Result<Self, Unreadable> {
        let envelope = Envelope::read(text, mended)?;
        let id = envelope.id.clone();
        Ok(Self { id, body: envelope.body(mode) })
    }
}

/// A frame of which only the id is known yet.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    id: Cow<'a, str>,
    fields: Fields<'a>,
    text: &'a str,
}

#[derive(Clone, Debug)]
enum Fields<'a> {
    Scanned(scan::ChunkFields<'a>),
    Parsed(Object<'a>),
}

impl<'a> Envelope<'a> {
    /// Finds the fields of a frame. `mended` is used only where the text has raw control
    /// characters, and tells by not being empty that it was.
    ///
    /// # Errors
    /// [`Unreadable`] if the text is no JSON object with an id.
    pub fn read(text: &'a str, mended: &'a mut String) -> Result<Self, Unreadable> {
        if let Some((id, fields)) = scan::chunk(text) {
            return Ok(Self { id: Cow::Borrowed(id), fields: Fields::Scanned(fields), text });
        }
        Self::parse(text, mended)
    }

    /// The full reader alone, which knows no short cut.
    pub(crate) fn parse(text: &'a str, mended: &'a mut String) -> Result<Self, Unreadable> {
        let (text, object) = if let Ok(object) = Object::read(text) {
            (text, object)
        } else {
            *mended = mend(text).ok_or(Unreadable::NotAnObject)?;
            let text: &'a str = mended;
            (text, Object::read(text).map_err(|_| Unreadable::NotAnObject)?)
        };
        let id = object.text(Key::Id).ok().flatten().ok_or(Unreadable::NoId)?;
        Ok(Self { id, fields: Fields::Parsed(object), text })
    }

    /// The id the frame belongs to.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the frame is for a request of that mode.
    pub fn kind(&self, mode: Mode) -> Kind {
        match &self.fields {
            Fields::Scanned(_) => Kind::Chunk,
            Fields::Parsed(object) => Layout::of(object, mode).kind,
        }
    }

    /// Whether this is the server's complaint about a request whose id it could not read.
    pub fn is_parse_error(&self) -> bool {
        let Fields::Parsed(object) = &self.fields else { return false };
        let code = object.object(Key::Error).and_then(|e| e.text(Key::Code).ok().flatten());
        self.id == MessageId::RESERVED[1] && code.as_deref() == Some("PARSE_ERROR")
    }

    /// The typed frame.
    ///
    /// # Errors
    /// [`FrameError`] if the frame is not what its type says.
    pub fn body(self, mode: Mode) -> Result<Body<'a>, FrameError> {
        match self.fields {
            Fields::Scanned(fields) => fields.into_chunk().map(Body::Chunk),
            Fields::Parsed(object) => {
                let layout = Layout::of(&object, mode);
                if let Some(key) = layout.duplicate() {
                    return Err(FrameError::Duplicate { kind: layout.kind, field: key.name() });
                }
                body::read(&layout, self.text)
            }
        }
    }
}

/// Where a frame keeps its fields: at the top, or inside `data` as one draft had it.
pub(crate) struct Layout<'a> {
    pub(crate) kind: Kind,
    pub(crate) top: Object<'a>,
    /// `data`, where that is what holds type and fields.
    pub(crate) inner: Option<Object<'a>>,
}

impl<'a> Layout<'a> {
    fn of(top: &Object<'a>, mode: Mode) -> Self {
        let kind_in = |object: &Object<'a>| {
            object.raw(Key::Type).map(|value| {
                serde_json::from_str(value.get())
                    .map_or(Kind::Unknown, |Text(name)| Kind::from_type(&name))
            })
        };
        if let Some(kind) = kind_in(top) {
            return Self { kind, top: top.clone(), inner: None };
        }
        if mode == Mode::Stream
            && let Some(inner) = top.object(Key::Data)
            && let Some(kind) =
                kind_in(&inner).filter(|kind| !matches!(kind, Kind::Unknown | Kind::Accepted))
        {
            return Self { kind, top: top.clone(), inner: Some(inner) };
        }
        let answers = [Key::Success, Key::Data, Key::Error];
        let kind = if answers.iter().any(|key| top.raw(*key).is_some()) {
            Kind::Answer
        } else {
            Kind::Unknown
        };
        Self { kind, top: top.clone(), inner: None }
    }

    /// The first known key that stands twice where the fields are looked for.
    fn duplicate(&self) -> Option<Key> {
        self.top.duplicate().or_else(|| self.inner.as_ref()?.duplicate())
    }

    /// The object that holds `key`: the inner one before the outer, whose `data` is the inner one.
    pub(crate) fn holder(&self, key: Key) -> &Object<'a> {
        match &self.inner {
            Some(inner) if inner.raw(key).is_some() || key == Key::Data => inner,
            _ => &self.top,
        }
    }
}

#[cfg(test)]
mod tests;
