//! From settings to a connection.

use std::time::Duration;

use longhaul::{Client, ClientBuilder, TransferOptions};
use url::{Host, Url};

use crate::args::{NetworkArgs, PayloadArgs, ServerArgs};
use crate::failure::Failure;
use crate::interrupt::{self, Interruption};
use crate::settings::{LogonBy, Settings, process_environment, process_folders};
use crate::{output, password};

/// How long connecting may take, unless `--timeout` is shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the end of a connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Puts a connection together, asking for the password if need be; nothing is sent yet.
///
/// # Errors
/// A failure of configuration.
pub(crate) fn settings(
    args: &ServerArgs,
    payload: Option<&PayloadArgs>,
) -> Result<ClientBuilder, Failure> {
    let settings = Settings::read(args, &process_environment, &process_folders())?;
    tell(&settings, args);
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
    if settings.insecure {
        builder = builder.danger_accept_any_certificate();
    }
    builder = network(builder, &args.network);
    Ok(match settings.logon {
        LogonBy::Nothing => builder,
        LogonBy::CookieFile(path) => builder.cookie_file(path),
        LogonBy::Cookies(cookies) => builder.cookies(cookies),
        LogonBy::Password { user, variables } => {
            let password = password::read(args.password, &process_environment, &variables, &user)?;
            builder.basic(user, password)
        }
    })
}

/// Connects, logs on and does `work`; then the connection ends properly, however the work ended,
/// so that the server knows what it need not keep.
///
/// # Errors
/// What `work` fails with, or a failure of configuration, connection or logon.
pub(crate) fn with_client<T>(
    settings: ClientBuilder,
    work: impl AsyncFnOnce(&Client, &mut Interruption) -> Result<T, Failure>,
) -> Result<T, Failure> {
    interrupt::run(async |interruption| {
        let client = interruption.or_drop(connect(settings)).await?;
        let ended = work(&client, interruption).await;
        interruption.finish(client.close(), CLOSE_TIMEOUT).await;
        ended
    })
}

async fn connect(settings: ClientBuilder) -> Result<Client, Failure> {
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
    if let Some(size) = payload.and_then(|payload| payload.chunk_size) {
        options = options.chunk_size(size);
    }
    if let Some(bytes) = payload.and_then(|payload| payload.max_size) {
        options = options.max_payload_bytes(bytes);
    }
    options
}

/// Says what a user may not have meant, before any secret is asked for.
fn tell(settings: &Settings, args: &ServerArgs) {
    // Said with -q as well: where a logon goes is no matter of taste.
    if let (Some(system), None) = (&settings.system, &args.system) {
        // Nobody named it, and it stands in a file that may have come with the folder.
        let (name, file) = (&system.name, system.file.display());
        output::note(format_args!("system {name} of {file}, at {}", host_of(&settings.url)));
    }
    if settings.insecure {
        output::warn(
            "the server's certificate is not checked; whoever stands between can read all",
        );
    }
    let secret = match settings.logon {
        LogonBy::Nothing => return,
        LogonBy::Password { .. } => "the password travels",
        LogonBy::CookieFile(_) | LogonBy::Cookies(_) => "the cookies travel",
    };
    if is_exposed(&settings.url) {
        output::warn(format_args!("{secret} over http, where anyone on the way can read it"));
    }
}

/// Scheme, host and port of a URL; whatever else stands in it may be a secret.
fn host_of(url: &str) -> String {
    let Ok(url) = Url::parse(url.trim()) else { return "a url that cannot be read".into() };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// What lies between here and the server; the environment's proxies are the library's matter.
fn network(mut builder: ClientBuilder, args: &NetworkArgs) -> ClientBuilder {
    for path in &args.cacert {
        builder = builder.authority(path);
    }
    if let (Some(certificate), Some(key)) = (&args.cert, &args.key) {
        builder = builder.identity(certificate, key);
    }
    if let Some(url) = &args.proxy {
        builder = builder.proxy(url);
    }
    builder
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
    use super::*;

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
