//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use longhaul::ops::git::ObjectKey;
use longhaul::proto::Params;

use crate::output;
use crate::target::Target;
use crate::values::{
    PackageFolder, duration, language, object, package_folder, params, sap_client, size,
    size_in_memory,
};

const AFTER_HELP: &str = "\
Environment (flags win):
  SAP_URL, SAP_USER, SAP_PASSWORD, SAP_CLIENT (001), SAP_LANGUAGE (EN)

Exit codes:
    0  done
    1  anything unforeseen, such as a file that cannot be written
    2  usage
    3  configuration, connection or logon
    4  the server refused or failed the operation, or delivered nothing
    5  the data did not verify, the transfer broke, a limit or a time ran out
    6  done, but objects are missing
  130  interrupted";

const EXPORT_EXAMPLES: &str = "\
Examples:
  longhaul export --url http://sap.example:8000 --user ME '$ZRAY'
      writes $ZRAY.zip; the password is asked for
  longhaul export '$ZRAY' '$ZBOX' -o both.zip --json
      two packages in one archive, the result as one JSON object
  longhaul export --object CLAS:ZCL_A --object PROG:ZREPORT -o some.zip
  longhaul export --objects-from missing.txt -o rest.zip
  longhaul export '$ZRAY' -o - | bsdtar -tf -
      nothing is written before everything has been verified

Exit code 6 means that the file is there but objects are missing from it; they
are listed on stderr, and under `missing` and `skipped` with --json.";

/// Heavyweight operations on an SAP system over one WebSocket.
#[derive(Debug, Parser)]
#[command(version, after_long_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Exports packages or objects as an abapGit archive.
    #[command(after_long_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Asks the server for a sign of life, and shows what it says of itself.
    Ping(AskArgs),
    /// Lists the object types that the server can serialize.
    Types(AskArgs),
    /// Sends any request and prints the data of its answer as JSON.
    ///
    /// The data is indented on a terminal and compact elsewhere. With --stream, a payload goes to
    /// the file named by -o and the data to stdout; with `-o -` only the payload goes to stdout.
    /// Without -o, a payload goes to stdout in place of the data, unless stdout is a terminal or
    /// --json is given: then it is left out with a warning.
    Call(CallArgs),
    /// Serves folders as packages, for tests and trials.
    ///
    /// Prints its URL on stdout once it listens, and serves until Ctrl+C or SIGTERM.
    Serve(ServeArgs),
}

impl Command {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Export(args) => args.json,
            Self::Ping(args) | Self::Types(args) => args.json,
            Self::Call(args) => args.json,
            Self::Serve(_) => false,
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
}

/// Which server, and who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ServerArgs {
    /// The server, such as http://host:8000; a path under /sap/bc/apc/ is kept [env: SAP_URL].
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The user to log on as; without one no logon is sent [env: SAP_USER].
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// The SAP client, three digits [env: SAP_CLIENT] [default: 001].
    #[arg(long, value_name = "NNN", value_parser = sap_client)]
    pub(crate) client: Option<String>,
    /// The logon language [env: SAP_LANGUAGE] [default: EN].
    #[arg(long, value_parser = language)]
    pub(crate) language: Option<String>,
    /// The path of the WebSocket, instead of what the URL or the default says.
    #[arg(long)]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    /// The largest message to take, such as 128MiB [default: 64MiB].
    #[arg(long, value_name = "SIZE", value_parser = size_in_memory)]
    pub(crate) max_message: Option<usize>,
    /// How long the server may go without progress or data, such as 30s [default: 10m].
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// How long the request may take in all [default: no limit].
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Read the password from the first line of stdin [env: SAP_PASSWORD, else a prompt].
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// How a payload is taken.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Transfer")]
pub(crate) struct PayloadArgs {
    /// The largest chunk to ask for [default: 768KiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) chunk_size: Option<u64>,
    /// The largest payload to take, and what an archive may inflate to [default: 4GiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Packages to export, with their sub-packages.
    #[arg(value_name = "PACKAGE")]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) packages: Vec<String>,
    /// The archive, `-` for stdout [default: PACKAGE.zip, or objects.zip without a package].
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Option<Target>,
    /// An object to export as well; may be given often.
    #[arg(long, value_name = "TYPE:NAME", value_parser = object)]
    pub(crate) object: Vec<ObjectKey>,
    /// A file with one TYPE:NAME a line; empty lines and lines that start with # are skipped.
    #[arg(long, value_name = "FILE")]
    pub(crate) objects_from: Option<PathBuf>,
    /// Leave sub-packages out.
    #[arg(long)]
    pub(crate) no_subpackages: bool,
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
    /// Print everything, or the error, as one JSON object on stdout.
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
        ] {
            assert!(export(&[words[0], words[1], "$A"]).is_err(), "{words:?}");
        }
        let args = export(&["--chunk-size", "1MiB", "--timeout", "2m", "-o", "-", "$A"]).unwrap();
        assert_eq!(args.payload.chunk_size, Some(1 << 20));
        assert_eq!(args.server.timeout, Some(Duration::from_secs(120)));
        assert_eq!(args.output, Some(Target::Stdout));
    }

    #[test]
    fn quiet_and_verbose_exclude_each_other() {
        assert!(export(&["-q", "-v", "$A"]).is_err());
        assert!(Cli::try_parse_from(["longhaul", "-vv", "ping"]).unwrap().talk.verbose == 2);
    }
}
