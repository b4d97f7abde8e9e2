//! What both sides hold, which is bounded at each event.

use super::super::halves::PIPE_BYTES;
use super::super::operation::Operation;
use super::caller::Caller;
use super::connection::Connection;
use super::world::World;
use crate::proto::Exchange;
use crate::proto::limits::CHUNK_OVERHEAD_BYTES;

/// What is held, and how much may be.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    bytes: usize,
    most: usize,
}

impl Sum {
    fn add(&mut self, what: &str, bytes: usize, most: usize) {
        assert!(bytes <= most, "{bytes} bytes are held of {what}, and the most is {most}");
        self.bytes += bytes;
        self.most += most;
    }
}

impl World {
    /// Holds both sides to their bounds, each part and all together.
    pub(super) fn check_held(&mut self) {
        let mut held = Sum::default();
        for connection in &self.connections {
            hold_connection(&mut held, connection);
        }
        // What came last of a connection may still wait when that is gone.
        let largest = self.connections.iter().map(|open| open.largest_message).max();
        self.largest_message = self.largest_message.max(largest.unwrap_or(0));
        for caller in &self.callers {
            hold_caller(&mut held, caller, self.largest_message);
        }
        assert!(held.bytes <= held.most, "the client holds {held:?}");
        self.tally.most_held = self.tally.most_held.max(held.bytes);
        let served = self.hold_server();
        assert!(served.bytes <= served.most, "the server holds {served:?}");
        self.tally.most_served = self.tally.most_served.max(served.bytes);
    }

    /// What is kept, what is still being sent, and what is on its way.
    fn hold_server(&self) -> Sum {
        let (core, mut held) = (&self.server.core, Sum::default());
        let kept = || core.known.values().filter(|operation| operation.owner.is_some());
        let bytes = |operation: &Operation| usize::try_from(operation.held_bytes()).unwrap();
        let alone: usize = kept().filter(|op| op.stream.is_none()).map(bytes).sum();
        let all: usize = kept().map(bytes).sum();
        let most = usize::try_from(core.retention.max_bytes).unwrap();
        assert!(all <= most || alone == 0, "the server keeps {all} bytes, and {alone} for nobody");
        assert!(kept().count() <= core.retention.max_operations, "the server keeps too many");
        held.add("what is kept for nobody", alone, most);
        let sent = core.known.iter().filter(|(_, op)| op.owner.is_none() || op.stream.is_some());
        for (id, operation) in sent {
            let run = self.server.runs.iter().rfind(|run| run.id == *id).expect("it was started");
            held.add("a payload", bytes(operation), self.server.payload(run).len());
        }
        for connection in &self.connections {
            // Answers to controls, which are short, go out whether there is room or not, one each.
            let stream = PIPE_BYTES + 2 * (connection.largest_message + MOST_HEADER_BYTES);
            let most = stream + connection.beside_bytes;
            held.add("what is on its way", connection.down_bytes(), most);
        }
        held
    }
}

/// What stands before a message.
pub(super) const MOST_HEADER_BYTES: usize = 10;

fn hold_connection(held: &mut Sum, connection: &Connection) {
    let largest = connection.largest_message;
    held.add("a message under way", connection.set_aside(), largest * 2);
    let waits = connection.held.as_ref().map_or(0, |held| held.delivery.content.len());
    held.add("a message without room", waits, largest);
}

fn hold_caller(held: &mut Sum, caller: &Caller, largest: usize) {
    // One message more than there is room for: the last one, or one where there is no credit.
    for (waiting, room) in caller.waiting.into_iter().zip(caller.room()) {
        held.add("what waits for a sink", waiting, room + largest);
    }
    let limits = &caller.plan.wishes.limits;
    let parked = caller.transfer.exchange().map_or(0, Exchange::parked_bytes);
    let mut most = limits.max_parked_bytes;
    if caller.has_credit() && caller.history.is_clean() {
        let chunk = caller.plan.wishes.chunk_bytes + CHUNK_OVERHEAD_BYTES as u64;
        let window = caller.plan.wishes.window * chunk;
        most = most.min(usize::try_from(window).unwrap());
    }
    held.add("chunks ahead of a gap", parked, most);
}
