//! What is to be checked, and with what.

use std::time::Duration;

use crate::proto::{OperationName, Params};

/// How long the server may say nothing while something is due: 10 s.
const SILENCE: Duration = Duration::from_secs(10);
/// How long one group of checks may take: 1 minute.
const GROUP_LIMIT: Duration = Duration::from_mins(1);
/// How long all of it may take: 10 minutes.
const LIMIT: Duration = Duration::from_mins(10);
/// How much of one payload is taken, in bytes: 64 MiB.
const MAX_PAYLOAD_BYTES: u64 = 64 << 20;

/// What is to be checked, and with what.
///
/// ```
/// use longhaul::check::Options;
/// let options = Options::new().packages(["$ZRAY"]).section("6.4");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    pub(super) subject: Option<Subject>,
    pub(super) sections: Vec<String>,
    pub(super) silence: Duration,
    pub(super) group_limit: Duration,
    pub(super) limit: Duration,
    pub(super) max_payload_bytes: u64,
}

/// The operation that is streamed again and again.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: OperationName,
    pub(super) params: Params,
    /// For an export: the packages.
    pub(super) packages: Vec<String>,
    /// Whether it is the payload of a reference server, which is the same each time.
    pub(super) is_test: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            subject: None,
            sections: Vec::new(),
            silence: SILENCE,
            group_limit: GROUP_LIMIT,
            limit: LIMIT,
            max_payload_bytes: MAX_PAYLOAD_BYTES,
        }
    }
}

impl Options {
    /// All sections, with the payload of the domain `test` where the server lists that.
    pub fn new() -> Self {
        Self::default()
    }

    /// Streams the export of these packages, some 20 times, and checks section 10.1 as well.
    pub fn packages(mut self, packages: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let packages: Vec<String> = packages.into_iter().map(Into::into).collect();
        if !packages.is_empty() {
            let params = Params::new().with("packages", &packages).with("includeSubpackages", true);
            let name = OperationName::new("git", "export");
            self.subject = Some(Subject { name, params, packages, is_test: false });
        }
        self
    }

    /// Streams this operation, some 20 times: one that only reads.
    pub fn operation(mut self, name: OperationName, params: Params) -> Self {
        self.subject = Some(Subject { name, params, packages: Vec::new(), is_test: false });
        self
    }

    /// Checks this section of PROTOCOL.md and those below it; given again, these as well. What departs
    /// elsewhere on the way is reported all the same.
    pub fn section(mut self, section: impl Into<String>) -> Self {
        self.sections.push(section.into());
        self
    }

    /// How long the server may say nothing while something is due. Default 10 s.
    ///
    /// What says nothing for longer and still answers pings is no departure, but is not checked
    /// further; an operation that computes for longer without telling its progress needs more.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    /// How long one group of checks may take, some of which ask for the operation several times.
    /// Default 1 minute.
    pub fn group_limit(mut self, limit: Duration) -> Self {
        self.group_limit = limit;
        self
    }

    /// How long all of it may take; what is not looked at by then is skipped. Default 10 minutes.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The largest payload of the operation, in bytes; all of one is held in memory. Default 64 MiB.
    pub fn max_payload_bytes(mut self, bytes: u64) -> Self {
        self.max_payload_bytes = bytes;
        self
    }
}
