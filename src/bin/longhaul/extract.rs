//! An archive into a folder, beside the archive itself or instead of it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use longhaul::client::StagedFile;
use longhaul::client::extract::{self, ExtractError, ExtractOptions, Extracted, Prepared};

use crate::failure::Failure;

/// A folder to extract into.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    options: ExtractOptions,
}

impl Folder {
    /// A folder that is not there, or may be written into.
    ///
    /// # Errors
    /// What can be told of it before anything is asked of a server.
    pub(crate) fn new(
        path: &Path,
        overwrite: bool,
        max_size: Option<u64>,
    ) -> Result<Self, Failure> {
        if path.file_name().is_none() {
            return Err(ExtractError::Target(path.to_owned()).into());
        }
        match path.symlink_metadata() {
            // Neither is replaced, whatever else may be.
            Ok(found) if found.is_symlink() => {
                return Err(ExtractError::Link(path.to_owned()).into());
            }
            Ok(found) if !found.is_dir() => return Err(Failure::no_folder(path)),
            Ok(_) if !overwrite => return Err(ExtractError::Exists(path.to_owned()).into()),
            _ => {}
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if !parent.unwrap_or(Path::new(".")).is_dir() {
            let missing = io::Error::from(io::ErrorKind::NotFound);
            let message = format!("the folder for {} is not there", path.display());
            return Err(Failure::local(&message, &missing));
        }
        let part =
            path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().display()));
        if part.symlink_metadata().is_ok() {
            return Err(ExtractError::PartExists(part).into());
        }
        // Whether it can be made is found out now, and not once all has been transferred.
        fs::create_dir(&part).and_then(|()| fs::remove_dir(&part)).map_err(|error| {
            Failure::local(&format!("{} cannot be made", part.display()), &error)
        })?;
        let mut options = ExtractOptions::default().overwrite(overwrite);
        if let Some(bytes) = max_size {
            options = options.max_inflated_bytes(bytes);
        }
        Ok(Self { path: path.to_owned(), options })
    }

    /// What it is called in a report.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        self.path.to_string_lossy()
    }

    /// Checks the archive and writes its files beside the folder. Dropped before its end, it
    /// stops and leaves nothing.
    pub(crate) async fn prepare(&self, archive: File) -> Result<Prepared, Failure> {
        let Self { path, options } = self;
        let (path, options) = (path.clone(), options.clone());
        let waiting = Arc::new(());
        let archive = Awaited { inner: BufReader::new(archive), waiter: Arc::downgrade(&waiting) };
        let prepared = beside(move || Ok(extract::prepare(archive, &path, &options)?)).await;
        drop(waiting);
        prepared
    }
}

/// Gives the folder and the file their places, the folder first: it is what may still fail, and
/// the file goes with it then.
///
/// Not to be interrupted: half of it would leave files that were replaced in another place.
pub(crate) async fn commit(
    folder: Option<Prepared>,
    file: Option<StagedFile>,
) -> Result<Option<Extracted>, Failure> {
    beside(move || {
        let extracted = folder.map(Prepared::commit).transpose()?;
        file.map(StagedFile::commit).transpose().map_err(Failure::from)?;
        Ok(extracted)
    })
    .await
}

/// Works on another thread, so that neither the connection nor Ctrl+C has to wait.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::local("the archive could not be extracted", &io::Error::from(error)))
    })
}

/// Ends for its reader as soon as nobody waits for what is read.
struct Awaited {
    inner: BufReader<File>,
    waiter: Weak<()>,
}

impl Read for Awaited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.waiter.strong_count() {
            0 => Err(io::Error::other("interrupted")),
            _ => self.inner.read(buffer),
        }
    }
}

impl Seek for Awaited {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
