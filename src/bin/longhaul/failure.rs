//! What went wrong, in words: what happened, what to do next, and the exit code.

mod extract;
mod hint;
mod listing;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;

use longhaul::proto::OperationError;
use longhaul::{CloseCause, ConnectError, Error, ErrorKind};
use serde::Serialize;

pub(crate) use listing::Unlisted;

const LOCAL_HINT: &str = "look for the cause on this machine: pipes, permissions, room on the disk";

/// A command failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// What happened, with what led to it.
    pub(crate) message: String,
    /// What to do next; empty where there is nothing.
    pub(crate) hint: String,
}

/// Whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Usage,
    Configuration,
    Connection,
    Logon,
    Refused,
    Empty,
    Broken,
    Limit,
    Timeout,
    Local,
    Interrupted,
}

impl Kind {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::Usage => 2,
            Self::Configuration | Self::Connection | Self::Logon => 3,
            Self::Refused | Self::Empty => 4,
            Self::Broken | Self::Limit | Self::Timeout => 5,
            Self::Interrupted => 130,
        }
    }
}

impl Failure {
    fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    /// The command line does not say what to do.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message, hint)
    }

    /// The parser of the command line gave up.
    pub(crate) fn from_parser(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        Self::usage(message.split_whitespace().collect::<Vec<_>>().join(" "), "see longhaul --help")
    }

    /// Settings are missing or wrong.
    pub(crate) fn configuration(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message, hint)
    }

    /// A time has run out that is not that of one request.
    pub(crate) fn timeout(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Timeout, message, hint)
    }

    /// Something on this machine failed.
    pub(crate) fn local(message: &str, source: &dyn StdError) -> Self {
        Self::new(Kind::Local, format!("{message}: {}", chain(source)), LOCAL_HINT)
    }

    /// The user asked to stop.
    pub(crate) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted", hint::START_OVER)
    }

    /// The same failure, after something was printed that it makes worthless.
    pub(crate) fn after_printing(mut self) -> Self {
        let hint = std::mem::take(&mut self.hint);
        // What was printed is more than nothing.
        let hint = hint.strip_prefix("nothing was written; ").unwrap_or(&hint);
        self.hint = format!("what was printed is not verified, do not use it; {hint}");
        self
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match kind(&error) {
            // Only a user stops a transfer of this program.
            Kind::Interrupted => Self::interrupted(),
            kind => Self::new(kind, chain(&error), hint::next_step(&error)),
        }
    }
}

impl From<longhaul::server::ServerError> for Failure {
    fn from(error: longhaul::server::ServerError) -> Self {
        use longhaul::server::ServerError as E;
        let hint = match &error {
            E::MissingFolder { .. } | E::UnreadableFolder { .. } => {
                "name a folder that can be read with --package NAME=DIR"
            }
            E::DuplicatePackage { .. } => "give each package one folder with --package",
            E::Retention { .. } => "name a folder that can be written with --retain-dir",
            E::InvalidUser { .. } => "name another --user",
            E::Bind { .. } => "choose another address or port with --listen",
            _ => "",
        };
        Self::new(Kind::Configuration, chain(&error), hint)
    }
}

/// Sorts an error; finer than [`Error::kind`] where the exit code or a program needs it.
fn kind(error: &Error) -> Kind {
    match error {
        Error::Connect(error) => connect_kind(error),
        Error::Operation { source: OperationError::Empty, .. } => Kind::Empty,
        // What cannot be written was named on the command line.
        Error::Unwritable { .. } => Kind::Usage,
        _ => match error.kind() {
            ErrorKind::Connect => Kind::Connection,
            ErrorKind::Refused => Kind::Refused,
            ErrorKind::Broken => Kind::Broken,
            ErrorKind::Limit => Kind::Limit,
            ErrorKind::Timeout => Kind::Timeout,
            ErrorKind::Stopped => Kind::Interrupted,
            _ => Kind::Local,
        },
    }
}

fn connect_kind(error: &ConnectError) -> Kind {
    match error {
        ConnectError::Endpoint(_)
        | ConnectError::User { .. }
        | ConnectError::UnsendableLogon { .. }
        | ConnectError::TlsFile { .. }
        | ConnectError::TlsSettings { .. }
        | ConnectError::ProxyUrl { .. } => Kind::Configuration,
        ConnectError::Credentials(_)
        | ConnectError::Unauthorized { .. }
        | ConnectError::Forbidden { .. } => Kind::Logon,
        ConnectError::NoWelcome(cause) if is_too_large(cause) => Kind::Limit,
        _ => Kind::Connection,
    }
}

fn is_too_large(cause: &CloseCause) -> bool {
    matches!(cause, CloseCause::MessageTooLarge { .. })
}

/// An error and what led to it, on one line.
///
/// Some errors repeat their source in their own text; it is not said twice.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !more.is_empty() && !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}
