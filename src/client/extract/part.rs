//! The folder beside the target: files that are not yet in place, and files that were replaced.

use std::fs::{self, OpenOptions};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::error::ExtractError;
use super::plan::{Plan, PlannedFile};
use crate::ops::git::archive::ArchiveError;

/// `FOLDER.part`, removed when dropped.
#[derive(Debug)]
pub(super) struct Part {
    root: PathBuf,
    /// Whether what is in it must stay, since nobody has it elsewhere.
    keeps: bool,
}

/// A change to the target that can be taken back.
enum Change {
    Folder(PathBuf),
    Saved { file: PathBuf, backup: PathBuf },
    Placed(PathBuf),
}

impl Part {
    /// Makes the folder beside `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self, ExtractError> {
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let root = folder.with_file_name(name);
        fs::create_dir(&root).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => ExtractError::PartExists(root.clone()),
            _ => ExtractError::file("making", &root, source),
        })?;
        let part = Self { root, keeps: false };
        make_folder(&part.fresh())?;
        Ok(part)
    }

    /// Where the new files are.
    fn fresh(&self) -> PathBuf {
        self.root.join("new")
    }

    /// Where the files are that were replaced.
    fn old(&self) -> PathBuf {
        self.root.join("old")
    }

    /// Writes all files.
    pub(super) fn write(
        &self,
        archive: &mut (impl Read + Seek),
        plan: &Plan,
    ) -> Result<(), ExtractError> {
        let fresh = self.fresh();
        for folder in &plan.folders {
            make_folder(&fresh.join(folder))?;
        }
        let mut archive = ZipArchive::new(BufReader::new(archive))
            .map_err(|source| ArchiveError::Directory { len: 0, source })?;
        plan.files.iter().try_for_each(|file| write_file(&mut archive, file, &fresh))
    }

    /// Gives the new files the target's name, which nothing has yet.
    pub(super) fn become_folder(&self, folder: &Path) -> Result<(), ExtractError> {
        fs::rename(self.fresh(), folder)
            .map_err(|source| ExtractError::file("renaming to", folder, source))
    }

    /// Puts the new files into the target, and gives how many it replaced.
    pub(super) fn move_into(&mut self, folder: &Path, plan: &Plan) -> Result<u64, ExtractError> {
        make_folder(&self.old())?;
        let mut changes = Vec::new();
        match self.place(folder, plan, &mut changes) {
            Ok(replaced) => Ok(replaced),
            Err(error) => match take_back(changes) {
                Ok(()) => Err(error),
                Err(source) => {
                    self.keeps = true;
                    let (folder, kept) = (folder.to_owned(), self.old());
                    Err(ExtractError::NotUndone { folder, kept, source })
                }
            },
        }
    }

    fn place(
        &self,
        folder: &Path,
        plan: &Plan,
        changes: &mut Vec<Change>,
    ) -> Result<u64, ExtractError> {
        let (fresh, old) = (self.fresh(), self.old());
        for inside in &plan.folders {
            make_folder(&old.join(inside))?;
            let path = folder.join(inside);
            match fs::create_dir(&path) {
                Ok(()) => changes.push(Change::Folder(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(ExtractError::file("making", path, source)),
            }
        }
        let mut replaced = 0_u64;
        for planned in &plan.files {
            let file = folder.join(&planned.path);
            let backup = old.join(&planned.path);
            match fs::rename(&file, &backup) {
                Ok(()) => {
                    changes.push(Change::Saved { file: file.clone(), backup });
                    replaced = replaced.saturating_add(1);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ExtractError::file("replacing", file, source)),
            }
            fs::rename(fresh.join(&planned.path), &file)
                .map_err(|source| ExtractError::file("renaming to", &file, source))?;
            changes.push(Change::Placed(file));
        }
        Ok(replaced)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.keeps {
            // What is left over does no harm; there is nothing better to do about it.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Takes changes back, the last one first. Goes on where one fails and gives the first failure.
fn take_back(changes: Vec<Change>) -> io::Result<()> {
    let mut result = Ok(());
    for change in changes.into_iter().rev() {
        let undone = match &change {
            Change::Folder(path) => fs::remove_dir(path),
            Change::Saved { file, backup } => fs::rename(backup, file),
            Change::Placed(path) => fs::remove_file(path),
        };
        result = result.and(undone);
    }
    result
}

fn make_folder(path: &Path) -> Result<(), ExtractError> {
    fs::create_dir(path).map_err(|source| ExtractError::file("making", path, source))
}

/// Writes one entry into a file that does not exist yet; the library compares its CRC at its end.
fn write_file(
    archive: &mut ZipArchive<impl Read + Seek>,
    planned: &PlannedFile,
    fresh: &Path,
) -> Result<(), ExtractError> {
    let PlannedFile { index, name, path, size } = planned;
    let target = fresh.join(path);
    let failed = |source| ExtractError::file("writing", &target, source);
    let entry = archive
        .by_index(*index)
        .map_err(|source| ArchiveError::Entry { path: name.clone(), source })?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&target).map_err(failed)?;
    // One byte more than was counted, so that the end is met and more than that is noticed.
    let got = io::copy(&mut entry.take(size.saturating_add(1)), &mut file).map_err(failed)?;
    if got != *size {
        return Err(ExtractError::Changed { path: name.clone(), expected: *size, got });
    }
    Ok(())
}
