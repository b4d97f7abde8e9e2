//! Logging on over plain HTTP, for systems that refuse Basic on the upgrade.

use std::sync::Arc;

use cookie::Cookie;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderMap, SET_COOKIE};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;

use super::dial::BoxedStream;
use super::endpoint::Endpoint;
use super::error::ConnectError;
use super::proxy::authority;
use super::upgrade::{logon_header, refusal};
use crate::client::Secret;
use crate::client::credentials::Logon;

/// What is asked for: small, always there where ADT is, and open to every developer.
const DISCOVERY_PATH: &str = "/sap/bc/adt/core/discovery";
/// The largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How much of a refusing page is read, in bytes.
const MAX_PAGE_BYTES: usize = 16 << 10;

/// Logs on with Basic and gives the cookies of the session.
///
/// `None` if the server lets us in without giving any, so that nothing is won. *Source*:
/// PROTOCOL 1.1.
pub(super) async fn fetch_cookies(
    stream: BoxedStream,
    endpoint: &Endpoint,
    logon: &Logon,
) -> Result<Option<Secret>, ConnectError> {
    let broken = |error: hyper::Error| ConnectError::Http(Arc::new(error));
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let exchange = async {
        let response = sender.send_request(request(endpoint, logon)?).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(cookies(&head.headers));
        }
        // The page is only evidence; half of one will do, and none.
        let page = Limited::new(body, MAX_PAGE_BYTES).collect().await;
        let page = page.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(refusal(head.status.as_u16(), DISCOVERY_PATH, &page))
    };
    // The connection is driven only as long as the answer is waited for. It may end before the
    // answer has been looked at; the answer says then how that went.
    tokio::pin!(exchange, connection);
    tokio::select! {
        answer = &mut exchange => answer,
        _ended = &mut connection => exchange.await,
    }
}

fn request(endpoint: &Endpoint, logon: &Logon) -> Result<Request<Empty<Bytes>>, ConnectError> {
    let (host, port) = endpoint.address();
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::GET;
    let target = match endpoint.query() {
        Some(query) => format!("{DISCOVERY_PATH}?{query}"),
        None => DISCOVERY_PATH.to_owned(),
    };
    let unusable = |_| ConnectError::UnsendableLogon { what: "address" };
    *request.uri_mut() = target.parse().map_err(unusable)?;
    let headers = request.headers_mut();
    if let Ok(host) = authority(host, port).try_into() {
        headers.insert(HOST, host);
    }
    headers.insert(ACCEPT, hyper::header::HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    if let Some((name, value)) = logon_header(logon)? {
        headers.insert(name, value);
    }
    Ok(request)
}

/// The cookies that an answer sets, as a `Cookie` header; the last of each name counts.
fn cookies(headers: &HeaderMap) -> Option<Secret> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for value in headers.get_all(SET_COOKIE) {
        let Some(cookie) = value.to_str().ok().and_then(|text| Cookie::parse(text).ok()) else {
            continue;
        };
        kept.retain(|(name, _)| name != cookie.name());
        if !cookie.value().is_empty() {
            kept.push((cookie.name().to_owned(), cookie.value().to_owned()));
        }
    }
    let pairs: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join("; ").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_an_answer_become_a_header() {
        let mut headers = HeaderMap::new();
        for cookie in [
            "sap-usercontext=sap-client=001; path=/",
            "SAP_SESSIONID_A4H_001=old; path=/; secure; HttpOnly",
            "SAP_SESSIONID_A4H_001=new%3d; path=/",
            "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "garbage",
        ] {
            headers.append(SET_COOKIE, cookie.parse().unwrap());
        }
        let header = cookies(&headers).unwrap();
        assert_eq!(header.expose(), "sap-usercontext=sap-client=001; SAP_SESSIONID_A4H_001=new%3d");
        assert!(cookies(&HeaderMap::new()).is_none());
    }
}
