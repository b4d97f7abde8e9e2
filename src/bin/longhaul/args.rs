//! The command line.

mod check;
mod connection;
mod examples;
mod tune;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use longhaul::ChunkSize;
use longhaul::ops::git::ObjectKey;
use longhaul::proto::Params;

use crate::output;
use crate::target::Target;
use crate::values::{
    PackageFolder, chunk_size, duration, object, object_cost, package_folder, params, size,
};
pub(crate) use check::CheckArgs;
pub(crate) use connection::{NetworkArgs, PasswordArgs, ServerArgs};
pub(crate) use tune::TuneArgs;

/// Heavyweight operations on an SAP system over one WebSocket.
#[derive(Debug, Parser)]
#[command(version, after_long_help = examples::GENERAL, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Exports packages or objects as an abapGit archive.
    #[command(after_long_help = examples::EXPORT)]
    Export(ExportArgs),
    /// Asks the server for a sign of life, and shows what it says of itself.
    #[command(after_long_help = examples::PING)]
    Ping(AskArgs),
    /// Lists the object types that the server can serialize.
    #[command(after_long_help = examples::TYPES)]
    Types(AskArgs),
    /// Sends any request and prints the data of its answer as JSON.
    ///
    /// The data is indented on a terminal and compact elsewhere. With --stream, a payload goes to
    /// the file named by -o and the data to stdout; with `-o -` only the payload goes to stdout,
    /// once it has been verified.
    ///
    /// Without -o, a payload that begins with { or [ is taken as records, one JSON value a line or
    /// one array: each goes to stdout as a line of its own as soon as it is there, and the data to
    /// stderr. With --json the lines are {"record":…}, and a last one has "data" and "records".
    /// They are verified only if the command ends well.
    ///
    /// Any other payload goes to stdout in place of the data, once it has been verified, unless
    /// stdout is a terminal or --json is given: then it is left out with a warning.
    #[command(after_long_help = examples::CALL)]
    Call(CallArgs),
    /// Measures which chunk size suits a server and the line to it.
    ///
    /// Transfers one and the same payload with several chunk sizes, in turns and several rounds,
    /// throws it away once it has verified, and says which size to use and why. Takes 5 minutes at
    /// most, unless --timeout says otherwise, and puts the load of that many exports on the server.
    #[command(after_long_help = examples::TUNE)]
    Tune(TuneArgs),
    /// Checks a server against PROTOCOL.md, section by section, and says what departs.
    ///
    /// Speaks as the other commands do and reads strictly where they read liberally. It only reads:
    /// it asks some 20 times for a small payload, or for the packages that are named, sends a dozen
    /// messages that are no requests, cuts connections where the server offers to resume, and frees
    /// what it started. A fault is what a client cannot rely on, a deviation what a liberal client
    /// copes with, a note what is allowed and worth knowing. Takes 10 minutes at most, unless
    /// --timeout says otherwise.
    #[command(
        after_long_help = examples::CHECK,
        mut_arg("idle_timeout", |arg| arg.help(
            "How long the server may say nothing while something is due, such as 30s [default: 10s]"
        )),
        mut_arg("timeout", |arg| arg.help(
            "How long all of it may take; what is not looked at by then is skipped [default: 10m]"
        )),
    )]
    Check(CheckArgs),
    /// Serves folders as packages, for tests and trials.
    ///
    /// Prints its URL on stdout once it listens, and serves until Ctrl+C or SIGTERM.
    #[command(after_long_help = examples::SERVE)]
    Serve(ServeArgs),
    /// Prints a script that lets a shell complete the command's words.
    #[command(after_long_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
}

impl Command {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Export(args) => args.json,
            Self::Ping(args) | Self::Types(args) => args.json,
            Self::Call(args) => args.json,
            Self::Tune(args) => args.json,
            Self::Check(args) => args.json,
            Self::Serve(_) | Self::Completions(_) => false,
        }
    }
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TalkArgs {
    /// Show neither progress nor warnings; errors and missing objects are always shown.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log what happens: -v info, -vv debug, -vvv trace.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl TalkArgs {
    /// Prints a warning, unless that is not wanted.
    pub(crate) fn warn(self, text: impl std::fmt::Display) {
        if !self.quiet {
            output::warn(text);
        }
    }

    /// Prints a note, unless that is not wanted.
    pub(crate) fn note(self, text: impl std::fmt::Display) {
        if !self.quiet {
            output::note(text);
        }
    }
}

/// How a payload is taken.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Transfer")]
pub(crate) struct PayloadArgs {
    /// The largest chunk to ask for, or auto [default: 768KiB].
    ///
    /// With auto, each request asks for what suits the connection by what the requests before it
    /// have shown of it: larger chunks where a round trip takes long, smaller ones where one would
    /// take more than a second. The first request asks for the default, so auto is for exports in
    /// shards, whose sessions make many; `longhaul tune` finds a size for all others.
    #[arg(long, value_name = "SIZE|auto", value_parser = chunk_size)]
    pub(crate) chunk_size: Option<ChunkSize>,
    /// The largest payload to take, and what an archive may inflate to [default: 4GiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ExportArgs {
    /// Packages to export, with their sub-packages.
    #[arg(value_name = "PACKAGE")]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) packages: Vec<String>,
    /// The archive, `-` for stdout [default: PACKAGE.zip, or objects.zip without a package].
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Option<Target>,
    /// Put the files of the archive into this folder; without -o no archive is kept.
    ///
    /// The folder must not exist, unless --overwrite is given. It appears once everything has
    /// been checked, as the archive does.
    #[arg(long, value_name = "DIR")]
    pub(crate) extract: Option<PathBuf>,
    /// Let --extract replace files in a folder that exists; its other files stay.
    #[arg(long, requires = "extract")]
    pub(crate) overwrite: bool,
    /// An object to export as well; may be given often.
    #[arg(long, value_name = "TYPE:NAME", value_parser = object)]
    pub(crate) object: Vec<ObjectKey>,
    /// A file with one TYPE:NAME a line; empty lines and lines that start with # are skipped.
    #[arg(long, value_name = "FILE")]
    pub(crate) objects_from: Option<PathBuf>,
    /// Leave sub-packages out.
    #[arg(long)]
    pub(crate) no_subpackages: bool,
    /// Export in shards, small requests, over so many sessions at once, 1 to 16 [default: 3].
    ///
    /// More than 100 objects are exported in shards by themselves, if they are named one by one or
    /// the server lists what the packages hold; given explicitly, or where one of several packages
    /// holds nothing, fewer are as well. Without a listing there is one request, and one line says
    /// why. Each session takes a work process of the server's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    #[arg(conflicts_with = "no_shard")]
    pub(crate) sessions: Option<u8>,
    /// Export in one request, however many objects there are, and list nothing first.
    #[arg(long)]
    pub(crate) no_shard: bool,
    /// Go on with what an interrupted export of the same has left beside its file.
    ///
    /// An export to a file that breaks off, is interrupted or killed leaves a .part and a .journal
    /// beside it where the server can go on later, an export in shards a folder .shards with all
    /// that are whole. With nothing there, or once the server has nothing of it any more, it starts
    /// from the beginning and says so.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the result, or the error, as one JSON object on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
}

/// A request for one short answer.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Print the result, or the error, as one JSON object on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Who serves the request, such as git.
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) domain: String,
    /// What is asked, such as getTypes.
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) action: String,
    /// The parameters, a JSON object.
    #[arg(long, value_name = "JSON", value_parser = params, default_value = "{}")]
    pub(crate) params: Params,
    /// Ask for a stream of chunks rather than one answer.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Where a payload goes, `-` for stdout.
    #[arg(short, long, value_name = "FILE|-", requires = "stream")]
    pub(crate) output: Option<Target>,
    /// Print everything, or the error, as one JSON object on stdout; records as one each.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 takes any that is free.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    pub(crate) listen: String,
    /// A folder to serve as a package; may be given often.
    #[arg(long, value_name = "NAME=DIR", required = true, value_parser = package_folder)]
    pub(crate) package: Vec<PackageFolder>,
    /// Ask for this user's logon; without it any logon is taken.
    #[arg(long)]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    /// What kind of server to be.
    #[arg(long, value_enum, default_value_t = ProfileArg::Full)]
    pub(crate) profile: ProfileArg,
    /// How long each object takes, beside what it takes anyway, such as 5ms.
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(crate) object_delay: Option<Duration>,
    /// How long each object of a type takes instead, in milliseconds, such as CLAS=200; may be
    /// given often.
    #[arg(long, value_name = "TYPE=MS", value_parser = object_cost)]
    pub(crate) object_cost: Vec<(String, Duration)>,
    /// How many sessions there may be at once; further ones are refused with 503.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_sessions: Option<u32>,
    /// Close the connection of a request that takes longer, as a system kills a work process.
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(crate) request_limit: Option<Duration>,
    /// Serve the WebSocket alone, without the services of ADT that list objects over HTTP.
    #[arg(long)]
    pub(crate) no_adt: bool,
    /// How long an operation is kept for a client whose connection is gone.
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "10m")]
    pub(crate) retain: Duration,
    /// How much all payloads that are kept may hold together.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1GiB")]
    pub(crate) retain_size: u64,
    /// Keep payloads in files of this folder, rather than in memory.
    #[arg(long, value_name = "DIR")]
    pub(crate) retain_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to print the script for.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileArg {
    /// Everything that is built.
    Full,
    /// No features, slices of 5,000,000 bytes.
    Seed,
    /// As systems run today: one answer, requests read with regular expressions.
    Deployed,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn export(words: &[&str]) -> Result<ExportArgs, clap::error::ErrorKind> {
        let words = ["longhaul", "export"].iter().chain(words);
        match Cli::try_parse_from(words).map_err(|error| error.kind())?.command {
            Command::Export(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_can_be_as_in_the_field() {
        let words = "longhaul serve --package $P=p --profile deployed --object-cost clas=200 \
            --object-cost PROG=5 --max-sessions 8 --request-limit 60s --no-adt";
        let Command::Serve(args) = Cli::try_parse_from(words.split_whitespace()).unwrap().command
        else {
            panic!()
        };
        let costs = [("CLAS", 200), ("PROG", 5)];
        let costs = costs.map(|(kind, ms)| (kind.to_owned(), Duration::from_millis(ms)));
        assert_eq!(args.object_cost, costs);
        assert_eq!((args.max_sessions, args.no_adt), (Some(8), true));
        assert_eq!(args.request_limit, Some(Duration::from_mins(1)));
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn packages_and_objects_may_be_given_often() {
        use clap::error::ErrorKind;
        assert_eq!(export(&[""]).unwrap_err(), ErrorKind::InvalidValue);
        assert_eq!(export(&["$A", "$B"]).unwrap().packages, ["$A", "$B"]);
        assert_eq!(
            export(&["--object", "clas:zcl_a"]).unwrap().object,
            [ObjectKey::new("CLAS", "ZCL_A")]
        );
        assert!(export(&["--objects-from", "list.txt"]).is_ok());
        assert_eq!(export(&["--object", "ZCL_A"]).unwrap_err(), ErrorKind::ValueValidation);
    }

    #[test]
    fn values_of_the_wrong_shape_are_usage_errors() {
        for words in [
            ["--chunk-size", "0"],
            ["--max-size", "-1"],
            ["--max-message", "many"],
            ["--timeout", "0s"],
            ["--idle-timeout", "5"],
            ["--client", "1"],
            ["--language", "ENGLISH"],
            ["--password", "secret"],
            ["--proxy", ""],
            ["--system", ""],
            ["--cert", "me.pem"],
            ["--key", "me.key"],
        ] {
            assert!(export(&[words[0], words[1], "$A"]).is_err(), "{words:?}");
        }
        let args = export(&["--chunk-size", "1MiB", "--timeout", "2m", "-o", "-", "$A"]).unwrap();
        assert_eq!(args.payload.chunk_size, Some(ChunkSize::Fixed(1 << 20)));
        assert_eq!(args.server.timeout, Some(Duration::from_mins(2)));
        assert_eq!(args.output, Some(Target::Stdout));
    }

    #[test]
    fn what_needs_or_excludes_another() {
        assert!(export(&["--cert", "me.pem", "--key", "me.key", "$A"]).is_ok());
        assert!(export(&["--cookie-file", "c", "--user", "ME", "$A"]).is_err());
        assert!(export(&["--cookie-file", "c", "--password-stdin", "$A"]).is_err());
        assert!(export(&["--overwrite", "$A"]).is_err());
        let args = export(&["--cacert", "a", "--cacert", "b", "-s", "a4h", "$A"]).unwrap();
        assert_eq!(args.server.network.cacert.len(), 2);
        assert_eq!(args.server.system.as_deref(), Some("a4h"));
    }

    #[test]
    fn sessions_are_few_and_exclude_one_request() {
        use clap::error::ErrorKind;
        assert_eq!(export(&["--sessions", "16", "$A"]).unwrap().sessions, Some(16));
        for count in ["0", "17", "-1", "many", "300"] {
            let error = export(&["--sessions", count, "$A"]).unwrap_err();
            assert!(
                matches!(error, ErrorKind::ValueValidation | ErrorKind::UnknownArgument),
                "{count}"
            );
        }
        let both = export(&["--sessions", "2", "--no-shard", "$A"]);
        assert_eq!(both.unwrap_err(), ErrorKind::ArgumentConflict);
    }

    #[test]
    fn quiet_and_verbose_exclude_each_other() {
        assert!(export(&["-q", "-v", "$A"]).is_err());
        assert!(Cli::try_parse_from(["longhaul", "-vv", "ping"]).unwrap().talk.verbose == 2);
    }
}
