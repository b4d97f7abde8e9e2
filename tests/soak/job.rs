//! One operation of a client, and what may come of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fastrand::Rng;
use futures::StreamExt;
use longhaul::proto::ServerError;
use longhaul::{Client, Error, Event, OperationHandle, TransferOptions};

use crate::support::ask::Echo;
use crate::support::chain;
use crate::support::pattern::Pattern;
use crate::support::sink::{FILE, Order, SINKS, Sink};
use crate::tally::Ended;

/// How often an operation is attached to that was left while it was being resumed.
const MOST_LATE: usize = 3;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Job {
    /// A question that may be asked again.
    Echo(u64),
    /// A question that must not.
    EchoOnce(u64),
    /// A payload, taken in some way.
    Take(Sink, Order),
    /// A payload that must not be asked for twice.
    TakeOnce(Order),
    /// A payload that is dropped after so many events.
    Drop(Order, usize),
    /// A payload that is cancelled after so many events.
    Cancel(Order, usize),
    /// A payload that is left to the server after so many events, and taken later.
    Detach(Order, usize),
}

impl Job {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        match rng.u8(..100) {
            0..25 => Self::Echo(rng.u64(..1 << 50)),
            25..35 => Self::EchoOnce(rng.u64(..1 << 50)),
            35..75 => Self::Take(SINKS[rng.usize(..SINKS.len())], order(rng)),
            75..82 => Self::TakeOnce(order(rng)),
            82..88 => Self::Drop(order(rng), rng.usize(..20)),
            88..94 => Self::Cancel(order(rng), rng.usize(..20)),
            _ => Self::Detach(order(rng), rng.usize(2..20)),
        }
    }

    /// What kind it is.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Echo(_) => "echo".to_owned(),
            Self::EchoOnce(_) => "echo once".to_owned(),
            Self::Take(sink, _) => format!("{sink:?}").to_lowercase(),
            Self::TakeOnce(_) => "memory once".to_owned(),
            Self::Drop(..) => "drop".to_owned(),
            Self::Cancel(..) => "cancel".to_owned(),
            Self::Detach(..) => "detach".to_owned(),
        }
    }

    pub(crate) async fn run(self, client: &Client, folder: &Path) -> Ended {
        match self {
            Self::Echo(n) => match client.run(Echo(n)).await {
                Ok(done) if done.output == n => Ended::Well,
                Ok(_) => Ended::Wrong,
                Err(error) => failed(&error),
            },
            Self::EchoOnce(n) => {
                let answer = client.request("test", "echo").param("n", n);
                match answer.call::<serde_json::Value>().await {
                    Ok(value) if value["n"] == n => Ended::Well,
                    Ok(_) => Ended::Wrong,
                    Err(error) => cut_or_failed(&error),
                }
            }
            Self::Take(sink, order) => {
                let taken = sink.take(client, &order, folder).await;
                let names = std::fs::read_dir(folder).unwrap().count();
                let file = folder.join(FILE);
                let expected = usize::from(taken.is_ok() && file.exists());
                let _ = std::fs::remove_file(file);
                match taken {
                    Ok(()) if names == expected => Ended::Well,
                    Ok(()) => Ended::Failed(format!("{names} files are left")),
                    Err(error) => failed(&error),
                }
            }
            Self::TakeOnce(order) => take_once(client, order).await,
            Self::Drop(order, events) => {
                match client.start_with(pattern(&order), order.options).await {
                    Ok(transfer) => {
                        let mut some = transfer.take(events);
                        while some.next().await.is_some() {}
                        Ended::Well
                    }
                    Err(error) => failed(&error),
                }
            }
            Self::Cancel(order, events) => {
                match client.start_with(pattern(&order), order.options).await {
                    Ok(mut transfer) => {
                        for _ in 0..events {
                            let _ = transfer.next().await;
                        }
                        // Whatever the outcome is, it is one.
                        let _ = transfer.cancel().await;
                        Ended::Well
                    }
                    Err(error) => failed(&error),
                }
            }
            Self::Detach(order, events) => detach(client, order, events).await,
        }
    }
}

async fn take_once(client: &Client, order: Order) -> Ended {
    let pattern = pattern(&order).once();
    let transfer = match client.start_with(pattern.clone(), order.options).await {
        Ok(transfer) => transfer,
        Err(error) => return cut_or_failed(&error),
    };
    let kept = Arc::new(AtomicBool::new(false));
    let seen = kept.clone();
    let transfer = transfer.on_event(move |event| {
        if matches!(event, Event::Accepted(_)) {
            seen.store(true, Ordering::Relaxed);
        }
    });
    match transfer.collect().await {
        Ok(done) => {
            pattern.assert_is(&done.payload, done.receipt.sha256);
            Ended::Well
        }
        // From here on it survives whatever happens to connections.
        Err(error) if kept.load(Ordering::Relaxed) => failed(&error),
        Err(error) => cut_or_failed(&error),
    }
}

async fn detach(client: &Client, order: Order, events: usize) -> Ended {
    let pattern = pattern(&order);
    let started = client.start_with(pattern.clone(), order.options.clone()).await;
    let mut transfer = match started {
        Ok(transfer) => transfer,
        Err(error) => return failed(&error),
    };
    for _ in 0..events {
        let _ = transfer.next().await;
    }
    let Some(handle) = transfer.detach() else { return Ended::Well };
    for late in 0..MOST_LATE {
        match attach(client, &pattern, handle.clone(), &order).await {
            Ok(()) if late == 0 => return Ended::Well,
            Ok(()) => return Ended::Late,
            // A resume that was under way on the connection before came after this one, and won.
            Err(Error::Server { source, .. }) if source.code == ServerError::SUPERSEDED => {}
            Err(error) => return failed(&error),
        }
    }
    Ended::Failed(format!("{MOST_LATE} times superseded"))
}

async fn attach(
    client: &Client,
    pattern: &Pattern,
    handle: OperationHandle,
    order: &Order,
) -> Result<(), Error> {
    let transfer = client.attach_with(pattern.clone(), handle, order.options.clone()).await?;
    let done = transfer.collect().await?;
    pattern.assert_is(&done.payload, done.receipt.sha256);
    Ok(())
}

/// Mostly small, sometimes large, in chunks of any size.
fn order(rng: &mut Rng) -> Order {
    let size = if rng.u8(..10) == 0 { rng.u64(..1_500_000) } else { rng.u64(..150_000) };
    let options = TransferOptions::default().chunk_bytes(rng.u64(2_000..60_000));
    let options = options.window(rng.u64(1..12));
    Order { size, seed: rng.u64(..1 << 50), delay_ms: 0, options }
}

fn pattern(order: &Order) -> Pattern {
    Pattern::new(order.size, order.seed)
}

fn failed(error: &Error) -> Ended {
    Ended::Failed(format!("{error:?}: {}", chain(error)))
}

/// What must not be asked twice ends with its connection, as long as the server keeps nothing of it.
fn cut_or_failed(error: &Error) -> Ended {
    match error {
        Error::Lost { id: Some(_), cause } if cause.is_transient() => Ended::CutOnce,
        _ => failed(error),
    }
}
