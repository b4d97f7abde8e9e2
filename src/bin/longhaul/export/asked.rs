//! What is to be exported, by the words of the command line.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use longhaul::ops::git::{Export, List, ObjectKey, ShardedExport};

use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::values;

/// The largest file of names that is read, in bytes: 64 MiB, a million objects and more.
const MAX_OBJECTS_FILE_BYTES: u64 = 64 << 20;

/// Packages, single objects, or both; not nothing.
#[derive(Debug)]
pub(super) struct Asked {
    packages: Vec<String>,
    pub(super) objects: Vec<ObjectKey>,
    has_subpackages: bool,
}

impl Asked {
    /// What the arguments name.
    ///
    /// # Errors
    /// A failure of usage.
    pub(super) fn new(args: &ExportArgs) -> Result<Self, Failure> {
        let mut objects = args.object.clone();
        if let Some(path) = &args.objects_from {
            objects.extend(read_objects(path)?);
        }
        let packages = args.packages.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let packages: Vec<_> = packages.map(str::to_owned).collect();
        if packages.is_empty() && objects.is_empty() {
            return Err(Failure::usage(
                "there is nothing to export",
                "name a package, or objects with --object or --objects-from",
            ));
        }
        Ok(Self { packages, objects, has_subpackages: !args.no_subpackages })
    }

    /// The question what the packages hold; `None` where none is named.
    pub(super) fn list(&self) -> Option<List> {
        let list = (!self.packages.is_empty()).then(|| List::packages(&self.packages))?;
        Some(if self.has_subpackages { list } else { list.without_subpackages() })
    }

    /// All of it in one request.
    pub(super) fn into_plain(self) -> Export {
        let export = Export::packages(self.packages).with_objects(self.objects);
        if self.has_subpackages { export } else { export.without_subpackages() }
    }

    /// All of it in shards, once it is known what the packages hold.
    pub(super) fn into_sharded(self, listed: Vec<ObjectKey>) -> ShardedExport {
        let export = ShardedExport::packages(self.packages).with_objects(self.objects);
        let export = export.with_listing(listed);
        if self.has_subpackages { export } else { export.without_subpackages() }
    }
}

/// Reads a list of objects, one TYPE:NAME a line.
fn read_objects(path: &Path) -> Result<Vec<ObjectKey>, Failure> {
    let unusable = |why: String| {
        Failure::usage(
            format!("{} cannot be read: {why}", path.display()),
            "name a text file with --objects-from",
        )
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    let read = file.take(MAX_OBJECTS_FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| unusable(error.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes > MAX_OBJECTS_FILE_BYTES) {
        return Err(unusable(format!("it has more than {MAX_OBJECTS_FILE_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| unusable(error.to_string()))?;
    // Some editors begin a file with a mark that is no part of its text.
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = lines.map(|(index, line)| {
        values::object(line).map_err(|reason| {
            Failure::usage(
                format!("{}, line {}: {line:?} is {reason}", path.display(), index + 1),
                "write one TYPE:NAME a line",
            )
        })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::failure::Kind;

    fn read(text: &str) -> Result<Vec<ObjectKey>, Failure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read_objects(file.path())
    }

    #[test]
    fn a_list_of_objects_has_one_a_line() {
        let objects = read("# all of it\nCLAS:ZCL_A\r\n\n  prog:zreport \n").unwrap();
        assert_eq!(objects, [ObjectKey::new("CLAS", "ZCL_A"), ObjectKey::new("PROG", "ZREPORT")]);
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let failure = read("CLAS:ZCL_A\nZCL_B\n").unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert!(failure.message.contains("line 2") && failure.message.contains("ZCL_B"));
        assert_eq!(read_objects(Path::new("/no/such")).unwrap_err().kind, Kind::Usage);
    }
}
