//! The clients that are measured and that are part of this program: one run of one client a process.
//!
//! Each runs on a current-thread runtime, as the command `longhaul` does, says on stdout what it
//! received as one line of JSON, and ends.

mod carrier;
mod drain;
mod http;
mod longhaul;
mod naive;
mod raw;

pub(crate) use longhaul::FILE;

use std::path::PathBuf;
use std::time::Instant;

use ::longhaul::proto::checksum::Sha256Hasher;
use serde::{Deserialize, Serialize};

use crate::sender::Ports;

/// Which client, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Reads a socket into one buffer and does not look: `text` or `bare`.
    Raw { text: bool },
    /// tokio-tungstenite; `read_buffer` in bytes where it is not the library's own choice.
    Drain { binary: bool, read_buffer: Option<usize> },
    /// longhaul, with what it asks for and where the payload goes.
    Longhaul { asks: Asks, into: Into },
    /// hyper over HTTP/1.1.
    Http { in_memory: bool },
    /// tokio-tungstenite and what one writes without a thought.
    Naive,
}

/// What longhaul agrees on with the sender.
#[allow(clippy::struct_excessive_bools, reason = "features are there or not")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asks {
    pub(crate) binary: bool,
    pub(crate) checksum: bool,
    pub(crate) credit: bool,
    /// CRC-32 on each chunk, without the digest of the whole that `checksum` brings.
    pub(crate) crc_alone: bool,
}

/// Where a payload goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Into {
    Sink,
    Memory,
    File,
}

/// One run of one client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) role: Role,
    pub(crate) ports: Ports,
    pub(crate) tls: bool,
    /// Decoded bytes of a chunk and of the payload.
    pub(crate) chunk: u64,
    pub(crate) size: u64,
    /// Whether a digest of what comes is wanted.
    pub(crate) verify: bool,
    /// A folder that takes a file.
    pub(crate) folder: PathBuf,
}

/// What a client says of its run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) bytes: u64,
    /// From before it connected until it had all.
    pub(crate) seconds: f64,
    pub(crate) sha256: Option<String>,
}

/// Runs one client and prints what it says.
pub(crate) fn run(task: &str) -> anyhow::Result<()> {
    let task: Task = serde_json::from_str(task)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let said = runtime.block_on(async {
        match task.role {
            Role::Raw { text } => raw::run(&task, text).await,
            Role::Drain { binary, read_buffer } => drain::run(&task, binary, read_buffer).await,
            Role::Longhaul { asks, into } => longhaul::run(&task, asks, into).await,
            Role::Http { in_memory } => http::run(&task, in_memory).await,
            Role::Naive => naive::run(&task).await,
        }
    })?;
    println!("{}", serde_json::to_string(&said)?);
    Ok(())
}

impl Task {
    /// What stands behind the host in a URL.
    fn target(&self, path: &str) -> String {
        format!("/{path}?size={}&chunk={}", self.size, self.chunk)
    }
}

/// Counts what comes, and digests it where that is wanted.
struct Tally {
    begun: Instant,
    bytes: u64,
    hasher: Option<Sha256Hasher>,
}

impl Tally {
    fn begin(task: &Task) -> Self {
        let hasher = task.verify.then(Sha256Hasher::default);
        Self { begun: Instant::now(), bytes: 0, hasher }
    }

    fn note(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(piece);
        }
    }

    /// Notes a payload that is there as a whole; its digest takes none of the time.
    fn whole(mut self, payload: &[u8]) -> Said {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.note(payload);
        Said { seconds, ..self.end() }
    }

    fn end(self) -> Said {
        let seconds = self.begun.elapsed().as_secs_f64();
        let sha256 = self.hasher.map(|hasher| hasher.finish().to_string());
        Said { bytes: self.bytes, seconds, sha256 }
    }
}
