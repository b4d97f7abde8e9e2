//! From shards on disk to one payload.

use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::one_open::OneOpen;
use crate::client::beside::beside;
use crate::client::digest::Digester;
use crate::client::error::Error;
use crate::client::file::Store;
use crate::client::transfer::{Kept, Outlet, Output, Verdict};
use crate::ops::git::archive::{Merge, MergeError};
use crate::ops::git::{Outcome, ShardedExport};
use crate::proto::checksum::Sha256;
use crate::proto::{IdMint, Operation, OperationError, Reply, Seq, Warning};

/// How much of the merged archive is handed on at once, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Merges the shards, hands the whole on and gives the verdict.
pub(super) async fn merge(
    operation: &ShardedExport,
    outlet: &Outlet,
    store: Store,
    outcome: Outcome,
    warnings: Vec<Warning>,
) -> Result<Verdict, Error> {
    let name = operation.name().to_string();
    let id = IdMint::new().mint(operation.name().domain());
    let (shards, place) = (store.shards().to_vec(), store.merged_place());
    let merging = place.clone();
    match beside(move || write(&shards, &merging)).await? {
        Ok(()) => {}
        Err(WriteError::File(path, source)) => {
            return Err(Error::File { action: "merging into", path, source });
        }
        Err(WriteError::Merge(error)) => {
            // They would not fit together the next time either.
            store.discard();
            let source = OperationError::payload("set of archives", error);
            return Err(Error::Operation { id, operation: name, source });
        }
    }
    let payload = hand_on(outlet, &place).await?;
    let data = serde_json::value::to_raw_value(&outcome).ok();
    let chunks = u64::try_from(store.shards().len()).unwrap_or(u64::MAX);
    let reply = Reply::composed(data, warnings, chunks, payload.bytes, payload.sha256);
    Ok(Verdict { id, reply, kept: Some(Kept::Shards(Box::new(store))) })
}

/// The shards cannot be merged.
enum WriteError {
    Merge(MergeError),
    File(PathBuf, std::io::Error),
}

fn write(shards: &[PathBuf], place: &Path) -> Result<(), WriteError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::File(path, source)
    };
    let (mut merge, files) = (Merge::default(), OneOpen::default());
    for shard in shards {
        let file = files.file(shard.clone()).map_err(failed(shard))?;
        merge.add(file).map_err(WriteError::Merge)?;
    }
    let file = File::create(place).map_err(failed(place))?;
    let file = BufWriter::with_capacity(PIECE_BYTES, file);
    let written = merge.write(file).map_err(WriteError::Merge)?;
    written.into_inner().map(drop).map_err(|error| failed(place)(error.into_error()))
}

/// What was handed on.
struct HandedOn {
    bytes: u64,
    sha256: Option<Sha256>,
}

async fn hand_on(outlet: &Outlet, place: &Path) -> Result<HandedOn, Error> {
    let unreadable = |source| Error::File { action: "reading", path: place.to_owned(), source };
    let path = place.to_owned();
    let mut file = beside(move || File::open(path)).await?.map_err(unreadable)?;
    let mut digester = Digester::fresh(true);
    let (mut bytes, mut next) = (0_u64, Seq::FIRST);
    loop {
        let read = beside(move || {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut piece);
            read.map(|_| (file, piece))
        });
        let (again, piece) = read.await?.map_err(unreadable)?;
        file = again;
        if piece.is_empty() {
            let sha256 = digester.so_far().await?;
            return Ok(HandedOn { bytes, sha256 });
        }
        bytes = bytes.saturating_add(piece.len() as u64);
        let piece = Bytes::from(piece);
        digester.update(&piece).await?;
        next = next.next();
        outlet.put(Output::Data { bytes: piece, next }).await;
    }
}
