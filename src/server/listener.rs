//! Accepting connections.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{Instrument as _, info_span, warn};

use super::keeper::Keeper;
use super::limits::{ACCEPT_PAUSE, MAX_CONNECTIONS, SHUTDOWN_LIMIT};
use super::session;
use super::state::State;

/// Serves connections until told to stop, then waits for them to end, but not for long.
pub(super) async fn listen(
    listener: TcpListener,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) {
    let keeper = Arc::clone(&state.keeper);
    let _stop = StopKeeper(Arc::clone(&keeper));
    let mut sweep = pin!(keeper.sweep());
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut sessions = JoinSet::new();
    for number in 1_u64.. {
        let accepted = loop {
            tokio::select! {
                () = stopped(&mut stop) => break None,
                Some(_) = sessions.join_next() => {}
                () = &mut sweep => {}
                accepted = accept(&listener, &places) => break Some(accepted),
            }
        };
        match accepted {
            None => break,
            Some(Ok((tcp, place))) => {
                let (state, stop) = (Arc::clone(&state), stop.clone());
                let serve = async move {
                    session::serve(tcp, number, state, stop).await;
                    drop(place);
                };
                sessions.spawn(serve.instrument(info_span!("connection", number)));
            }
            Some(Err(error)) => {
                warn!(%error, "connection not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let ended = async { while sessions.join_next().await.is_some() {} };
    // Whoever is left then is dropped with the set.
    let _ = timeout(SHUTDOWN_LIMIT, ended).await;
}

/// Ends what outlives connections, also where the server is dropped.
struct StopKeeper(Arc<Keeper>);

impl Drop for StopKeeper {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Resolves once the server stops, or is gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (tcp, _) = listener.accept().await?;
    Ok((tcp, place))
}
