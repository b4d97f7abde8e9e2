//! Logs of what happens, on stderr.

use std::io;

use tracing::level_filters::LevelFilter;

/// Starts to log; nothing is logged without `-v`.
///
/// The logs carry ids, names and counts, never a payload and never a secret.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .init();
}
