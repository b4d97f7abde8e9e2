//! Digests of chunks and payload. *Source*: PROTOCOL 6.1.

use futures::FutureExt as _;

use super::Group;
use super::stream::same_payload;
use crate::check::ask::Ask;
use crate::check::catalog::{
    CHECKSUM_THERE, CHUNK_CRC32, CHUNK_OFFSET, COMPLETE_SHA256, COMPLETE_SIZE, HEX_LOWER,
};
use crate::check::line::Trouble;
use crate::check::probing::Probing;
use crate::proto::{Feature, OperationName, Params};

/// A small payload, cut into chunks of how many bytes: digests are often computed several bytes at a
/// time, and what is left over in another way.
const SMALL_PAYLOAD_BYTES: u64 = 100;
const SMALL_CHUNKS_BYTES: [u64; 2] = [1, 13];

pub(super) const GROUP: Group = Group {
    name: "checksum",
    does: "asks for the operation with checksums, in small chunks too, and computes each of them",
    feeds: &["3", "4.3", "4.4", "6.1", "7"],
    shows: &[
        &CHECKSUM_THERE,
        &CHUNK_OFFSET,
        &CHUNK_CRC32,
        &COMPLETE_SIZE,
        &COMPLETE_SHA256,
        &HEX_LOWER,
    ],
    streams: true,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Checksum) {
        return Ok(());
    }
    let (ask, sample) = probing.sample()?;
    let mut line = probing.line().await?;
    let (_, watched) = probing.run(&mut line, &ask.features([Feature::Checksum])).await?;
    same_payload(probing, watched, &sample);
    if probing.tests_with_payload() {
        for chunk_bytes in SMALL_CHUNKS_BYTES {
            let params = Params::new().with("size", SMALL_PAYLOAD_BYTES);
            let ask = Ask::new(OperationName::new("test", "payload"), params).stream(chunk_bytes);
            probing.run(&mut line, &ask.features([Feature::Checksum])).await?;
        }
    }
    probing.keep(line);
    Ok(())
}
