//! The aliases of one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::proto::Alias;

/// Gives each alias once; clones give from the same ones. *Source*: PROTOCOL 6.5.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aliases(Arc<AtomicU32>);

impl Aliases {
    /// The next alias, counted from 1; `None` once all of them were given.
    pub(crate) fn mint(&self) -> Option<Alias> {
        let next = |last: u32| last.checked_add(1);
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Alias::new(last.checked_add(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_given_twice_and_they_end() {
        let aliases = Aliases::default();
        assert_eq!(aliases.mint().map(Alias::get), Some(1));
        assert_eq!(aliases.clone().mint().map(Alias::get), Some(2));
        assert_eq!(aliases.mint().map(Alias::get), Some(3));
        aliases.0.store(u32::MAX - 1, Ordering::Relaxed);
        assert_eq!(aliases.mint().map(Alias::get), Some(u32::MAX));
        assert_eq!((aliases.mint(), aliases.mint()), (None, None));
    }
}
