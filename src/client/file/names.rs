//! What the files beside a target are called.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folder_of;

/// How much of the target's name they bear, in characters; names have limits.
const STEM_CHARS: usize = 50;
/// How often other names are tried if one is taken.
const MOST_NAMES: u32 = 16;
/// How many hex digits tell one try from another.
const TAG_DIGITS: usize = 8;

/// The part and the journal of one try.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) part: PathBuf,
    pub(super) journal: PathBuf,
}

impl Names {
    /// Names that most probably nobody has, in `folder`.
    pub(super) fn mint(target: &Path, folder: &Path) -> Self {
        let tag = fastrand::u32(..);
        let base = format!("{}.{tag:08x}", stem(target));
        Self {
            part: folder.join(format!("{base}.part")),
            journal: folder.join(format!("{base}.journal")),
        }
    }

    /// The names whose journal is called `name`, if tries at `target` have such ones.
    fn read(target: &Path, name: &OsStr) -> Option<Self> {
        let base = name.to_str()?.strip_suffix(".journal")?;
        let tag = base.strip_prefix(&stem(target))?.strip_prefix('.')?;
        is_tag(tag).then(|| Self {
            part: target.with_file_name(format!("{base}.part")),
            journal: target.with_file_name(name),
        })
    }

    /// All that lie beside `target` and may be of earlier tries at it; or at one whose name begins
    /// alike, since long names are cut.
    pub(super) fn beside(target: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder_of(target))? {
            let name = entry?.file_name();
            found.extend(Self::read(target, &name));
        }
        Ok(found)
    }

    /// The part's name, without its folder.
    pub(super) fn part_name(&self) -> String {
        self.part.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Makes something under a name of its own; `make` is asked again with another if that is taken.
pub(super) fn make_first_free<T>(mut make: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..MOST_NAMES {
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
    }
    make()
}

/// Whether a text is what tells one try from another.
pub(super) fn is_tag(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == TAG_DIGITS && text.bytes().all(is_digit)
}

/// How the names of what lies beside `target` begin.
pub(super) fn stem(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    name.chars().take(STEM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_exact_shape_are_read() {
        let target = Path::new("some/a.zip");
        let names = Names::mint(target, Path::new("some"));
        let again = Names::read(target, names.journal.file_name().unwrap()).unwrap();
        assert_eq!((again.part, again.journal), (names.part, names.journal));
        let foreign = [
            "a.zip.journal",
            "a.zip.deadbeef.part",
            "a.zip.deadbee.journal",
            "a.zip.deadbeef0.journal",
            "a.zip.DEADBEEF.journal",
            "a.zipp.deadbeef.journal",
            "b.a.zip.deadbeef.journal",
            "deadbeef.journal",
        ];
        for name in foreign {
            assert!(Names::read(target, OsStr::new(name)).is_none(), "{name}");
        }
    }
}
