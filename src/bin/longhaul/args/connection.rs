//! Flags of every command that talks to a server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::values::{duration, language, sap_client, size_in_memory};

/// Which server, and who asks.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ServerArgs {
    /// A system of .vsp.json or .vsp/systems.json, here or in the home folder.
    ///
    /// It stands in for all SAP_* variables; its password comes from VSP_<SYSTEM>_PASSWORD,
    /// --password-stdin or a prompt. Without -s and without a URL, the `default` of these files
    /// is taken.
    #[arg(short, long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) system: Option<String>,
    /// The server, such as http://host:8000; a path under /sap/bc/apc/ is kept [env: SAP_URL].
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The path of the WebSocket, instead of what the URL or the default says.
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// The user to log on as; without one no logon is sent [env: SAP_USER].
    #[arg(long)]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    /// Log on with the cookies of a file in Netscape's format [env: SAP_COOKIE_FILE].
    ///
    /// The environment may hold the cookies themselves, as SAP_COOKIE_STRING: name=value; …
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_stdin"])]
    pub(crate) cookie_file: Option<PathBuf>,
    /// The SAP client, three digits [env: SAP_CLIENT] [default: 001].
    #[arg(long, value_name = "NNN", value_parser = sap_client)]
    pub(crate) client: Option<String>,
    /// The logon language [env: SAP_LANGUAGE] [default: EN].
    #[arg(long, value_parser = language)]
    pub(crate) language: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
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

/// What lies between here and the server: encryption and proxies.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Encryption and proxies")]
pub(crate) struct NetworkArgs {
    /// Trust the authorities in this PEM file as well; may be given often.
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Vec<PathBuf>,
    /// Show this certificate to the server, a PEM file with its chain.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The certificate's key, a PEM file that is not encrypted.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Take any certificate of the server's, for test systems only [env: SAP_INSECURE].
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Go through this proxy, such as http://proxy:3128, to whatever host.
    ///
    /// Otherwise HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are followed, except to this
    /// machine itself.
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) proxy: Option<String>,
}
