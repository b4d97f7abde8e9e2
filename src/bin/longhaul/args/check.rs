//! Flags of `check`.

use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use longhaul::proto::{OperationName, Params};

use super::connection::ServerArgs;
use crate::values::{duration, operation, params, size};

/// Which server, with what, and which part of PROTOCOL.md.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The server, such as http://host:8000, and packages to export for it.
    ///
    /// What has :// in it is the server, which --url or -s can name as well. Without a package and
    /// without --operation, the test payload of a reference server is streamed, where there is one.
    #[arg(value_name = "URL|PACKAGE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) words: Vec<String>,
    /// The operation to stream, one that only reads, such as git.export.
    #[arg(long, value_name = "DOMAIN.ACTION", value_parser = operation)]
    pub(crate) operation: Option<OperationName>,
    /// Its parameters, a JSON object.
    #[arg(long, value_name = "JSON", value_parser = params, requires = "operation")]
    pub(crate) params: Option<Params>,
    /// Check only this section of PROTOCOL.md and those below it, such as 6.4; may be given often.
    #[arg(long, value_name = "N", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) section: Vec<String>,
    /// List the checks, and ask no server.
    #[arg(long)]
    pub(crate) list: bool,
    /// How long one group of checks may take [default: 1m].
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(crate) group_timeout: Option<Duration>,
    /// The largest payload to take, in memory [default: 64MiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Print the report, the list or the error as one JSON object on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
