//! What all connections of a server share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderMap};

use super::admission::Admission;
use super::adt::{AdtSessions, SessionId};
use super::census::Census;
use super::keeper::Keeper;
use super::logon::{self, Logon};
use super::package::Catalog;
use super::process::Costs;
use super::profile::Profile;
use super::script::Script;
use crate::proto::Features;

/// The server's settings, packages and counters.
#[derive(Debug)]
pub(super) struct State {
    pub(super) profile: Profile,
    /// What the welcome names; `None` for a server that names none.
    pub(super) features: Option<Features>,
    pub(super) logon: Option<Logon>,
    /// The path of the WebSocket, without a query.
    pub(super) path: String,
    pub(super) costs: Costs,
    /// After how long a heavy request is killed.
    pub(super) request_limit: Option<Duration>,
    pub(super) catalog: Catalog,
    pub(super) admission: Admission,
    pub(super) script: Script,
    /// What runs or is kept.
    pub(super) keeper: Arc<Keeper>,
    pub(super) census: Arc<Census>,
    /// The sessions over HTTP, if ADT is served.
    pub(super) adt: Option<AdtSessions>,
    /// Where kept payloads are, if not in memory.
    pub(super) disk: Option<PathBuf>,
    /// How many heavy requests were served.
    pub(super) served: AtomicU64,
}

/// Who sends a request.
pub(super) struct Caller {
    /// Empty where no name was given.
    pub(super) user: Arc<str>,
    /// The session over HTTP that its cookie names.
    pub(super) session: Option<SessionId>,
}

impl State {
    /// Who sends these headers; `None` without the logon that is asked for. A session's cookie
    /// stands for a logon, unless there is another one beside it.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let known = self.adt.as_ref().and_then(|sessions| sessions.find(headers));
        let (session, owner) = known.unzip();
        if let Some(header) = headers.get(AUTHORIZATION) {
            let header = header.to_str().unwrap_or_default();
            let is_taken = self.logon.as_ref().is_none_or(|logon| logon.accepts(header));
            let user = logon::named_user(header).unwrap_or_default().into();
            return is_taken.then_some(Caller { user, session });
        }
        match owner {
            Some(user) => Some(Caller { user, session }),
            None => self.logon.is_none().then(|| Caller { user: "".into(), session }),
        }
    }

    /// The script for the heavy request that is served now.
    pub(super) fn script_for_stream(&self) -> Script {
        let earlier = self.served.fetch_add(1, Ordering::Relaxed);
        self.script.for_request(earlier)
    }
}
