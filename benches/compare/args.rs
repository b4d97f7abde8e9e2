//! What the bench is asked for.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::Parser;

/// The sizes of chunk that the aims name, and the default of the client among them.
const CHUNKS: [u64; 3] = [64 << 10, longhaul::proto::limits::CHUNK_BYTES, 5 << 20];

/// Measures longhaul against what else could move the same bytes on loopback.
#[derive(Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(name = "compare", bin_name = "cargo bench --bench compare --")]
pub(crate) struct Args {
    /// How often each client runs
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Decoded bytes of a run into nothing or into a file
    #[arg(long, default_value = "1GiB")]
    size: ByteSize,
    /// Decoded bytes of a run into memory
    #[arg(long, default_value = "256MiB")]
    memory_size: ByteSize,
    /// Decoded bytes of a chunk [default: 64KiB,768KiB,5MiB]
    #[arg(long = "chunk", value_name = "SIZE", value_delimiter = ',')]
    chunks: Vec<ByteSize>,
    /// Only these clients, by the names of --list; ratios need their references
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Where results go [default: target/compare]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Decoded MiB a second that the sender keeps to, so that no client makes it wait
    #[arg(long, value_name = "MIB")]
    pace: Option<u32>,
    /// Seconds after which a run is stopped and counts as failed
    #[arg(long, default_value_t = 120)]
    pub(crate) limit: u64,
    /// Lists the clients, and what is not installed
    #[arg(long)]
    pub(crate) list: bool,
    /// Prints what results.json has instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// One round of a few MiB: says whether every client that is there gets the right bytes
    #[arg(long)]
    pub(crate) quick: bool,
    /// cargo says this to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much is run.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Extent {
    /// Whether it only looks at bytes: so little says nothing of speed.
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    pub(crate) size: u64,
    pub(crate) memory_size: u64,
    pub(crate) chunks: Vec<u64>,
    /// Decoded MiB a second that are sent, if not as fast as can be.
    pub(crate) pace: Option<u32>,
}

impl Args {
    pub(crate) fn extent(&self) -> Extent {
        let mut chunks: Vec<_> = self.chunks.iter().map(|size| size.as_u64().max(1)).collect();
        if chunks.is_empty() {
            chunks.extend(CHUNKS);
        }
        if self.quick {
            let size = 12 << 20;
            return Extent { quick: true, rounds: 1, size, memory_size: size, chunks, pace: None };
        }
        Extent {
            quick: false,
            pace: self.pace,
            rounds: self.rounds.max(1),
            size: self.size.as_u64().max(1),
            memory_size: self.memory_size.as_u64().max(1),
            chunks,
        }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| target().join("compare"))
    }
}

impl Extent {
    /// The chunk size for clients that run with one only.
    pub(crate) fn main_chunk(&self) -> u64 {
        let default = longhaul::proto::limits::CHUNK_BYTES;
        let is_there = self.chunks.contains(&default);
        if is_there { default } else { self.chunks.first().copied().unwrap_or(default) }
    }
}

/// Where cargo builds to.
pub(crate) fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().unwrap_or(tmp).to_owned()
}
