//! Which objects packages hold, by whichever way the server has.

mod error;
mod session;

use std::collections::HashSet;

pub use error::ListError;

use super::beside::beside;
use super::connect::Approach;
use super::error::Error;
use super::link::Way;
use super::{Client, ErrorKind};
use crate::adt::{ListedBy, Walk, WalkError};
use crate::ops::git::{List, ListedObject};
use session::{Answer, Session};

/// From how many bytes on an answer is read beside the runtime's own threads.
const LARGE_BYTES: usize = 256 << 10;

/// The objects that packages hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The objects, sorted by type and name, each once; the packages themselves as `DEVC`.
    pub objects: Vec<ListedObject>,
    /// Where the list comes from.
    pub by: ListedBy,
    /// The packages that were asked for and hold nothing, not even themselves: there are none of
    /// these names, or they cannot be seen.
    pub empty: Vec<String>,
}

impl Listing {
    /// `objects` come in any order, and maybe more than once.
    fn new(mut objects: Vec<ListedObject>, by: ListedBy, list: &List) -> Result<Self, ListError> {
        objects.sort_unstable();
        objects.dedup();
        let mut empty = list.package_names().to_vec();
        if objects.is_empty() {
            return Err(ListError::Empty { packages: empty });
        }
        let holding: HashSet<_> = objects.iter().map(|object| object.package.as_str()).collect();
        // A server that does not say which package an object is in leaves that open.
        empty.retain(|package| !holding.contains(package.trim()) && !holding.contains(""));
        Ok(Self { objects, by, empty })
    }
}

impl Client {
    /// Lists the objects of packages, without exporting them.
    ///
    /// A server whose welcome names `features` is asked for `git.list`. Where that is not offered
    /// or refused, ADT is asked over HTTP, at the same address, by the same logon and through the
    /// same proxy: for the table `TADIR` by data preview, and where that is forbidden for the node
    /// structure, which lacks objects that ADT does not know. [`Listing::by`] says which it was.
    /// A package of which nothing is found is no error as long as another has something:
    /// [`Listing::empty`] names it.
    ///
    /// ```no_run
    /// # async fn example(client: longhaul::Client) -> Result<(), longhaul::ListError> {
    /// use longhaul::ops::git;
    /// let listing = client.list(git::List::packages(["$ZRAY"])).await?;
    /// for object in &listing.objects {
    ///     println!("{} in {}", object.key, object.package);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// *Limits*: 10,000 packages, 500,000 objects, 64 MiB an answer, and
    /// [`http_timeout`](crate::ClientBuilder::http_timeout) an answer of ADT.
    ///
    /// # Errors
    /// Any [`ListError`]; [`ListError::Empty`] if there is no object at all.
    ///
    /// # Cancellation
    /// Dropping the future ends it; ADT's part only reads, on a connection of its own.
    pub async fn list(&self, list: List) -> Result<Listing, ListError> {
        match self.list_by_server(&list).await? {
            Some(objects) => Listing::new(objects, ListedBy::Server, &list),
            None => Box::pin(list_by_adt(self.link.way(), &list)).await,
        }
    }

    /// `None` where the server does not offer it, or refuses.
    async fn list_by_server(&self, list: &List) -> Result<Option<Vec<ListedObject>>, ListError> {
        if self.welcome().features.is_none() || list.package_names().is_empty() {
            return Ok(None);
        }
        match self.run(list.clone()).await {
            Ok(done) => Ok(Some(done.output)),
            Err(error) if is_no(&error) => {
                tracing::debug!(%error, "the server does not list its objects, asking adt");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the server has answered, and its answer is of no use.
fn is_no(error: &Error) -> bool {
    match error {
        Error::Server { source, .. } => !source.is_busy(),
        Error::Operation { .. } => true,
        _ => error.kind() == ErrorKind::Refused,
    }
}

async fn list_by_adt(way: &Way, list: &List) -> Result<Listing, ListError> {
    let mut walk = Walk::new(list.package_names(), list.includes_subpackages());
    let approach = Approach::new(&way.endpoint, way.credentials.as_ref(), &way.settings);
    let mut session = Session::new(approach, way.settings.http_timeout);
    while let Some(request) = walk.request() {
        let path = request.path;
        let answer = session.ask(&request).await?;
        let handled;
        (walk, handled) = hand(walk, &answer).await?;
        handled.map_err(|error| match error {
            WalkError::Refused => session::refused(path, &answer),
            WalkError::Unreadable(source) => ListError::Unreadable { path, source },
            WalkError::TooManyPackages { limit } => ListError::TooManyPackages { limit },
            WalkError::TooManyObjects { limit } => ListError::TooManyObjects { limit },
        })?;
    }
    let (objects, by) = walk.finish();
    Listing::new(objects, by, list)
}

/// Hands an answer to the walk, beside the runtime's threads if it is large.
async fn hand(mut walk: Walk, answer: &Answer) -> Result<(Walk, Result<(), WalkError>), Error> {
    let (status, body) = (answer.status, answer.body.clone());
    let is_large = body.len() >= LARGE_BYTES;
    let work = move || {
        let handled = walk.handle(status, &body);
        (walk, handled)
    };
    if is_large { beside(work).await } else { Ok(work()) }
}
