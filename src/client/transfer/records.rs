//! A payload as a stream of records, while it arrives.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures::Stream;
use futures::StreamExt;

use super::engine::Verdict;
use super::outlet::Output;
use super::{Stopper, Transfer, now};
use crate::client::error::Error;
use crate::client::event::Unverified;
use crate::client::outcome::{Receipt, Recorded};
use crate::proto::{RecordError, RecordLimits, RecordOperation, RecordSplitter};

/// The records of a transfer, each as soon as it is there, and a verdict at their end.
///
/// Made by [`Transfer::records`]. The stream ends with the last record, or where something fails:
/// [`finish`](Self::finish) tells which. Until then what it gives is **not verified**.
///
/// # Cancellation
/// Dropping it stops the transfer, as dropping a [`Transfer`] does.
#[must_use = "records that are dropped are cancelled"]
pub struct Records<O: RecordOperation> {
    transfer: Transfer<O>,
    splitter: RecordSplitter,
    /// What has come and has not been split yet.
    piece: Bytes,
    tally: O::Tally,
    count: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Running,
    /// Nothing comes any more; the last record may still be in the splitter.
    Over,
    Failed(Error),
}

impl<O: RecordOperation> Transfer<O> {
    /// Reads the payload as records, each given out as soon as it is there.
    ///
    /// One record at a time is held, of 1 MiB at most; [`records_with`](Self::records_with) takes
    /// another limit. What is to be watched or [stopped](Transfer::stopper) is asked for before.
    ///
    /// ```no_run
    /// use futures::StreamExt;
    /// use longhaul::ops::atc;
    ///
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// let run = client.start(atc::Run::packages(["$ZRAY"])).await?;
    /// let mut findings = run.records();
    /// while let Some(finding) = findings.next().await {
    ///     println!("{}", finding.into_inner().message);
    /// }
    /// let summary = findings.finish().await?.output;
    /// println!("{} findings in {} objects, all verified", summary.findings, summary.objects);
    /// # Ok(())
    /// # }
    /// ```
    pub fn records(self) -> Records<O> {
        self.records_with(RecordLimits::default())
    }

    /// As [`records`](Self::records), with limits of its own.
    pub fn records_with(self, limits: RecordLimits) -> Records<O> {
        let is_whole = !self.outlet.is_committed() && self.begun_elsewhere() == 0;
        let stage = if is_whole { Stage::Running } else { Stage::Failed(self.payload_taken()) };
        Records {
            transfer: self,
            splitter: RecordSplitter::new(limits),
            piece: Bytes::new(),
            tally: O::Tally::default(),
            count: 0,
            stage,
        }
    }
}

impl<O: RecordOperation> Records<O> {
    /// A way to stop the transfer while somebody reads it.
    pub fn stopper(&self) -> Stopper {
        self.transfer.stopper()
    }

    /// Reads what is left, throws its records away and gives the verdict.
    ///
    /// # Errors
    /// Any [`Error`]: all records that were given out are worthless then. [`Error::Record`] if the
    /// payload is no list of such records, [`Error::Operation`] if they are not what the operation
    /// says of them.
    pub async fn finish(mut self) -> Result<Recorded<O::Output>, Error> {
        while self.next().await.is_some() {}
        if let Stage::Failed(error) = self.stage {
            return Err(error);
        }
        let Verdict { id, reply, kept } = self.transfer.settle()?;
        if let Some(kept) = kept {
            kept.free();
        }
        let receipt = Receipt::new(&reply, self.transfer.begun, now());
        let concluded = self.transfer.operation.conclude_records(&reply, self.count, self.tally);
        let output = concluded.map_err(|source| self.transfer.no_result(id, source))?;
        Ok(Recorded { output, receipt, records: self.count })
    }

    /// The next record of what has come, if there is a whole one.
    fn split(&mut self) -> Result<Option<O::Record>, RecordError> {
        let mut rest = &self.piece[..];
        let before = rest.len();
        let record = match &self.stage {
            Stage::Running => self.splitter.next_in(&mut rest)?,
            _ => self.splitter.finish()?,
        };
        let record = record.map(|record| record.parse::<O::Record>()).transpose();
        let used = before.saturating_sub(rest.len());
        self.piece.advance(used);
        let record = record?;
        if let Some(record) = &record {
            self.count = self.count.saturating_add(1);
            self.transfer.operation.tally(&mut self.tally, record);
        }
        Ok(record)
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<O::Record>> {
        loop {
            if matches!(self.stage, Stage::Failed(_)) {
                return Poll::Ready(None);
            }
            match self.split() {
                Ok(Some(record)) => return Poll::Ready(Some(record)),
                Ok(None) if matches!(self.stage, Stage::Running) => {}
                Ok(None) => return Poll::Ready(None),
                Err(source) => {
                    self.fail(source);
                    continue;
                }
            }
            match ready!(self.transfer.poll_output(cx)) {
                Some(Output::Data { bytes, .. }) => {
                    self.transfer.outlet.note_taken(bytes.len());
                    self.piece = bytes;
                }
                Some(_) => {}
                None => match &self.transfer.verdict {
                    // What broke off is no record, and that it broke off is the reason.
                    Some(Err(_)) => return Poll::Ready(None),
                    _ => self.stage = Stage::Over,
                },
            }
        }
    }

    /// Ends because of a record, and stops the transfer.
    fn fail(&mut self, source: RecordError) {
        let operation = self.transfer.name.to_string();
        self.stage = Stage::Failed(Error::Record { operation, source });
        self.transfer.engine = None;
        self.piece = Bytes::new();
    }
}

impl<O: RecordOperation> Stream for Records<O> {
    type Item = Unverified<O::Record>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(cx).map(|record| record.map(Unverified))
    }
}

// Nothing in it is pinned in place.
impl<O: RecordOperation> Unpin for Records<O> {}

impl<O: RecordOperation> std::fmt::Debug for Records<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records")
            .field("transfer", &self.transfer)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
