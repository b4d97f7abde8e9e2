//! The upgrade of a connection: path and logon. *Source*: PROTOCOL 1.1.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderValue, WWW_AUTHENTICATE,
};
use tokio_tungstenite::tungstenite::http::{self, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::census::Seat;
use super::limits::{MAX_REQUEST_BYTES, MAX_WRITE_BUFFER_BYTES};
use super::line::Line;
use super::logon::CHALLENGE;
use super::state::State;

/// A connection that speaks WebSocket. The TCP connection is lent, since it outlives the upgrade
/// that fails and the last Close frame.
pub(super) type Socket<'a, 'b> = WebSocketStream<&'a mut Line<'b>>;

/// Whose session an upgrade began.
pub(super) struct Admitted {
    /// Empty where no name was given.
    pub(super) user: Arc<str>,
    pub(super) seat: Seat,
}

/// Reads the upgrade request and answers it: with 404 off the path, with 401 without the logon,
/// with 503 where there are sessions enough.
pub(super) async fn upgrade<'a, 'b>(
    line: &'a mut Line<'b>,
    state: &State,
) -> Result<(Socket<'a, 'b>, Admitted), Error> {
    let mut admitted = None;
    #[expect(clippy::result_large_err, reason = "the socket library's own signature")]
    let check = |request: &Request, response: Response| match admit(request, state) {
        Ok(session) => {
            admitted = Some(session);
            Ok(response)
        }
        Err(status) => Err(refusal(status)),
    };
    let socket = accept_hdr_async_with_config(line, check, Some(config())).await?;
    // The library asks before it accepts; else nobody was let in.
    Ok((socket, admitted.ok_or(Error::ConnectionClosed)?))
}

/// Tells a peer whose request is no upgrade what is expected; others have had their answer.
pub(super) async fn explain(tcp: &mut TcpStream, error: &Error) {
    if matches!(error, Error::Protocol(_) | Error::HttpFormat(_)) {
        let answer: &[u8] = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\
            Connection: Upgrade, close\r\nContent-Length: 0\r\n\r\n";
        // The peer may be gone, and there is nobody else to tell.
        let _ = tcp.write_all(answer).await;
    }
}

fn admit(request: &Request, state: &State) -> Result<Admitted, StatusCode> {
    if request.uri().path() != state.path {
        return Err(StatusCode::NOT_FOUND);
    }
    let caller = state.caller(request.headers()).ok_or(StatusCode::UNAUTHORIZED)?;
    let seat = state.census.seat().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Admitted { user: caller.user, seat })
}

fn refusal(status: StatusCode) -> ErrorResponse {
    let mut response = http::Response::new(None);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    response
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(64 << 10)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_REQUEST_BYTES))
        .max_frame_size(Some(MAX_REQUEST_BYTES))
}
