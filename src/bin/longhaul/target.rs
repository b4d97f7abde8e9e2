//! Where an archive goes.

use std::borrow::Cow;
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(unix)]
use crate::output;

/// A file, or stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("no name of a file"),
            "-" => Ok(Self::Stdout),
            _ => Ok(Self::File(text.into())),
        }
    }
}

impl Target {
    /// What it is called in a report.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::File(path) => path.to_string_lossy(),
            Self::Stdout => "stdout".into(),
        }
    }

    /// Says that somebody has to read a pipe before anything can be written into it.
    pub(crate) fn tell_pipe(&self) {
        #[cfg(unix)]
        if let Self::File(path) = self
            && std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
        {
            output::note(format_args!("{} is a pipe: waiting until it is read", path.display()));
        }
    }

    /// A file of no lasting name in the folder for such, for what waits there to be verified.
    pub(crate) fn scratch() -> PathBuf {
        std::env::temp_dir().join(format!("longhaul-{}", std::process::id()))
    }

    /// The file for an export that names none, after its first package.
    ///
    /// What cannot stand in a file's name on some system becomes `#`, as in abapGit's own names,
    /// so `/NS/P` gives `#NS#P.zip` and no name leads out of the folder.
    pub(crate) fn for_packages(packages: &[String]) -> Self {
        let name: String = packages.first().map_or("objects", String::as_str).trim().into();
        let name = name.replace(
            |c: char| {
                c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
            },
            "#",
        );
        Self::File(format!("{name}.zip").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(package: &str) -> PathBuf {
        match Target::for_packages(&[package.to_owned(), "$OTHER".to_owned()]) {
            Target::File(path) => path,
            Target::Stdout => panic!("{package}"),
        }
    }

    #[test]
    fn files_are_named_after_the_first_package() {
        assert_eq!(named("$ZRAY"), PathBuf::from("$ZRAY.zip"));
        assert_eq!(named("/NS/P"), PathBuf::from("#NS#P.zip"));
        assert_eq!(named("../../x"), PathBuf::from("..#..#x.zip"));
        assert_eq!(named("c:\\x"), PathBuf::from("c##x.zip"));
        assert_eq!(Target::for_packages(&[]), Target::File("objects.zip".into()));
    }

    #[test]
    fn a_dash_is_stdout_and_nothing_is_no_file() {
        assert!("".parse::<Target>().is_err());
        assert_eq!("-".parse(), Ok(Target::Stdout));
        assert_eq!("./-".parse(), Ok(Target::File("./-".into())));
    }
}
