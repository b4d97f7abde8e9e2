//! Opening the WebSocket on a stream, and what it means when a server will not.

use std::sync::Arc;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self};

use super::approach::Approach;
use super::dial::BoxedStream;
use super::endpoint::{Endpoint, EndpointError};
use super::error::{ConnectError, TlsProblem};
use super::refusal::refusal;
use super::tls::problem_of;
use crate::client::credentials::Logon;
use crate::client::error::CloseCause;
use crate::client::meter::Metered;
use crate::client::websocket::{self, HeadError, HeadFirst, Socket};
use crate::proto::base64;

/// Asks for a WebSocket on a stream, whose first messages may have `max_message_bytes`.
pub(super) async fn upgrade(
    stream: BoxedStream,
    approach: &Approach<'_>,
    logon: &Logon,
    max_message_bytes: usize,
) -> Result<Socket, ConnectError> {
    let endpoint = approach.endpoint;
    let mut request = endpoint.url().into_client_request().map_err(|error| {
        EndpointError::NotUrl { url: endpoint.url().to_owned(), reason: error.to_string() }
    })?;
    if let Some((name, value)) = logon_header(logon)? {
        request.headers_mut().insert(name, value);
    }
    let sent = approach.sent_with(request.headers());
    let stream = HeadFirst::new(Metered::new(stream));
    match client_async_with_config(request, stream, Some(websocket::config())).await {
        Ok((_, response)) if response.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS) => {
            // None was offered, and the library does not look.
            Err(ConnectError::NotOffered { header: "Sec-WebSocket-Extensions" })
        }
        Err(tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_))) => {
            Err(ConnectError::NotOffered { header: "Sec-WebSocket-Protocol" })
        }
        Ok((socket, _)) => {
            let (stream, rest) = socket.into_inner().into_parts();
            Ok(Socket::open(stream, &rest, max_message_bytes).await)
        }
        Err(tungstenite::Error::Http(response)) => {
            let page = response.body().as_deref().unwrap_or_default();
            Err(refusal(response.status().as_u16(), endpoint.path(), page, &sent))
        }
        Err(error) => {
            let (problem, head) = match &error {
                tungstenite::Error::Io(error) => (problem_of(error), HeadError::of(error)),
                _ => (None, None),
            };
            Err(match (problem, head) {
                (Some(problem), _) => tls_problem(endpoint, problem),
                (None, Some(HeadError::NotHttp { start })) => {
                    ConnectError::AnswerHead(HeadError::NotHttp { start: sent.scrub(&start) })
                }
                (None, Some(head)) => ConnectError::AnswerHead(head),
                (None, None) => ConnectError::Upgrade(Arc::new(CloseCause::from_library(error))),
            })
        }
    }
}

pub(super) fn tls_problem(endpoint: &Endpoint, problem: TlsProblem) -> ConnectError {
    ConnectError::Tls { host: endpoint.address().0.to_owned(), problem }
}

/// The header that carries a logon; marked, so that it is never printed.
pub(crate) fn logon_header(
    logon: &Logon,
) -> Result<Option<(HeaderName, HeaderValue)>, ConnectError> {
    let (name, text, what) = match logon {
        Logon::Anonymous => return Ok(None),
        Logon::Basic { user, .. } if user.contains(|c: char| c == ':' || c.is_control()) => {
            return Err(ConnectError::User { user: user.clone() });
        }
        Logon::Basic { user, password } => {
            let token = base64::encode(format!("{user}:{}", password.expose()).as_bytes());
            (AUTHORIZATION, format!("Basic {token}"), "password")
        }
        Logon::Cookies(cookies) => (COOKIE, cookies.expose().to_owned(), "cookie"),
        Logon::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose()), "token"),
    };
    let mut value =
        HeaderValue::try_from(text).map_err(|_| ConnectError::UnsendableLogon { what })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logons_become_headers_that_are_not_printed() {
        let header = |logon: &Logon| logon_header(logon).unwrap().unwrap();
        let basic = Logon::Basic { user: "ab".into(), password: "x:y".into() };
        let (name, value) = header(&basic);
        assert_eq!((name, value.as_bytes()), (AUTHORIZATION, &b"Basic YWI6eDp5"[..]));
        assert!(!format!("{value:?}").contains("YWI6eDp5"));
        let (name, value) = header(&Logon::Cookies("a=b; c=d".into()));
        assert_eq!((name, value.as_bytes()), (COOKIE, &b"a=b; c=d"[..]));
        let (_, value) = header(&Logon::Bearer("t0k".into()));
        assert_eq!(value.as_bytes(), b"Bearer t0k");
        assert!(logon_header(&Logon::Anonymous).unwrap().is_none());
    }

    #[test]
    fn what_http_cannot_carry_is_refused_without_being_printed() {
        let user = Logon::Basic { user: "a:b".into(), password: "x".into() };
        assert!(matches!(logon_header(&user), Err(ConnectError::User { .. })));
        let error = logon_header(&Logon::Cookies("secret\n".into())).unwrap_err();
        assert!(matches!(error, ConnectError::UnsendableLogon { what: "cookie" }));
        assert!(!format!("{error:?}").contains("secret"));
    }
}
