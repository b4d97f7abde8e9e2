//! What goes wrong over HTTP, where ADT says which objects there are.

use super::Script;

/// What the steps about ADT add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AdtFaults {
    forbids_data_preview: bool,
    hides_token_from_head: bool,
    token_posts: Option<u32>,
    lists_nothing: bool,
}

impl Script {
    /// Answers 403 to every data preview, as systems do where a user lacks the authorization.
    pub fn forbid_data_preview(mut self) -> Self {
        self.adt.forbids_data_preview = true;
        self
    }

    /// Gives CSRF tokens by GET only; HEAD is answered without one.
    pub fn no_token_by_head(mut self) -> Self {
        self.adt.hides_token_from_head = true;
        self
    }

    /// Takes each CSRF token for `posts` requests only; then it has to be fetched anew.
    pub fn expire_token_after(mut self, posts: u32) -> Self {
        self.adt.token_posts = Some(posts);
        self
    }

    /// Lists no objects and no sub-packages, neither over ADT nor by `git.list`, as if every package
    /// were empty. Exports are what they were.
    pub fn list_nothing(mut self) -> Self {
        self.adt.lists_nothing = true;
        self
    }
}

/// What the server asks its script.
impl Script {
    pub(in crate::server) fn forbids_data_preview(&self) -> bool {
        self.adt.forbids_data_preview
    }

    pub(in crate::server) fn hides_token_from_head(&self) -> bool {
        self.adt.hides_token_from_head
    }

    /// How many requests a CSRF token is taken for, `None` for any number.
    pub(in crate::server) fn token_posts(&self) -> Option<u32> {
        self.adt.token_posts
    }

    pub(in crate::server) fn lists_nothing(&self) -> bool {
        self.adt.lists_nothing
    }
}
