//! Which objects an operation is about, as the domains `git` and `atc` are told.

use super::git::ObjectKey;
use crate::proto::Params;

/// Packages, single objects, or both.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) packages: Vec<String>,
    pub(crate) objects: Vec<ObjectKey>,
    pub(crate) include_subpackages: bool,
}

impl Selection {
    /// These packages, in upper case, and their sub-packages.
    pub(crate) fn packages(packages: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let packages = packages.into_iter().map(|name| name.as_ref().to_uppercase()).collect();
        Self { packages, objects: Vec::new(), include_subpackages: true }
    }

    /// These objects.
    pub(crate) fn objects(objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        Self { objects: objects.into_iter().collect(), ..Self::packages([""; 0]) }
    }

    /// The params that say so. *Source*: PROTOCOL 10.1.
    pub(crate) fn params(&self) -> Params {
        let mut params = Params::new();
        if !self.packages.is_empty() {
            params = params.with("packages", &self.packages);
        }
        if !self.objects.is_empty() {
            params = params.with("objects", &self.objects);
        }
        // A server that does not find it takes it for true, so it is always said.
        params.with("includeSubpackages", self.include_subpackages)
    }
}
