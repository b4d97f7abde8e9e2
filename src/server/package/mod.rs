//! Folders of serialized files as packages.
//!
//! The folders are listed once, when the server starts; the files are read when they are exported.

mod name;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// The package as an object, which is among the objects only where the folder has a file of it.
    own: Arc<Object>,
}

/// One object and the files it is made of.
#[derive(Debug)]
pub(super) struct Object {
    /// Its type, such as `CLAS`.
    pub(super) kind: String,
    /// Its name, such as `/NS/CL_X`.
    pub(super) name: String,
    /// The package that holds it, in upper case; a package holds itself.
    pub(super) package: Arc<str>,
    /// Where its files stand in an archive, without a slash at the end.
    pub(super) folder: Arc<str>,
    /// Its files by name, never none.
    pub(super) files: Vec<SourceFile>,
    times_exported: AtomicU64,
}

/// A serialized file.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    OnDisk(PathBuf),
    Fixed(&'static str),
}

/// What a package is where its folder says nothing of it: no package lacks this file.
const PACKAGE_FILE: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>
<abapGit version=\"v1.0.0\" serializer=\"LCL_OBJECT_DEVC\" serializer_version=\"v1.0.0\">
 <asx:abap xmlns:asx=\"http://www.sap.com/abapxml\" version=\"1.0\">
  <asx:values>
   <DEVC/>
  </asx:values>
 </asx:abap>
</abapGit>
";

impl SourceFile {
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::OnDisk(path) => fs::read(path),
            Content::Fixed(text) => Ok(text.as_bytes().to_vec()),
        }
    }
}

impl Object {
    pub(super) fn label(&self) -> String {
        label(&self.kind, &self.name)
    }

    /// An export asks for it.
    pub(super) fn count_export(&self) {
        self.times_exported.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn times_exported(&self) -> u64 {
        self.times_exported.load(Ordering::Relaxed)
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
            for object in package.listed() {
                catalog.objects.entry(object.label()).or_insert_with(|| Arc::clone(object));
            }
        }
        Ok(catalog)
    }

    /// The objects of a package, by package, type and name; `None` if there is no such package.
    pub(super) fn objects_of(&self, package: &str, subpackages: bool) -> Option<Vec<Arc<Object>>> {
        let chosen = self.chosen(package, subpackages)?;
        Some(chosen.into_iter().flat_map(|package| &package.objects).map(Arc::clone).collect())
    }

    /// As [`objects_of`](Self::objects_of), with the packages themselves, also where their folders
    /// have no file of them.
    pub(super) fn listed(&self, package: &str, subpackages: bool) -> Option<Vec<Arc<Object>>> {
        let chosen = self.chosen(package, subpackages)?;
        Some(chosen.into_iter().flat_map(Package::listed).map(Arc::clone).collect())
    }

    /// The packages directly below a package, none if there is no such package.
    pub(super) fn subpackages_of(&self, package: &str) -> &[String] {
        self.packages.get(package).map_or(&[], |package| &package.subpackages)
    }

    /// A package and, if wanted, those below, by name.
    fn chosen(&self, package: &str, subpackages: bool) -> Option<Vec<&Package>> {
        let package = package.to_uppercase();
        self.packages.get(&package)?;
        let mut names = vec![package];
        let mut chosen = BTreeMap::new();
        while let Some(name) = names.pop() {
            let Some(package) = self.packages.get(&name) else { continue };
            if subpackages {
                names.extend_from_slice(&package.subpackages);
            }
            chosen.insert(name, package);
        }
        Some(chosen.into_values().collect())
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
            let own = own(&name, &objects);
            let subpackages = listing.folders.iter().map(|(sub, _)| sub.clone()).collect();
            for (sub, path) in listing.folders {
                let below = Listing::of(&path)?;
                waiting.push((sub, path, below));
            }
            self.packages.insert(name, Package { folder, subpackages, objects, own });
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
                listing.files.push(SourceFile { name, content: Content::OnDisk(entry.path()) });
            }
        }
        // The order of a folder's entries depends on the file system.
        listing.folders.sort();
        Ok(listing)
    }
}

impl Package {
    /// Its objects, and itself where it is not among them.
    fn listed(&self) -> impl Iterator<Item = &Arc<Object>> {
        let is_among = self.objects.iter().any(|object| Arc::ptr_eq(object, &self.own));
        self.objects.iter().chain((!is_among).then_some(&self.own))
    }
}

/// The package as one of its objects, or as what every system would make of it.
fn own(package: &str, objects: &[Arc<Object>]) -> Arc<Object> {
    let is_own = |object: &&Arc<Object>| object.kind == "DEVC" && object.name == package;
    objects.iter().find(is_own).map_or_else(
        || {
            let file = "package.devc.xml".to_owned();
            let file = SourceFile { name: file, content: Content::Fixed(PACKAGE_FILE) };
            Arc::new(Object {
                kind: "DEVC".into(),
                name: package.into(),
                package: package.into(),
                folder: folder(package),
                files: vec![file],
                times_exported: AtomicU64::new(0),
            })
        },
        Arc::clone,
    )
}

/// Where a package's files stand in an archive.
fn folder(package: &str) -> Arc<str> {
    format!("src/{}", package.to_lowercase()).into()
}

fn group(package: &str, files: Vec<SourceFile>) -> Vec<Arc<Object>> {
    let (folder, package_name) = (folder(package), Arc::<str>::from(package));
    let mut objects: BTreeMap<ObjectKey, Vec<SourceFile>> = BTreeMap::new();
    for file in files {
        objects.entry(ObjectKey::of(&file.name, package)).or_default().push(file);
    }
    let objects = objects.into_iter().map(|(key, mut files)| {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let (package, folder) = (Arc::clone(&package_name), Arc::clone(&folder));
        let times_exported = AtomicU64::new(0);
        Arc::new(Object { kind: key.kind, name: key.name, package, folder, files, times_exported })
    });
    objects.collect()
}

#[cfg(test)]
mod tests;
