//! Who logs on, and how.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, ready};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::Secret;
use super::beside::failed;
use super::cookie_file::{self, CookieFileError};

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

/// A read that nobody may wait for any more: a pipe is waited for until somebody writes into it, on a
/// thread that cannot be told to stop. Whoever asks next goes on waiting for it.
pub(crate) type Reading = Arc<Mutex<Option<JoinHandle<Result<String, CookieFileError>>>>>;

/// Cookies from a file in Netscape's format, read anew whenever they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct CookieFile {
    pub(crate) path: PathBuf,
    /// The host the cookies are for.
    pub(crate) host: String,
    /// Whether the connection to it is encrypted.
    pub(crate) is_secure: bool,
    pub(crate) reading: Reading,
}

impl Credentials for CookieFile {
    fn logon(
        &self,
        _attempt: Attempt,
    ) -> BoxFuture<'_, Result<Logon, Box<dyn StdError + Send + Sync>>> {
        let Self { path, host, is_secure, reading } = self.clone();
        async move {
            let mut reading = reading.lock().await;
            // What was read of a file a while ago may be another by now.
            if reading.is_some() && path.is_file() {
                *reading = None;
            }
            let read = reading.get_or_insert_with(|| {
                tokio::task::spawn_blocking(move || cookie_file::read(&path, &host, is_secure))
            });
            let read = read.await;
            *reading = None;
            Ok(Logon::Cookies(read.map_err(failed)??.into()))
        }
        .boxed()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn a_pipe_is_opened_once_however_often_waiting_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies");
        mkfifoat(CWD, &path, Mode::RWXU).unwrap();
        let (host, reading) = ("a.example".into(), Reading::default());
        let file = CookieFile { path: path.clone(), host, is_secure: true, reading };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let entered = runtime.enter();
        for _ in 0..3 {
            assert!(file.logon(Attempt::default()).now_or_never().is_none());
        }
        drop(entered);
        let writer = std::thread::spawn(move || {
            let mut pipe = std::fs::File::options().write(true).open(path).unwrap();
            pipe.write_all(b"a.example\tFALSE\t/\tFALSE\t0\ts\t1\n").unwrap();
        });
        // With more than one reader, the others would find nothing in it, or wait for ever.
        let logon = runtime.block_on(async {
            let logon = file.logon(Attempt::default());
            tokio::time::timeout(Duration::from_secs(20), logon).await.unwrap().unwrap()
        });
        assert_eq!(logon, Logon::Cookies("s=1".into()));
        writer.join().unwrap();
    }
}
