//! The command `longhaul`: exports packages from an SAP system over one WebSocket.
//!
//! Results go to stdout, everything else to stderr, and the exit code says whose fault it was.
//! Each command has a file; so has each concern they share.

#[expect(clippy::doc_markdown, reason = "its doc comments are the help, which has no markup")]
mod args;
mod call;
mod check;
mod clean;
mod completions;
mod connect;
mod export;
mod extract;
mod failure;
mod interrupt;
mod json;
mod logs;
mod output;
mod password;
mod ping;
mod places;
mod progress;
mod report;
mod resume;
mod serve;
mod settings;
mod systems;
mod target;
mod tune;
mod types;
mod values;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// Everything asked for is there.
    Complete,
    /// The result is there, and objects are missing from it.
    Incomplete,
    /// The server was checked, and is not as it should be.
    Departing,
}

impl Done {
    fn exit_code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Departing => 4,
            Self::Incomplete => 6,
        }
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return answer_parser(&error),
    };
    logs::start(cli.talk.verbose);
    let json = cli.command.wants_json();
    let code = match run(&cli) {
        Ok(done) => done.exit_code(),
        Err(failure) => {
            output::failure(&failure, json);
            failure.exit_code()
        }
    };
    ExitCode::from(code)
}

fn run(cli: &Cli) -> Result<Done, Failure> {
    match &cli.command {
        Command::Export(args) => export::run(args, cli.talk),
        Command::Ping(args) => ping::run(args),
        Command::Types(args) => types::run(args),
        Command::Call(args) => call::run(args, cli.talk),
        Command::Tune(args) => tune::run(args, cli.talk),
        Command::Check(args) => check::run(args, cli.talk),
        Command::Serve(args) => serve::run(args, cli.talk),
        Command::Completions(args) => completions::run(*args),
    }
}

/// Help and version are results; anything else the parser says is a usage error.
fn answer_parser(error: &clap::Error) -> ExitCode {
    // Nothing better can be done where the stream is closed.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    // The parser gave up, so nothing is known but the words themselves.
    if std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json") {
        output::failure_json(&Failure::from_parser(error));
    }
    ExitCode::from(failure::Kind::Usage.exit_code())
}
