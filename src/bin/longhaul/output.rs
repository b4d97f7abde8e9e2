//! The two streams: results on stdout, everything else on stderr. Nothing else writes to them.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Read, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::clean::clean;
use crate::failure::{Failure, Kind};
use crate::json;

/// How much is written at a time.
const WRITE_BYTES: usize = 64 << 10;

/// Whether a person reads stdout.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Prints lines of a result, each made safe to show.
pub(crate) async fn lines(lines: &[String]) -> Result<(), Failure> {
    let lines: Vec<_> = lines.iter().map(|line| clean(line)).collect();
    result(lines.join("\n") + "\n").await
}

/// Whether colours may be used on stdout: a person reads it, and has not asked for none.
pub(crate) fn is_colourful() -> bool {
    stdout_is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints lines of a result that are safe to show and may have colours.
pub(crate) async fn painted(lines: &[String]) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    result(lines.join("\n") + "\n").await
}

/// Prints one JSON object, compact.
pub(crate) async fn object(object: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(object)
        .map_err(|error| Failure::local("the result has no JSON form", &error))?;
    result(json::compact(&text) + "\n").await
}

/// Prints JSON that is already text: indented for a person, compact for a program.
///
/// It is written as it is laid out: text that is legal may be large, and larger when indented.
pub(crate) async fn data(data: Box<RawValue>) -> Result<(), Failure> {
    let write = move || {
        let mut stdout = BufWriter::with_capacity(WRITE_BYTES, io::stdout().lock());
        if stdout_is_terminal() {
            json::write_pretty(data.get(), &mut stdout)?;
        } else {
            json::write_compact(data.get(), &mut stdout)?;
        }
        stdout.write_all(b"\n")?;
        stdout.flush()
    };
    unless_unread(write_beside(write).await)
}

/// Prints a script as it stands.
pub(crate) fn script(script: &[u8]) -> Result<(), Failure> {
    unless_unread(write(script))
}

/// Writes a verified payload.
///
/// # Errors
/// Any that stdout has, and also if it is closed: whoever reads has not got everything.
pub(crate) async fn payload(mut payload: impl Read + Send + 'static) -> Result<(), Failure> {
    let copy = move || {
        let mut stdout = io::stdout().lock();
        io::copy(&mut payload, &mut stdout)?;
        stdout.flush()
    };
    write_beside(copy).await.map_err(|error| Failure::local("writing to stdout failed", &error))
}

/// Prints records, a line each.
///
/// # Errors
/// As [`payload`]: what is not read any more is not to be received either.
pub(crate) async fn records(lines: String) -> Result<(), Failure> {
    let written = write_beside(move || write(lines.as_bytes())).await;
    written.map_err(|error| Failure::local("writing to stdout failed", &error))
}

/// Prints JSON that goes with what stands on stdout.
pub(crate) fn data_note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", json::compact(text));
}

/// Prints a note.
pub(crate) fn note(text: impl Display) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{}", clean(&text.to_string()));
}

/// Prints a warning.
pub(crate) fn warn(text: impl Display) {
    note(format_args!("warning: {text}"));
}

/// Prints what went wrong: to people always, and as JSON where that was asked for.
pub(crate) fn failure(failure: &Failure, json: bool) {
    match failure.kind {
        // That is no surprise to anyone, so one line will do.
        Kind::Interrupted => note(format_args!("error: {}; {}", failure.message, failure.hint)),
        _ => note(format_args!("error: {}", failure.message)),
    }
    if !failure.hint.is_empty() && failure.kind != Kind::Interrupted {
        note(format_args!("hint: {}", failure.hint));
    }
    if json {
        failure_json(failure);
    }
}

/// Prints what went wrong as one JSON object on stdout.
pub(crate) fn failure_json(failure: &Failure) {
    #[derive(Serialize)]
    struct Report<'a> {
        error: &'a Failure,
    }
    // Three strings always have a JSON form.
    let text = serde_json::to_string(&Report { error: failure }).unwrap_or_default();
    // It has been said on stderr already.
    let _ = write((json::compact(&text) + "\n").as_bytes());
}

/// Prints a result. That nobody reads it is no failure: what was to be done is done.
async fn result(text: String) -> Result<(), Failure> {
    unless_unread(write_beside(move || write(text.as_bytes())).await)
}

fn unless_unread(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::local("writing to stdout failed", &error))
        }
        _ => Ok(()),
    }
}

/// Writes on another thread, so that a reader who does not read cannot keep Ctrl+C away.
async fn write_beside(write: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(error.into()))
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
