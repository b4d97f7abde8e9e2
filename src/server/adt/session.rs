//! Sessions over HTTP, and the CSRF tokens that belong to them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::header::{COOKIE, HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;

use crate::server::limits::MAX_HTTP_SESSIONS;

/// The cookie that names a session: the system LNH, its client 001.
const COOKIE_NAME: &str = "SAP_SESSIONID_LNH_001";

/// Names a session; whoever has it is logged on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::server) struct SessionId(Arc<str>);

/// All sessions of a server.
pub(in crate::server) struct AdtSessions {
    inner: Mutex<Inner>,
    /// How many requests a token is taken for.
    token_posts: Option<u32>,
}

#[derive(Default)]
struct Inner {
    by_id: HashMap<SessionId, Session>,
    /// Oldest first; as many as are known.
    order: VecDeque<SessionId>,
}

struct Session {
    user: Arc<str>,
    token: Option<Token>,
}

struct Token {
    text: String,
    /// How many more requests it is taken for.
    posts_left: Option<u32>,
}

impl AdtSessions {
    pub(in crate::server) fn new(token_posts: Option<u32>) -> Self {
        Self { inner: Mutex::default(), token_posts }
    }

    /// The session that a cookie names, and its user.
    pub(in crate::server) fn find(&self, headers: &HeaderMap) -> Option<(SessionId, Arc<str>)> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let mut named = pairs.filter_map(|pair| {
            let (name, id) = pair.trim().split_once('=')?;
            (name == COOKIE_NAME).then(|| SessionId(id.into()))
        });
        let inner = self.lock();
        named.find_map(|id| inner.by_id.get(&id).map(|session| (id, Arc::clone(&session.user))))
    }

    /// Opens a session for a user who is logged on; with too many, the oldest ends.
    pub(super) fn open(&self, user: Arc<str>) -> Result<SessionId, getrandom::Error> {
        let id = SessionId(secret()?.into());
        let mut inner = self.lock();
        if inner.order.len() >= MAX_HTTP_SESSIONS
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.by_id.remove(&oldest);
        }
        inner.order.push_back(id.clone());
        inner.by_id.insert(id.clone(), Session { user, token: None });
        Ok(id)
    }

    /// The session's token, the same as long as it is taken.
    pub(super) fn token(&self, id: &SessionId) -> Result<HeaderValue, Error> {
        let mut inner = self.lock();
        let session = inner.by_id.get_mut(id).ok_or(Error::Gone)?;
        let text = match &session.token {
            Some(token) if token.posts_left != Some(0) => token.text.clone(),
            _ => {
                let text = secret().map_err(Error::Random)?;
                let token = Token { text: text.clone(), posts_left: self.token_posts };
                session.token = Some(token);
                text
            }
        };
        let mut value = HeaderValue::try_from(text).map_err(|_| Error::Gone)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether this is the session's token, which is then taken once less.
    pub(super) fn spend_token(&self, id: &SessionId, given: Option<&HeaderValue>) -> bool {
        let mut inner = self.lock();
        let token = inner.by_id.get_mut(id).and_then(|session| session.token.as_mut());
        let (Some(token), Some(given)) = (token, given) else { return false };
        if !bool::from(token.text.as_bytes().ct_eq(given.as_bytes())) {
            return false;
        }
        match &mut token.posts_left {
            None => true,
            Some(left) => match left.checked_sub(1) {
                Some(less) => {
                    *left = less;
                    true
                }
                None => false,
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionId {
    /// What a new session's first answer sets.
    pub(super) fn cookies(&self) -> Vec<HeaderValue> {
        let own = format!("{COOKIE_NAME}={}; path=/; HttpOnly", self.0);
        let own = HeaderValue::try_from(own).ok().into_iter();
        own.chain([HeaderValue::from_static("sap-usercontext=sap-client=001; path=/")]).collect()
    }
}

impl fmt::Debug for AdtSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdtSessions").finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the session is not known any more")]
    Gone,
    #[error("no random number")]
    Random(#[source] getrandom::Error),
}

/// A text that nobody guesses.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(id: &SessionId) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("a=b; {COOKIE_NAME}={}; c", id.0);
        headers.insert(COOKIE, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_oldest_session_makes_room() {
        let sessions = AdtSessions::new(None);
        let first = sessions.open("ME".into()).unwrap();
        assert_eq!(&*sessions.find(&cookie(&first)).unwrap().1, "ME");
        for _ in 1..MAX_HTTP_SESSIONS {
            sessions.open("".into()).unwrap();
        }
        assert!(sessions.find(&cookie(&first)).is_some());
        let last = sessions.open("".into()).unwrap();
        assert!(sessions.find(&cookie(&first)).is_none());
        assert!(sessions.find(&cookie(&last)).is_some());
        assert!(matches!(sessions.token(&first), Err(Error::Gone)));
    }

    #[test]
    fn a_token_is_its_session_s_own_and_is_used_up() {
        let sessions = AdtSessions::new(Some(2));
        let (one, other) = (sessions.open("".into()).unwrap(), sessions.open("".into()).unwrap());
        let token = sessions.token(&one).unwrap();
        assert_eq!(sessions.token(&one).unwrap(), token);
        assert!(!sessions.spend_token(&other, Some(&token)));
        sessions.token(&other).unwrap();
        assert!(!sessions.spend_token(&other, Some(&token)));
        assert!(!sessions.spend_token(&one, None));
        assert!(sessions.spend_token(&one, Some(&token)));
        assert!(sessions.spend_token(&one, Some(&token)));
        assert!(!sessions.spend_token(&one, Some(&token)));
        let fresh = sessions.token(&one).unwrap();
        assert!(fresh != token && sessions.spend_token(&one, Some(&fresh)));
    }
}
