//! Why an archive did not become a folder, and what to do about it.

use std::path::Path;

use longhaul::client::extract::ExtractError;

use super::{Failure, Kind, chain};

impl Failure {
    /// What is there already is no folder.
    pub(crate) fn no_folder(path: &Path) -> Self {
        let message = format!("{} exists and is no folder", path.display());
        Self::new(Kind::Local, message, "name another folder with --extract")
    }
}

impl From<ExtractError> for Failure {
    fn from(error: ExtractError) -> Self {
        let (kind, hint) = sort(&error);
        Self::new(kind, chain(&error), hint)
    }
}

const MADE_TO_HARM: &str =
    "archives are made like that to do harm; if the server is trusted, leave --extract out";

fn sort(error: &ExtractError) -> (Kind, &'static str) {
    use ExtractError as E;
    match error {
        E::TooLarge { .. } => (Kind::Limit, "if the server is trusted, allow more with --max-size"),
        E::Archive(error) if error.is_limit() => (Kind::Limit, MADE_TO_HARM),
        E::Ratio { .. } | E::TooMany { .. } => (Kind::Limit, MADE_TO_HARM),
        E::Target(_) => (Kind::Usage, "name a new folder with --extract"),
        E::Exists(_) => (
            Kind::Local,
            "name another folder with --extract, or let files in this one be replaced with \
             --overwrite",
        ),
        E::Link(_) => (Kind::Local, "no link is followed: name the folder itself with --extract"),
        E::PartExists(_) => (
            Kind::Local,
            "if nothing else is extracting there, look into its folder `old`, which has what an \
                 interrupted run had replaced, put that back, then remove it and try again",
        ),
        E::File { .. } | E::NotUndone { .. } => {
            (Kind::Local, "check that the folder can be written and the disk has room")
        }
        _ => (
            Kind::Broken,
            "nothing was written; leave --extract out to keep the archive and look at it",
        ),
    }
}
