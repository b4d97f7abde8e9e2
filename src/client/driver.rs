//! The one task that owns the socket: a select loop that moves messages and nothing else.

use std::sync::Arc;
use std::time::Duration;

use futures::SinkExt;
use futures::stream::{SplitSink, SplitStream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::command::Command;
use super::connect::BoxedStream;
use super::connection::Shared;
use super::error::CloseCause;
use super::hold::HoldClock;
use super::inbox::InboxSender;
use super::liveness::Liveness;
use super::meter::{Metered, Traffic};
use super::outbox::Outbox;
use super::transport::Turn;
use crate::proto::limits::IDLE_LIMIT;
use crate::proto::stats::count;
use crate::proto::{Counters, Demux, MessageId, Route};

/// How long the peer may take to hear goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// Whatever carries the bytes, plain or encrypted, and counts them.
pub(crate) type Socket = Metered<BoxedStream>;

/// One connection's task.
#[derive(Debug)]
pub(crate) struct Driver {
    sink: SplitSink<WebSocketStream<Socket>, Message>,
    stream: SplitStream<WebSocketStream<Socket>>,
    traffic: Traffic,
    commands: mpsc::UnboundedReceiver<Command>,
    demux: Demux<Waiter>,
    outbox: Outbox,
    /// The message that has no room in its inbox; nothing is read while it waits.
    held: Option<HeldMessage>,
    hold: Arc<HoldClock>,
    counters: Arc<Counters>,
    hold_limit: Duration,
    ping_interval: Duration,
    max_message_bytes: usize,
    /// Whether the server takes one request after the other.
    is_serial: bool,
    /// The request that nobody wants any more and such a server still works on.
    given_up: Option<GivenUp>,
}

/// A request that waits for frames.
#[derive(Debug)]
struct Waiter {
    id: MessageId,
    /// `None` once nobody wants what comes.
    inbox: Option<Arc<InboxSender>>,
    /// The next request may be sent once this one has left the table.
    _turn: Turn,
}

#[derive(Debug)]
struct GivenUp {
    id: MessageId,
    /// When it was given up; nothing that still comes puts that off.
    since: Instant,
}

#[derive(Debug)]
struct HeldMessage {
    id: MessageId,
    inbox: Arc<InboxSender>,
    text: Utf8Bytes,
    since: Instant,
}

impl Driver {
    pub(crate) fn new(
        socket: WebSocketStream<Socket>,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: &Shared,
    ) -> Self {
        let traffic = socket.get_ref().traffic();
        let max_message_bytes = socket.get_config().max_message_size.unwrap_or(usize::MAX);
        let (sink, stream) = socket.split();
        Self {
            sink,
            stream,
            traffic,
            commands,
            demux: Demux::new(Arc::clone(&shared.counters)),
            outbox: Outbox::default(),
            held: None,
            hold: Arc::clone(&shared.hold),
            counters: Arc::clone(&shared.counters),
            hold_limit: shared.hold_limit,
            ping_interval: shared.ping_interval,
            max_message_bytes,
            is_serial: shared.is_serial,
            given_up: None,
        }
    }

    /// Moves messages until the connection ends, and notes why before any inbox closes.
    pub(crate) async fn run(mut self, shared: &Shared) -> Arc<CloseCause> {
        let cause = self.drive().await;
        let cause = shared.end(cause);
        self.say_goodbye(&cause).await;
        cause
    }

    async fn drive(&mut self) -> CloseCause {
        let start = Instant::now();
        let first = start.checked_add(self.ping_interval).unwrap_or(start);
        let mut pings = interval_at(first, self.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut liveness = Liveness::new(self.traffic.clone(), self.ping_interval, start);
        loop {
            let held_until =
                self.held.as_ref().and_then(|held| held.since.checked_add(self.hold_limit));
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.handle_command(command),
                    None => return CloseCause::ByUs,
                },
                written = self.outbox.write(&mut self.sink), if !self.outbox.is_idle() => {
                    match written {
                        Ok(ids) => ids.iter().for_each(|id| self.note_sent(id)),
                        Err(error) => return self.cause(error),
                    }
                }
                message = self.stream.next(), if self.held.is_none() => match message {
                    Some(Ok(message)) => {
                        if let Some(cause) = self.handle_message(message) {
                            return cause;
                        }
                    }
                    Some(Err(error)) => return self.cause(error),
                    None => return CloseCause::Cut,
                },
                () = deliver_held(&mut self.held), if self.held.is_some() => {
                    self.hold.release(Instant::now().into_std());
                }
                () = sleep_until(held_until.unwrap_or(start)), if held_until.is_some() => {
                    self.evict_held();
                }
                now = pings.tick() => {
                    let (is_held, is_waiting) = (self.held.is_some(), !self.outbox.is_idle());
                    if let Some(cause) = liveness.check(now, is_held, is_waiting) {
                        return cause;
                    }
                    if let Some(cause) = self.never_ended(now) {
                        return cause;
                    }
                    self.outbox.ping();
                }
            }
        }
    }

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Start { id, mode, text, inbox, turn } => {
                let inbox = Some(Arc::new(inbox));
                let waiter = Waiter { id: id.clone(), inbox, _turn: turn };
                self.demux.register(id.clone(), mode, waiter);
                self.outbox.request(id, text);
            }
            Command::Forget { id } => {
                self.give_up(&id);
                if self.held.as_ref().is_some_and(|held| held.id == id) {
                    self.held = None;
                    self.hold.release(Instant::now().into_std());
                }
            }
        }
    }

    fn note_sent(&mut self, id: &MessageId) {
        count(&self.counters.requests);
        if let Some(inbox) = self.demux.get(id).and_then(|waiter| waiter.inbox.as_ref()) {
            inbox.sent();
        }
    }

    /// Takes a request out of the table, whose turn ends with that. With a server that takes one
    /// request after the other it stays there until its last frame: the server works on it, and
    /// what is sent meanwhile only piles up.
    fn give_up(&mut self, id: &MessageId) {
        let unsent = self.outbox.take_back(id);
        if unsent || !self.is_serial {
            self.demux.forget(id);
        } else if let Some(waiter) = self.demux.get_mut(id) {
            waiter.inbox = None;
            self.given_up = Some(GivenUp { id: id.clone(), since: Instant::now() });
        }
    }

    /// Gives up the connection too, if the request that was given up does not end for too long.
    fn never_ended(&self, now: Instant) -> Option<CloseCause> {
        let GivenUp { id, since } = self.given_up.as_ref()?;
        let silent = now.duration_since(*since);
        (silent >= IDLE_LIMIT).then(|| CloseCause::NeverEnded { id: id.clone(), silent })
    }

    /// Hands a message to whom it belongs; gives the cause if it was the last of the connection.
    fn handle_message(&mut self, message: Message) -> Option<CloseCause> {
        match message {
            Message::Text(text) => {
                let (id, inbox, is_last) = match self.demux.route(&text) {
                    Route::To(waiter, _) => (waiter.id.clone(), waiter.inbox.clone(), false),
                    Route::Last(waiter, _) => (waiter.id, waiter.inbox, true),
                    Route::Nobody => return None,
                };
                let Some(inbox) = inbox else {
                    count(&self.counters.unknown_ids);
                    if is_last {
                        self.given_up = None;
                    }
                    return None;
                };
                if let Err(text) = inbox.deliver(text) {
                    let since = Instant::now();
                    self.hold.hold(since.into_std());
                    self.held = Some(HeldMessage { id, inbox, text, since });
                }
                None
            }
            Message::Binary(bytes) => {
                self.demux.route_binary(&bytes);
                None
            }
            Message::Close(frame) => Some(CloseCause::from_frame(frame)),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
        }
    }

    /// Puts the transfer out that has held up the connection for too long.
    fn evict_held(&mut self) {
        let now = Instant::now();
        if let Some(held) = self.held.take() {
            tracing::warn!(id = %held.id, "transfer was not read and held up the connection");
            self.give_up(&held.id);
            held.inbox.evict(now.duration_since(held.since));
        }
        self.hold.release(now.into_std());
    }

    /// Tells the peer why the connection ends, where there is something to tell.
    async fn say_goodbye(&mut self, cause: &CloseCause) {
        let code = match cause {
            CloseCause::ByUs | CloseCause::ByPeer { .. } => CloseCode::Normal,
            CloseCause::MessageTooLarge { .. } => CloseCode::Size,
            CloseCause::Protocol(_) => CloseCode::Protocol,
            CloseCause::NeverEnded { .. } => CloseCode::Away,
            _ => return,
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::default() };
        // Whether the peer hears it makes no difference; a Close of its own is answered with it.
        let goodbye = self.sink.send(Message::Close(Some(frame)));
        let _ = tokio::time::timeout(GOODBYE_LIMIT, goodbye).await;
    }

    fn cause(&self, error: tungstenite::Error) -> CloseCause {
        CloseCause::from_socket(error, self.max_message_bytes)
    }
}

/// Waits for room for the held message and delivers it.
///
/// Cancel-safe: the message stays where it is until there is room.
async fn deliver_held(held: &mut Option<HeldMessage>) {
    let Some(HeldMessage { inbox, text, .. }) = held else { return };
    let room = inbox.room_for(text).await;
    if let (Some(HeldMessage { inbox, text, .. }), Some(room)) = (held.take(), room) {
        inbox.deliver_into(text, room);
    }
}
