//! Faults on purpose, so that clients can be tested against a server that misbehaves.

mod adt;
mod binary;
mod message;
mod objects;
mod order;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;

pub use binary::HeaderFault;
pub use message::RawMessage;
pub use order::Order;

pub(super) use message::Interruption;
pub(super) use objects::{Fate, ObjectFault};

use super::core::Loss;
use adt::AdtFaults;
use binary::BinaryFaults;
use objects::ObjectFaults;

/// How a server misbehaves when it is asked for something heavy, such as `git.export`.
///
/// Steps can be put together; one that is given twice replaces the earlier, except those that name
/// a chunk or a bit, which add up. Chunks are named by their place in the payload, counted from 1,
/// whatever `seq` they then carry. A script without steps changes nothing.
///
/// Steps hold for streams, those that are resumed or attached to counted as streams of their own.
/// [`raw`](Self::raw), [`before`](Self::before),
/// [`after`](Self::after), [`payload`](Self::payload), [`only_first`](Self::only_first) and
/// [`busy`](Self::busy) hold for single answers too. [`payload`](Self::payload) holds for exports and checks,
/// and with [`ignore_chunk_size`](Self::ignore_chunk_size) for all streams of an operation, by what
/// the script was when it was started.
/// [`cut_connection_after`](Self::cut_connection_after), [`lose_operations`](Self::lose_operations),
/// [`new_epoch`](Self::new_epoch) and [`without_alias`](Self::without_alias) hold for connections,
/// whatever is asked for on them.
///
/// Steps that name an object hold for exports, in every [`Profile`](super::Profile), whether they are streams or
/// single answers: [`fail_object`](Self::fail_object), [`skip_object`](Self::skip_object),
/// [`crash_object`](Self::crash_object). [`stall_requests`](Self::stall_requests) and
/// [`kill_requests`](Self::kill_requests) hold for a share of all heavy requests.
///
/// [`forbid_data_preview`](Self::forbid_data_preview), [`no_token_by_head`](Self::no_token_by_head),
/// [`expire_token_after`](Self::expire_token_after) and [`list_nothing`](Self::list_nothing) hold for
/// the services of ADT.
///
/// ```
/// use longhaul::server::{Order, Script};
/// let script = Script::new().order(Order::Shuffled(7)).repeat_each().drop_chunk(3);
/// ```
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a step of its own, all go together")]
pub struct Script {
    order: Order,
    repeat_each: bool,
    altered: BTreeSet<u64>,
    dropped: BTreeSet<u64>,
    not_base64: BTreeSet<u64>,
    corrupted: Vec<(u64, u8)>,
    interruptions: Vec<(u64, Interruption)>,
    total: Option<u64>,
    seq_zero: bool,
    unsuccessful: bool,
    extra_chunk: bool,
    truncated: Option<u64>,
    payload: Option<Bytes>,
    chunk_bytes: Option<u64>,
    raw: Option<Vec<RawMessage>>,
    before: Vec<RawMessage>,
    after: Vec<RawMessage>,
    busy: (u32, Duration),
    only_first: Option<u64>,
    cuts: Vec<u64>,
    loss: Loss,
    binary: BinaryFaults,
    objects: ObjectFaults,
    adt: AdtFaults,
}

impl Script {
    /// A script that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the chunks in this order.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sends each chunk twice in a row, with the same bytes.
    pub fn repeat_each(mut self) -> Self {
        self.repeat_each = true;
        self
    }

    /// Sends chunk `seq` once more, with other bytes of the same length and a CRC that fits them.
    pub fn repeat_altered(mut self, seq: u64) -> Self {
        self.altered.insert(seq);
        self
    }

    /// Leaves chunk `seq` out; `totalChunks` still counts it.
    pub fn drop_chunk(mut self, seq: u64) -> Self {
        self.dropped.insert(seq);
        self
    }

    /// Flips a bit (0 to 7, others count modulo 8) of the payload's byte `offset` on its way: CRC
    /// and SHA-256 are those of the right byte.
    pub fn corrupt_bit(mut self, offset: u64, bit: u8) -> Self {
        self.corrupted.push((offset, bit));
        self
    }

    /// Says nothing more for this request after `n` chunk messages, 0 for none.
    ///
    /// Repeats count as messages. Where there are fewer than `n` messages, nothing happens.
    pub fn stall_after(self, n: u64) -> Self {
        self.interrupt(n, Interruption::Stall)
    }

    /// Drops the TCP connection without a Close frame after `n` chunk messages, counted as in
    /// [`stall_after`](Self::stall_after).
    pub fn cut_after(self, n: u64) -> Self {
        self.interrupt(n, Interruption::Cut)
    }

    /// Ends the stream with an error frame after `n` chunk messages, counted as in
    /// [`stall_after`](Self::stall_after).
    pub fn error_after(self, n: u64, code: &str, message: &str) -> Self {
        let (code, message) = (code.into(), message.into());
        self.interrupt(n, Interruption::Error { code, message })
    }

    /// Claims `n` as `totalChunks`, whatever was sent.
    pub fn total(mut self, n: u64) -> Self {
        self.total = Some(n);
        self
    }

    /// Counts `seq` from 0, so that every chunk carries one less than it should.
    pub fn seq_zero(mut self) -> Self {
        self.seq_zero = true;
        self
    }

    /// Puts a character that is no base64 before the data of chunk `seq`; of one that goes as a
    /// binary message, nothing.
    pub fn invalid_base64(mut self, seq: u64) -> Self {
        self.not_base64.insert(seq);
        self
    }

    /// Says `success` false in the complete frame.
    pub fn complete_unsuccessful(mut self) -> Self {
        self.unsuccessful = true;
        self
    }

    /// Sends one chunk more than `totalChunks` says, before the complete frame.
    pub fn extra_chunk_past_total(mut self) -> Self {
        self.extra_chunk = true;
        self
    }

    /// Sends only the first `n` bytes of the payload, in as many chunks as they fill; `size` and
    /// `sha256` are those of the whole.
    pub fn truncate_payload(mut self, n: u64) -> Self {
        self.truncated = Some(n);
        self
    }

    /// Sends these bytes instead of the archive or the findings; the counts are still theirs.
    pub fn payload(mut self, bytes: impl Into<Bytes>) -> Self {
        self.payload = Some(bytes.into());
        self
    }

    /// Sends these messages instead of progress, chunks and complete, or of the single answer.
    ///
    /// Nothing is exported. The request still has to be one that could be served.
    pub fn raw(mut self, messages: Vec<RawMessage>) -> Self {
        self.raw = Some(messages);
        self
    }

    /// Sends these messages after progress and before the first chunk, or before the single answer.
    pub fn before(mut self, messages: Vec<RawMessage>) -> Self {
        self.before = messages;
        self
    }

    /// Sends these messages after the complete frame or the single answer.
    pub fn after(mut self, messages: Vec<RawMessage>) -> Self {
        self.after = messages;
        self
    }

    /// Answers `BUSY` with this `retryAfterMs` to the first `times` heavy requests of the server,
    /// over all its connections.
    pub fn busy(mut self, times: u32, retry_after: Duration) -> Self {
        self.busy = (times, retry_after);
        self
    }

    /// Sends chunks of `n` decoded bytes, at least 1, whatever size was asked for.
    pub fn ignore_chunk_size(mut self, n: u64) -> Self {
        self.chunk_bytes = Some(n.max(1));
        self
    }

    /// Follows the script only for the first `n` heavy requests that the server takes, resumed ones
    /// counted; later ones go right. Requests refused as busy do not count.
    pub fn only_first(mut self, n: u64) -> Self {
        self.only_first = Some(n);
        self
    }

    /// Cuts a TCP connection without a Close frame once `bytes` were written on it after the
    /// upgrade, in the middle of a message if it comes so.
    ///
    /// Holds for the first connection that is upgraded; given again, for the second, and so on. Later
    /// ones are not cut, nor is one on which less is written.
    pub fn cut_connection_after(mut self, bytes: u64) -> Self {
        self.cuts.push(bytes);
        self
    }

    /// Forgets the operations of every connection that goes, so that a resume is answered
    /// `RESUME_UNKNOWN`.
    pub fn lose_operations(mut self) -> Self {
        self.loss = Loss::Forgotten;
        self
    }

    /// Gives the operations of every connection that goes another epoch, so that a resume is
    /// answered `RESUME_MISMATCH`.
    pub fn new_epoch(mut self) -> Self {
        self.loss = Loss::Renamed;
        self
    }

    fn interrupt(mut self, after: u64, interruption: Interruption) -> Self {
        self.interruptions.push((after, interruption));
        self
    }
}

/// What the server asks its script.
impl Script {
    /// Whether the script holds for the export that `earlier` others came before.
    fn holds_after(&self, earlier: u64) -> bool {
        self.only_first.is_none_or(|first| earlier < first)
    }

    /// After how many bytes the session of this number, counted from 1, is cut.
    pub(super) fn cut_of(&self, session: u64) -> Option<u64> {
        let index = usize::try_from(session.checked_sub(1)?).ok()?;
        self.cuts.get(index).copied()
    }

    pub(super) fn loss(&self) -> Loss {
        self.loss
    }

    pub(super) fn busy_refusals(&self) -> (u32, Duration) {
        self.busy
    }

    pub(super) fn raw_messages(&self) -> Option<&[RawMessage]> {
        self.raw.as_deref()
    }

    pub(super) fn messages_before(&self) -> &[RawMessage] {
        &self.before
    }

    pub(super) fn messages_after(&self) -> &[RawMessage] {
        &self.after
    }

    pub(super) fn forced_payload(&self) -> Option<Bytes> {
        self.payload.clone()
    }

    pub(super) fn forced_chunk_bytes(&self) -> Option<u64> {
        self.chunk_bytes
    }

    pub(super) fn claimed_total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn is_unsuccessful(&self) -> bool {
        self.unsuccessful
    }

    pub(super) fn has_extra_chunk(&self) -> bool {
        self.extra_chunk
    }

    pub(super) fn drops(&self, seq: u64) -> bool {
        self.dropped.contains(&seq)
    }

    pub(super) fn repeats(&self) -> bool {
        self.repeat_each
    }

    pub(super) fn alters(&self, seq: u64) -> bool {
        self.altered.contains(&seq)
    }

    pub(super) fn spoils_base64(&self, seq: u64) -> bool {
        self.not_base64.contains(&seq)
    }

    /// The `seq` that chunk `seq` carries.
    pub(super) fn seq_sent(&self, seq: u64) -> u64 {
        if self.seq_zero { seq.saturating_sub(1) } else { seq }
    }

    /// What happens once `sent` chunk messages are out.
    pub(super) fn interruption(&self, sent: u64) -> Option<&Interruption> {
        self.interruptions.iter().find(|(after, _)| *after == sent).map(|(_, what)| what)
    }

    /// How much is sent of a payload of so many bytes.
    pub(super) fn kept_bytes(&self, payload_bytes: u64) -> u64 {
        self.truncated.unwrap_or(u64::MAX).min(payload_bytes)
    }

    /// What is sent for `bytes`, which stand at `offset` in the payload, if that is not the same.
    pub(super) fn corrupt(&self, bytes: &[u8], offset: u64) -> Option<Vec<u8>> {
        let mut corrupted = None;
        for (at, bit) in &self.corrupted {
            let place = at.checked_sub(offset).and_then(|place| usize::try_from(place).ok());
            let Some(place) = place.filter(|place| *place < bytes.len()) else { continue };
            let copy = corrupted.get_or_insert_with(|| bytes.to_vec());
            if let Some(byte) = copy.get_mut(place) {
                *byte ^= 1_u8.wrapping_shl(u32::from(bit % 8));
            }
        }
        corrupted
    }

    /// These chunks in the order they are sent.
    pub(super) fn sequence(
        &self,
        chunks: RangeInclusive<u64>,
    ) -> Box<dyn Iterator<Item = u64> + Send> {
        self.order.sequence(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_flip_where_they_stand() {
        let script = Script::new().corrupt_bit(5, 0).corrupt_bit(6, 9).corrupt_bit(8, 1);
        assert_eq!(script.corrupt(&[0, 0, 0, 0], 4), Some(vec![0, 1, 2, 0]));
        assert_eq!(script.corrupt(&[0, 0, 0, 0], 0), None);
        assert_eq!(script.corrupt(&[0], u64::MAX), None);
    }

    #[test]
    fn truncating_never_reaches_past_the_end() {
        assert_eq!(Script::new().truncate_payload(2).kept_bytes(3), 2);
        assert_eq!(Script::new().truncate_payload(9).kept_bytes(3), 3);
        assert_eq!(Script::new().kept_bytes(3), 3);
    }

    #[test]
    fn a_script_may_hold_for_the_first_exports_only() {
        let script = Script::new().only_first(1);
        assert!(script.holds_after(0) && !script.holds_after(1));
        assert!(Script::new().holds_after(u64::MAX));
    }
}
