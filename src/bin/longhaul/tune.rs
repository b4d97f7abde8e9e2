//! `longhaul tune`: which chunk size suits a server and the line to it.

mod advice;
mod plot;
mod processor;
mod report;
mod run;

use std::path::Path;
use std::time::{Duration, Instant};

use longhaul::client::Untyped;
use longhaul::ops::git::Export;
use longhaul::proto::limits::{CHUNK_BYTES, MAX_PARKED_BYTES, WINDOW};
use longhaul::proto::{Feature, Welcome};
use longhaul::{Client, TransferOptions};

use crate::args::{TalkArgs, TuneArgs};
use crate::failure::{Failure, Kind};
use crate::interrupt::Interruption;
use crate::progress::Display;
use crate::{Done, connect, output};
use advice::Advice;
use report::Report;
use run::{Run, Size};

/// The sizes that are compared unless others are named, in decoded bytes.
const SIZES: [u64; 5] = [64 << 10, 256 << 10, CHUNK_BYTES, 2 << 20, 5 << 20];
/// How long all of it may take unless `--timeout` says so.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Measures and says what came of it; what was transferred is thrown away.
pub(crate) fn run(args: &TuneArgs, talk: TalkArgs) -> Result<Done, Failure> {
    if let Some(path) = &args.output {
        check_place(path)?;
    }
    let settings = connect::settings(&args.server, None)?;
    connect::with_client(settings, async |client, interruption| {
        let subject = Subject::new(args, &client.welcome())?;
        let mut tuning = Tuning::new(client, subject, args, Display::new(talk));
        let report = Box::pin(tuning.measure(interruption)).await?;
        drop(tuning);
        let shown = args.output.as_deref().filter(|_| report.is_measured());
        let drawn = shown.map_or(Ok(()), |path| draw(path, &report));
        // What was measured is told to people even where it cannot be drawn; an object is one.
        if args.json {
            drawn?;
            interruption.or_drop(output::object(&report.json(shown))).await?;
            return Ok(Done::Complete);
        }
        let picture = shown.filter(|_| drawn.is_ok());
        interruption.or_drop(output::lines(&report.lines(picture))).await?;
        drawn?;
        Ok(Done::Complete)
    })
}

/// What is transferred again and again.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Export { packages: Vec<String>, has_subpackages: bool },
    TestPayload { bytes: u64 },
}

impl Subject {
    /// What the arguments name, else what the server has for it.
    fn new(args: &TuneArgs, welcome: &Welcome) -> Result<Self, Failure> {
        let names = args.packages.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let packages: Vec<_> = names.map(str::to_owned).collect();
        if !packages.is_empty() {
            return Ok(Self::Export { packages, has_subpackages: !args.no_subpackages });
        }
        if welcome.domains.iter().any(|domain| domain == "test") {
            return Ok(Self::TestPayload { bytes: args.payload_size });
        }
        Err(Failure::usage(
            "there is nothing to measure with: the server has no test payload",
            "name a package to export, best one whose export takes some seconds",
        ))
    }

    fn name(&self) -> String {
        match self {
            Self::Export { packages, .. } => format!("export of {}", packages.join(", ")),
            Self::TestPayload { .. } => "the server's test payload".to_owned(),
        }
    }
}

/// The measuring of one server.
struct Tuning<'a> {
    client: &'a Client,
    subject: Subject,
    sizes: Vec<Size>,
    rounds: u32,
    display: Display,
    /// When all of it began, and how long it may take.
    begun: Instant,
    limit: Duration,
    max_size: Option<u64>,
}

impl<'a> Tuning<'a> {
    fn new(client: &'a Client, subject: Subject, args: &TuneArgs, display: Display) -> Self {
        let mut sizes = if args.sizes.is_empty() { SIZES.to_vec() } else { args.sizes.clone() };
        sizes.push(CHUNK_BYTES);
        sizes.sort_unstable();
        sizes.dedup();
        let welcome = client.welcome();
        let sizes = sizes.into_iter().map(|bytes| Size::new(bytes, window(bytes, &welcome)));
        Self {
            client,
            subject,
            sizes: sizes.collect(),
            rounds: args.rounds,
            display,
            begun: Instant::now(),
            limit: args.server.timeout.unwrap_or(TIMEOUT),
            max_size: args.max_size,
        }
    }

    /// Measures every size once a round, until the rounds or the time are over.
    async fn measure(&mut self, interruption: &mut Interruption) -> Result<Report, Failure> {
        // Not counted: a server may have to get at its objects first.
        self.display.note(&format!("warming up: {}", self.subject.name()));
        let first = self.one(CHUNK_BYTES, interruption).await?;
        let smallest = self.sizes.first().map_or(CHUNK_BYTES, |size| size.asked);
        let untunable = if !first.is_stream {
            Some("the server answers in one message, whatever chunk size it is asked for")
        } else if first.bytes <= smallest {
            Some(
                "the payload fits into a single chunk of any of these sizes; export a larger \
                 package",
            )
        } else {
            None
        };
        let rounds = if untunable.is_some() { 0 } else { self.rounds };
        let mut measured = 0;
        let mut stopped = false;
        'rounds: for round in 0..rounds {
            self.display.note(&format!("round {} of {rounds}", round + 1));
            let mut runs = Vec::new();
            for at in 0..self.sizes.len() {
                // Each round begins with another size, so that none always follows the same.
                let at = (at + round as usize) % self.sizes.len();
                let Some(size) = self.sizes.get(at) else { continue };
                match self.one(size.asked, interruption).await {
                    Ok(run) => runs.push((at, run)),
                    // Its own limit, not that of a request that heard nothing for too long.
                    Err(failure)
                        if failure.kind == Kind::Timeout
                            && measured > 0
                            && self.begun.elapsed() >= self.limit =>
                    {
                        stopped = true;
                        break 'rounds;
                    }
                    Err(failure) => return Err(failure),
                }
            }
            for (at, run) in runs {
                if let Some(size) = self.sizes.get_mut(at) {
                    size.runs.push(run);
                }
            }
            measured += 1;
        }
        self.display.clear();
        let sizes = std::mem::take(&mut self.sizes);
        let advice = match untunable {
            Some(reason) => Advice::untunable(reason),
            None => Advice::new(&sizes, CHUNK_BYTES),
        };
        let cut_short = stopped.then_some((measured, self.rounds));
        let (subject, warm_up) = (self.subject.name(), first);
        Ok(Report { subject, sizes, advice, cut_short, warm_up, elapsed: self.begun.elapsed() })
    }

    /// One transfer with chunks of that size, verified and thrown away.
    async fn one(&self, asked: u64, interruption: &mut Interruption) -> Result<Run, Failure> {
        let left = self.limit.saturating_sub(self.begun.elapsed());
        let deadline = left.max(Duration::from_millis(1));
        let mut options: TransferOptions =
            self.client.options().clone().chunk_bytes(asked).deadline(Some(deadline));
        if let Some(bytes) = self.max_size {
            options = options.max_payload_bytes(bytes);
        }
        let display = &self.display;
        let ended = match &self.subject {
            Subject::Export { packages, has_subpackages } => {
                let export = Export::packages(packages);
                let export = if *has_subpackages { export } else { export.without_subpackages() };
                let starting = self.client.start_with(export, options);
                interruption.or_drop(Box::pin(run::measure(starting, display))).await
            }
            Subject::TestPayload { bytes } => {
                let request = self.client.request("test", "payload").param("size", bytes);
                let starting = request.stream().options(options).start();
                interruption.or_drop(Box::pin(run::measure::<Untyped>(starting, display))).await
            }
        };
        ended.map_err(|failure| self.explain(failure))
    }

    /// The time that one transfer had is what was left for it, which says nothing to the user.
    fn explain(&self, failure: Failure) -> Failure {
        if failure.kind != Kind::Timeout || self.begun.elapsed() < self.limit {
            return failure;
        }
        Failure::timeout(
            format!("not one round was measured within {}", report::seconds(self.limit)),
            "allow more with --timeout, or measure with something smaller: fewer --sizes, a smaller \
             package or --payload-size",
        )
    }
}

/// How many chunks of that size may be under way; `None` where the server sends as it likes.
fn window(bytes: u64, welcome: &Welcome) -> Option<u64> {
    let has_credit = welcome.features.is_some_and(|features| features.contains(Feature::Credit));
    let parked = u64::try_from(MAX_PARKED_BYTES).unwrap_or(u64::MAX);
    let fitting = (parked / bytes.max(1)).min(welcome.limits.max_window.unwrap_or(u64::MAX)).max(1);
    has_credit.then(|| WINDOW.min(fitting))
}

/// Says before anything is measured that a picture cannot be written there.
fn check_place(path: &Path) -> Result<(), Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage(
            "the picture goes into a file",
            "name a file with -o; the table is on stdout",
        ));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let is_there = folder.is_none_or(Path::is_dir) && !path.is_dir();
    if is_there {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{} cannot be a file: its folder is not there, or it is one", path.display()),
        "name a file in a folder that exists with -o",
    ))
}

fn draw(path: &Path, report: &Report) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::local(&format!("{} could not be written", path.display()), error)
    };
    let picture = plot::draw(report).map_err(|error| failed(&*error))?;
    std::fs::write(path, picture).map_err(|error| failed(&error))
}
