//! The table of failures: each error has its kind, its exit code and a hint that helps.

use std::sync::Arc;
use std::time::Duration;

use longhaul::TlsProblem;
use longhaul::client::EndpointError;
use longhaul::ops::git::archive::ArchiveError;
use longhaul::proto::{AssembleError, ExchangeError, MessageId, RecordError, Seq};

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("outer: {0}")]
struct Repeating(#[source] std::io::Error);

fn id() -> MessageId {
    MessageId::new("git_1").unwrap()
}

fn io() -> std::io::Error {
    std::io::ErrorKind::PermissionDenied.into()
}

fn lost(cause: CloseCause) -> Error {
    Error::Lost { id: Some(id()), cause: Arc::new(cause) }
}

fn transfer(source: ExchangeError) -> Error {
    Error::Transfer { id: id(), operation: "git.export".into(), source }
}

fn operation(source: OperationError) -> Error {
    Error::Operation { id: id(), operation: "git.export".into(), source }
}

#[test]
fn each_error_has_its_exit_code_and_a_hint_that_names_what_helps() {
    let limit = Duration::from_secs(1);
    let name = || "git.export".to_owned();
    let dial = ConnectError::Dial { host: "h".into(), port: 1, source: Arc::new(io()) };
    let explanation = || "Logon failed".to_owned();
    let tls =
        ConnectError::Tls { host: "h".into(), problem: TlsProblem::UnknownIssuer(String::new()) };
    let proxy = ConnectError::Proxy { proxy: "p".into(), target: "t".into(), status: 407 };
    let unauthorized = ConnectError::Unauthorized { explanation: explanation() };
    let forbidden = ConnectError::Forbidden { explanation: explanation() };
    let missing = ConnectError::NotFound { path: "/p".into(), explanation: explanation() };
    let moved = ConnectError::Status { status: 302, explanation: explanation() };
    let archive = ArchiveError::TooLarge { path: "a".into(), limit: 1 };
    let too_large = || CloseCause::MessageTooLarge { got: 2, limit: 1 };
    let seq = Seq::FIRST;
    for (error, kind, code, word) in [
        (Error::Connect(EndpointError::Credentials.into()), Kind::Configuration, 3, "SAP_PASSWORD"),
        (Error::Connect(dial), Kind::Connection, 3, "port"),
        (Error::Connect(tls), Kind::Connection, 3, "--cacert"),
        (Error::Connect(proxy), Kind::Connection, 3, "--proxy"),
        (Error::Connect(unauthorized), Kind::Logon, 3, "--client"),
        (Error::Connect(forbidden), Kind::Logon, 3, "authorization"),
        (Error::Connect(missing), Kind::Connection, 3, "SICF"),
        (Error::Connect(moved), Kind::Connection, 3, "--url"),
        (
            Error::Connect(ConnectError::NoWelcome(Arc::new(too_large()))),
            Kind::Limit,
            5,
            "--max-message",
        ),
        (lost(CloseCause::Cut), Kind::Broken, 5, "try again"),
        (lost(too_large()), Kind::Limit, 5, "--max-message"),
        (transfer(AssembleError::TooLarge { seq, limit: 1 }.into()), Kind::Limit, 5, "--max-size"),
        (
            transfer(ExchangeError::AnswerTooLarge { got: 2, limit: 1 }),
            Kind::Limit,
            5,
            "--max-size",
        ),
        (transfer(AssembleError::SeqZero.into()), Kind::Broken, 5, "try again"),
        (operation(OperationError::Empty), Kind::Empty, 4, "names"),
        (operation(OperationError::missing("types")), Kind::Broken, 5, "protocol"),
        (
            operation(OperationError::payload("zip", archive).beyond_limit()),
            Kind::Limit,
            5,
            "--max-size",
        ),
        (
            operation(OperationError::payload("zip", ArchiveError::NotZip { len: 1 })),
            Kind::Broken,
            5,
            "try again",
        ),
        (Error::Idle { id: id(), operation: name(), limit }, Kind::Timeout, 5, "--idle-timeout"),
        (Error::Deadline { operation: name(), limit }, Kind::Timeout, 5, "--timeout"),
        (
            Error::File { action: "writing", path: "a.zip".into(), source: io() },
            Kind::Local,
            1,
            "-o",
        ),
    ] {
        let text = format!("{error:?}");
        let failure = Failure::from(error);
        assert_eq!((failure.kind, failure.exit_code()), (kind, code), "{text}");
        assert!(failure.hint.contains(word), "{text}: {}", failure.hint);
    }
}

#[test]
fn a_message_tells_the_whole_chain_and_nothing_twice() {
    let error = Error::File { action: "writing", path: "a.zip".into(), source: io() };
    let unauthorized = ConnectError::Unauthorized { explanation: "Logon failed".into() };
    assert_eq!(Failure::from(error).message, "writing a.zip failed: permission denied");
    assert_eq!(
        Failure::from(Error::Connect(unauthorized)).message,
        "no connection: the server does not take the logon (401): Logon failed"
    );
    assert_eq!(chain(&Repeating(io())), "outer: permission denied");
}

#[test]
fn the_parser_s_words_become_one_line() {
    use clap::Parser;
    let error = crate::args::Cli::try_parse_from(["longhaul", "call", "git"]).unwrap_err();
    let failure = Failure::from_parser(&error);
    assert_eq!((failure.kind, failure.exit_code()), (Kind::Usage, 2));
    assert!(!failure.message.contains('\n') && !failure.message.starts_with("error"));
}

#[test]
fn errors_of_transfers_that_outlive_connections_and_of_records() {
    let name = || "git.export".to_owned();
    let reopening = |source| Error::NotReopened { id: id(), cause: CloseCause::Cut.into(), source };
    let dial = ConnectError::Dial { host: "h".into(), port: 1, source: Arc::new(io()) };
    let unauthorized = ConnectError::Unauthorized { explanation: String::new() };
    let handle = r#"{"name":"git.export","operation":"0123456789abcdef0123456789abcdef","epoch":"e","ttl":1,"chunkSize":1}"#;
    let handle = serde_json::from_str(handle).unwrap();
    let record = |source| Error::Record { operation: name(), source };
    let too_long = RecordError::TooLarge { index: 1, limit: 1 };
    let broken_off = RecordError::Truncated { index: 1, offset: 1 };
    let held = Duration::from_secs(1);
    for (error, kind, code, word) in [
        (reopening(dial), Kind::Broken, 5, "network"),
        (reopening(unauthorized), Kind::Broken, 5, "SAP_PASSWORD"),
        (Error::Overrun { id: id(), operation: name(), limit: 1 }, Kind::Broken, 5, "granted"),
        (Error::NotResumable { operation: name() }, Kind::Broken, 5, "--resume"),
        (record(too_long), Kind::Limit, 5, "-o"),
        (record(broken_off), Kind::Broken, 5, "-o"),
        (Error::SlowConsumer { id: id(), operation: name(), held }, Kind::Local, 1, "-o"),
        (Error::Cancelled { operation: name() }, Kind::Interrupted, 130, "again"),
        (Error::Detached { operation: name(), handle }, Kind::Interrupted, 130, "again"),
    ] {
        let text = format!("{error:?}");
        let failure = Failure::from(error);
        assert_eq!((failure.kind, failure.exit_code()), (kind, code), "{text}");
        assert!(failure.hint.contains(word), "{text}: {}", failure.hint);
        assert!(!text.contains("0123456789abcdef"), "a key lets others read the payload: {text}");
    }
}

#[test]
fn what_was_printed_is_not_called_nothing() {
    let failure = Failure::from(transfer(AssembleError::SeqZero.into()));
    assert_eq!(failure.hint, "nothing was written; try again");
    let failure = failure.after_printing();
    assert_eq!(failure.hint, "what was printed is not verified, do not use it; try again");
}

#[test]
fn shards_without_a_listing_fail_as_the_listing_did() {
    use longhaul::ListError as L;
    let path = "/p";
    let refused = |status| L::Refused { path, status, reason: String::new() };
    let dial = ConnectError::Dial { host: "h".into(), port: 1, source: Arc::new(io()) };
    let limit = Duration::from_secs(1);
    for (unlisted, kind, code) in [
        (Unlisted::Failed(L::Connect(dial)), Kind::Connection, 3),
        (Unlisted::Failed(L::Server(lost(CloseCause::Cut))), Kind::Broken, 5),
        (Unlisted::Failed(refused(404)), Kind::Connection, 3),
        (Unlisted::Failed(refused(403)), Kind::Logon, 3),
        (Unlisted::Failed(L::Empty { packages: Vec::new() }), Kind::Broken, 5),
        (Unlisted::Failed(L::TooManyObjects { limit: 1 }), Kind::Limit, 5),
        (Unlisted::Failed(L::Timeout { path, limit }), Kind::Timeout, 5),
        (Unlisted::Late(limit), Kind::Timeout, 5),
    ] {
        let text = format!("{unlisted:?}");
        let failure = Failure::from(unlisted);
        assert_eq!((failure.kind, failure.exit_code()), (kind, code), "{text}");
        assert!(failure.hint.contains("--resume") && failure.hint.contains("--no-shard"));
    }
}
