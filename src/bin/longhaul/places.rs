//! Where an export goes: a file, stdout, a folder, or two of them.

use std::path::{Path, PathBuf};

use crate::args::ExportArgs;
use crate::extract::Folder;
use crate::failure::Failure;
use crate::target::Target;

/// Where an export goes; at least one of them is there.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) archive: Option<Target>,
    pub(crate) folder: Option<Folder>,
}

impl Places {
    /// What the arguments name, once it is sure that nothing stands in the way already.
    ///
    /// # Errors
    /// A failure of usage, or a local one.
    pub(crate) fn new(args: &ExportArgs) -> Result<Self, Failure> {
        let archive = match (&args.output, &args.extract) {
            (None, Some(_)) => None,
            (None, None) => Some(Target::for_packages(&args.packages)),
            (Some(target), _) => Some(target.clone()),
        };
        if args.json && archive == Some(Target::Stdout) {
            return Err(Failure::usage(
                "--json and `-o -` both want stdout",
                "name a file with -o, or leave --json out",
            ));
        }
        if let (Some(Target::File(file)), Some(folder)) = (&archive, &args.extract)
            && is_same(file, folder)
        {
            return Err(Failure::usage(
                "-o and --extract name the same path",
                "give the archive another name with -o",
            ));
        }
        let folder = match &args.extract {
            Some(path) => Some(Folder::new(path, args.overwrite, args.payload.max_size)?),
            None => None,
        };
        Ok(Self { archive, folder })
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    absolute(one) == absolute(other)
}
