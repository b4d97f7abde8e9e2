//! How a transfer comes about: of one request, or of what is put together out of others.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::ahead::Ahead;
use super::begun::Begun;
use super::engine::{Engine, Verdict};
use super::handle::OperationHandle;
use super::outlet::{Outlet, Output};
use super::watch::Watchers;
use super::{Transfer, now, save};
use crate::client::error::Error;
use crate::client::options::TransferOptions;
use crate::client::transport::Transport;
use crate::proto::Operation;

/// A payload that is made of parts which lie on disk until then.
#[derive(Debug)]
pub(crate) struct Composed {
    /// What an earlier process has finished of them, in bytes.
    pub(crate) found: Option<u64>,
    /// Where they lie, if that is beside a target.
    pub(crate) store: Option<PartStore>,
}

/// A folder for everything that is to become a target.
#[derive(Clone, Debug)]
pub(crate) struct PartStore {
    pub(crate) target: PathBuf,
    pub(crate) folder: PathBuf,
}

impl<O: Operation> Transfer<O> {
    pub(crate) async fn start(
        transport: Arc<dyn Transport>,
        operation: O,
        options: TransferOptions,
        handle: Option<OperationHandle>,
    ) -> Result<Self, Error> {
        let begun = now();
        let (operation, outlet) = (Arc::new(operation), Arc::<Outlet>::default());
        let mut engine = Box::new(Engine::new(
            Arc::clone(&operation),
            Arc::clone(&transport),
            options.clone(),
            Arc::clone(&outlet),
        ));
        let journal = options.journal.as_ref();
        let leftover = match handle {
            Some(_) => None,
            None => save::find_leftover(journal, transport.as_ref(), operation.as_ref()).await?,
        };
        let begun_before =
            handle.map(Begun::from_start).or_else(|| leftover.as_ref().map(Begun::from_leftover));
        let bytes = begun_before.as_ref().map_or(0, |begun| begun.offset);
        if let Some(begun) = begun_before {
            engine.go_on(begun);
        }
        let mut transfer = Self::new(transport, operation, options, outlet, Box::pin(engine.run()));
        (transfer.begun, transfer.bytes) = (begun, bytes);
        transfer.leftover = leftover.map(Box::new);
        transfer.until_started().await?;
        Ok(transfer)
    }

    /// A transfer whose payload `engine` puts together out of other transfers.
    pub(crate) async fn start_composed(
        transport: Arc<dyn Transport>,
        operation: Arc<O>,
        options: TransferOptions,
        outlet: Arc<Outlet>,
        composed: Composed,
        engine: BoxFuture<'static, Result<Verdict, Error>>,
    ) -> Result<Self, Error> {
        let mut transfer = Self::new(transport, operation, options, outlet, engine);
        transfer.composed = Some(Box::new(composed));
        transfer.until_started().await?;
        Ok(transfer)
    }

    fn new(
        transport: Arc<dyn Transport>,
        operation: Arc<O>,
        options: TransferOptions,
        outlet: Arc<Outlet>,
        engine: BoxFuture<'static, Result<Verdict, Error>>,
    ) -> Self {
        Self {
            name: operation.name(),
            operation,
            transport,
            options,
            begun: now(),
            outlet,
            engine: Some(engine),
            verdict: None,
            ahead: Ahead::default(),
            leftover: None,
            composed: None,
            has_restarted: false,
            bytes: 0,
            progress: None,
            sessions: None,
            watchers: Watchers::default(),
        }
    }

    async fn until_started(&mut self) -> Result<(), Error> {
        while let Some(output) = self.next_from_engine().await {
            match output {
                Output::Started => return Ok(()),
                // That it starts over, say, may come before the request does.
                output => self.ahead.push_unseen(output),
            }
        }
        match self.settle() {
            Err(error) => Err(error),
            // It cannot end well before it has started.
            Ok(_) => Err(Error::Shutdown),
        }
    }
}
