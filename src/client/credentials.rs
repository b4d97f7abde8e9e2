//! Who logs on, and how.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

use futures::future::{BoxFuture, FutureExt, ready};

use super::Secret;
use super::beside::beside;
use super::cookie_file;

/// One way to log on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Logon {
    /// None: the server takes anyone, or knows the client by its certificate.
    Anonymous,
    /// User and password, as HTTP Basic. A user name cannot hold a colon, a password can.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Cookies of a session that exists already, as `name=value; name=value`.
    Cookies(Secret),
    /// A token, as HTTP Bearer.
    Bearer(Secret),
}

/// Gives the logon whenever a connection is made.
///
/// Asked anew for each connection, so that what has expired is fetched again, and once more when a
/// server has refused what was given: [`Attempt::refused`] is true then. If the answer is the same
/// as before, the refusal stands.
///
/// ```
/// use std::error::Error;
/// use futures::future::{BoxFuture, FutureExt};
/// use longhaul::{Attempt, Credentials, Logon};
///
/// /// Asks a vault that this example does not have.
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Credentials for Vault {
///     fn logon(
///         &self,
///         _attempt: Attempt,
///     ) -> BoxFuture<'_, Result<Logon, Box<dyn Error + Send + Sync>>> {
///         async { Ok(Logon::Bearer("token".into())) }.boxed()
///     }
/// }
/// let builder = longhaul::Client::builder("https://sap.example").credentials(Vault);
/// ```
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The logon to use.
    ///
    /// # Errors
    /// Whatever went wrong; it becomes the source of
    /// [`ConnectError::Credentials`](super::ConnectError::Credentials).
    fn logon(
        &self,
        attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>>;
}

/// Why credentials are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Whether the server has just refused what was given before.
    pub refused: bool,
}

/// The same logon every time.
impl Credentials for Logon {
    fn logon(
        &self,
        _attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>> {
        ready(Ok(self.clone())).boxed()
    }
}

/// Cookies from a file in Netscape's format, read anew whenever they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct CookieFile {
    pub(crate) path: PathBuf,
    /// The host the cookies are for.
    pub(crate) host: String,
    /// Whether the connection to it is encrypted.
    pub(crate) is_secure: bool,
}

impl Credentials for CookieFile {
    fn logon(
        &self,
        _attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>> {
        let Self { path, host, is_secure } = self.clone();
        async move {
            // A pipe is waited for until somebody writes into it.
            let read = beside(move || cookie_file::read(&path, &host, is_secure)).await?;
            Ok(Logon::Cookies(read?.into()))
        }
        .boxed()
    }
}
