//! Where a payload is to go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::failed;

/// What stands at a target.
#[derive(Debug)]
pub(super) enum Place {
    /// A file, or nothing yet: written beside it, then renamed.
    File(PathBuf),
    /// A device, a pipe or the like: written into, since there is nothing to rename over.
    Device(PathBuf),
}

impl Place {
    /// Looks at `target` and opens nothing. A link to a file is followed; what can be no file is
    /// refused.
    pub(super) fn look(target: &Path) -> Result<Self, Error> {
        let failed = |source| failed("writing", target, source);
        let ends_in_name = target.file_name().is_some_and(|name| {
            target.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes())
        });
        if !ends_in_name {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        }
        let is_link = match fs::symlink_metadata(target) {
            Ok(found) => found.is_symlink(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::File(target.to_owned()));
            }
            Err(error) => return Err(failed(error)),
        };
        let found = fs::metadata(target).map_err(failed)?;
        if found.is_dir() {
            Err(failed(io::ErrorKind::IsADirectory.into()))
        } else if !found.is_file() {
            Ok(Self::Device(target.to_owned()))
        } else if is_link {
            fs::canonicalize(target).map(Self::File).map_err(failed)
        } else {
            Ok(Self::File(target.to_owned()))
        }
    }
}
