//! Where a password comes from: never from the command line.

use std::io::{self, BufRead, IsTerminal};

use crate::args::PasswordArgs;
use crate::clean::clean;
use crate::failure::Failure;
use crate::interrupt;
use crate::settings::Environment;

/// The longest line that is taken for a password, in bytes.
const MOST_BYTES: u64 = 64 << 10;

/// Reads the password of `user`: from stdin where that is asked for, else from the first of
/// `variables` that is set, else from a person.
///
/// # Errors
/// A failure of configuration if there is none.
pub(crate) fn read(
    args: PasswordArgs,
    environment: Environment<'_>,
    variables: &[String],
    user: &str,
) -> Result<String, Failure> {
    if args.password_stdin {
        return first_line(io::stdin().lock());
    }
    if let Some(password) = variables.iter().find_map(|name| environment(name)) {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::configuration(
            format!("user {user} has no password"),
            format!(
                "set {}, or give the password on stdin with --password-stdin",
                variables.join(" or ")
            ),
        ));
    }
    prompt(user)
}

/// Asks whoever sits at the terminal.
fn prompt(user: &str) -> Result<String, Failure> {
    let text = format!("Password for {}: ", clean(user));
    // The terminal is in a state of its own then. An interruption that ended the program on the
    // spot would leave it so, without an echo.
    interrupt::run(async |interruption| {
        let asked = tokio::task::spawn_blocking(|| rpassword::prompt_password(text));
        let asked = async {
            match asked.await.unwrap_or_else(|error| Err(error.into())) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    Err(Failure::interrupted())
                }
                Err(error) => Err(Failure::local("the password could not be read", &error)),
                Ok(password) => Ok(password),
            }
        };
        interruption.or_drop(asked).await
    })
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = Vec::new();
    input
        .take(MOST_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::local("the password could not be read from stdin", &error))?;
    let line = String::from_utf8(line).map_err(|_| {
        Failure::configuration("the password on stdin is not UTF-8", "write it as UTF-8")
    })?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let password = line.strip_suffix('\r').unwrap_or(line);
    if password.is_empty() {
        return Err(Failure::configuration(
            "there is no password on stdin",
            "write it to stdin, or leave --password-stdin out and set SAP_PASSWORD, or with -s \
             VSP_<SYSTEM>_PASSWORD",
        ));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_as_it_stands() {
        assert_eq!(first_line(&b" a:b \r\nmore"[..]).unwrap(), " a:b ");
        assert_eq!(first_line(&b"secret"[..]).unwrap(), "secret");
        assert!(first_line(&b""[..]).is_err() && first_line(&b"\nx"[..]).is_err());
        assert!(first_line(&b"\xff\n"[..]).is_err());
    }

    #[test]
    fn the_first_variable_that_is_set_has_it() {
        let args = PasswordArgs { password_stdin: false };
        let given = |name: &str| (name != "UNSET").then(|| name.to_lowercase());
        let variables = ["UNSET", "FIRST", "SECOND"].map(str::to_owned);
        assert_eq!(read(args, &given, &variables, "me").unwrap(), "first");
    }
}
