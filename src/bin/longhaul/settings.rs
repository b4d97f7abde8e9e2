//! What is known of server and logon: from flags, then the environment, then vsp's files.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use longhaul::Secret;
use url::Url;

use crate::args::ServerArgs;
use crate::failure::Failure;
use crate::systems::{self, System};
use crate::values;

/// Where variables of the environment come from; empty ones count as not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the process's own environment.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folders whose files describe systems: the current one, then the home folder.
pub(crate) fn process_folders() -> Vec<PathBuf> {
    [std::env::current_dir().ok(), std::env::home_dir()].into_iter().flatten().collect()
}

/// What is known of server and logon, wherever it was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) url: String,
    /// `None` where the URL says it itself.
    pub(crate) client: Option<String>,
    /// `None` where the URL says it itself.
    pub(crate) language: Option<String>,
    /// Whether any certificate of the server's will do.
    pub(crate) insecure: bool,
    pub(crate) logon: LogonBy,
    /// The system that some of this comes from.
    pub(crate) system: Option<System>,
}

/// How to log on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LogonBy {
    Nothing,
    CookieFile(PathBuf),
    Cookies(Secret),
    Password {
        user: String,
        /// The variables that may hold the password; the first one that is set does.
        variables: Vec<String>,
    },
}

/// What one source says: the flags, the environment or a file.
#[derive(Default)]
struct Said {
    url: Option<String>,
    user: Option<String>,
    client: Option<String>,
    language: Option<String>,
    insecure: Option<bool>,
    cookie_file: Option<PathBuf>,
    cookie_string: Option<Secret>,
    /// The variables that may hold the password of its user.
    passwords: Vec<String>,
}

impl Settings {
    /// Puts them together. A system that is named stands in for the environment; one is looked
    /// for as well where nothing else says where the server is.
    ///
    /// # Errors
    /// A failure of configuration.
    pub(crate) fn read(
        args: &ServerArgs,
        environment: Environment<'_>,
        folders: &[PathBuf],
    ) -> Result<Self, Failure> {
        let mut flags = Said::by_flags(args);
        let variables = match args.system {
            None => Said::by_environment(environment)?,
            Some(_) => Said::default(),
        };
        let system = match &args.system {
            Some(name) => Some(systems::find(name, folders)?),
            None if flags.url.is_some() || variables.url.is_some() => None,
            None => systems::find_default(folders)?,
        };
        // A password belongs to the user it was set for; a flag's user has whichever there is.
        let own = system.as_ref().map(System::password_variable);
        let general = args.system.is_none().then(|| "SAP_PASSWORD".to_owned());
        flags.passwords = general.iter().chain(&own).cloned().collect();
        let file = Said {
            passwords: own.into_iter().chain(general).collect(),
            ..system.as_ref().map(Said::by_system).unwrap_or_default()
        };
        let variables = Said { passwords: flags.passwords.clone(), ..variables };
        Self::join(&[flags, variables, file], system, args.password.password_stdin)
    }

    fn join(said: &[Said; 3], system: Option<System>, has_password: bool) -> Result<Self, Failure> {
        let first = |take: fn(&Said) -> Option<&String>| said.iter().find_map(take).cloned();
        let url = first(|said| said.url.as_ref()).ok_or_else(|| match &system {
            Some(System { name, file, .. }) => Failure::configuration(
                format!("system {name:?} has no url"),
                format!("add \"url\" to it in {}", file.display()),
            ),
            None => Failure::configuration(
                "no server is named",
                "give its URL, such as http://host:8000, with --url or SAP_URL, or a system with -s",
            ),
        })?;
        let logon = said.iter().find_map(|said| said.logon(has_password));
        if has_password && logon.is_none() {
            return Err(Failure::configuration(
                "there is a password on stdin, but no user",
                "name the user with --user or SAP_USER",
            ));
        }
        let in_url = |key: &str| {
            Url::parse(url.trim()).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == key))
        };
        // What the URL says itself was said where the URL was; `None` leaves it there.
        let source = said.iter().position(|said| said.url.is_some());
        let or_default = |take: fn(&Said) -> Option<&String>, key: &str, default: &str| {
            let named = said.iter().enumerate().find_map(|(at, said)| match take(said) {
                Some(value) => Some(Some(value.clone())),
                None => (Some(at) == source && in_url(key)).then_some(None),
            });
            named.unwrap_or_else(|| Some(default.to_owned()))
        };
        Ok(Self {
            client: or_default(|said| said.client.as_ref(), "sap-client", "001"),
            language: or_default(|said| said.language.as_ref(), "sap-language", "EN"),
            insecure: said.iter().find_map(|said| said.insecure).unwrap_or(false),
            logon: logon.unwrap_or(LogonBy::Nothing),
            url,
            system,
        })
    }
}

impl Said {
    fn by_flags(args: &ServerArgs) -> Self {
        Self {
            url: args.url.clone().filter(|url| !url.is_empty()),
            user: args.user.clone().filter(|user| !user.is_empty()),
            client: args.client.clone(),
            language: args.language.clone(),
            insecure: args.network.insecure.then_some(true),
            cookie_file: args.cookie_file.clone(),
            ..Self::default()
        }
    }

    fn by_environment(environment: Environment<'_>) -> Result<Self, Failure> {
        Ok(Self {
            url: environment("SAP_URL"),
            user: environment("SAP_USER"),
            client: checked("SAP_CLIENT", values::sap_client, environment)?,
            language: checked("SAP_LANGUAGE", values::language, environment)?,
            insecure: checked("SAP_INSECURE", values::flag, environment)?,
            cookie_file: environment("SAP_COOKIE_FILE").map(PathBuf::from),
            cookie_string: environment("SAP_COOKIE_STRING").map(Secret::from),
            ..Self::default()
        })
    }

    fn by_system(system: &System) -> Self {
        Self {
            url: system.url.clone(),
            user: system.user.clone(),
            client: system.client.clone(),
            language: system.language.clone(),
            insecure: system.insecure,
            cookie_file: system.cookie_file.clone(),
            cookie_string: system.cookie_string.clone(),
            ..Self::default()
        }
    }

    /// How to log on, if this source says it. Cookies win over a user, since they are a session
    /// that exists already; not where a password has been given.
    fn logon(&self, has_password: bool) -> Option<LogonBy> {
        let cookies = || {
            let file = self.cookie_file.clone().map(LogonBy::CookieFile);
            file.or_else(|| self.cookie_string.clone().map(LogonBy::Cookies))
        };
        let user = self.user.clone().map(|user| {
            let variables = self.passwords.clone();
            LogonBy::Password { user, variables }
        });
        if has_password { user } else { cookies().or(user) }
    }
}

/// A variable of a certain form.
fn checked<T>(
    name: &str,
    check: fn(&str) -> Result<T, String>,
    environment: Environment<'_>,
) -> Result<Option<T>, Failure> {
    let Some(value) = environment(name) else { return Ok(None) };
    check(&value).map(Some).map_err(|reason| {
        Failure::configuration(
            format!("{name} is {value:?}: {reason}"),
            format!("set {name} to another value, or unset it"),
        )
    })
}
