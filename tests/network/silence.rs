//! Connections that are half open: nothing comes, nothing is closed, and only pings can tell.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use longhaul::server::Script;
use longhaul::{Client, CloseCause, ConnectError, Error, Event, Retries};

use crate::support::ask::Echo;
use crate::support::pattern::Pattern;
use crate::support::proxy::count::Kind;
use crate::support::proxy::{Fault, Plan, Proxy, Spot};
use crate::support::{bare, chain, deadline, nothing_is_left_pending};
use crate::{CHUNK, builder, chunks_of};

/// After the head of the upgrade and the welcome.
const WELCOMED: Spot = Spot::frames_down(1);

fn stalls() -> [Plan; 3] {
    [
        Plan::of(WELCOMED, Fault::Stall),
        Plan::of(WELCOMED, Fault::StallBoth),
        Plan::of(Spot::frames_up(0), Fault::Stall),
    ]
}

#[tokio::test]
async fn pings_notice_it_and_everybody_learns_of_it_at_once() {
    let server = bare(Script::new()).await;
    for plan in stalls() {
        let proxy = Proxy::new(server.addr()).await;
        proxy.plan_next([plan]);
        let client = deadline(builder(&proxy).connect()).await.unwrap();
        // Never asked for twice, so that each waits on that connection alone.
        let once = |seed| {
            let options = chunks_of(CHUNK).retries(Retries::never()).idle_limit(None);
            let pattern = Pattern::new(100, seed).once();
            async { client.start_with(pattern, options).await?.collect().await }
        };
        let ended = deadline(join_all((0..10).map(once))).await;
        let mut causes = Vec::new();
        for ended in ended {
            match ended.unwrap_err() {
                Error::Lost { id: Some(_), cause } => causes.push(cause),
                error => panic!("{}", chain(&error)),
            }
        }
        assert!(matches!(*causes[0], CloseCause::Unresponsive { .. }), "{:?}", causes[0]);
        assert!(causes.iter().all(|cause| std::sync::Arc::ptr_eq(cause, &causes[0])));
        nothing_is_left_pending(&client).await;
        assert_eq!(proxy.faults(Kind::Stall), 1);
        assert_eq!(deadline(client.run(Echo(3))).await.unwrap().output, 3);
        assert!(client.stats().reconnects > 0);
    }
}

#[tokio::test]
async fn a_transfer_goes_on_from_where_it_fell_silent() {
    let server = bare(Script::new()).await;
    for fault in [Fault::Stall, Fault::StallBoth] {
        let proxy = Proxy::new(server.addr()).await;
        proxy.plan_next([Plan::of(Spot::chunk(9, 0), fault)]);
        let client = deadline(builder(&proxy).connect()).await.unwrap();
        let pattern = Pattern::new(60_000, 4).once();
        let options = chunks_of(CHUNK).idle_limit(None);
        let mut transfer = deadline(client.start_with(pattern.clone(), options)).await.unwrap();
        let (mut bytes, mut causes) = (Vec::new(), Vec::new());
        while let Some(event) = deadline(transfer.next()).await {
            match event {
                Event::Interrupted { cause, .. } => causes.push(cause),
                Event::Data(piece) => bytes.extend_from_slice(&piece.into_bytes()),
                _ => {}
            }
        }
        pattern.assert_is(&bytes, deadline(transfer.finish()).await.unwrap().sha256);
        assert!(matches!(**causes.first().unwrap(), CloseCause::Unresponsive { .. }), "{causes:?}");
        assert_eq!(client.stats().chunk_bytes, 60_000, "nothing came twice");
    }
}

#[tokio::test]
async fn silence_before_the_welcome_ends_with_the_time_for_connecting() {
    let server = bare(Script::new()).await;
    let limit = Duration::from_millis(300);
    for (plan, stage) in [
        (Plan::of(Spot::bytes_down(0), Fault::Stall), "before the answer"),
        (Plan::of(Spot::bytes_down(30), Fault::StallBoth), "within the answer"),
        (Plan::of(Spot::frames_down(0), Fault::Stall), "before the welcome"),
    ] {
        let proxy = Proxy::new(server.addr()).await;
        proxy.plan_next([plan]);
        let connecting = Client::builder(proxy.url()).connect_timeout(limit).connect();
        let error = deadline(connecting).await.unwrap_err();
        assert!(matches!(error, ConnectError::Timeout { .. }), "{stage}: {}", chain(&error));
        deadline(Client::builder(proxy.url()).connect()).await.expect(stage);
    }
}
