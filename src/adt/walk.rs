//! The walk through packages: what is asked next, and what the answers come to.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::data_preview::{self, Table};
use super::error::AdtAnswerError;
use super::exception;
use super::limits::{MAX_OBJECTS, MAX_PACKAGES, MAX_ROWS};
use super::node_structure::{self, Below};
use super::request::Request;
use crate::ops::git::{ListedObject, ObjectKey};

/// Where a list of objects comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ListedBy {
    /// The server itself listed them, over the WebSocket.
    Server,
    /// The table `TADIR`, which is what servers export by.
    DataPreview,
    /// The tree that development tools show, at least in part. Objects that ADT does not know are
    /// not in it.
    NodeStructure,
}

/// Walks through packages and their sub-packages.
///
/// ```text
///             ┌ refused, unreadable, cut off ──────────────┐ from here on for every package
///             │                                            ▼
/// package ─▶ Objects ─▶ Subpackages ─ nothing at all ─▶ Nodes ─▶ next package
///             │            │                               ▲
///             │            └ refused, unreadable, cut off ─┘
///             └ no sub-packages are wanted ─▶ next package
/// ```
#[derive(Debug)]
pub(crate) struct Walk {
    wants_subpackages: bool,
    /// Whether data preview is of no use.
    by_nodes: bool,
    listed_by: ListedBy,
    step: Option<Step>,
    waiting: VecDeque<Package>,
    /// Every package that is, was or will be visited.
    known: HashSet<String>,
    objects: BTreeSet<ListedObject>,
    limits: WalkLimits,
}

#[derive(Clone, Copy, Debug)]
struct WalkLimits {
    packages: usize,
    objects: usize,
    rows: usize,
}

#[derive(Clone, Debug)]
struct Package {
    name: String,
    /// Whether it was asked for by name, so that nobody knows yet whether there is one.
    is_root: bool,
}

/// What was asked, or is about to be.
#[derive(Clone, Debug)]
enum Step {
    Objects(Package),
    Subpackages {
        package: Package,
        had_objects: bool,
    },
    Nodes {
        package: Package,
        /// Whether `TADIR` has nothing of it, which is all that is to be had if this fails.
        is_second_look: bool,
    },
}

/// The walk ends here.
#[derive(Clone, Debug)]
pub(crate) enum WalkError {
    /// The answer's status is none that there is another way for.
    Refused,
    /// The answer cannot be read.
    Unreadable(AdtAnswerError),
    /// There are more packages than [`MAX_PACKAGES`].
    TooManyPackages { limit: usize },
    /// There are more objects than [`MAX_OBJECTS`].
    TooManyObjects { limit: usize },
}

impl Walk {
    pub(crate) fn new(roots: &[String], wants_subpackages: bool) -> Self {
        let limits = WalkLimits { packages: MAX_PACKAGES, objects: MAX_OBJECTS, rows: MAX_ROWS };
        Self::with_limits(roots, wants_subpackages, limits)
    }

    fn with_limits(roots: &[String], wants_subpackages: bool, limits: WalkLimits) -> Self {
        let mut walk = Self {
            wants_subpackages,
            by_nodes: false,
            listed_by: ListedBy::DataPreview,
            step: None,
            waiting: VecDeque::new(),
            known: HashSet::new(),
            objects: BTreeSet::new(),
            limits,
        };
        for root in roots {
            walk.visit(root, true);
        }
        walk
    }

    /// What is to be asked next, until it has been answered; `None` at the end.
    pub(crate) fn request(&mut self) -> Option<Request> {
        if self.step.is_none() {
            let package = self.waiting.pop_front()?;
            self.step = Some(if self.by_nodes {
                Step::Nodes { package, is_second_look: false }
            } else {
                Step::Objects(package)
            });
        }
        Some(match self.step.as_ref()? {
            Step::Objects(package) => Request::objects(&package.name, self.limits.rows),
            Step::Subpackages { package, .. } => {
                Request::subpackages(&package.name, self.limits.rows)
            }
            Step::Nodes { package, .. } => Request::nodes(&package.name),
        })
    }

    /// Takes the answer to the last request.
    pub(crate) fn handle(&mut self, status: u16, body: &[u8]) -> Result<(), WalkError> {
        self.handle_step(status, body)?;
        // One answer is bounded, so it is enough to look afterwards.
        let WalkLimits { packages, objects, .. } = self.limits;
        if self.known.len() > packages {
            return Err(WalkError::TooManyPackages { limit: packages });
        }
        if self.objects.len() > objects {
            return Err(WalkError::TooManyObjects { limit: objects });
        }
        Ok(())
    }

    fn handle_step(&mut self, status: u16, body: &[u8]) -> Result<(), WalkError> {
        match self.step.take() {
            Some(Step::Objects(package)) => self.handle_objects(package, status, body),
            Some(Step::Subpackages { package, had_objects }) => {
                self.handle_subpackages(package, had_objects, status, body)
            }
            Some(Step::Nodes { package, is_second_look }) => {
                self.handle_nodes(&package, is_second_look, status, body)
            }
            None => Ok(()),
        }
    }

    /// All that was found, in order and each once, and where it comes from.
    pub(crate) fn finish(self) -> (Vec<ListedObject>, ListedBy) {
        (self.objects.into_iter().collect(), self.listed_by)
    }

    fn handle_objects(
        &mut self,
        package: Package,
        status: u16,
        body: &[u8],
    ) -> Result<(), WalkError> {
        let columns = ["OBJECT", "OBJ_NAME", "DEVCLASS"];
        let Some(table) = self.table(status, body, columns)? else {
            self.leave_data_preview(package);
            return Ok(());
        };
        // A row of another package says that the condition was not read.
        let is_own = |[_, _, of]: &[String; 3]| of.is_empty() || of.to_uppercase() == package.name;
        if !table.rows.iter().all(is_own) {
            self.leave_data_preview(package);
            return Ok(());
        }
        let had_objects = !table.rows.is_empty();
        for [kind, name, _] in table.rows {
            self.add(&kind, &name, &package);
        }
        self.step = if self.wants_subpackages {
            Some(Step::Subpackages { package, had_objects })
        } else {
            second_look(package, had_objects)
        };
        Ok(())
    }

    fn handle_subpackages(
        &mut self,
        package: Package,
        had_objects: bool,
        status: u16,
        body: &[u8],
    ) -> Result<(), WalkError> {
        let Some(table) = self.table(status, body, ["DEVCLASS"])? else {
            self.leave_data_preview(package);
            return Ok(());
        };
        self.step = second_look(package, had_objects || !table.rows.is_empty());
        for [name] in &table.rows {
            self.visit(name, false);
        }
        Ok(())
    }

    fn handle_nodes(
        &mut self,
        package: &Package,
        is_second_look: bool,
        status: u16,
        body: &[u8],
    ) -> Result<(), WalkError> {
        if !is_success(status) {
            let is_nothing = is_second_look && is_refusal(status, body);
            return if is_nothing { Ok(()) } else { Err(WalkError::Refused) };
        }
        let mut is_nothing = true;
        // An answer that breaks off ends the walk, and with it what was taken of that.
        let read = node_structure::read(body, |below| {
            is_nothing = false;
            match below {
                Below::Object(key) => self.add(key.kind(), key.name(), package),
                Below::Package(name) if self.wants_subpackages => self.visit(&name, false),
                Below::Package(_) => {}
            }
        });
        read.map_err(WalkError::Unreadable)?;
        if is_nothing && package.is_root {
            // There may be no such package at all.
            return Ok(());
        }
        self.listed_by = ListedBy::NodeStructure;
        self.add("DEVC", &package.name, package);
        Ok(())
    }

    /// The table an answer holds; `None` if data preview is of no use.
    fn table<const N: usize>(
        &self,
        status: u16,
        body: &[u8],
        columns: [&'static str; N],
    ) -> Result<Option<Table<N>>, WalkError> {
        if !is_success(status) {
            return if is_refusal(status, body) { Ok(None) } else { Err(WalkError::Refused) };
        }
        let table = data_preview::read(body, columns, self.limits.rows).ok();
        Ok(table.filter(|table| !table.may_go_on(self.limits.rows)))
    }

    /// Goes by node structure with this package and all that follow.
    fn leave_data_preview(&mut self, package: Package) {
        self.by_nodes = true;
        self.listed_by = ListedBy::NodeStructure;
        self.step = Some(Step::Nodes { package, is_second_look: false });
    }

    fn add(&mut self, kind: &str, name: &str, package: &Package) {
        if !kind.is_empty() && !name.is_empty() {
            let key = ObjectKey::new(kind, name);
            self.objects.insert(ListedObject::new(key, &package.name));
        }
    }

    fn visit(&mut self, name: &str, is_root: bool) {
        let name = name.trim().to_uppercase();
        // An empty name would stand for all that is in no package.
        if !name.is_empty() && self.known.insert(name.clone()) {
            self.waiting.push_back(Package { name, is_root });
        }
    }
}

/// What follows when data preview has told all it knows of a package.
fn second_look(package: Package, found_something: bool) -> Option<Step> {
    (package.is_root && !found_something).then_some(Step::Nodes { package, is_second_look: true })
}

fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Whether the server says that this is not to be had, while something else may be.
fn is_refusal(status: u16, body: &[u8]) -> bool {
    match status {
        403..=406 | 415 | 501 => true,
        // Without words of ADT's it is what stands between that complains.
        400 => exception::message(body).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
