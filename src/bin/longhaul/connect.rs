//! From settings to a connection: flags first, then the environment, then defaults.

use std::time::Duration;

use longhaul::{Client, ClientBuilder, TransferOptions};
use url::{Host, Url};

use crate::args::{PayloadArgs, ServerArgs, TalkArgs};
use crate::failure::Failure;
use crate::{password, values};

/// How long connecting may take, unless `--timeout` is shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Where variables of the environment come from; empty ones count as not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the process's own environment.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Puts a connection together, asking for the password if need be; nothing is sent yet.
///
/// # Errors
/// A failure of configuration.
pub(crate) fn settings(
    args: &ServerArgs,
    payload: Option<&PayloadArgs>,
    talk: TalkArgs,
) -> Result<ClientBuilder, Failure> {
    let settings = Settings::read(args, &process_environment)?;
    let mut builder = Client::builder(&settings.url)
        .connect_timeout(args.timeout.map_or(CONNECT_TIMEOUT, |limit| limit.min(CONNECT_TIMEOUT)))
        .options(options(args, payload));
    if let Some(client) = &settings.client {
        builder = builder.sap_client(client);
    }
    if let Some(language) = &settings.language {
        builder = builder.language(language);
    }
    if let Some(path) = &args.path {
        builder = builder.path(path);
    }
    if let Some(bytes) = args.max_message {
        builder = builder.max_message_bytes(bytes);
    }
    if let Some(user) = &settings.user {
        if is_exposed(&settings.url) {
            talk.warn("the password travels over http, where anyone on the way can read it");
        }
        let password = password::read(args.password, &process_environment, user)?;
        builder = builder.basic(user, password);
    }
    Ok(builder)
}

/// Connects and logs on.
///
/// # Errors
/// A failure of configuration, connection or logon.
pub(crate) async fn connect(settings: ClientBuilder) -> Result<Client, Failure> {
    let client =
        settings.connect().await.map_err(|error| Failure::from(longhaul::Error::from(error)))?;
    let welcome = client.welcome();
    tracing::info!(version = welcome.version, session = welcome.session, "connected");
    Ok(client)
}

fn options(args: &ServerArgs, payload: Option<&PayloadArgs>) -> TransferOptions {
    let mut options = TransferOptions::default().deadline(args.timeout);
    if let Some(limit) = args.idle_timeout {
        options = options.idle_limit(Some(limit));
    }
    if let Some(bytes) = payload.and_then(|payload| payload.chunk_size) {
        options = options.chunk_bytes(bytes);
    }
    if let Some(bytes) = payload.and_then(|payload| payload.max_size) {
        options = options.max_payload_bytes(bytes);
    }
    options
}

/// What is known of server and logon, wherever it was said.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    url: String,
    user: Option<String>,
    /// `None` where the URL says it itself.
    client: Option<String>,
    /// `None` where the URL says it itself.
    language: Option<String>,
}

impl Settings {
    fn read(args: &ServerArgs, environment: Environment<'_>) -> Result<Self, Failure> {
        let url = args.url.clone().filter(|url| !url.is_empty());
        let url = url.or_else(|| environment("SAP_URL")).ok_or_else(|| {
            Failure::configuration(
                "no server is named",
                "give its URL, such as http://host:8000, with --url or SAP_URL",
            )
        })?;
        let checked = |name: &str, check: fn(&str) -> Result<String, String>| {
            let Some(value) = environment(name) else { return Ok(None) };
            check(&value).map(Some).map_err(|reason| {
                Failure::configuration(
                    format!("{name} is {value:?}: {reason}"),
                    format!("set {name} to another value, or unset it"),
                )
            })
        };
        let said = |key: &str| {
            Url::parse(url.trim()).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == key))
        };
        let or_default = |value: Option<String>, key: &str, default: &str| {
            value.or_else(|| (!said(key)).then(|| default.to_owned()))
        };
        let client = match &args.client {
            Some(client) => Some(client.clone()),
            None => checked("SAP_CLIENT", values::sap_client)?,
        };
        let language = match &args.language {
            Some(language) => Some(language.clone()),
            None => checked("SAP_LANGUAGE", values::language)?,
        };
        Ok(Self {
            user: args.user.clone().or_else(|| environment("SAP_USER")).filter(|u| !u.is_empty()),
            client: or_default(client, "sap-client", "001"),
            language: or_default(language, "sap-language", "EN"),
            url,
        })
    }
}

/// Whether what is sent can be read on the way: not encrypted, and it leaves this machine.
fn is_exposed(url: &str) -> bool {
    let Ok(url) = Url::parse(url.trim()) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    matches!(url.scheme(), "http" | "ws") && !is_loopback
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};
    use crate::failure::Kind;

    fn read(words: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Failure> {
        let cli = Cli::try_parse_from(["longhaul", "ping"].iter().chain(words)).unwrap();
        let Command::Ping(args) = cli.command else { panic!("{words:?}") };
        let environment = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(&args.server, &environment)
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_defaults() {
        let variables = [
            ("SAP_URL", "http://e"),
            ("SAP_USER", "E"),
            ("SAP_CLIENT", "100"),
            ("SAP_LANGUAGE", "de"),
        ];
        let settings = read(&[], &variables).unwrap();
        assert_eq!((settings.url.as_str(), settings.user.as_deref()), ("http://e", Some("E")));
        let said = (settings.client.as_deref(), settings.language.as_deref());
        assert_eq!(said, (Some("100"), Some("DE")));
        let words = ["--url", "http://f", "--user", "F", "--client", "200", "--language", "FR"];
        let settings = read(&words, &variables).unwrap();
        assert_eq!((settings.url.as_str(), settings.user.as_deref()), ("http://f", Some("F")));
        let said = (settings.client.as_deref(), settings.language.as_deref());
        assert_eq!(said, (Some("200"), Some("FR")));
        let settings = read(&["--url", "http://f"], &[]).unwrap();
        assert_eq!(settings.user, None);
        let said = (settings.client.as_deref(), settings.language.as_deref());
        assert_eq!(said, (Some("001"), Some("EN")));
    }

    #[test]
    fn a_client_in_the_url_is_kept_unless_another_is_named() {
        let url = "http://h?sap-client=300";
        assert_eq!(read(&["--url", url], &[]).unwrap().client, None);
        let settings = read(&["--url", url], &[("SAP_CLIENT", "100")]).unwrap();
        assert_eq!(settings.client.as_deref(), Some("100"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_a_failure_of_configuration() {
        assert_eq!(read(&[], &[]).unwrap_err().kind, Kind::Configuration);
        let error = read(&["--url", "http://h"], &[("SAP_CLIENT", "1")]).unwrap_err();
        assert_eq!(error.kind, Kind::Configuration);
        assert!(error.hint.contains("SAP_CLIENT"));
    }

    #[test]
    fn only_plain_http_to_elsewhere_is_exposed() {
        for url in ["http://sap.example", "ws://10.0.0.1:8000", "http://[fe80::1]:8000"] {
            assert!(is_exposed(url), "{url}");
        }
        for url in
            ["https://sap.example", "http://localhost:1", "http://127.0.0.2", "ws://[::1]", "?"]
        {
            assert!(!is_exposed(url), "{url}");
        }
    }
}
