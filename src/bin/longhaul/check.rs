//! `longhaul check`: a server against PROTOCOL.md.

mod show;

use longhaul::check::{CheckError, Options, Report, SkippedChecks, checks_in, run as check};
use serde::Serialize;

use crate::args::{CheckArgs, TalkArgs};
use crate::failure::Failure;
use crate::{Done, connect, interrupt, output};

/// Checks the server and says what departs.
pub(crate) fn run(args: &CheckArgs, talk: TalkArgs) -> Result<Done, Failure> {
    if args.list {
        return list(args);
    }
    let (urls, packages): (Vec<_>, Vec<_>) =
        args.words.iter().map(|word| word.trim()).partition(|word| word.contains("://"));
    let mut server = args.server.clone();
    match (urls.as_slice(), &server.url) {
        ([], _) => {}
        ([url], None) => server.url = Some((*url).to_owned()),
        _ => return Err(Failure::usage("more than one server is named", "name one URL")),
    }
    let options = options(args, &packages)?;
    let settings = connect::settings(&server, None)?;
    if !talk.quiet {
        output::note("connecting, then checking, which takes a while; -v tells what is asked");
    }
    let report = interrupt::run(async |interruption| {
        let checking = async { check(settings, options).await.map_err(failure) };
        let report = interruption.or_drop(Box::pin(checking)).await?;
        if args.json {
            interruption.or_drop(output::object(&Json::new(&report))).await?;
        } else {
            let lines = show::lines(&report, talk.quiet, output::is_colourful());
            interruption.or_drop(output::painted(&lines)).await?;
        }
        Ok(report)
    })?;
    if let Some(skipped) = show::skipped(&report) {
        // Said with -q as well: what was not looked at is not known to be right.
        output::warn(format_args!("{skipped}; {}", show::skipped_hint(&report)));
    }
    if report.is_clean() {
        return Ok(Done::Complete);
    }
    output::note(format_args!(
        "error: the server departs from PROTOCOL.md: {}",
        show::summary(&report)
    ));
    Ok(Done::Departing)
}

fn options(args: &CheckArgs, packages: &[&str]) -> Result<Options, Failure> {
    let mut options = Options::new().packages(packages.iter().copied());
    if let Some(name) = &args.operation {
        if !packages.is_empty() {
            return Err(Failure::usage(
                "a package and --operation are both named",
                "name one of them: what is streamed is one operation",
            ));
        }
        options = options.operation(name.clone(), args.params.clone().unwrap_or_default());
    }
    for section in &args.section {
        options = options.section(section);
    }
    if let Some(limit) = args.server.idle_timeout {
        options = options.silence(limit);
    }
    if let Some(limit) = args.group_timeout {
        options = options.group_limit(limit);
    }
    if let Some(limit) = args.server.timeout {
        options = options.limit(limit);
    }
    if let Some(bytes) = args.max_size {
        options = options.max_payload_bytes(bytes);
    }
    Ok(options)
}

fn failure(error: CheckError) -> Failure {
    match error {
        CheckError::Connect(error) => longhaul::Error::from(error).into(),
        error => Failure::usage(error.to_string(), "longhaul check --list names the sections"),
    }
}

/// Prints what is checked.
fn list(args: &CheckArgs) -> Result<Done, Failure> {
    let checks = checks_in(&args.section).map_err(failure)?;
    if args.json {
        #[derive(Serialize)]
        struct List<T> {
            checks: T,
        }
        interrupt::run(async |interruption| {
            interruption.or_drop(output::object(&List { checks: &checks })).await
        })?;
        return Ok(Done::Complete);
    }
    let lines = show::list(&checks);
    interrupt::run(async |interruption| interruption.or_drop(output::lines(&lines)).await)?;
    Ok(Done::Complete)
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    /// Whether nothing departs, notes aside.
    is_clean: bool,
    /// Whether no check was skipped.
    is_complete: bool,
    /// Why checks were skipped.
    skipped: Vec<SkippedChecks>,
    /// What to do about that; empty where there is nothing.
    hint: &'static str,
    counts: show::Counts,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> Json<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            is_clean: report.is_clean(),
            is_complete: report.is_complete(),
            skipped: report.skipped(),
            hint: show::skipped_hint(report),
            counts: show::Counts::new(report),
            report,
        }
    }
}
