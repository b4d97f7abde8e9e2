//! What to do next about each error.

use longhaul::client::{EndpointError, HeadError};
use longhaul::proto::welcome::WelcomeError;
use longhaul::proto::{AssembleError, ExchangeError, OperationError, ServerError};
use longhaul::{CloseCause, ConnectError, Error, ErrorKind, Stage, TlsProblem};

pub(super) const START_OVER: &str = "run it again to start over";
const TRY_AGAIN: &str = "nothing was written; try again";

/// What the user can do about `error`, naming the option where there is one.
pub(super) fn next_step(error: &Error) -> String {
    let hint = match error {
        Error::Connect(error) => connect(error),
        Error::Lost { cause, .. } => closed(cause),
        Error::NotReopened { source, .. } => reopening(source),
        Error::Server { source, .. } => server(source),
        Error::Transfer { source, .. } => transfer(source),
        Error::Operation { source: OperationError::TooManyValues { .. }, .. } => {
            "no server has so much to say: see what answers there"
        }
        Error::Operation { .. } if error.kind() == ErrorKind::Limit => {
            "if the server is trusted, allow more with --max-size"
        }
        Error::Operation { source, .. } => operation(source),
        Error::Idle { .. } => {
            "the server may still be computing: allow it more time with --idle-timeout"
        }
        Error::Deadline { .. } => "allow it more time with --timeout, or ask for less at once",
        Error::Unwritable { .. } => {
            "this server reads requests with regular expressions: name it without quotes, braces, \
             brackets and backslashes"
        }
        Error::Overrun { .. } => {
            "the server does not keep to what it was granted; nothing was written"
        }
        Error::NotResumable { .. } => "this server cannot go on with it: leave --resume out",
        Error::Record { .. } => "the payload is no list of records: name a file for it with -o",
        Error::SlowConsumer { .. } => {
            "what reads stdout has to read faster: let a payload go to a file with -o"
        }
        Error::Cancelled { .. } | Error::Detached { .. } => START_OVER,
        Error::RequestTooLarge { .. } => "ask for fewer objects at once",
        Error::File { .. } => {
            "check that the folder exists, can be written and has room, or name another file with -o"
        }
        _ => TRY_AGAIN,
    };
    hint.to_owned()
}

/// What kept a connection from being opened again; what was wrong all along has been said before.
fn reopening(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Unauthorized { .. }
        | ConnectError::Forbidden { .. }
        | ConnectError::Credentials(_) => connect(error),
        _ => "check the network and whether the server is running, then try again",
    }
}

fn connect(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Endpoint(EndpointError::Credentials) => {
            "take them out of the URL: name the user with --user, the password with SAP_PASSWORD"
        }
        ConnectError::Endpoint(_) => "give the server as http://HOST:PORT with --url or SAP_URL",
        ConnectError::User { .. } => "name another user with --user or SAP_USER",
        ConnectError::UnsendableLogon { .. } => "check the cookie, token or password for line ends",
        ConnectError::Credentials(_) => "log on again and renew the cookie file (--cookie-file)",
        ConnectError::TlsFile { .. } => "name PEM files with --cacert, --cert and --key",
        ConnectError::TlsSettings { .. } => {
            "check that --cert and --key belong together; where the system trusts nobody, name an \
             authority with --cacert"
        }
        ConnectError::Tls { problem, .. } => tls(problem),
        ConnectError::ProxyUrl { .. } => {
            "give the proxy as http://HOST:PORT with --proxy, HTTPS_PROXY or HTTP_PROXY"
        }
        ConnectError::Proxy { status: 407, .. } => {
            "the proxy wants a logon: give it as http://USER:PASSWORD@HOST:PORT with --proxy or \
             HTTPS_PROXY"
        }
        ConnectError::Timeout { stage: Stage::Proxy, .. } => {
            "the proxy does not answer: check --proxy, HTTPS_PROXY and HTTP_PROXY"
        }
        ConnectError::ProxyUnreachable { .. } => {
            "check --proxy, HTTPS_PROXY and HTTP_PROXY; a password in them is written with %2F for a \
             slash and %23 for a hash"
        }
        ConnectError::Proxy { .. } | ConnectError::ProxyBroken { .. } => {
            "check --proxy and HTTPS_PROXY, or name the host in NO_PROXY"
        }
        ConnectError::Lookup { .. } => "check the host in --url or SAP_URL, and the network",
        ConnectError::Dial { .. } => {
            "check address and port in --url or SAP_URL, and that the server is running"
        }
        ConnectError::Unauthorized { .. } => {
            "check user (--user), password (SAP_PASSWORD, with -s VSP_<SYSTEM>_PASSWORD) and client \
             (--client), or the cookies; each try counts towards a lock"
        }
        ConnectError::Forbidden { .. } => {
            "the user may lack an authorization for this service; see SU53 on the server"
        }
        ConnectError::NotFound { .. } => {
            "the service is not installed or not active: check it in SICF and SAPC, or name \
             another with --path"
        }
        ConnectError::ServerFailed { .. } => {
            "the server has trouble of its own: see its dumps (ST22) and its log (SM21)"
        }
        ConnectError::Unavailable { .. } => {
            "the server, or what stands before it, is not ready: try again later"
        }
        ConnectError::Status { status: 300..=399, .. } => {
            "the server sends elsewhere: give the address it names with --url"
        }
        ConnectError::NoWelcome(cause) if super::is_too_large(cause) => {
            "if the server is trusted, allow larger messages with --max-message"
        }
        ConnectError::NoWelcome(_) => {
            "the handler ended at once: see the server's dumps (ST22) and its log (SM21)"
        }
        ConnectError::Welcome(WelcomeError::Refused(error)) => server(error),
        ConnectError::Status { status: 502 | 504, .. } => {
            "what stands before the server cannot reach it: try again later"
        }
        ConnectError::AnswerHead(HeadError::NotHttp { .. }) => {
            "something else than an HTTP server answers there: check host and port in --url, and \
             whether it is https://"
        }
        ConnectError::Upgrade(cause) if matches!(**cause, CloseCause::Cut) => {
            "what answers there hung up without a word: check host and port in --url, and whether \
             it is https://"
        }
        ConnectError::Status { .. } => {
            "something else may answer there, or something between that lets no WebSocket through: \
             check --url and --path"
        }
        ConnectError::Http(_)
        | ConnectError::Upgrade(_)
        | ConnectError::AnswerHead(_)
        | ConnectError::Welcome(_) => "something else may answer there: check --url and --path",
        ConnectError::Timeout { .. } => {
            "check address and port in --url or SAP_URL, and whether the server is overloaded"
        }
        _ => "check the connection settings",
    }
}

fn tls(problem: &TlsProblem) -> &'static str {
    match problem {
        TlsProblem::UnknownIssuer(_) => {
            "name the certificate of the authority that signed it with --cacert"
        }
        TlsProblem::WrongName(_) => "give the name the certificate is for with --url",
        TlsProblem::NotValidNow(_) => {
            "the certificate has to be renewed; check this machine's clock as well"
        }
        TlsProblem::ClientCertificate(_) => {
            "name a certificate the server knows with --cert and --key"
        }
        TlsProblem::NotTls(_) => "check the port: use http:// for one that is not encrypted",
        TlsProblem::BadCertificate(_) => {
            "check that --cacert names the authority's current certificate; for a test system \
             only, --insecure takes any"
        }
        _ => "check what answers there, and whether it wants a certificate (--cert and --key)",
    }
}

fn closed(cause: &CloseCause) -> &'static str {
    match cause {
        CloseCause::MessageTooLarge { .. } => {
            "if the server is trusted, allow larger messages with --max-message; a server that \
             answers once sends the whole archive as one message"
        }
        CloseCause::NeverEnded { .. } => "the server never answered an earlier request; try again",
        CloseCause::ByPeer { code: 1009, .. } => {
            "the request is too large for the server: ask for fewer objects at once"
        }
        CloseCause::Unresponsive { .. } | CloseCause::NotReading { .. } => {
            "check the network, then try again"
        }
        CloseCause::Protocol(_) => "something between here and the server may alter the connection",
        _ => {
            "nothing was written; try again, and if it happens again see the server's dumps (ST22) \
             and its log (SM21)"
        }
    }
}

fn server(error: &ServerError) -> &'static str {
    match error.code.as_str() {
        ServerError::BUSY => {
            "the server is overloaded: try again later, exports with fewer --sessions"
        }
        "GIT_ERROR" => "check the package name, and the names of the objects",
        "UNKNOWN_DOMAIN" | "UNKNOWN_ACTION" => {
            "this server does not offer that: `longhaul ping` lists its domains"
        }
        "MISSING_PARAM" => "give what is missing with --params",
        "PARSE_ERROR" => {
            "the server could not read the request: look for quotes, braces or brackets in names"
        }
        _ => "see the server's dumps (ST22) and its log (SM21)",
    }
}

fn transfer(error: &ExchangeError) -> &'static str {
    match error {
        ExchangeError::Server(error) | ExchangeError::Unsuccessful(error) => server(error),
        ExchangeError::AnswerTooLarge { .. }
        | ExchangeError::Assemble(AssembleError::TooLarge { .. }) => {
            "if the server is trusted, allow larger payloads with --max-size"
        }
        ExchangeError::Assemble(
            AssembleError::ParkedBytes { .. } | AssembleError::ParkedChunks { .. },
        ) => "a chunk may have been lost: try again, with smaller chunks by --chunk-size",
        ExchangeError::Idle { .. } => "allow the server more time with --idle-timeout",
        ExchangeError::Frame(_) | ExchangeError::NotAsAgreed { .. } => {
            "the server does not keep to the protocol: nothing was written"
        }
        _ => TRY_AGAIN,
    }
}

fn operation(error: &OperationError) -> &'static str {
    match error {
        OperationError::Empty => {
            "check the names; `longhaul types` lists the object types that the server can serialize"
        }
        OperationError::Failed(error) => server(error),
        OperationError::InvalidPayload { .. } => {
            "nothing was written; try again, and do not trust a server that sends such an archive twice"
        }
        _ => "the server may speak another version of the protocol: see `longhaul ping`",
    }
}
