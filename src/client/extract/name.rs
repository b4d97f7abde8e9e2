//! Names of entries: which are taken, and where they lead.

use icu_normalizer::DecomposingNormalizer;

/// The longest part of a path, in bytes of UTF-8; more is too long for most file systems.
pub(super) const MAX_PART_BYTES: usize = 255;
/// How many folders deep a file may lie.
const MAX_DEPTH: usize = 64;
/// The longest path inside the folder, in bytes of UTF-8.
pub(super) const MAX_PATH_BYTES: usize = 1024;

/// The name of an entry is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// It lies deeper than any repository goes.
    #[error("it lies more than {limit} folders deep")]
    TooDeep {
        /// The limit, in folders.
        limit: usize,
    },
    /// It is empty or not readable.
    #[error("the name is empty or not readable")]
    Empty,
    /// It starts at the root.
    #[error("the name is absolute")]
    Absolute,
    /// A part of it is `.` or `..`.
    #[error("the name leads elsewhere by {part:?}")]
    Dots {
        /// The part.
        part: String,
    },
    /// Two slashes that are not those of a package with a namespace.
    #[error("the name has an empty part")]
    EmptyPart,
    /// It has a character that has a meaning of its own somewhere, such as a backslash, the colon
    /// of a drive, or a control character.
    #[error("the name has the character {character:?}")]
    Character {
        /// The character.
        character: char,
    },
    /// A part of it ends in a dot or a space, which some systems leave off.
    #[error("{part:?} ends in a dot or a space")]
    Ending {
        /// The part.
        part: String,
    },
    /// A part of it is something else on some system, such as the device `nul` or the folder
    /// `.git` that git takes its orders from.
    #[error("{part:?} has a meaning of its own")]
    Reserved {
        /// The part.
        part: String,
    },
    /// The name or a part of it is too long.
    #[error("{got} bytes are too long for a name, of which the limit is {limit}")]
    TooLong {
        /// Its length, in bytes of UTF-8.
        got: usize,
        /// The limit.
        limit: usize,
    },
}

/// The parts of the path that an entry of this name gets, the last of which is its own.
///
/// `src//ns/p/x` leads to `src/#ns#p/x`, as abapGit names the folder of package `/NS/P`.
pub(super) fn parts(name: &str) -> Result<Vec<String>, InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    if name.len() > MAX_PATH_BYTES {
        return Err(InvalidName::TooLong { got: name.len(), limit: MAX_PATH_BYTES });
    }
    if let Some(character) = name.chars().find(|c| is_special(*c)) {
        return Err(InvalidName::Character { character });
    }
    if name.starts_with('/') {
        return Err(InvalidName::Absolute);
    }
    let mut parts = Vec::new();
    let mut rest = name.split('/');
    while let Some(part) = rest.next() {
        let part = if part.is_empty() {
            match (rest.next(), rest.next()) {
                (Some(namespace), Some(package)) => {
                    check(namespace)?;
                    check(package)?;
                    format!("#{namespace}#{package}")
                }
                _ => return Err(InvalidName::EmptyPart),
            }
        } else {
            part.to_owned()
        };
        check(&part)?;
        if parts.len() >= MAX_DEPTH {
            return Err(InvalidName::TooDeep { limit: MAX_DEPTH });
        }
        parts.push(part);
    }
    Ok(parts)
}

/// What two names have in common that differ only in case, or in whether letters with marks are
/// composed (NFC) or taken apart (NFD).
pub(super) fn folded(path: &str) -> String {
    let apart = DecomposingNormalizer::new_nfd();
    let whole = apart.normalize(path);
    let folded: String =
        whole.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    // Some letters come out of that in one piece again.
    apart.normalize(&folded).into_owned()
}

fn check(part: &str) -> Result<(), InvalidName> {
    let owned = || part.to_owned();
    match part {
        "" => Err(InvalidName::EmptyPart),
        "." | ".." => Err(InvalidName::Dots { part: owned() }),
        _ if part.len() > MAX_PART_BYTES => {
            Err(InvalidName::TooLong { got: part.len(), limit: MAX_PART_BYTES })
        }
        _ if part.ends_with(['.', ' ']) => Err(InvalidName::Ending { part: owned() }),
        _ if is_reserved(part) => Err(InvalidName::Reserved { part: owned() }),
        _ => Ok(()),
    }
}

/// Characters that some file system or shell reads in its own way, and those that cannot be seen.
fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

/// Devices of Windows, whatever extension they have, and git's own folder, also by its short name.
fn is_reserved(part: &str) -> bool {
    let part = part.to_lowercase();
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|rest| {
            let mut rest = rest.chars();
            let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
            rest.next().is_some_and(is_digit) && rest.next().is_none()
        })
    };
    matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || numbered("com")
        || numbered("lpt")
        || part == ".git"
        || part == "git~1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> String {
        parts(name).unwrap().join("/")
    }

    #[test]
    fn ordinary_names_stay() {
        for name in [
            ".abapgit.xml",
            "src/zray/zcl_a.clas.abap",
            "src/#ns#p/#ns#cl_b.clas.xml",
            "src/$tmp/a b.txt",
            "src/zü/x",
            "comx/lpt/console.txt",
            "..a/b..c/.gitignore",
        ] {
            assert_eq!(path(name), name);
        }
    }

    #[test]
    fn names_that_some_file_system_takes_for_the_same() {
        for (one, other) in [
            ("src/ZRAY", "src/zray"),
            ("\u{e4}", "a\u{308}"),
            ("\u{c4}", "a\u{308}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("\u{1ed9}", "O\u{302}\u{323}"),
            ("\u{1fc3}", "\u{3b7}\u{3b9}"),
            ("\u{212b}", "\u{e5}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        assert_ne!(folded("a\u{308}"), folded("a"));
        assert_ne!(folded("a\u{308}"), folded("a\u{301}"));
    }

    #[test]
    fn a_namespace_gets_its_hashes() {
        assert_eq!(path("src//ns/p/#ns#cl_b.clas.xml"), "src/#ns#p/#ns#cl_b.clas.xml");
        assert_eq!(path("src//ns/p//ns/p_sub/x.y.z"), "src/#ns#p/#ns#p_sub/x.y.z");
        for name in ["src//x", "src///p/x", "src//ns//x", "a//", "src/"] {
            assert_eq!(parts(name), Err(InvalidName::EmptyPart), "{name}");
        }
        let part = "..".to_owned();
        assert_eq!(parts("src//../p/x"), Err(InvalidName::Dots { part: part.clone() }));
        assert_eq!(parts("src//ns/../x"), Err(InvalidName::Dots { part }));
    }

    #[test]
    fn names_that_lead_elsewhere() {
        for name in ["../x", "a/../x", "a/..", "./x", "a/./b"] {
            assert!(matches!(parts(name), Err(InvalidName::Dots { .. })), "{name}");
        }
        for name in ["/etc/passwd", "//host/share/x", "/"] {
            assert_eq!(parts(name), Err(InvalidName::Absolute), "{name}");
        }
        assert_eq!(parts(""), Err(InvalidName::Empty));
    }

    #[test]
    fn characters_with_a_meaning() {
        for name in [
            "C:/x",
            "c:x",
            "a\\b",
            "..\\x",
            "a/b:stream",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a?",
            "a*",
            "a|b",
            "<a>",
            "\"a\"",
            ".g\u{200c}it/config",
            "a\u{202e}b",
            "a\u{85}b",
        ] {
            assert!(matches!(parts(name), Err(InvalidName::Character { .. })), "{name:?}");
        }
    }

    #[test]
    fn names_that_are_something_else_somewhere() {
        for name in [
            "nul",
            "a/NUL.txt",
            "Con",
            "aux.prog.abap",
            "com1",
            "src/LPT9.x.y",
            "com¹",
            "con .txt",
            "conin$",
            ".git/config",
            "src/.GIT/hooks/x",
            "GIT~1/config",
        ] {
            assert!(matches!(parts(name), Err(InvalidName::Reserved { .. })), "{name}");
        }
        for name in ["a.", "a ", "a./b", "a /b", "..."] {
            assert!(matches!(parts(name), Err(InvalidName::Ending { .. })), "{name}");
        }
    }

    #[test]
    fn long_names() {
        assert!(parts(&"a".repeat(255)).is_ok());
        let error = InvalidName::TooLong { got: 256, limit: MAX_PART_BYTES };
        assert_eq!(parts(&"a".repeat(256)), Err(error.clone()));
        let namespaced = format!("src//{}/{}/x", "n".repeat(127), "p".repeat(127));
        assert_eq!(parts(&namespaced), Err(error));
        let deep = "a/".repeat(600);
        assert!(matches!(parts(&deep), Err(InvalidName::TooLong { limit: MAX_PATH_BYTES, .. })));
    }
}
