//! Folders of serialized files as packages.
//!
//! The folders are listed once, when the server starts; the files are read when they are exported.

mod name;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ServerError;
use name::ObjectKey;

/// All packages a server has.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    packages: BTreeMap<String, Package>,
    /// Every object by its [`label`](label); of several with the same label, the first package's.
    objects: HashMap<String, Arc<Object>>,
}

#[derive(Debug)]
struct Package {
    folder: PathBuf,
    subpackages: Vec<String>,
    objects: Vec<Arc<Object>>,
}

/// One object and the files it is made of.
#[derive(Debug)]
pub(super) struct Object {
    /// Its type, such as `CLAS`.
    pub(super) kind: String,
    /// Its name, such as `/NS/CL_X`.
    pub(super) name: String,
    /// Where its files stand in an archive, without a slash at the end.
    pub(super) folder: Arc<str>,
    /// Its files by name, never none.
    pub(super) files: Vec<SourceFile>,
}

/// A file on disk.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl Object {
    pub(super) fn label(&self) -> String {
        label(&self.kind, &self.name)
    }
}

/// What people call an object, such as `CLAS ZCL_X`.
pub(super) fn label(kind: &str, name: &str) -> String {
    format!("{kind} {name}")
}

impl Catalog {
    /// Lists the folders of the packages given and of everything below.
    pub(super) fn scan(roots: &[(String, PathBuf)]) -> Result<Self, ServerError> {
        let mut catalog = Self::default();
        for (name, folder) in roots {
            if !folder.is_dir() {
                let (package, folder) = (name.clone(), folder.clone());
                return Err(ServerError::MissingFolder { package, folder });
            }
            catalog.scan_root(&name.to_uppercase(), folder)?;
        }
        for package in catalog.packages.values() {
            for object in &package.objects {
                catalog.objects.entry(object.label()).or_insert_with(|| Arc::clone(object));
            }
        }
        Ok(catalog)
    }

    /// The objects of a package, by package, type and name; `None` if there is no such package.
    pub(super) fn objects_of(&self, package: &str, subpackages: bool) -> Option<Vec<Arc<Object>>> {
        let package = package.to_uppercase();
        self.packages.get(&package)?;
        let mut names = vec![package];
        let mut chosen = BTreeMap::new();
        while let Some(name) = names.pop() {
            let Some(package) = self.packages.get(&name) else { continue };
            if subpackages {
                names.extend_from_slice(&package.subpackages);
            }
            chosen.insert(name, &package.objects);
        }
        Some(chosen.into_values().flatten().map(Arc::clone).collect())
    }

    /// The object of that type and name, in whichever package it is.
    pub(super) fn object(&self, kind: &str, name: &str) -> Option<Arc<Object>> {
        self.objects.get(&label(kind, name)).map(Arc::clone)
    }

    fn scan_root(&mut self, name: &str, folder: &Path) -> Result<(), ServerError> {
        let source = folder.join("src");
        if !folder.join(".abapgit.xml").is_file() || !source.is_dir() {
            return self.scan_tree(name, folder.to_owned(), Listing::of(folder)?);
        }
        // What an export wrote has the package's own files one folder further down, beside the
        // folders of its sub-packages.
        let mut listing = Listing::of(&source)?;
        let is_own = |(sub, _): &(String, PathBuf)| sub == name;
        if let Some(at) = listing.folders.iter().position(is_own) {
            let (_, own) = listing.folders.remove(at);
            let own = Listing::of(&own)?;
            listing.files.extend(own.files);
            listing.folders.extend(own.folders);
        }
        self.scan_tree(name, source, listing)
    }

    fn scan_tree(&mut self, name: &str, folder: PathBuf, top: Listing) -> Result<(), ServerError> {
        let mut waiting = vec![(name.to_owned(), folder, top)];
        while let Some((name, folder, listing)) = waiting.pop() {
            if let Some(earlier) = self.packages.get(&name) {
                let first = earlier.folder.clone();
                return Err(ServerError::DuplicatePackage { package: name, first, second: folder });
            }
            let objects = group(&name, listing.files);
            let subpackages = listing.folders.iter().map(|(sub, _)| sub.clone()).collect();
            for (sub, path) in listing.folders {
                let below = Listing::of(&path)?;
                waiting.push((sub, path, below));
            }
            self.packages.insert(name, Package { folder, subpackages, objects });
        }
        Ok(())
    }
}

/// What stands directly in a folder.
struct Listing {
    files: Vec<SourceFile>,
    /// Sub-folders with the names of their packages.
    folders: Vec<(String, PathBuf)>,
}

impl Listing {
    fn of(folder: &Path) -> Result<Self, ServerError> {
        let unreadable =
            |source| ServerError::UnreadableFolder { folder: folder.to_owned(), source };
        let mut listing = Self { files: Vec::new(), folders: Vec::new() };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // The type of the entry itself: what a symbolic link points at is left out.
            let kind = entry.file_type().map_err(unreadable)?;
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                listing.folders.push((name::package(&name), entry.path()));
            } else if kind.is_file() {
                listing.files.push(SourceFile { name, path: entry.path() });
            }
        }
        // The order of a folder's entries depends on the file system.
        listing.folders.sort();
        Ok(listing)
    }
}

fn group(package: &str, files: Vec<SourceFile>) -> Vec<Arc<Object>> {
    let folder: Arc<str> = format!("src/{}", package.to_lowercase()).into();
    let mut objects: BTreeMap<ObjectKey, Vec<SourceFile>> = BTreeMap::new();
    for file in files {
        objects.entry(ObjectKey::of(&file.name, package)).or_default().push(file);
    }
    let objects = objects.into_iter().map(|(key, mut files)| {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Arc::new(Object { kind: key.kind, name: key.name, folder: Arc::clone(&folder), files })
    });
    objects.collect()
}

#[cfg(test)]
mod tests;
