//! `git.export`: packages or objects as an abapGit archive.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::archive::{self, ArchiveFile};
use super::object::ObjectKey;
use super::sharded::ObjectTime;
use crate::ops::selection::Selection;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, Skipped,
};

/// Exports packages or single objects as an abapGit archive.
///
/// *Shape*: the payload is a ZIP with `.abapgit.xml` and `src/<package>/<object>.<type>.<ext>`,
/// every entry of which has been read and checked. *Source*: PROTOCOL 10.
///
/// ```
/// use longhaul::ops::git::Export;
/// use longhaul::proto::Operation;
/// let export = Export::packages(["$ZRAY"]).without_subpackages();
/// assert_eq!(
///     export.params().to_json(),
///     r#"{"packages":["$ZRAY"],"includeSubpackages":false}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Export(pub(super) Selection);

impl Export {
    /// Exports these packages and, unless told otherwise, their sub-packages.
    pub fn packages(packages: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(Selection::packages(packages))
    }

    /// Exports these objects.
    ///
    /// ```
    /// use longhaul::ops::git::{Export, ObjectKey};
    /// use longhaul::proto::Operation;
    /// let export = Export::objects([ObjectKey::new("clas", "zcl_x")]);
    /// assert_eq!(
    ///     export.params().to_json(),
    ///     r#"{"objects":[{"type":"CLAS","name":"ZCL_X"}],"includeSubpackages":true}"#
    /// );
    /// ```
    pub fn objects(objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        Self(Selection::objects(objects))
    }

    /// Exports these objects as well.
    pub fn with_objects(mut self, objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        self.0.objects.extend(objects);
        self
    }

    /// Leaves sub-packages out.
    pub fn without_subpackages(mut self) -> Self {
        self.0.include_subpackages = false;
        self
    }
}

/// What an export delivered, and what it did not.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Exported {
    /// The archive's files, in its order, each checked.
    pub files: Vec<ArchiveFile>,
    /// Objects found in the archive.
    pub objects: u64,
    /// Objects the server says it exported; real servers count those that failed as well.
    pub counted: Option<u64>,
    /// Objects that were asked for by name, or listed before; empty where packages alone were
    /// asked for.
    pub requested: Vec<ObjectKey>,
    /// Objects the server says it left out, with its reasons.
    pub skipped: Vec<Skipped>,
    /// What should be there and is not.
    pub missing: Missing,
    /// Objects of the archive that were not asked for by name, in order; empty where packages were
    /// asked for and not listed.
    pub unexpected: Vec<ObjectKey>,
    /// The objects that took longest, the slowest first, at most 10; known of a
    /// [`ShardedExport`](super::ShardedExport) alone.
    pub slowest: Vec<ObjectTime>,
}

/// Objects that were asked for or counted and are not in the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// Objects asked for by name that the archive does not hold.
    pub objects: Vec<ObjectKey>,
    /// How many more the server counted than the archive holds and than it names as skipped or
    /// were asked for; their names are unknown.
    pub uncounted: u64,
}

impl Exported {
    /// Whether everything asked for and everything counted is in the archive.
    pub fn is_complete(&self) -> bool {
        self.skipped.is_empty() && self.missing == Missing::default()
    }

    /// Whether the archive holds more objects than the server counted, which is odd but harmless.
    pub fn exceeds_count(&self) -> bool {
        self.counted.is_some_and(|counted| counted < self.objects)
    }

    /// Checks the archive, if there is one, and compares it with what was `requested` by name, which
    /// may be all that was asked for.
    pub(super) fn read(
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
        requested: Vec<ObjectKey>,
        is_all: bool,
    ) -> Result<Self, OperationError> {
        let files = read_archive(reply, payload, limits)?;
        let found = archive::objects(&files);
        let objects = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let counted = reply.count("objectCount");
        let skipped = reply.skipped();
        let present: HashSet<&ObjectKey> = found.iter().map(|(_, key)| key).collect();
        let is_absent = |wanted: &ObjectKey| !present.contains(wanted);
        let absent: Vec<_> = requested.iter().filter(|key| is_absent(key)).cloned().collect();
        // Servers count what they skip; what has a name is not missing a second time.
        let named: BTreeSet<_> = skipped
            .iter()
            .map(|skipped| ObjectKey::new(&skipped.kind, &skipped.name))
            .filter(is_absent)
            .chain(absent.iter().cloned())
            .collect();
        let known = objects.saturating_add(u64::try_from(named.len()).unwrap_or(u64::MAX));
        let uncounted = counted.unwrap_or(0).saturating_sub(known);
        let missing = Missing { objects: absent, uncounted };
        let asked: HashSet<_> = requested.iter().collect();
        let others = present.iter().filter(|key| is_all && !asked.contains(*key));
        let mut unexpected: Vec<_> = others.map(|key| (*key).clone()).collect();
        unexpected.sort();
        let slowest = Vec::new();
        Ok(Self { files, objects, counted, requested, skipped, missing, unexpected, slowest })
    }

    /// An export that delivers nothing has failed.
    pub(super) fn or_empty(self) -> Result<Self, OperationError> {
        if self.objects == 0 { Err(OperationError::Empty) } else { Ok(self) }
    }
}

/// Checks the archive and gives its files; without a payload there are none.
pub(super) fn read_archive(
    reply: &Reply,
    payload: &mut dyn PayloadReader,
    limits: &Limits,
) -> Result<Vec<ArchiveFile>, OperationError> {
    if reply.payload_bytes == 0 {
        return Ok(Vec::new());
    }
    archive::check(payload, limits.max_payload_bytes).map_err(|error| {
        let is_limit = error.is_limit();
        let error = OperationError::payload("abapGit archive", error);
        if is_limit { error.beyond_limit() } else { error }
    })
}

impl Operation for Export {
    type Output = Exported;

    fn name(&self) -> OperationName {
        OperationName::new("git", "export")
    }

    fn params(&self) -> Params {
        self.0.params()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn answer_payload(&self) -> Option<&'static str> {
        Some("zipBase64")
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        limits: &Limits,
    ) -> Result<Exported, OperationError> {
        let is_all = self.0.packages.is_empty();
        Exported::read(reply, payload, limits, self.0.objects.clone(), is_all)?.or_empty()
    }
}
