//! A session over HTTP: cookies, the token that belongs to them, and logging on again.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{COOKIE, HeaderName, HeaderValue};

use super::error::ListError;
use crate::adt::{self, Method, Request};
use crate::client::connect::{Approach, ConnectError, Sent, explanation, logon_header, refusal};
use crate::client::credentials::{Attempt, Logon};
use crate::client::http::{
    BodyWish, CookieJar, Head, HttpConnection, HttpFailure, HttpRequest, request,
};
use crate::client::limits::{MAX_ADT_BYTES, MAX_PAGE_BYTES};

const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// What came of a request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
    token: Option<HeaderValue>,
    /// What it must not be shown with.
    sent: Sent,
}

/// Asks one thing after the other, all of which may be asked again.
///
/// ```text
/// logon ─▶ HEAD token ─▶ GET token, where HEAD gives none ─▶ request
///   ▲                                                          │ 403: all anew, once a request
///   └────────────────── 401: asked again, once a request ◀─────┘
/// ```
pub(super) struct Session<'a> {
    approach: Approach<'a>,
    limit: Duration,
    /// `None` until it was asked for.
    logon: Option<Logon>,
    cookies: CookieJar,
    /// Whether the server has set some of them, and so knows of this session.
    is_known_there: bool,
    token: Token,
    /// What the last exchange has left open.
    connection: Option<HttpConnection>,
}

/// The token without which nothing is taken; it belongs to the cookies.
enum Token {
    /// Not asked for yet.
    Unknown,
    /// The server gives none; it may want none either.
    Absent,
    /// Marked, so that it is never printed.
    Known(HeaderValue),
}

impl<'a> Session<'a> {
    /// A session that begins with the first request; an exchange may take as long as `limit`.
    pub(super) fn new(approach: Approach<'a>, limit: Duration) -> Self {
        Self {
            approach,
            limit,
            logon: None,
            cookies: CookieJar::default(),
            is_known_there: false,
            token: Token::Unknown,
            connection: None,
        }
    }

    /// Asks, and asks again in a fresh session where that may help.
    pub(super) async fn ask(&mut self, asked: &Request) -> Result<Answer, ListError> {
        let answer = self.ask_logged_on(asked).await?;
        if answer.status != 403 {
            return Ok(answer);
        }
        // The token may have expired with its session, and not every server says which it is.
        self.begin_anew();
        self.ask_logged_on(asked).await
    }

    async fn ask_logged_on(&mut self, asked: &Request) -> Result<Answer, ListError> {
        let refused = self.ask_with_token(asked).await?;
        if refused.status != 401 {
            return Ok(refused);
        }
        let logon = self.approach.logon(Attempt { refused: true });
        let logon = Some(self.approach.within_limit(logon).await?);
        // The same logon may do where it is only the session that has ended.
        let may_help = logon != self.logon || self.is_known_there;
        self.logon = logon;
        self.begin_anew();
        let answer = if may_help { self.ask_with_token(asked).await? } else { refused };
        if answer.status == 401 {
            return Err(refusal(401, asked.path, &answer.body, &answer.sent).into());
        }
        Ok(answer)
    }

    /// Asks with the token; the answer is that to the request for the token if that is 401.
    async fn ask_with_token(&mut self, asked: &Request) -> Result<Answer, ListError> {
        if matches!(self.token, Token::Unknown) {
            for method in [Method::Head, Method::Get] {
                let wanted = Request::token(method);
                let mut answer = self.exchange(&wanted).await?;
                // HEAD has no page that says why.
                if answer.status == 401 && method == Method::Get {
                    return Ok(answer);
                }
                let is_success = matches!(answer.status, 200..=299);
                if let Some(token) = answer.token.take().filter(|_| is_success) {
                    self.token = Token::Known(token);
                    break;
                }
                if method == Method::Get {
                    if !is_success {
                        return Err(refused(wanted.path, &answer));
                    }
                    self.token = Token::Absent;
                }
            }
        }
        self.exchange(asked).await
    }

    /// One request and its answer, over the connection that is open or a new one.
    async fn exchange(&mut self, asked: &Request) -> Result<Answer, ListError> {
        let path = asked.path;
        if self.logon.is_none() {
            let logon = self.approach.logon(Attempt::default());
            self.logon = Some(self.approach.within_limit(logon).await?);
            self.begin_anew();
        }
        loop {
            let kept = self.connection.take().filter(HttpConnection::is_open);
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => open(&self.approach).await?,
            };
            let request = self.request(asked)?;
            let sent = self.approach.sent_with(request.headers());
            let exchange = connection.exchange(request, |head| {
                if head.status.is_success() {
                    BodyWish::Whole(MAX_ADT_BYTES)
                } else {
                    BodyWish::Start(MAX_PAGE_BYTES)
                }
            });
            let limit = self.limit;
            let done = tokio::time::timeout(limit, exchange).await;
            match done.map_err(|_| ListError::Timeout { path, limit })? {
                Ok((head, body)) => {
                    self.connection = Some(connection);
                    return Ok(self.take(asked, &head, body, sent));
                }
                // The server may close what nothing was sent on for a while.
                Err(HttpFailure::NoAnswer(_)) if was_kept => {}
                Err(HttpFailure::TooLarge { limit }) => {
                    return Err(ListError::AnswerTooLarge { path, limit });
                }
                Err(failure) => return Err(ListError::Http { path, source: Arc::new(failure) }),
            }
        }
    }

    fn request(&self, asked: &Request) -> Result<HttpRequest, ConnectError> {
        let mut request = request(self.approach.endpoint, asked)?;
        let headers = request.headers_mut();
        if let Some((name, value)) = self.logon.as_ref().map(logon_header).transpose()?.flatten() {
            headers.insert(name, value);
        }
        // Those of the logon are among them.
        if let Some(cookies) = self.cookies.header() {
            let unsendable = |_| ConnectError::UnsendableLogon { what: "cookie" };
            let mut value = HeaderValue::try_from(cookies.expose()).map_err(unsendable)?;
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
        if let Token::Known(token) = &self.token {
            headers.insert(TOKEN_HEADER, token.clone());
        }
        Ok(request)
    }

    /// Keeps what an answer says beside its body.
    fn take(&mut self, asked: &Request, head: &Head, body: Bytes, sent: Sent) -> Answer {
        let status = head.status.as_u16();
        tracing::debug!(method = ?asked.method, path = asked.path, status, "http");
        // What refuses a logon sets no session.
        if status != 401 {
            self.is_known_there |= self.cookies.absorb(&head.headers);
        }
        let token = head.headers.get(TOKEN_HEADER).filter(|token| is_token(token)).cloned();
        let token = token.map(|mut token| {
            token.set_sensitive(true);
            token
        });
        Answer { status, body, token, sent }
    }

    /// Forgets the session, and with it the token.
    fn begin_anew(&mut self) {
        self.cookies = match &self.logon {
            Some(Logon::Cookies(cookies)) => CookieJar::from_header(cookies),
            _ => CookieJar::default(),
        };
        self.is_known_there = false;
        self.token = Token::Unknown;
    }
}

async fn open(approach: &Approach<'_>) -> Result<HttpConnection, ConnectError> {
    let opening = async {
        let opened = HttpConnection::open(approach.dial().await?).await;
        opened.map_err(|failure| ConnectError::Http(Arc::new(failure)))
    };
    approach.within_limit(Box::pin(opening)).await
}

/// Whether a header has a token, and not what is said of one.
fn is_token(value: &HeaderValue) -> bool {
    let words = [&b""[..], b"required", b"fetch"];
    !words.iter().any(|word| value.as_bytes().trim_ascii().eq_ignore_ascii_case(word))
}

/// The error of an answer by its status, with the server's own words.
pub(super) fn refused(path: &'static str, answer: &Answer) -> ListError {
    let Answer { status, body, sent, .. } = answer;
    let scrubbed = sent.scrub(&String::from_utf8_lossy(body));
    let reason = match adt::message(scrubbed.as_bytes()) {
        Some(message) => sent.scrub(&message),
        None => explanation(body, sent),
    };
    ListError::Refused { path, status: *status, reason }
}
