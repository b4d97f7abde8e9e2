//! A stream as it goes out, right or as the script has it. *Source*: PROTOCOL 4.3, 4.4.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use super::chunk::OutgoingChunk;
use super::core::{Next, Payload};
use super::keeper::Link;
use super::outbox::{Gone, Outbox, Outgoing};
use super::script::{Interruption, RawMessage, Script};
use super::work::given_up;

/// One stream on its way.
pub(super) struct Delivery<'a> {
    link: &'a mut Link,
    id: &'a str,
    outbox: &'a Outbox,
    script: &'a Script,
    /// How many chunk messages were sent.
    sent: u64,
    /// Whether what the script puts before the first chunk was sent.
    has_begun: bool,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// With a complete frame.
    Complete,
    /// With an error, or as the script wanted it.
    Broken,
}

/// What a message holds for its chunk.
#[derive(Clone, Copy)]
enum Content {
    Faithful,
    Altered,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        link: &'a mut Link,
        id: &'a str,
        outbox: &'a Outbox,
        script: &'a Script,
    ) -> Self {
        Self { link, id, outbox, script, sent: 0, has_begun: false }
    }

    /// Sends all that comes of the operation, to the last frame.
    pub(super) async fn send(mut self) -> Result<Delivered, Gone> {
        loop {
            match self.link.next().await {
                Next::Frame(text) => self.outbox.send(|| text).await?,
                Next::Chunks { payload, seqs } => {
                    self.begin().await?;
                    if let Some(delivered) = self.send_chunks(&payload, seqs).await? {
                        return Ok(delivered);
                    }
                }
                Next::Complete { payload, data } => {
                    self.begin().await?;
                    if let Some(delivered) = self.send_complete(&payload, &data).await? {
                        return Ok(delivered);
                    }
                }
                Next::Error(text) => return self.end(text).await,
                Next::Wait(_) | Next::Over => {
                    self.link.handle_last_sent();
                    return Ok(Delivered::Broken);
                }
            }
        }
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.outbox.send_raw(self.script.messages_before(), self.id).await?;
        }
        Ok(())
    }

    /// Sends these chunks, unless the stream is to end with an error meanwhile.
    async fn send_chunks(
        &mut self,
        payload: &Arc<Payload>,
        seqs: RangeInclusive<u64>,
    ) -> Result<Option<Delivered>, Gone> {
        let last = *seqs.end();
        let most = self.script.kept_bytes(payload.total_bytes());
        for seq in self.script.sequence(seqs) {
            let is_kept = payload.border(seq).is_some_and(|start| start < most);
            if self.script.drops(seq) || !is_kept {
                continue;
            }
            for content in self.contents(seq) {
                if let Some(interruption) = self.script.interruption(self.sent) {
                    return self.interrupt(interruption).await;
                }
                let place = self.outbox.place().await?;
                if self.link.is_ended() {
                    return Ok(None);
                }
                let Ok(bytes) = read(payload, seq).await else {
                    drop(place);
                    let refusal = given_up("the payload is not readable");
                    return self.end(refusal.frame(&self.link.terms.frames, true)).await.map(Some);
                };
                let start = payload.border(seq).unwrap_or(most);
                let left = usize::try_from(most.saturating_sub(start)).unwrap_or(usize::MAX);
                let bytes = bytes.slice(..left.min(bytes.len()));
                place.fill(match content {
                    Content::Faithful => self.chunk(seq, &bytes, start),
                    Content::Altered => self.chunk(seq, &altered(&bytes), start),
                });
                self.sent = self.sent.saturating_add(1);
            }
        }
        self.link.handle_sent(last);
        Ok(None)
    }

    /// Sends the complete frame, unless the stream is to end with an error by now.
    async fn send_complete(
        &mut self,
        payload: &Arc<Payload>,
        data: &Arc<RawValue>,
    ) -> Result<Option<Delivered>, Gone> {
        if let Some(interruption) = self.script.interruption(self.sent) {
            return self.interrupt(interruption).await;
        }
        let most = self.script.kept_bytes(payload.total_bytes());
        let count = payload.chunks_within(most);
        if self.script.has_extra_chunk() {
            let place = self.outbox.place().await?;
            place.fill(self.chunk(count.saturating_add(1), b"past the end", most));
        }
        let total = self.script.claimed_total().unwrap_or(count);
        let digest = if self.link.terms.checksum { digest(payload).await } else { None };
        let mut frame = self.link.terms.frames.complete(total, digest, &&**data);
        if self.script.is_unsuccessful() {
            frame = frame.replacen("\"success\":true", "\"success\":false", 1);
        }
        let place = self.outbox.place().await?;
        if !self.link.close() {
            return Ok(None);
        }
        place.fill(Outgoing::text(frame));
        self.link.handle_last_sent();
        Ok(Some(Delivered::Complete))
    }

    fn contents(&self, seq: u64) -> impl Iterator<Item = Content> + use<> {
        let faithful = if self.script.repeats() { 2 } else { 1 };
        let altered = usize::from(self.script.alters(seq));
        std::iter::repeat_n(Content::Faithful, faithful)
            .chain(std::iter::repeat_n(Content::Altered, altered))
    }

    fn chunk(&self, seq: u64, bytes: &[u8], offset: u64) -> Outgoing {
        OutgoingChunk { seq, bytes, offset }.message(&self.link.terms, self.script)
    }

    /// Does what the script has instead of the next message. `None` if the stream is to end with
    /// an error of its own.
    async fn interrupt(&mut self, interruption: &Interruption) -> Result<Option<Delivered>, Gone> {
        match interruption {
            Interruption::Stall => {
                self.link.ended().await;
                Ok(None)
            }
            Interruption::Cut => {
                self.outbox.send_raw(&[RawMessage::Cut], "").await?;
                Ok(Some(Delivered::Broken))
            }
            Interruption::Error { code, message } => {
                let frame = self.link.terms.frames.error(code, message, None);
                self.end(frame).await.map(Some)
            }
        }
    }

    /// Sends the last frame.
    async fn end(&self, frame: String) -> Result<Delivered, Gone> {
        self.outbox.send(|| frame).await?;
        self.link.handle_last_sent();
        Ok(Delivered::Broken)
    }
}

async fn read(payload: &Arc<Payload>, seq: u64) -> std::io::Result<Bytes> {
    if !payload.is_slow() {
        return payload.chunk(seq);
    }
    let payload = Arc::clone(payload);
    spawn_blocking(move || payload.chunk(seq)).await?
}

/// What complete says of the whole payload; what was sent out of order is hashed now.
async fn digest(payload: &Arc<Payload>) -> Option<crate::proto::frame::write::PayloadDigest> {
    if let Some(digest) = payload.digest() {
        return Some(digest);
    }
    let payload = Arc::clone(payload);
    let hash = move || payload.hash().ok().and_then(|()| payload.digest());
    spawn_blocking(hash).await.ok().flatten()
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
    use std::time::Duration;

    use futures::FutureExt as _;
    use tokio::sync::mpsc::Receiver;

    use super::*;
    use crate::proto::checksum::Sha256;
    use crate::proto::frame::write::FrameWriter;
    use crate::proto::{Control, MessageId};
    use crate::server::core::{Outcome, Question, Retention, Started, StreamKey, StreamTerms};
    use crate::server::keeper::Keeper;
    use crate::server::outbox::Outgoing;

    /// A stream of no chunks that has its outcome.
    fn ended(keeper: &Arc<Keeper>) -> Link {
        let key = StreamKey { connection: 1, id: "a".into() };
        let frames = FrameWriter::new("a");
        let terms = StreamTerms {
            frames,
            is_stream: true,
            checksum: false,
            resume: false,
            alias: None,
            window: None,
        };
        let question = Question { owner: None, digest: Sha256::of(b""), chunk_bytes: 3 };
        let Ok((Started::Bound(id), link)) = keeper.start(question, key, terms) else { panic!() };
        let payload = Arc::new(Payload::new(Box::new(Bytes::new()), 3, None, false));
        keeper.finish(id, Ok(Outcome { payload, data: RawValue::NULL.to_owned().into() }));
        link
    }

    fn texts(queue: &mut Receiver<Outgoing>) -> Vec<String> {
        let text = |outgoing| match outgoing {
            Outgoing::Message(message) => message.into_text().unwrap().to_string(),
            Outgoing::Cut => panic!(),
        };
        std::iter::from_fn(|| queue.try_recv().ok()).map(text).collect()
    }

    #[tokio::test]
    async fn a_cancel_is_faster_until_complete_has_its_place() {
        let max_bytes = 0;
        let retention = Retention { ttl: Duration::ZERO, max_bytes, max_operations: 0 };
        for is_cancelled in [true, false] {
            let keeper = Arc::new(Keeper::new(retention, "e".into()));
            let mut link = ended(&keeper);
            let (outbox, mut queue) = Outbox::new();
            let script = Script::new();
            while outbox.send(String::new).now_or_never().is_some() {}
            let mut delivery = Box::pin(Delivery::new(&mut link, "a", &outbox, &script).send());
            assert!((&mut delivery).now_or_never().is_none(), "there is no place");
            let cancel = Control::Cancel { target: MessageId::new("a").unwrap() };
            if is_cancelled {
                keeper.control(cancel.clone(), &"".into(), 1);
            }
            texts(&mut queue);
            while (&mut delivery).now_or_never().is_none() {}
            keeper.control(cancel, &"".into(), 1);
            let sent = texts(&mut queue);
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].contains("CANCELLED"), is_cancelled, "{}", sent[0]);
        }
    }

    #[test]
    fn altered_bytes_always_differ() {
        assert_eq!(altered(b"\x00\xff"), b"\xff\x00");
        assert_eq!(altered(b""), [0]);
    }
}
