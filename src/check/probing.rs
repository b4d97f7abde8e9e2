//! What the groups of checks share: the server, the operation, and the connection in use.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::sleep;

use super::ask::Ask;
use super::book::{Book, Evidence};
use super::catalog::{BUSY, Check, OPERATION_COMPLETES, WELCOME_ALIKE};
use super::line::{Facts, Greeted, Line, Trouble};
use super::options::{Options, Subject};
use super::sections::welcome;
use super::watched::{End, Watched};
use crate::client::Way;
use crate::proto::checksum::Sha256;
use crate::proto::{Feature, OperationKey};

/// How often a busy server is asked again.
const MOST_TRIES: u32 = 5;
/// How long it is waited for a busy server each time, at most.
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// How much of a value is written to be shown, in bytes.
const MOST_SHOWN_BYTES: usize = 4096;

/// How long it is looked whether something comes that should not.
pub(super) const MOMENT: Duration = Duration::from_millis(100);

/// The check of one server.
#[derive(Debug)]
pub(super) struct Probing {
    pub(super) way: Way,
    pub(super) book: Book,
    pub(super) facts: Arc<Facts>,
    pub(super) subject: Option<Subject>,
    pub(super) sample: Option<Sample>,
    /// Why nothing more is to be streamed.
    pub(super) blocked: Option<String>,
    /// Why the operation is not asked for again: it may still run.
    pub(super) left_running: Option<&'static str>,
    /// Whether the group in hand asked for the operation.
    pub(super) has_asked: AtomicBool,
    /// Keys of operations that the server may keep.
    pub(super) keys: Vec<OperationKey>,
    /// An operation that the server keeps.
    pub(super) kept: Option<Kept>,
    /// Behind a lock only so that this can be shared between threads.
    line: Mutex<Option<Line>>,
}

/// An operation that is kept, and what there is of its payload.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) key: OperationKey,
    pub(super) epoch: String,
    pub(super) chunks: Vec<Bytes>,
    pub(super) chunk_bytes: u64,
}

/// What the operation gave when it was asked for first.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) bytes: u64,
    pub(super) digest: Sha256,
    /// The size that cuts it into a few chunks.
    pub(super) chunk_bytes: u64,
}

impl Probing {
    pub(super) fn new(
        way: Way,
        book: Book,
        facts: Arc<Facts>,
        line: Line,
        options: &Options,
    ) -> Self {
        let subject = options.subject.clone();
        Self {
            way,
            book,
            facts,
            subject,
            sample: None,
            blocked: None,
            left_running: None,
            has_asked: AtomicBool::new(false),
            keys: Vec::new(),
            kept: None,
            line: Mutex::new(Some(line)),
        }
    }

    /// The connection in use, or another one.
    pub(super) async fn line(&self) -> Result<Line, Trouble> {
        let line = self.held().take();
        match line {
            Some(line) => Ok(line),
            None => self.another_line().await,
        }
    }

    /// A connection beside the one in use, welcomed as that was.
    pub(super) async fn another_line(&self) -> Result<Line, Trouble> {
        let opened = Line::open(&self.way, Arc::clone(&self.facts), &self.book).await;
        let (line, greeted) = opened.map_err(Trouble::Connect)?;
        let Some(welcome) = welcome::judge(&greeted, &self.book) else {
            let (Greeted::Text(came) | Greeted::Not(came)) = greeted;
            let came = self.book.shown(&came);
            return Err(Trouble::Gone(format!("no welcome on another connection, but {came}")));
        };
        self.book.seen(&WELCOME_ALIKE);
        let facts = &self.facts;
        if (welcome.features, welcome.limits, &welcome.domains)
            != (facts.features, facts.limits, &facts.domains)
            && let Greeted::Text(came) = &greeted
        {
            let expected = "the domains, features and limits of the welcome before";
            self.book.deviation(&WELCOME_ALIKE, Evidence { sent: "", expected, came });
        }
        Ok(line)
    }

    /// Gives a connection back that can be used further.
    pub(super) fn keep(&self, line: Line) {
        if line.is_idle() {
            *self.held() = Some(line);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is checked with the payload of the domain `test`.
    pub(super) fn tests_with_payload(&self) -> bool {
        self.subject.as_ref().is_some_and(|subject| subject.is_test)
    }

    pub(super) fn offers(&self, feature: Feature) -> bool {
        self.facts.offers(feature)
    }

    /// The operation and what it gave, to be asked for in its few chunks.
    pub(super) fn sample(&self) -> Result<(Ask, Sample), Trouble> {
        let sample = self.sample.clone().ok_or_else(|| Trouble::Skip(self.no_sample()))?;
        let ask = self.ask()?.stream(sample.chunk_bytes);
        Ok((ask, sample))
    }

    fn no_sample(&self) -> String {
        self.blocked.clone().unwrap_or_else(|| "the operation was not streamed".to_owned())
    }

    /// The operation as it is asked for.
    pub(super) fn ask(&self) -> Result<Ask, Trouble> {
        let none =
            || Trouble::Skip("no operation was named, and no domain `test` is listed".into());
        let subject = self.subject.as_ref().ok_or_else(none)?;
        if let Some(why) = self.left_running {
            return Err(Trouble::Skip(why.to_owned()));
        }
        self.has_asked.store(true, Ordering::Relaxed);
        let ask = Ask::new(subject.name.clone(), subject.params.clone());
        Ok(ask.private(!subject.is_test))
    }

    /// A key that is masked, and freed at the end.
    pub(super) fn mint_key(&mut self) -> Result<OperationKey, Trouble> {
        let mut bits = [0; 16];
        let failed = |error| Trouble::Skip(format!("no random bits: {error}"));
        getrandom::fill(&mut bits).map_err(failed)?;
        let key = OperationKey::from_random(bits);
        self.book.mask(key.as_str());
        self.keys.push(key.clone());
        Ok(key)
    }

    /// Sends a request for something heavy and waits for its first frame; where the server is busy,
    /// asks again when it says.
    pub(super) async fn begin(&self, line: &mut Line, ask: &Ask) -> Result<String, Trouble> {
        let mut tries = 0_u32;
        loop {
            let id = line.ask(ask).await?;
            line.until(|line| is_begun(line.watched(&id))).await?;
            let watched = line.watched(&id);
            let busy = watched.end.as_ref().and_then(End::failure);
            let Some(busy) = busy.filter(|failure| failure.code.as_deref() == Some("BUSY")) else {
                return Ok(id);
            };
            tries = tries.saturating_add(1);
            judge_busy(busy.retry_after_ms, &busy.text, &watched.terms.sent, &self.book);
            if tries >= MOST_TRIES {
                return Err(Trouble::Skip(format!("the server was busy {tries} times")));
            }
            let pause = Duration::from_millis(busy.retry_after_ms.unwrap_or(1_000));
            sleep(pause.min(MOST_PAUSE)).await;
        }
    }

    /// Begins and goes on to the end, which is to be a good one.
    pub(super) async fn run<'a>(
        &self,
        line: &'a mut Line,
        ask: &Ask,
    ) -> Result<(String, &'a Watched), Trouble> {
        let id = self.begin(line, ask).await?;
        let watched = line.end_of(&id).await?;
        self.judge_end(watched);
        Ok((id, watched))
    }

    /// Says whether the operation came to a good end.
    pub(super) fn judge_end(&self, watched: &Watched) {
        self.book.seen(&OPERATION_COMPLETES);
        if watched.data().is_none() {
            let came = match &watched.end {
                Some(End::Complete { .. }) => "a complete with `success` false",
                Some(end) => end.failure().map_or("an answer with `success` false", |f| &f.text),
                None => "no end",
            };
            let expected = "a complete, or an answer with `success` true";
            let evidence = Evidence { sent: &watched.terms.sent, expected, came };
            // One that never came to a good end may be one that the server rightly refuses.
            if self.tests_with_payload() || self.sample.is_some() {
                self.book.fault(&OPERATION_COMPLETES, evidence);
            } else {
                self.book.note(&OPERATION_COMPLETES, evidence);
            }
        }
    }

    /// Whether the server had no room for it, which shows nothing of a check.
    pub(super) fn is_busy(&self, check: &'static Check, watched: &Watched) -> bool {
        let failure = watched.end.as_ref().and_then(End::failure);
        let busy = failure.filter(|failure| failure.code.as_deref() == Some("BUSY"));
        if let Some(busy) = busy {
            judge_busy(busy.retry_after_ms, &busy.text, &watched.terms.sent, &self.book);
            self.book.skip(check, "the server was busy");
        }
        busy.is_some()
    }

    /// Holds the end of a request against the code that it should have.
    pub(super) fn judge_code(&self, check: &'static Check, watched: &Watched, codes: &[&str]) {
        if self.is_busy(check, watched) {
            return;
        }
        self.book.seen(check);
        let came = watched.code();
        if came.is_some_and(|code| codes.contains(&code)) {
            return;
        }
        let expected = format!("an error {}", codes.join(" or "));
        let text = watched.end.as_ref().map_or_else(|| "nothing".to_owned(), text_of);
        let evidence = Evidence { sent: &watched.terms.sent, expected: &expected, came: &text };
        if watched.data().is_some() {
            self.book.fault(check, evidence);
        } else {
            self.book.quirk(check, evidence);
        }
    }
}

/// How a request ended, to be shown.
pub(super) fn text_of(end: &End) -> String {
    match end {
        End::Complete { is_success, .. } => format!("a complete with `success` {is_success}"),
        End::Answer(Ok(data)) => format!("an answer with `data` {}", beginning(data)),
        end => end.failure().map_or_else(|| "a failure".to_owned(), |failure| failure.text.clone()),
    }
}

/// As much of a value as is worth looking at, however large it is.
fn beginning(value: &Value) -> String {
    struct Start(Vec<u8>);
    impl io::Write for Start {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = MOST_SHOWN_BYTES.saturating_sub(self.0.len());
            let part = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            self.0.extend_from_slice(part);
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut start = Start(Vec::new());
    // It fails where the room is over.
    let _ = serde_json::to_writer(&mut start, value);
    String::from_utf8_lossy(&start.0).into_owned()
}

/// Whether anything has come of it that is not only told on the way.
fn is_begun(watched: &Watched) -> bool {
    watched.end.is_some() || watched.accepted.is_some() || !watched.chunks.is_empty()
}

/// That a busy server says for how long.
pub(super) fn judge_busy(retry_after_ms: Option<u64>, came: &str, sent: &str, book: &Book) {
    let evidence = |expected| Evidence { sent, expected, came };
    if retry_after_ms.is_some() {
        book.note(&BUSY, evidence("room; it is asked again after `retryAfterMs`"));
    } else {
        book.deviation(&BUSY, evidence("`retryAfterMs` beside BUSY"));
    }
}
