//! One session: a connection that works on one shard at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::board::Board;
use crate::client::beside::beside;
use crate::client::connect::ConnectError;
use crate::client::error::{Error, ErrorKind};
use crate::client::file::Slot;
use crate::client::link::Link;
use crate::client::options::TransferOptions;
use crate::client::retry::backoff;
use crate::client::transfer::Transfer;
use crate::client::transport::Transport;
use crate::ops::git::{Shard, ShardContent, ShardFailure, ShardRequest};

/// How long a server may have itself left alone.
const MOST_ASKED_PAUSE: Duration = Duration::from_mins(1);
/// How much is kept of what a server says of an object, in characters.
const MAX_REASON_CHARS: usize = 500;

/// A session of the server's that is ours to work with.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) link: Arc<Link>,
    /// Whether it was there before, and takes the largest messages.
    pub(super) is_first: bool,
    door: Door,
    /// How often in a row it went wrong.
    troubles: u32,
    /// How often in a row there was no connection.
    refusals: u32,
}

/// Where the sessions of one export come back by, and what refused their logon, if anything did.
#[derive(Clone, Debug, Default)]
pub(super) struct Door(Arc<Mutex<Option<ConnectError>>>);

/// What is asked of a session.
pub(super) struct Task {
    pub(super) shard: Shard,
    /// Where the archive is to stand.
    pub(super) slot: Slot,
    pub(super) options: TransferOptions,
    pub(super) board: Board,
}

/// What came of a task.
pub(super) struct Ended {
    pub(super) shard: Shard,
    pub(super) slot: Slot,
    pub(super) took: Duration,
    pub(super) result: Result<Finished, Error>,
}

/// A shard that stands in its place.
pub(super) struct Finished {
    pub(super) content: ShardContent,
    pub(super) bytes: u64,
}

impl Session {
    pub(super) fn new(link: Arc<Link>, is_first: bool, door: Door) -> Self {
        Self { link, is_first, door, troubles: 0, refusals: 0 }
    }

    /// Has the server work on a shard, and puts its archive in place once it has verified.
    pub(super) async fn work(&self, task: Task) -> Ended {
        let Task { shard, slot, options, board } = task;
        let begun = Instant::now();
        board.begin(slot.number, shard.objects.len());
        let result = self.fetch(&shard, &slot, options, &board).await;
        board.end(slot.number, result.is_ok());
        Ended { shard, slot, took: begun.elapsed(), result }
    }

    async fn fetch(
        &self,
        shard: &Shard,
        slot: &Slot,
        options: TransferOptions,
        board: &Board,
    ) -> Result<Finished, Error> {
        self.connect().await?;
        let transport: Arc<dyn Transport> = self.link.clone();
        let transfer = Transfer::start(transport, ShardRequest::new(shard), options, None).await?;
        let (progress, warnings, number) = (board.clone(), board.clone(), slot.number);
        let staged = transfer
            .on_progress(move |status| progress.note(number, status.progress, status.bytes))
            .on_warning(move |warning| warnings.warn(number, warning))
            .stage(&slot.path)
            .await?;
        let (content, bytes, file) = (staged.output, staged.receipt.bytes, staged.file);
        if content.objects.is_empty() {
            // Nothing that is worth a place among the others.
            beside(move || drop(file)).await?;
        } else {
            beside(move || file.commit()).await??;
        }
        Ok(Finished { content, bytes })
    }

    /// Sees to it that there is a connection. Sessions that have lost theirs come back one at a time,
    /// and not at all once a logon was refused: each try counts towards a lock of the user.
    async fn connect(&self) -> Result<(), Error> {
        // It need not wait for those that come back.
        if self.link.is_open() {
            return Ok(());
        }
        let mut door = self.door.0.lock().await;
        if let Some(refusal) = &*door {
            return Err(Error::Connect(refusal.clone()));
        }
        match self.link.line().await {
            Err(Error::Connect(refusal)) => {
                if is_logon(&refusal) {
                    *door = Some(refusal.clone());
                }
                Err(Error::Connect(refusal))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// It went well.
    pub(super) fn note_success(&mut self) {
        (self.troubles, self.refusals) = (0, 0);
    }

    /// There was no connection; how often that is so in a row.
    pub(super) fn note_refusal(&mut self) -> u32 {
        self.refusals = self.refusals.saturating_add(1);
        self.refusals
    }

    /// How long to leave the server alone after such an error, never the same for all. Longer each
    /// time where it takes nothing at all; an answer that refuses is an answer.
    pub(super) fn pause_after(&mut self, error: &Error) -> Duration {
        let most = match error {
            Error::Connect(_) => u32::MAX,
            Error::Server { source, .. } if source.is_busy() => u32::MAX,
            _ if error.kind() == ErrorKind::Refused => 0,
            _ => 1,
        };
        let pause = backoff(self.troubles.min(most), fastrand::f64());
        self.troubles = self.troubles.saturating_add(1);
        let asked = match error {
            Error::Server { source, .. } if source.is_busy() => source.retry_after,
            _ => None,
        };
        asked.unwrap_or_default().min(MOST_ASKED_PAUSE).max(pause)
    }
}

/// What an error says about a shard; `None` if it says nothing about it, and no other shard would
/// fare better.
pub(super) fn failure_of(error: &Error) -> Option<ShardFailure> {
    Some(match error {
        Error::Connect(_) => ShardFailure::NotServed,
        Error::Server { source, .. } if source.is_busy() => ShardFailure::NotServed,
        Error::Unwritable { .. } => ShardFailure::Refused(reason(error)),
        _ => match error.kind() {
            // A payload beyond the limit is one for all of them.
            ErrorKind::Limit
                if matches!(error, Error::Transfer { .. } | Error::Operation { .. }) =>
            {
                return None;
            }
            ErrorKind::Limit => ShardFailure::TooLarge(reason(error)),
            ErrorKind::Refused => ShardFailure::Refused(reason(error)),
            ErrorKind::Broken | ErrorKind::Timeout => ShardFailure::Broken(reason(error)),
            _ => return None,
        },
    })
}

/// Whether it was the logon that was refused, which stays so and counts towards a lock.
pub(super) fn is_logon(refusal: &ConnectError) -> bool {
    matches!(refusal, ConnectError::Unauthorized { .. } | ConnectError::Forbidden { .. })
}

/// What is at the bottom of an error: the server's words, say. What is above names a request, which
/// says nothing to whoever reads of an object.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().take(MAX_REASON_CHARS).collect()
}
