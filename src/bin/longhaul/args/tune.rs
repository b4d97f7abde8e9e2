//! Flags of `tune`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::connection::ServerArgs;
use crate::values::size;

/// What to measure, and how often.
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// Packages to export for it, with their sub-packages; without one, the test payload of a
    /// reference server.
    #[arg(value_name = "PACKAGE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) packages: Vec<String>,
    /// The chunk sizes to compare [default: 64KiB,256KiB,768KiB,2MiB,5MiB].
    ///
    /// The default chunk size, 768KiB, is always among them: the others are compared with it.
    #[arg(long, value_name = "SIZE,…", value_parser = size, value_delimiter = ',')]
    pub(crate) sizes: Vec<u64>,
    /// How often each size is measured, 1 to 50; fewer than 3 recommend nothing.
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) rounds: u32,
    /// How large the test payload is, where no package is named.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = size)]
    #[arg(conflicts_with = "packages")]
    pub(crate) payload_size: u64,
    /// Leave sub-packages out.
    #[arg(long)]
    pub(crate) no_subpackages: bool,
    /// The largest payload to take [default: 4GiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Draw what was measured into this file, an SVG picture.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the result, or the error, as one JSON object on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
