//! The services of ADT that say over HTTP which objects there are, on the WebSocket's own port.
//!
//! Real systems have hundreds of them; these are the three that an export in parts needs: the
//! discovery for logon, session and CSRF token, and two ways to list the objects of a package.
//! *Source*: PROTOCOL 10.6.

mod answer;
mod data_preview;
mod node_structure;
mod select;
mod session;
mod xml;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderMap, HeaderValue, SET_COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::debug;

pub(super) use session::{AdtSessions, SessionId};

use super::limits::{CLOSE_LIMIT, HANDSHAKE_LIMIT, HTTP_IDLE_LIMIT, MAX_HTTP_BYTES};
use super::line::Line;
use super::listener::stopped;
use super::state::State;
use answer::{Answer, refused};

/// Where all of ADT stands.
pub(super) const ROOT: &str = "/sap/bc/adt/";

/// The header that tokens are asked for, given and sent with.
const TOKEN: &str = "x-csrf-token";

/// What stands at a path.
#[derive(Clone, Copy)]
enum Resource {
    Discovery,
    DataPreview,
    NodeStructure,
}

/// Serves one connection, request after request, until it ends or the server stops.
pub(super) async fn serve(line: Line<'_>, state: &Arc<State>, stop: &mut watch::Receiver<bool>) {
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(request, state).await));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HTTP_IDLE_LIMIT).max_buf_size(MAX_HTTP_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(line), service));
    let served = tokio::select! {
        served = &mut connection => served,
        () = stopped(stop) => {
            connection.as_mut().graceful_shutdown();
            let Ok(served) = timeout(CLOSE_LIMIT, connection).await else { return };
            served
        }
    };
    if let Err(error) = served {
        debug!(%error, "HTTP connection ends");
    }
}

/// Answers one request: who is it, what is asked for, may it be done.
async fn answer(request: Request<Incoming>, state: &State) -> Answer {
    let Some(sessions) = &state.adt else { return refused(StatusCode::NOT_FOUND, "") };
    let (parts, body) = request.into_parts();
    debug!(method = %parts.method, path = parts.uri.path(), "HTTP request comes in");
    let Some(caller) = state.caller(&parts.headers) else { return answer::unauthorized() };
    let (session, cookies) = match caller.session {
        Some(session) => (session, None),
        None => match sessions.open(caller.user) {
            Ok(session) => {
                let cookies = session.cookies();
                (session, Some(cookies))
            }
            Err(error) => {
                debug!(%error, "no session");
                return refused(StatusCode::INTERNAL_SERVER_ERROR, "no session");
            }
        },
    };
    let mut answer = match Resource::at(parts.uri.path()) {
        None => refused(StatusCode::NOT_FOUND, "no such resource"),
        Some(resource) if !resource.methods().contains(&parts.method) => {
            let mut answer = refused(StatusCode::METHOD_NOT_ALLOWED, "method not supported");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(resource.allowed()));
            answer
        }
        Some(Resource::Discovery) => {
            let mut answer = answer::discovery();
            let is_hidden = parts.method == Method::HEAD && state.script.hides_token_from_head();
            if wants_token(&parts.headers) && !is_hidden {
                match sessions.token(&session) {
                    Ok(token) => _ = answer.headers_mut().insert(TOKEN, token),
                    Err(error) => debug!(%error, "no token"),
                }
            }
            answer
        }
        Some(_) if !sessions.spend_token(&session, parts.headers.get(TOKEN)) => answer::no_token(),
        Some(Resource::DataPreview) if state.script.forbids_data_preview() => {
            refused(StatusCode::FORBIDDEN, "no authorization for the data preview")
        }
        Some(Resource::DataPreview) => match text(body).await {
            Some(text) => data_preview::answer(&text, parts.uri.query(), state),
            None => refused(StatusCode::BAD_REQUEST, "the query is not readable"),
        },
        Some(Resource::NodeStructure) => node_structure::answer(parts.uri.query(), state),
    };
    for cookie in cookies.into_iter().flatten() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

impl Resource {
    fn at(path: &str) -> Option<Self> {
        match path.strip_prefix(ROOT)? {
            "core/discovery" => Some(Self::Discovery),
            "datapreview/freestyle" => Some(Self::DataPreview),
            "repository/nodestructure" => Some(Self::NodeStructure),
            _ => None,
        }
    }

    fn methods(self) -> &'static [Method] {
        match self {
            Self::Discovery => &[Method::GET, Method::HEAD],
            Self::DataPreview | Self::NodeStructure => &[Method::POST],
        }
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Discovery => "GET, HEAD",
            Self::DataPreview | Self::NodeStructure => "POST",
        }
    }
}

fn wants_token(headers: &HeaderMap) -> bool {
    headers.get(TOKEN).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"fetch"))
}

/// The text of a request, if it comes in time and is not too long.
async fn text(body: Incoming) -> Option<String> {
    let whole = Limited::new(body, MAX_HTTP_BYTES).collect();
    let bytes = timeout(HANDSHAKE_LIMIT, whole).await.ok()?.ok()?.to_bytes();
    String::from_utf8(bytes.into()).ok()
}
