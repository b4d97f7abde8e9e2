//! longhaul by its public API.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::longhaul::proto::{Feature, Features};
use ::longhaul::{Client, TransferOptions};
use tokio::io::AsyncWrite;

use super::{Asks, Into, Said, Tally, Task};

/// The name of what is saved. Whoever started this removes it: that costs processor time too.
pub(crate) const FILE: &str = "payload";

pub(super) async fn run(task: &Task, asks: Asks, into: Into) -> anyhow::Result<Said> {
    let mut tally = Tally::begin(task);
    let client = if task.tls {
        Client::builder(format!("https://127.0.0.1:{}", task.ports.tls))
            .authority(&task.ports.authority)
    } else {
        Client::builder(format!("http://127.0.0.1:{}", task.ports.plain))
    };
    let client = client.no_proxy().connect().await?;
    let options = TransferOptions::default()
        .features(asks.features())
        .chunk_bytes(task.chunk)
        .max_payload_bytes(u64::MAX);
    let options = if asks.checksum { options } else { options.without_digest() };
    let mut request =
        client.request("test", "payload").param("size", task.size).options(options).stream();
    if asks.crc_alone {
        request = request.param("crc", true);
    }
    let transfer = request.start().await?;
    let said = match into {
        Into::Sink if task.verify => {
            let mut looked_at = LookedAt(&mut tally);
            transfer.write_to(&mut looked_at).await?;
            tally.end()
        }
        Into::Sink => {
            tally.bytes = transfer.write_to(&mut tokio::io::sink()).await?.bytes;
            tally.end()
        }
        Into::Memory => {
            let completed = transfer.collect().await?;
            tally.whole(completed.payload.as_ref())
        }
        Into::File => {
            let path = task.folder.join(FILE);
            tally.bytes = transfer.save(&path).await?.receipt.bytes;
            let mut said = tally.end();
            if task.verify {
                let payload = std::fs::read(&path)?;
                said.sha256 = Tally::begin(task).whole(&payload).sha256;
            }
            said
        }
    };
    client.close().await;
    Ok(said)
}

impl Asks {
    pub(crate) fn features(self) -> Features {
        let wanted = [
            (self.binary, Feature::Binary),
            (self.checksum, Feature::Checksum),
            (self.credit, Feature::Credit),
        ];
        wanted.into_iter().filter_map(|(is_wanted, feature)| is_wanted.then_some(feature)).collect()
    }
}

/// A sink that looks at what it is given.
struct LookedAt<'t>(&'t mut Tally);

impl AsyncWrite for LookedAt<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.note(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
