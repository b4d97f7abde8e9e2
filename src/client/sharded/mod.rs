//! Exports in shards: many small requests over several sessions, one archive.
//!
//! What is asked for when is decided by a [`Plan`], which knows no sockets; here are the sessions
//! that carry it out ([`session`], [`crew`]), the task that looks after them ([`run`]), and the way
//! from their archives to one payload ([`merging`]). To whoever reads it, it is a [`Transfer`] as any
//! other.

mod board;
mod crew;
mod merging;
mod one_open;
mod run;
mod session;
mod slowest;

use std::path::Path;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::Client;
use super::beside::beside;
use super::credentials::{Attempt, Logon};
use super::error::Error;
use super::file::{Stock, Store};
use super::options::{JournalOption, TransferOptions};
use super::transfer::{Composed, Outlet, PartStore, Transfer, request_digest};
use super::transport::Transport;
use crate::ops::git::{ObjectKey, Plan, ShardedExport, archive};
use crate::proto::checksum::Sha256;
use crate::proto::{KeptWarnings, Operation, Warning};
use board::Board;
use crew::Crew;
use run::Run;
use slowest::Slowest;

impl Client {
    /// Starts an export in many small requests over several sessions, and gives a [`Transfer`] as
    /// any other.
    ///
    /// The objects of packages are listed first ([`list`](Self::list)), unless the export has a
    /// listing. This client is the first session; the others are connections of their own, made with
    /// the same settings, and end once all has come. What has come lies on disk until it is merged.
    ///
    /// *Shape*: [`Event::Progress`](super::Event::Progress) counts objects,
    /// [`Event::Sessions`](super::Event::Sessions) says what the sessions are at, and
    /// [`Event::Data`](super::Event::Data) comes once all objects are settled. A
    /// [`Receipt`](super::Receipt) counts shards as chunks. With
    /// [`TransferOptions::journal_for`] finished shards stay beside the target whatever ends the
    /// export early, and [`TransferOptions::resume_from`] asks only for what is not among them.
    ///
    /// *Units*: the limit on the payload, in bytes, holds for all shards together. The window, what
    /// may be parked and the largest message are shared among the sessions; what is too large for
    /// another session goes to the first. The idle limit also ends an export whose server has been
    /// busy for so long.
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`Error::List`] if packages cannot be listed. A server that
    /// refuses further sessions is no error, nor are objects that fail: they are in
    /// [`Exported::skipped`](crate::ops::git::Exported::skipped).
    ///
    /// # Cancellation
    /// Dropping the transfer ends all its requests.
    ///
    /// ```no_run
    /// # use longhaul::ops::git::ShardedExport;
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::Error> {
    /// let export = ShardedExport::packages(["$ZRAY"]).sessions(4);
    /// let saved = client.start_sharded(export).await?.save("zray.zip").await?;
    /// println!("{} objects, {} skipped", saved.output.objects, saved.output.skipped.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_sharded(
        &self,
        export: ShardedExport,
    ) -> Result<Transfer<ShardedExport>, Error> {
        self.start_sharded_with(export, self.options.clone()).await
    }

    /// As [`start_sharded`](Self::start_sharded), with options of its own.
    ///
    /// # Errors
    /// As [`start_sharded`](Self::start_sharded).
    pub async fn start_sharded_with(
        &self,
        export: ShardedExport,
        mut options: TransferOptions,
    ) -> Result<Transfer<ShardedExport>, Error> {
        options.retries = options.retries.or_else(|| self.options.retries.clone());
        let until = |limit| Some((limit, Instant::now().checked_add(limit)?));
        let deadline = options.deadline.and_then(until);
        let journal = options.journal.take();
        let request = self.request_digest(&export, journal.is_some()).await;
        let board = Board::default();
        let export = match export.list() {
            Some(list) => {
                let listing = Box::pin(self.list(list));
                let listing = match deadline {
                    None => listing.await?,
                    Some((limit, until)) => timeout_at(until, listing).await.map_err(|_| {
                        Error::Deadline { operation: export.name().to_string(), limit }
                    })??,
                };
                for package in &listing.empty {
                    board.warn_of_all(no_objects(package));
                }
                export.with_listing(listing.objects.into_iter().map(|listed| listed.key))
            }
            None => export,
        };
        let mut plan = Plan::new(export.wanted(), export.request_target);
        let limit = options.limits.max_payload_bytes;
        let target = journal.as_ref().map(|journal| journal.target.clone());
        let Stock { store, found } = beside(move || open_store(journal, &request, limit)).await??;
        let place = target.zip(store.folder().map(Path::to_owned));
        let place = place.map(|(target, folder)| PartStore { target, folder });
        let bytes = found.iter().map(|shard| shard.bytes).fold(0, u64::saturating_add);
        let is_resumed = !found.is_empty();
        for shard in found {
            plan.handle_found(shard.content);
        }
        let (operation, outlet) = (Arc::new(export), Arc::<Outlet>::default());
        let run = Run {
            operation: Arc::clone(&operation),
            options: options.clone(),
            deadline,
            outlet: Arc::clone(&outlet),
            store,
            plan,
            crew: Crew::new(Arc::clone(&self.link), operation.sessions),
            board,
            slowest: Slowest::default(),
            warnings: KeptWarnings::default(),
            bytes,
            most_bytes: bytes,
            last_error: None,
            done: 0,
        };
        let transport: Arc<dyn Transport> = self.link.clone();
        let composed = Composed { found: is_resumed.then_some(bytes), store: place };
        Transfer::start_composed(
            transport,
            operation,
            options,
            outlet,
            composed,
            Box::pin(run.run()),
        )
        .await
    }

    /// What tells this export from any other that may have left shards, those of another user as
    /// well: nobody but the server could say what both may see.
    async fn request_digest(&self, export: &ShardedExport, is_journaled: bool) -> Sha256 {
        let request = request_digest(self.link.as_ref(), export);
        let credentials = &self.link.way().credentials;
        let logon =
            if is_journaled { credentials.logon(Attempt::default()).await.ok() } else { None };
        let user = match &logon {
            Some(Logon::Basic { user, .. }) => user,
            _ => "",
        };
        Sha256::of(format!("shards\n{request}\n{user}").as_bytes())
    }
}

/// One of several packages that does not exist, or holds nothing that this user may see.
fn no_objects(package: &str) -> Warning {
    Warning {
        item: Some(format!("DEVC {package}")),
        code: None,
        message: "there is no object in this package".to_owned(),
    }
}

fn open_store(
    journal: Option<JournalOption>,
    request: &Sha256,
    limit: u64,
) -> Result<Stock<Vec<ObjectKey>>, Error> {
    let empty = |store| Stock { store, found: Vec::new() };
    let Some(JournalOption { target, goes_on }) = journal else {
        return Store::create(None, request).map(empty);
    };
    let read = |mut shard| {
        let files = archive::check(&mut shard, limit).ok()?;
        Some(archive::keys(&files))
    };
    let left = if goes_on { Store::find(&target, request, read)? } else { None };
    left.map_or_else(|| Store::create(Some(&target), request).map(empty), Ok)
}
