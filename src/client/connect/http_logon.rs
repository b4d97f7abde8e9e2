//! Logging on over plain HTTP, for systems that refuse Basic on the upgrade.

use std::sync::Arc;

use hyper::header::{CONNECTION, HeaderValue};

use super::approach::Approach;
use super::dial::BoxedStream;
use super::error::ConnectError;
use super::refusal::refusal;
use super::upgrade::logon_header;
use crate::adt::Request;
use crate::client::Secret;
use crate::client::credentials::Logon;
use crate::client::http::{BodyWish, CookieJar, HttpConnection, HttpFailure, request};
use crate::client::limits::MAX_PAGE_BYTES;

/// Logs on with Basic and gives the cookies of the session.
///
/// `None` if the server lets us in without giving any, so that nothing is won. *Source*:
/// PROTOCOL 1.1.
pub(super) async fn fetch_cookies(
    stream: BoxedStream,
    approach: &Approach<'_>,
    logon: &Logon,
) -> Result<Option<Secret>, ConnectError> {
    let asked = Request::logon();
    let mut request = request(approach.endpoint, &asked)?;
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    if let Some((name, value)) = logon_header(logon)? {
        request.headers_mut().insert(name, value);
    }
    let sent = approach.sent_with(request.headers());
    let broken = |failure: HttpFailure| ConnectError::Http(Arc::new(failure));
    let mut connection = HttpConnection::open(stream).await.map_err(broken)?;
    let answer = connection.exchange(request, |head| {
        if head.status.is_success() { BodyWish::None } else { BodyWish::Start(MAX_PAGE_BYTES) }
    });
    let (head, page) = answer.await.map_err(broken)?;
    if !head.status.is_success() {
        return Err(refusal(head.status.as_u16(), asked.path, &page, &sent));
    }
    let mut cookies = CookieJar::default();
    cookies.absorb(&head.headers);
    Ok(cookies.header())
}
