//! How a server is set up.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::net::TcpListener;

use super::admission::Admission;
use super::adt::AdtSessions;
use super::census::Census;
use super::core::Retention;
use super::disk;
use super::error::ServerError;
use super::keeper::Keeper;
use super::limits::{MAX_OPERATIONS, MAX_RETAINED_BYTES, RETAINED_FOR};
use super::logon::Logon;
use super::package::Catalog;
use super::process::Costs;
use super::profile::Profile;
use super::script::Script;
use super::state::State;
use super::{DEFAULT_PATH, Server};
use crate::proto::{Feature, Features};

/// Sets up a [`Server`]; made by [`Server::builder`].
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    packages: Vec<(String, PathBuf)>,
    profile: Profile,
    withheld: Vec<Feature>,
    logon: Option<Logon>,
    path: String,
    max_concurrent: Option<usize>,
    max_per_minute: Option<usize>,
    max_sessions: Option<usize>,
    request_limit: Option<Duration>,
    serves_adt: bool,
    costs: Costs,
    retention: Retention,
    disk: Option<PathBuf>,
    script: Script,
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            packages: Vec::new(),
            profile: Profile::default(),
            withheld: Vec::new(),
            logon: None,
            path: DEFAULT_PATH.into(),
            max_concurrent: None,
            max_per_minute: None,
            max_sessions: None,
            request_limit: None,
            serves_adt: true,
            costs: Costs::default(),
            retention: Retention {
                ttl: RETAINED_FOR,
                max_bytes: MAX_RETAINED_BYTES,
                max_operations: MAX_OPERATIONS,
            },
            disk: None,
            script: Script::new(),
        }
    }

    /// Serves a folder as a package, and its sub-folders as sub-packages; may be given often.
    ///
    /// *Shape*: the folder holds serialized files such as `zcl_a.clas.abap`; where it holds
    /// `.abapgit.xml` and `src`, the packages are those in `src`. Names have no case, `#` in file
    /// and folder names stands for the slash of a namespace. What begins with a dot and symbolic
    /// links are left out. Folders are listed by [`bind`](Self::bind), files are read when they
    /// are exported.
    pub fn package(mut self, name: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        self.packages.push((name.into(), folder.into()));
        self
    }

    /// What kind of server to be. Default [`Profile::Full`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Does not offer this feature, which the profile would name; may be given often.
    ///
    /// ```
    /// use longhaul::proto::Feature;
    /// use longhaul::server::Server;
    /// let builder = Server::builder().without_feature(Feature::Binary);
    /// ```
    pub fn without_feature(mut self, feature: Feature) -> Self {
        self.withheld.push(feature);
        self
    }

    /// Asks for this logon by HTTP Basic on the upgrade. Without it any logon is taken, and none.
    ///
    /// The password is not kept, only a digest of it.
    pub fn user(mut self, name: impl Into<String>, password: impl AsRef<str>) -> Self {
        self.logon = Some(Logon::new(name.into(), password.as_ref()));
        self
    }

    /// The path of the WebSocket. Default [`DEFAULT_PATH`]; others are answered 404, and any query
    /// is ignored.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// How many heavy requests (exports) run at once, over all connections. Default no limit.
    /// Others are answered `BUSY`.
    pub fn max_concurrent(mut self, requests: usize) -> Self {
        self.max_concurrent = Some(requests);
        self
    }

    /// How many heavy requests (exports) are started in any 60 seconds, over all connections.
    /// Default no limit. Others are answered `BUSY`.
    pub fn max_per_minute(mut self, requests: usize) -> Self {
        self.max_per_minute = Some(requests);
        self
    }

    /// How long each object takes to serialize or to check, beside what it takes anyway. Default
    /// none. What a check finds in an object leaves before.
    ///
    /// A connection has one work process, so the objects of all its requests take their time one
    /// after the other; connections do not wait for each other.
    pub fn object_delay(mut self, delay: Duration) -> Self {
        self.costs.others = delay;
        self
    }

    /// How long each object of the type `kind`, such as `CLAS`, takes instead of
    /// [`object_delay`](Self::object_delay). Given again for a type, the last holds.
    pub fn object_delay_of(mut self, kind: impl AsRef<str>, delay: Duration) -> Self {
        self.costs.by_kind.insert(kind.as_ref().to_uppercase(), delay);
        self
    }

    /// How many WebSocket sessions there may be at once. Default no limit but that of 1,024
    /// connections. Further upgrades are refused with 503.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = Some(sessions);
        self
    }

    /// How long a heavy request may take, from its turn to its last frame, before it is killed as
    /// a system kills a work process. Default no limit.
    ///
    /// The TCP connection ends without a frame, all other requests on it end as well, and nothing
    /// is kept of the operation. The time is real time, waiting for a slow reader included.
    pub fn request_limit(mut self, limit: Duration) -> Self {
        self.request_limit = Some(limit);
        self
    }

    /// Serves the WebSocket alone. Default is to say over HTTP too, on the same port, which objects
    /// there are, as far as the services of ADT do that.
    ///
    /// These are `/sap/bc/adt/core/discovery` (logon, session cookie, CSRF token),
    /// `/sap/bc/adt/datapreview/freestyle` (TADIR by DEVCLASS, TDEVC by PARENTCL) and
    /// `/sap/bc/adt/repository/nodestructure`. The session cookie is also taken as the logon of an
    /// upgrade.
    pub fn without_adt(mut self) -> Self {
        self.serves_adt = false;
        self
    }

    /// For how long an operation with `resume` is kept once nobody is connected, and how many
    /// bytes all of them may hold together. Default 10 minutes and 1 GiB.
    ///
    /// Beyond that, and beyond 1,024 operations, those longest without a connection are freed.
    /// What is being sent is never freed, and payloads of the domain `test` hold nothing.
    pub fn retain(mut self, ttl: Duration, max_bytes: u64) -> Self {
        self.retention = Retention { ttl, max_bytes, ..self.retention };
        self
    }

    /// Keeps the payloads of operations with `resume` in files of this folder, which is created
    /// where it is missing. Default in memory.
    ///
    /// A file is removed when its operation is freed, and all when the server stops; what one that
    /// was killed has left is removed when the next one starts. An export is put together in memory
    /// all the same.
    pub fn retain_on_disk(mut self, folder: impl Into<PathBuf>) -> Self {
        self.disk = Some(folder.into());
        self
    }

    /// What to do wrong. Default nothing.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// Lists the packages, binds `address` (port 0 for any that is free) and starts to serve.
    ///
    /// # Errors
    /// [`ServerError`] if a folder is missing or not readable, a package comes from two folders,
    /// the user's name cannot be one, or the address cannot be bound.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O and time drivers on.
    pub async fn bind(self, address: &str) -> Result<Server, ServerError> {
        if let Some(logon) = &self.logon
            && logon.user().contains(':')
        {
            return Err(ServerError::InvalidUser { user: logon.user().into() });
        }
        let catalog = self.scan().await?;
        if let Some(folder) = &self.disk {
            let failed = |source| ServerError::Retention { folder: folder.clone(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
            disk::sweep(folder).map_err(failed)?;
        }
        let failed = |source| ServerError::Bind { address: address.into(), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let busy = self.script.busy_refusals();
        let without = |all: Features, feature: &Feature| all.without(*feature);
        let features = self.profile.features();
        let features = features.map(|all| self.withheld.iter().fold(all, without));
        let state = State {
            profile: self.profile,
            features,
            logon: self.logon,
            path: self.path,
            costs: self.costs,
            request_limit: self.request_limit,
            census: Arc::new(Census::new(self.max_sessions)),
            adt: self.serves_adt.then(|| AdtSessions::new(self.script.token_posts())),
            catalog,
            admission: Admission::new(self.max_concurrent, self.max_per_minute, busy),
            script: self.script,
            keeper: Arc::new(Keeper::new(self.retention, epoch())),
            disk: self.disk,
            served: AtomicU64::new(0),
        };
        Ok(Server::start(listener, addr, Arc::new(state)))
    }

    /// Listing folders blocks, so it is done where that does no harm.
    async fn scan(&self) -> Result<Catalog, ServerError> {
        let packages = self.packages.clone();
        match tokio::task::spawn_blocking(move || Catalog::scan(&packages)).await {
            Ok(catalog) => catalog,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down; whatever is said here is heard by nobody.
                Err(_) => Ok(Catalog::default()),
            },
        }
    }
}

/// A text that no other run of a server has: an epoch names what one run keeps.
fn epoch() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
