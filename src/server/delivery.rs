//! A payload as chunks, sent right or as the script has it. *Source*: PROTOCOL 4.3, 4.4.

use bytes::Bytes;
use serde::Serialize;

use super::outbox::{Gone, Outbox};
use super::script::{Interruption, RawMessage, Script};
use crate::proto::base64;
use crate::proto::frame::write::{FrameWriter, PayloadDigest};

/// One payload on its way.
pub(super) struct Delivery<'a> {
    pub(super) frames: &'a FrameWriter,
    pub(super) outbox: &'a Outbox,
    pub(super) script: &'a Script,
    pub(super) payload: &'a Bytes,
    /// The size of every chunk but the last, in decoded bytes, at least 1.
    pub(super) chunk_bytes: u64,
    /// With `checksum` agreed on: what complete says of the payload; chunks carry CRCs then.
    pub(super) digest: Option<PayloadDigest>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// With a complete frame.
    Complete,
    /// As the script wanted it.
    Broken,
}

/// What a message holds for its chunk.
#[derive(Clone, Copy)]
enum Content {
    Faithful,
    Altered,
}

impl Delivery<'_> {
    /// Sends all chunks, then the complete frame with `data`.
    pub(super) async fn send(&self, data: &impl Serialize) -> Result<Delivered, Gone> {
        let payload = self.script.kept(self.payload);
        let chunk_bytes = usize::try_from(self.chunk_bytes).unwrap_or(usize::MAX).max(1);
        let count = wire_count(payload.len().div_ceil(chunk_bytes));
        let mut sent = 0_u64;
        for seq in self.script.sequence(count) {
            if self.script.drops(seq) {
                continue;
            }
            let (offset, bytes) = slice(&payload, seq, chunk_bytes);
            for content in self.contents(seq) {
                if let Some(interruption) = self.script.interruption(sent) {
                    return self.break_off(interruption).await;
                }
                let frame = || match content {
                    Content::Faithful => self.chunk(seq, &bytes, offset),
                    Content::Altered => self.chunk(seq, &altered(&bytes), offset),
                };
                self.outbox.send(frame).await?;
                sent = sent.saturating_add(1);
            }
        }
        if let Some(interruption) = self.script.interruption(sent) {
            return self.break_off(interruption).await;
        }
        if self.script.has_extra_chunk() {
            let past = wire_count(payload.len());
            let frame = || self.chunk(count.saturating_add(1), b"past the end", past);
            self.outbox.send(frame).await?;
        }
        let total = self.script.claimed_total().unwrap_or(count);
        let mut frame = self.frames.complete(total, self.digest, data);
        if self.script.is_unsuccessful() {
            frame = frame.replacen("\"success\":true", "\"success\":false", 1);
        }
        self.outbox.send(|| frame).await?;
        Ok(Delivered::Complete)
    }

    fn contents(&self, seq: u64) -> impl Iterator<Item = Content> + use<> {
        let faithful = if self.script.repeats() { 2 } else { 1 };
        let altered = usize::from(self.script.alters(seq));
        std::iter::repeat_n(Content::Faithful, faithful)
            .chain(std::iter::repeat_n(Content::Altered, altered))
    }

    /// A chunk frame, spoilt after its CRC was computed where the script says so.
    fn chunk(&self, seq: u64, bytes: &[u8], offset: u64) -> String {
        let number = self.script.seq_sent(seq);
        let frame = self.frames.chunk(number, bytes, self.digest.map(|_| offset));
        let data = |bytes: &[u8]| format!("\"data\":\"{}\"", base64::encode(bytes));
        let frame = match self.script.corrupt(bytes, offset) {
            Some(corrupted) => frame.replacen(&data(bytes), &data(&corrupted), 1),
            None => frame,
        };
        if self.script.spoils_base64(seq) {
            frame.replacen("\"data\":\"", "\"data\":\"*", 1)
        } else {
            frame
        }
    }

    async fn break_off(&self, interruption: &Interruption) -> Result<Delivered, Gone> {
        match interruption {
            Interruption::Stall => std::future::pending().await,
            Interruption::Cut => self.outbox.send_raw(&[RawMessage::Cut], "").await?,
            Interruption::Error { code, message } => {
                self.outbox.send(|| self.frames.error(code, message, None)).await?;
            }
        }
        Ok(Delivered::Broken)
    }
}

/// Where chunk `seq` stands in the payload, and its bytes.
fn slice(payload: &Bytes, seq: u64, chunk_bytes: usize) -> (u64, Bytes) {
    let before = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
    let start = before.saturating_mul(chunk_bytes).min(payload.len());
    let end = start.saturating_add(chunk_bytes).min(payload.len());
    (wire_count(start), payload.slice(start..end))
}

/// Other bytes of the same length; of no bytes, one.
fn altered(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() { vec![0] } else { bytes.iter().map(|byte| !byte).collect() }
}

/// A count as numbers on the wire are.
pub(super) fn wire_count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_the_payload() {
        let payload = Bytes::from_static(b"abcdefg");
        assert_eq!(slice(&payload, 1, 3), (0, Bytes::from_static(b"abc")));
        assert_eq!(slice(&payload, 3, 3), (6, Bytes::from_static(b"g")));
        assert_eq!(slice(&payload, 1, usize::MAX), (0, payload.clone()));
        assert_eq!(slice(&payload, u64::MAX, 3), (7, Bytes::new()));
    }

    #[test]
    fn altered_bytes_always_differ() {
        assert_eq!(altered(b"\x00\xff"), b"\xff\x00");
        assert_eq!(altered(b""), [0]);
    }
}
