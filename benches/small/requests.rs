//! Requests by longhaul, each by a task that waits for its answer and asks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longhaul::ops::system::Ping;
use longhaul::{Client, Error};

use super::echo::measure;
use super::job::{Figures, Many};

pub(crate) async fn run(url: &str, many: Many) -> Figures {
    let client = Client::builder(url).connect().await.unwrap();
    let count = Arc::new(AtomicU64::new(0));
    for _ in 0..many.in_flight {
        let (client, count) = (client.clone(), Arc::clone(&count));
        tokio::spawn(async move {
            loop {
                match client.run(Ping).await {
                    Ok(_) => count.fetch_add(1, Ordering::Relaxed),
                    // All has been counted.
                    Err(Error::Shutdown) => return,
                    Err(error) => panic!("{error}"),
                };
            }
        });
    }
    measure(&count, many.ms).await
}
