//! What the network makes of what the server sends.

use super::super::halves::{Sent, SentKind, Way, WireMessage};
use super::connection::Mark;
use super::faults::{Fault, FaultKind, Kinds};
use super::holding::MOST_HEADER_BYTES;
use super::passing::is_on;
use super::world::{World, shown};
use crate::proto::BufferPool;
use crate::proto::base64::{decode, encode};
use crate::proto::checksum::Crc32;
use crate::proto::frame::BinaryHeader;

impl World {
    /// Lets the server send. What goes out on a connection that is gone is gone, too.
    pub(super) fn pump(&mut self) {
        loop {
            let connections = &self.connections;
            let has_room = |number: u64| {
                let open = connections.iter().find(|open| open.number == number && open.is_open);
                open.is_none_or(|open| !open.pipes[Way::Down as usize].is_full())
            };
            let Some(sent) = self.server.poll(self.now, has_room) else { return };
            self.send_down(&sent);
        }
    }

    fn send_down(&mut self, sent: &Sent) {
        let Sent { connection, run, kind, message } = sent;
        let of_id = || self.ids.get(id_of(message)?).copied();
        let caller = run.map(|run| self.server.runs[run].work).or_else(of_id);
        let is_there =
            |open: &super::connection::Connection| open.number == *connection && open.is_open;
        let Some(at) = self.connections.iter().position(is_there) else { return };
        self.trace(|| format!("  c{connection} sent {kind:?} {}", shown(message)));
        let (mut altered, mut count, mut kinds) = (None::<Vec<u8>>, 1, Kinds::NONE);
        let armed = std::mem::take(&mut self.armed);
        for fault in armed {
            let before = altered.as_deref().unwrap_or(message.bytes());
            let is_met = match fault.kind {
                _ if count == 0 => false,
                FaultKind::DropChunk => matches!(kind, SentKind::Chunk(_)),
                FaultKind::DropFrame => matches!(kind, SentKind::Frame | SentKind::Last),
                FaultKind::Repeat => matches!(kind, SentKind::Chunk(_)) && altered.is_none(),
                FaultKind::Forge if altered.is_some() => false,
                _ => match flipped(&fault, message, before) {
                    Some(flipped) => {
                        altered = Some(flipped);
                        true
                    }
                    None => false,
                },
            };
            if !is_met {
                self.armed.push(fault);
                continue;
            }
            self.tally.count_fault(fault.kind);
            if fault.kind != FaultKind::Repeat {
                kinds.insert(fault.kind);
            }
            self.trace(|| format!("FAULT {fault}"));
            match fault.kind {
                FaultKind::DropChunk | FaultKind::DropFrame => count = 0,
                FaultKind::Repeat => count = 2,
                _ => {}
            }
        }
        let is_beside = *kind == SentKind::Beside;
        let beside = if is_beside { message.bytes().len() + MOST_HEADER_BYTES } else { 0 };
        // It can do without news of how far the operation is.
        let is_told = [r#""type":"progress""#, r#""type":"warning""#];
        let is_needed = !is_told.iter().any(|part| says(message, part));
        let mark = Mark { altered: kinds, of: caller, is_needed, beside };
        if let Some(caller) = caller.map(|caller| &mut self.callers[caller])
            && is_on(caller, *connection)
        {
            // Whether it misses what was altered is seen when that comes.
            caller.history.meet(kinds, is_needed && count == 0);
            caller.history.has_repeats |= count > 1;
            caller.history.was_refused |= is_beside && says(message, "\"BUSY\"");
        }
        if *kind == SentKind::Frame {
            self.note_alias(at, caller, message.bytes(), altered.as_deref(), kinds);
        }
        if is_beside {
            self.connections[at].note_answer(message);
        }
        for copy in 0..count {
            // The second one as it was.
            let altered = altered.as_deref().filter(|_| copy == 0);
            let mark = if copy == 0 { mark } else { Mark { altered: Kinds::NONE, ..mark } };
            self.connections[at].send_down(message, altered, mark);
        }
    }
}

impl World {
    /// A caller is given an alias. One that became another is that of whoever has it, or is given
    /// it later.
    fn note_alias(
        &mut self,
        at: usize,
        caller: Option<usize>,
        message: &[u8],
        altered: Option<&[u8]>,
        kinds: Kinds,
    ) {
        let Some(alias) = alias_of(message) else { return };
        let connection = &mut self.connections[at];
        let number = connection.number;
        if let Some(caller) = caller.map(|caller| &mut self.callers[caller])
            && is_on(caller, number)
        {
            caller.alias = Some(alias);
            for (_, kinds) in connection.strays.iter().filter(|(stray, _)| *stray == alias) {
                caller.history.meet(*kinds, true);
            }
        }
        let Some(stray) = altered.and_then(alias_of).filter(|stray| *stray != alias) else {
            return;
        };
        connection.strays.push((stray, kinds));
        for caller in self.callers.iter_mut().filter(|caller| is_on(caller, number)) {
            if caller.alias == Some(stray) {
                caller.history.meet(kinds, true);
            }
        }
    }
}

/// The alias that an `accepted` frame gives.
fn alias_of(message: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(message);
    let (_, rest) = text.split_once("\"alias\":")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// Whether a frame, which is no chunk, has this in it.
fn says(message: &WireMessage, part: &str) -> bool {
    matches!(message, WireMessage::Text(text) if text.contains(part))
}

/// The id that a frame begins with.
fn id_of(message: &WireMessage) -> Option<&str> {
    let WireMessage::Text(text) = message else { return None };
    text.strip_prefix("{\"id\":\"")?.split('"').next()
}

/// The chunk with one bit of its data another, and a CRC that fits.
fn forged(fault: &Fault, message: &WireMessage) -> Option<Vec<u8>> {
    let spoil = |bytes: &mut [u8]| {
        let place = fault.draw_index(1, bytes.len());
        bytes.get_mut(place).map(|byte| *byte ^= 1 << fault.draw(2, 8))
    };
    match message {
        WireMessage::Binary(message) => {
            let mut forged = message.to_vec();
            let (header, bytes) = forged.split_at_mut(BinaryHeader::BYTES);
            spoil(bytes)?;
            header[24..28].copy_from_slice(&Crc32::of(bytes).0.to_le_bytes());
            Some(forged)
        }
        WireMessage::Text(text) => {
            span(text, "\"type\":\"chunk\"")?;
            let data = &text[span(text, "\"data\":\"")?];
            let mut bytes = decode(data, &mut BufferPool::default()).ok()?.0.to_vec();
            let before = Crc32::of(&bytes).to_string();
            spoil(&mut bytes)?;
            let forged = text.replacen(data, &encode(&bytes), 1);
            Some(forged.replace(&before, &Crc32::of(&bytes).to_string()).into_bytes())
        }
    }
}

/// The message with one bit another, if it has such a place.
fn flipped(fault: &Fault, message: &WireMessage, before: &[u8]) -> Option<Vec<u8>> {
    if fault.kind == FaultKind::Forge {
        return forged(fault, message);
    }
    let mut bytes = before.to_vec();
    let is_text = matches!(message, WireMessage::Text(_));
    let places: Vec<usize> = if is_text {
        // Where things stand is told by the message as it was.
        let text = message.text();
        let data = span(text, "\"type\":\"chunk\"").and_then(|_| span(text, "\"data\":\""));
        let crc = span(text, "\"crc32\":\"");
        match fault.kind {
            FaultKind::FlipData => data?.collect(),
            FaultKind::FlipCrc => crc?.collect(),
            // Every second time the end of its id, so that the answer may be another's.
            FaultKind::FlipText if text.contains("\"zipBase64\"") && fault.draw(3, 2) == 0 => {
                let id = span(text, "{\"id\":\"")?;
                vec![id.end.checked_sub(1)?]
            }
            FaultKind::FlipText => {
                let data = data.unwrap_or(0..0);
                (0..bytes.len()).filter(|at| !data.contains(at)).collect()
            }
            _ => return None,
        }
    } else {
        match fault.kind {
            FaultKind::FlipData => (BinaryHeader::BYTES..bytes.len()).collect(),
            FaultKind::FlipCrc => (24..28).collect(),
            FaultKind::FlipHeader => (0..24).chain(28..32).collect(),
            _ => return None,
        }
    };
    let place = *places.get(fault.draw_index(1, places.len()))?;
    *bytes.get_mut(place)? ^= 1 << fault.draw(2, 8);
    Some(bytes)
}

/// What stands between this opening and the next quote.
fn span(text: &str, opening: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find(opening)? + opening.len();
    let length = text[start..].find('"').unwrap_or(0);
    Some(start..start + length)
}
