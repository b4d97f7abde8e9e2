//! What [`crate::fuzzing`] has of the client.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

pub use super::cookie_file::fuzzing::cookie_file;
pub(crate) use super::cookie_file::fuzzing::seeds as cookie_file_seeds;
pub use super::extract::fuzzing::extract;
pub(crate) use super::extract::fuzzing::seeds as extract_seeds;
pub use super::file::leftover::fuzzing::journal;
pub(crate) use super::file::leftover::fuzzing::seeds as journal_seeds;
pub(crate) use super::systems::fuzzing::seeds as systems_seeds;
pub use super::systems::fuzzing::systems;

/// A folder of its own, gone when dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// An empty one among the temporary files.
    ///
    /// # Panics
    /// If it cannot be made.
    pub(super) fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("longhaul-fuzzing-{}-{number}", process::id()));
        // What a process of the same number has left when it was killed.
        let _ = fs::remove_dir_all(&path);
        assert!(fs::create_dir(&path).is_ok(), "{} cannot be made", path.display());
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
