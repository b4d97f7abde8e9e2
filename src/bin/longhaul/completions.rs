//! `longhaul completions`: scripts for shells.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::failure::Failure;
use crate::{Done, output};

/// Prints the script of one shell.
pub(crate) fn run(args: CompletionsArgs) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "longhaul", &mut script);
    output::script(&script)?;
    Ok(Done::Complete)
}
