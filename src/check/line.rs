//! One connection to the server: requests out, every message in held against PROTOCOL.md.

mod facts;
mod taking;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

pub(super) use facts::Facts;
pub(super) use trouble::Trouble;

use super::ask::Ask;
use super::book::{Book, Evidence};
use super::catalog::FRAMES;
use super::watched::{Kind, Terms, Watched};
use super::wire::{MOST_LOOKED_AT, MOST_LOOKED_AT_BYTES};
use crate::client::{BareConnection, BareError, Came, ConnectError, Way};
use crate::proto::{Control, Feature, MessageId, OperationName, Params};

/// How often a server may tell of a payload of the domain `test` before it comes.
const MOST_SIGNS: u64 = 1_000;

/// A connection that has been greeted.
#[derive(Debug)]
pub(super) struct Line {
    connection: BareConnection,
    watched: BTreeMap<String, Watched>,
    /// Whose each alias is, or was.
    aliases: BTreeMap<u32, String>,
    has_binary: bool,
    /// `PARSE_ERROR`s that are waited for, since bad requests were sent.
    bad: Option<ParseErrors>,
    pub(super) facts: Arc<Facts>,
    pub(super) book: Book,
}

/// Answers with the id `unknown`.
#[derive(Clone, Debug, Default)]
pub(super) struct ParseErrors {
    pub(super) count: u64,
    /// The code of the first.
    pub(super) code: String,
}

/// The first message of a connection.
#[derive(Debug)]
pub(super) enum Greeted {
    Text(String),
    /// Anything else, or nothing.
    Not(String),
}

impl Line {
    /// Opens a connection and gives what came first.
    pub(super) async fn open(
        way: &Way,
        facts: Arc<Facts>,
        book: &Book,
    ) -> Result<(Self, Greeted), ConnectError> {
        let mut connection = BareConnection::open(way).await?;
        book.note_connection();
        book.seen(&FRAMES);
        let limit = BareConnection::connect_limit(way);
        let greeted = match timeout(limit, connection.next()).await {
            Ok(Ok(Came::Text(text))) => Greeted::Text(text.to_string()),
            Ok(Ok(other)) => Greeted::Not(describe(&other)),
            Ok(Err(error)) => Greeted::Not(cause(&error)),
            Err(_) => Greeted::Not(format!("nothing for {limit:?}")),
        };
        let line = Self {
            connection,
            watched: BTreeMap::new(),
            aliases: BTreeMap::new(),
            has_binary: false,
            bad: None,
            facts,
            book: book.clone(),
        };
        Ok((line, greeted))
    }

    /// Asks for something; its frames are watched from now on.
    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<String, Trouble> {
        let id = self.facts.mint(ask.request.name.domain());
        self.ask_as(&id, ask).await?;
        Ok(id)
    }

    /// As [`ask`](Self::ask), under an id of one's own.
    pub(super) async fn ask_as(&mut self, id: &str, ask: &Ask) -> Result<(), Trouble> {
        let skip = || Trouble::Skip(format!("{id:?} is no id"));
        let mut ask = ask.clone();
        ask.request.window = ask.request.window.map(|window| self.facts.window(window));
        let text = ask.write(&MessageId::new(id).ok_or_else(skip)?, self.facts.features)?;
        // What has ended was looked at, and may be large.
        let ended = self.watched.values_mut().filter(|watched| watched.end.is_some());
        if ask.request.stream.is_some() {
            ended.for_each(Watched::forget);
        } else {
            ended.for_each(Watched::forget_result);
        }
        let terms = ask.terms(&text, &self.facts);
        self.has_binary |= terms.agreed.contains(Feature::Binary);
        self.send(id, text, terms).await
    }

    /// Sends a text as it stands, and watches for frames of `id`.
    pub(super) async fn send(
        &mut self,
        id: &str,
        text: String,
        terms: Terms,
    ) -> Result<(), Trouble> {
        self.book.note_request();
        self.watched.insert(id.to_owned(), Watched::new(terms));
        self.connection.send_text(text).await.map_err(|error| self.lost(&error))
    }

    /// Sends what is no request; whatever comes of it comes as `PARSE_ERROR`, or as a frame of `id`.
    pub(super) async fn send_bad(&mut self, bad: &Bad) -> Result<(), Trouble> {
        self.book.note_request();
        self.bad = Some(ParseErrors::default());
        let sent = match bad {
            Bad::Binary(bytes) => self.connection.send_binary(bytes).await,
            Bad::Text { id, text } => {
                let terms = Terms { sent: text.clone(), is_loose: true, ..Terms::default() };
                if let Some(id) = id {
                    self.watched.insert(id.clone(), Watched::new(terms));
                }
                self.connection.send_text(text.clone()).await
            }
        };
        sent.map_err(|error| self.lost(&error))
    }

    /// Whether a `PARSE_ERROR` came since.
    pub(super) fn has_parse_error(&self) -> bool {
        self.bad.as_ref().is_some_and(|errors| errors.count > 0)
    }

    /// The `PARSE_ERROR`s that came since.
    pub(super) fn take_parse_errors(&mut self) -> ParseErrors {
        self.bad.take().unwrap_or_default()
    }

    /// Sends a control; its answer, if there is one, is watched.
    pub(super) async fn control(&mut self, control: &Control) -> Result<String, Trouble> {
        let id = self.facts.mint("stream");
        let skip = || Trouble::Skip(format!("{id:?} is no id"));
        let text = control.write(&MessageId::new(&id).ok_or_else(skip)?);
        let terms = Terms { sent: text.clone(), is_loose: true, ..Terms::default() };
        self.send(&id, text, terms).await?;
        Ok(id)
    }

    /// Grants chunks up to this one.
    pub(super) async fn grant(&mut self, target: &str, up_to: u64) -> Result<String, Trouble> {
        let Some(id) = MessageId::new(target) else {
            return Err(Trouble::Skip(format!("{target:?} is no id")));
        };
        if let Some(watched) = self.watched.get_mut(target) {
            watched.granted = watched.granted.map(|granted| granted.max(up_to));
        }
        self.control(&Control::Credit { target: id, up_to }).await
    }

    pub(super) async fn cancel(&mut self, target: &str) -> Result<String, Trouble> {
        let Some(target) = MessageId::new(target) else {
            return Err(Trouble::Skip(format!("{target:?} is no id")));
        };
        self.control(&Control::Cancel { target }).await
    }

    /// Watches for frames of an id that is only named in a request, and by whom.
    pub(super) fn expect_named(&mut self, id: &str, sent: &str) {
        let terms = Terms { sent: sent.to_owned(), is_loose: true, ..Terms::default() };
        self.watched.insert(id.to_owned(), Watched::new(terms));
    }

    /// What has come of a request.
    pub(super) fn watched(&self, id: &str) -> &Watched {
        static NOTHING: std::sync::OnceLock<Watched> = std::sync::OnceLock::new();
        let nothing = || NOTHING.get_or_init(|| Watched::new(Terms::default()));
        self.watched.get(id).unwrap_or_else(nothing)
    }

    pub(super) fn has_ended(&self, id: &str) -> bool {
        self.watched(id).end.is_some()
    }

    /// Whether nothing is under way, controls aside.
    pub(super) fn is_idle(&self) -> bool {
        self.watched.values().all(|watched| watched.terms.is_loose || watched.end.is_some())
    }

    /// Waits for the next message and says whose it was.
    pub(super) async fn event(&mut self) -> Result<(String, Kind), Trouble> {
        let came = self.next().await?;
        let event = match came {
            Came::Text(text) => self.take_text(&text),
            Came::Binary(bytes) => self.take_binary(&bytes),
            Came::Pong => (String::new(), Kind::Other),
            Came::Close(_) => return Err(Trouble::Gone(describe(&came))),
        };
        let watched = self.watched.get(&event.0);
        if watched.is_some_and(|watched| watched.is_beyond) {
            let most = MOST_LOOKED_AT_BYTES >> 20;
            let why = format!("a result has more than {most} MiB or {MOST_LOOKED_AT} values");
            return Err(Trouble::Skip(why));
        }
        if let Some(watched) = watched.filter(|watched| watched.terms.is_small) {
            let signs = watched.progress.saturating_add(watched.warnings);
            if signs > MOST_SIGNS {
                return Err(Trouble::Endless(signs));
            }
        }
        let bytes = watched.map_or(0, Watched::held_bytes);
        let most = self.facts.max_payload_bytes;
        if bytes > most { Err(Trouble::TooLarge(most)) } else { Ok(event) }
    }

    /// Waits for the next message; where none comes, finds out whether the server is still there.
    async fn next(&mut self) -> Result<Came, Trouble> {
        let silence = self.facts.silence;
        let mut is_alive = false;
        let mut has_asked = false;
        loop {
            match timeout(silence, self.connection.next()).await {
                Ok(Ok(Came::Pong)) if has_asked => {
                    is_alive = true;
                    if !self.is_in_the_middle() {
                        return Err(Trouble::Computing(silence));
                    }
                }
                Ok(Ok(came)) => return Ok(came),
                Ok(Err(error)) => return Err(self.lost(&error)),
                Err(_) if has_asked => {
                    let is_stuck = !is_alive || self.is_in_the_middle();
                    let trouble = if is_stuck { Trouble::Silent } else { Trouble::Computing };
                    return Err(trouble(silence));
                }
                Err(_) => {
                    has_asked = true;
                    self.connection.ping().await.map_err(|error| self.lost(&error))?;
                }
            }
        }
    }

    /// Whether chunks of a payload have come, and not all. Records come as they are found, however
    /// long that takes.
    fn is_in_the_middle(&self) -> bool {
        let is_begun = |watched: &&Watched| {
            let first = watched.chunks.values().find(|chunk| !chunk.is_empty());
            let is_of_records = |c: &Bytes| c.starts_with(b"{") || c.starts_with(b"[");
            watched.end.is_none() && first.is_some_and(|chunk| !is_of_records(chunk))
        };
        self.watched.values().any(|watched| is_begun(&watched))
    }

    /// Waits until something has come of a request, or of what `is_it` says.
    pub(super) async fn until(
        &mut self,
        mut is_it: impl FnMut(&Self) -> bool,
    ) -> Result<(), Trouble> {
        while !is_it(self) {
            self.event().await?;
        }
        Ok(())
    }

    /// Waits for the last frame of a request, and grants what it waits for.
    pub(super) async fn end_of(&mut self, id: &str) -> Result<&Watched, Trouble> {
        while !self.has_ended(id) {
            let (whose, kind) = self.event().await?;
            let watched = self.watched(&whose);
            if let (Kind::Chunk(seq), Some(granted), Some(window)) =
                (kind, watched.granted, watched.terms.window)
                && seq >= granted
                && whose == id
            {
                self.grant(id, seq.saturating_add(window)).await?;
            }
        }
        Ok(self.watched(id))
    }

    /// Asks the server for a sign of life and waits for it, so that what it had to send before has
    /// come, as far as that can be known.
    pub(super) async fn barrier(&mut self) -> Result<(), Trouble> {
        let ping = Ask::new(OperationName::new("system", "ping"), Params::new());
        let id = self.ask(&ping).await?;
        self.until(|line| line.has_ended(&id)).await
    }

    /// Takes what comes for a moment, which may be nothing.
    pub(super) async fn settle(&mut self, time: Duration) -> Result<(), Trouble> {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match timeout(left, self.event()).await {
                Ok(event) => drop(event?),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Sends a WebSocket ping and waits for its pong.
    pub(super) async fn ping(&mut self) -> Result<bool, Trouble> {
        self.connection.ping().await.map_err(|error| self.lost(&error))?;
        loop {
            match timeout(self.facts.silence, self.connection.next()).await {
                Ok(Ok(Came::Pong)) => return Ok(true),
                Ok(Ok(Came::Text(text))) => drop(self.take_text(&text)),
                Ok(Ok(Came::Binary(bytes))) => drop(self.take_binary(&bytes)),
                Ok(Ok(other @ Came::Close(_))) => return Err(Trouble::Gone(describe(&other))),
                Ok(Err(error)) => return Err(self.lost(&error)),
                Err(_) => return Ok(false),
            }
        }
    }

    /// Is lost without a goodbye, and the server has noticed, if it does so in time.
    pub(super) async fn lose(self) {
        self.connection.lose(self.facts.silence).await;
    }

    /// Says goodbye; gives what came instead of the server's, if it did not come.
    pub(super) async fn close(mut self) -> Result<(), String> {
        self.connection.close().await.map_err(|error| cause(&error))?;
        loop {
            match timeout(self.facts.silence, self.connection.next()).await {
                Ok(Ok(Came::Close(_))) => return Ok(()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(cause(&error)),
                Err(_) => return Err(format!("nothing for {:?}", self.facts.silence)),
            }
        }
    }

    fn lost(&self, error: &BareError) -> Trouble {
        let came = cause(error);
        if let BareError::Frame(_) = error {
            let expected = "frames as RFC 6455 has them";
            self.book.fault(&FRAMES, Evidence { sent: "", expected, came: &came });
        }
        Trouble::Gone(came)
    }
}

/// What is no request.
#[derive(Clone, Debug)]
pub(super) enum Bad {
    /// A text, and the id in it that an answer might carry.
    Text {
        id: Option<String>,
        text: String,
    },
    Binary(&'static [u8]),
}

/// A binary message as it is shown: its header.
fn shown(message: &Bytes) -> String {
    let header = message.get(..32.min(message.len())).unwrap_or_default();
    let hex: Vec<_> = header.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} bytes, binary: {}", message.len(), hex.join(" "))
}

fn describe(came: &Came) -> String {
    match came {
        Came::Text(text) => text.to_string(),
        Came::Binary(bytes) => shown(bytes),
        Came::Pong => "a pong".to_owned(),
        Came::Close(None) => "a close without a code".to_owned(),
        Came::Close(Some(goodbye)) => format!("a close, {} {}", goodbye.code, goodbye.reason),
    }
}

fn cause(error: &BareError) -> String {
    match error {
        BareError::Frame(error) => error.to_string(),
        BareError::Gone(cause) => cause.to_string(),
    }
}
