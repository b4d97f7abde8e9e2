//! The one task that owns the socket: a select loop that moves messages and nothing else.

mod delivering;
mod leaving;

use std::sync::Arc;

use futures::SinkExt;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::Message as Outgoing;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::command::Command;
use super::connection::Shared;
use super::error::CloseCause;
use super::inbox::InboxSender;
use super::limits::GOODBYE_LIMIT;
use super::liveness::Liveness;
use super::meter::Traffic;
use super::outbox::Outbox;
use super::transport::Turn;
use super::websocket::{Incoming, ReadError, Sink, Socket};
use crate::proto::request::Mode;
use crate::proto::stats::count;
use crate::proto::{Control, Counters, Demux, MessageId};
use delivering::{HeldMessage, deliver_held};
use leaving::{Leaving, Left};

/// How many bytes of chunks are delivered before others have a turn, so that a fast server does not
/// fill the inboxes of those who would take them as fast: on a runtime of one thread they wait for
/// this task.
const TURN_BYTES: usize = 256 << 10;
/// How many commands are taken before anything is written, so that they go out together.
const COMMANDS_AT_ONCE: usize = 256;
/// One connection's task.
#[derive(Debug)]
pub(crate) struct Driver {
    sink: Sink,
    incoming: Incoming,
    traffic: Traffic,
    commands: mpsc::UnboundedReceiver<Command>,
    demux: Demux<Waiter>,
    outbox: Outbox,
    /// The message that has no room in its inbox; nothing is read while it waits.
    held: Option<HeldMessage>,
    /// Requests that nobody wants any more and the server has not ended yet.
    leaving: Leaving,
    /// Requests that came too late to be sent: what they ask for is not theirs to be freed.
    refused: Vec<MessageId>,
    shared: Arc<Shared>,
    /// Bytes of chunks that were delivered since others had a turn.
    delivered: usize,
    /// What the server is told if it broke the rules.
    complaint: Option<u16>,
}

/// A request that waits for frames.
#[derive(Debug)]
struct Waiter {
    id: MessageId,
    mode: Mode,
    stage: Stage,
    can_cancel: bool,
    /// The next request may be sent once this one has left the table.
    _turn: Turn,
}

#[derive(Debug)]
enum Stage {
    /// Somebody waits for its frames.
    Wanted(Arc<InboxSender>),
    /// Its frames are thrown away; the last one settles what came of it.
    Left(Left),
}

impl Driver {
    pub(crate) fn new(
        socket: Socket,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: &Arc<Shared>,
    ) -> Self {
        let Socket { incoming, sink, traffic } = socket;
        Self {
            sink,
            incoming,
            traffic,
            commands,
            demux: Demux::new(Arc::clone(&shared.common.counters)),
            outbox: Outbox::new(Arc::clone(&shared.common.ids)),
            held: None,
            leaving: Leaving::default(),
            refused: Vec::new(),
            shared: Arc::clone(shared),
            delivered: 0,
            complaint: None,
        }
    }

    /// Moves messages until the connection ends, and notes why before any inbox closes.
    pub(crate) async fn run(mut self, shared: &Shared) -> Arc<CloseCause> {
        let cause = self.drive().await;
        let cause = shared.end(cause);
        self.refuse_what_waits();
        self.say_goodbye(&cause).await;
        cause
    }

    async fn drive(&mut self) -> CloseCause {
        let (start, interval) = (Instant::now(), self.shared.pace.ping_interval);
        let first = start.checked_add(interval).unwrap_or(start);
        let mut pings = interval_at(first, interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut liveness = Liveness::new(self.traffic.clone(), interval, start);
        loop {
            self.handle_waiting_commands();
            if self.is_done() {
                return CloseCause::ByUs;
            }
            if self.delivered >= TURN_BYTES {
                self.delivered = 0;
                yield_now().await;
            }
            let held_until = self.held.as_ref().and_then(|held| self.evict_at(held));
            let left_until = self.leaving.next_timeout();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.handle_command(command),
                    None => return CloseCause::ByUs,
                },
                written = self.outbox.write(&mut self.sink), if !self.outbox.is_idle() => {
                    match written {
                        Ok(ids) => ids.iter().for_each(|id| self.note_sent(id)),
                        Err(error) => return CloseCause::from_library(error),
                    }
                }
                message = self.incoming.next(), if self.held.is_none() => match message {
                    Ok(message) => {
                        if let Some(cause) = self.handle_messages(message) {
                            return cause;
                        }
                    }
                    Err(error) => return self.cause(error),
                },
                () = deliver_held(&mut self.held), if self.held.is_some() => {
                    self.shared.hold.release(Instant::now().into_std());
                }
                () = sleep_until(held_until.unwrap_or(start)), if held_until.is_some() => {
                    self.evict_held();
                }
                () = sleep_until(left_until.unwrap_or(start)), if left_until.is_some() => {
                    if let Some(cause) = self.settle_overdue() {
                        return cause;
                    }
                }
                now = pings.tick() => {
                    let (is_held, is_waiting) = (self.held.is_some(), !self.outbox.is_idle());
                    if let Some(cause) = liveness.check(now, is_held, is_waiting) {
                        return cause;
                    }
                    self.outbox.ping();
                    self.incoming.trim();
                }
            }
        }
    }

    /// Tells those whose requests have not even been looked at; what ends with them is done still.
    fn refuse_what_waits(&mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Start { id, inbox, .. } => {
                    self.refused.push(id);
                    inbox.refuse();
                }
                Command::Control(control) => self.outbox.control(control),
                Command::Cancel { id, operation: Some(operation), .. }
                    if !self.refused.contains(&id) =>
                {
                    self.outbox.control(Control::Release { operation });
                }
                Command::Cancel { .. } | Command::Detach { .. } | Command::Retire => {}
            }
        }
    }

    /// Whether the connection takes nothing new and has nothing left to do.
    fn is_done(&self) -> bool {
        self.shared.is_retired() && self.demux.is_empty() && self.outbox.is_idle()
    }

    /// Takes what was asked for by now, up to a bound: whoever else waits has a turn in between.
    fn handle_waiting_commands(&mut self) {
        for _ in 0..COMMANDS_AT_ONCE {
            let Ok(command) = self.commands.try_recv() else { return };
            self.handle_command(command);
        }
    }

    fn handle_command(&mut self, command: Command) {
        match command {
            // It was asked for before it could be known that nothing new is taken.
            Command::Start { id, inbox, .. } if self.shared.is_retired() => {
                self.refused.push(id);
                inbox.refuse();
            }
            Command::Start { id, mode, text, inbox, turn, can_cancel, takes_binary } => {
                let stage = Stage::Wanted(Arc::new(inbox));
                let waiter = Waiter { id: id.clone(), mode, stage, can_cancel, _turn: turn };
                self.demux.register(id.clone(), mode, waiter);
                if takes_binary {
                    self.demux.expect_binary(&id);
                }
                self.outbox.request(id, text);
            }
            Command::Cancel { id, operation, asking } => {
                self.cancel(&id, operation, asking);
                self.drop_held(&id);
            }
            Command::Detach { id } => {
                // What was not sent yet is nothing that the server could go on with.
                self.outbox.take_back(&id);
                self.demux.forget(&id);
                self.drop_held(&id);
                self.shared.retire();
            }
            Command::Control(control) => self.outbox.control(control),
            Command::Retire => self.shared.retire(),
        }
    }

    fn note_sent(&mut self, id: &MessageId) {
        count(&self.counters().requests);
        if let Some(Waiter { stage: Stage::Wanted(inbox), .. }) = self.demux.get(id) {
            inbox.sent();
        }
    }

    fn counters(&self) -> &Counters {
        &self.shared.common.counters
    }

    /// Tells the peer why the connection ends, where there is something to tell.
    async fn say_goodbye(&mut self, cause: &CloseCause) {
        let (code, reason) = match cause {
            // It hears its own words.
            CloseCause::ByPeer { code, reason } => (CloseCode::from(*code), reason.as_str()),
            CloseCause::ByUs => (CloseCode::Normal, ""),
            CloseCause::NeverEnded { .. } => (CloseCode::Away, ""),
            _ => match self.complaint {
                Some(code) => (code.into(), ""),
                None => return,
            },
        };
        // Without a code there is nothing to be said in one.
        let frame = (code != CloseCode::Status).then(|| CloseFrame { code, reason: reason.into() });
        let goodbye = async {
            if matches!(cause, CloseCause::ByUs) {
                // What was to be stopped or freed is worth telling.
                let _ = self.outbox.write(&mut self.sink).await;
            }
            // Whether the peer hears it makes no difference.
            let _ = self.sink.send(Outgoing::Close(frame)).await;
        };
        let _ = tokio::time::timeout(GOODBYE_LIMIT, goodbye).await;
    }

    fn cause(&mut self, error: ReadError) -> CloseCause {
        if let ReadError::Frame(error) = &error {
            self.complaint = Some(error.close_code());
        }
        CloseCause::from_read(error)
    }
}
