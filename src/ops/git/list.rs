//! `git.list`: which objects packages hold.

use serde::{Deserialize, Serialize};

use super::object::ObjectKey;
use crate::ops::field;
use crate::ops::selection::Selection;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks which objects packages hold, without exporting them.
///
/// Gives the objects in the server's order, the packages themselves among them as `DEVC`. Servers
/// need not offer it: one that does not answers `UNKNOWN_ACTION`. *Source*: PROTOCOL 10.1.
///
/// ```
/// use longhaul::ops::git::List;
/// use longhaul::proto::Operation;
/// let list = List::packages(["$zray"]);
/// assert_eq!(list.name().to_string(), "git.list");
/// assert_eq!(list.params().to_json(), r#"{"packages":["$ZRAY"],"includeSubpackages":true}"#);
/// ```
#[derive(Clone, Debug)]
pub struct List(Selection);

impl List {
    /// Lists these packages and, unless told otherwise, their sub-packages.
    pub fn packages(packages: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(Selection::packages(packages))
    }

    /// Leaves sub-packages out.
    pub fn without_subpackages(mut self) -> Self {
        self.0.include_subpackages = false;
        self
    }

    /// The packages that are listed, in upper case.
    pub fn package_names(&self) -> &[String] {
        &self.0.packages
    }

    /// Whether sub-packages are listed too.
    pub fn includes_subpackages(&self) -> bool {
        self.0.include_subpackages
    }
}

/// An object that a package holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct ListedObject {
    /// The object.
    #[serde(flatten)]
    pub key: ObjectKey,
    /// The package that holds it; a package holds itself.
    pub package: String,
}

impl ListedObject {
    /// The object `key` of `package`, whose name is turned to upper case.
    pub fn new(key: ObjectKey, package: &str) -> Self {
        Self { key, package: package.to_uppercase() }
    }
}

/// An object as the wire has it.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    package: String,
}

impl Operation for List {
    type Output = Vec<ListedObject>;

    fn name(&self) -> OperationName {
        OperationName::new("git", "list")
    }

    fn params(&self) -> Params {
        self.0.params()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Vec<ListedObject>, OperationError> {
        let rows: Vec<Row> = field::required(reply, "objects")?;
        let named = rows.iter().filter(|row| !row.kind.is_empty() && !row.name.is_empty());
        let listed =
            named.map(|row| ListedObject::new(ObjectKey::new(&row.kind, &row.name), &row.package));
        Ok(listed.collect())
    }
}
