//! Rounds: every client once, in an order that changes, each looked at from outside.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use longhaul::proto::checksum::Sha256;

use crate::args::Extent;
use crate::client::{FILE, Said, Task};
use crate::launch::Launched;
use crate::plan::{Program, Row, Table};
use crate::programs::Programs;
use crate::sending::{Expected, Sending};

/// Most bytes of the run that checks what a client receives; odd, so that its last chunk is short.
const VERIFIED_BYTES: u64 = (16 << 20) + 12_345;
/// The variables that would send a client through a proxy.
const PROXIES: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// A client with a size of chunk: what has its own line in the results.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) row: Row,
    pub(crate) chunk: u64,
    /// One a round, in their order; none where it failed.
    pub(crate) samples: Vec<Option<Sample>>,
    /// Why it does not count, once it has failed.
    pub(crate) failure: Option<String>,
}

/// What one run took.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Sample {
    pub(crate) seconds: f64,
    /// MiB of payload a second.
    pub(crate) goodput: f64,
    /// Seconds of processor for a GiB of payload.
    pub(crate) processor: f64,
    pub(crate) peak_mib: f64,
}

/// What all runs have in common.
pub(crate) struct Runner<'a> {
    pub(crate) sending: &'a Sending,
    pub(crate) programs: &'a Programs,
    pub(crate) extent: &'a Extent,
    pub(crate) folder: PathBuf,
    /// Seconds for one run.
    pub(crate) limit: u64,
}

impl Runner<'_> {
    /// Lets each client receive something once and looks at every byte; this also warms up.
    pub(crate) fn verify(&self, lanes: &mut [Lane]) {
        for lane in lanes {
            let outcome = self.verify_one(lane);
            let verdict =
                outcome.as_ref().map_or_else(|e| format!("FAILED: {e:#}"), |()| "ok".into());
            eprintln!("verify {}: {verdict}", lane.title());
            lane.failure = outcome.err().map(|error| format!("{error:#}"));
        }
    }

    /// Measures all clients that received the right bytes.
    pub(crate) fn measure(&self, lanes: &mut [Lane]) -> anyhow::Result<()> {
        // What the sender computes once is computed before anything is measured.
        let mut expected = HashMap::new();
        for lane in &*lanes {
            let (chunk, size) = (lane.chunk, self.size(&lane.row));
            let expects = |view, with_digest| self.sending.expected(view, chunk, size, with_digest);
            expects("payload/bare", true)?;
            expected.insert((lane.row.view, chunk, size), expects(lane.row.view, false)?);
        }
        for round in 0..self.extent.rounds {
            for place in order(lanes, round) {
                let lane = &mut lanes[place];
                if lane.failure.is_some() {
                    continue;
                }
                let key = (lane.row.view, lane.chunk, self.size(&lane.row));
                let outcome = expected.get(&key).context("nothing expected");
                let outcome = outcome.and_then(|expected| self.measure_one(lane, expected));
                match outcome {
                    Ok(sample) => {
                        eprintln!(
                            "round {} {}: {:.0} MiB/s, {:.3} CPU s/GiB, {:.1} MiB",
                            round + 1,
                            lane.title(),
                            sample.goodput,
                            sample.processor,
                            sample.peak_mib
                        );
                        lane.samples.push(Some(sample));
                    }
                    Err(error) => {
                        eprintln!("round {} {}: FAILED: {error:#}", round + 1, lane.title());
                        lane.samples.push(None);
                        lane.failure = Some(format!("{error:#}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn verify_one(&self, lane: &Lane) -> anyhow::Result<()> {
        let size = self.size(&lane.row).min(VERIFIED_BYTES);
        let task = self.task(lane, size, true);
        let expected = self.sending.expected(lane.row.view, lane.chunk, size, true)?;
        let launched = self.launch(lane, &task)?;
        let said: Said = match lane.row.program {
            // curl prints what it receives; see `launch`.
            Program::Curl => serde_json::from_str(&launched.stdout)?,
            _ => serde_json::from_str(&launched.stdout).context("it printed no result")?,
        };
        ensure!(said.bytes == expected.bytes, "{} bytes of {}", said.bytes, expected.bytes);
        ensure!(said.sha256 == expected.sha256, "the bytes are not those that were sent");
        Ok(())
    }

    fn measure_one(&self, lane: &Lane, expected: &Expected) -> anyhow::Result<Sample> {
        let size = self.size(&lane.row);
        let launched = self.launch(lane, &self.task(lane, size, false))?;
        let said: Said = serde_json::from_str(&launched.stdout).context("it printed no result")?;
        ensure!(said.bytes == expected.bytes, "{} bytes of {}", said.bytes, expected.bytes);
        let mib = mib(size);
        Ok(Sample {
            seconds: said.seconds,
            goodput: mib / said.seconds,
            processor: launched.processor * 1024.0 / mib,
            peak_mib: self::mib(launched.peak_bytes),
        })
    }

    /// Starts a client and waits for its end. The bytes that curl prints are digested here.
    fn launch(&self, lane: &Lane, task: &Task) -> anyhow::Result<Launched> {
        let command = self.programs.command(&lane.row, task)?;
        if task.verify && matches!(lane.row.program, Program::Curl) {
            return digested(&command);
        }
        let mut starter = Command::new(std::env::current_exe()?);
        starter.arg("launch").arg(self.limit.to_string()).args(command).stdin(Stdio::null());
        for name in PROXIES {
            starter.env_remove(name);
        }
        let output = starter.output()?;
        // Whatever was saved; most save nothing.
        let _ = std::fs::remove_file(self.folder.join(FILE));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let words = last_words(&stderr);
        if !output.status.success() {
            bail!("{words}");
        }
        let launched: Launched = serde_json::from_slice(&output.stdout)?;
        ensure!(launched.succeeded, "{words}");
        Ok(launched)
    }

    fn task(&self, lane: &Lane, size: u64, verify: bool) -> Task {
        let role = match lane.row.program {
            Program::Own(role) => role,
            // Not looked at by others.
            _ => crate::client::Role::Naive,
        };
        Task {
            role,
            ports: self.sending.ports.clone(),
            tls: lane.row.tls,
            chunk: lane.chunk,
            size,
            verify,
            folder: self.folder.clone(),
        }
    }

    /// Decoded bytes of a run.
    fn size(&self, row: &Row) -> u64 {
        match row.table {
            Table::Sink | Table::Tls => self.extent.size,
            Table::Memory => self.extent.memory_size,
        }
    }
}

impl Lane {
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.row.name, size_title(self.chunk))
    }
}

/// A size for people, exactly.
pub(crate) fn size_title(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(bits, _)| bytes.is_multiple_of(1 << bits)) {
        Some((bits, unit)) => format!("{} {unit}", bytes >> bits),
        None => format!("{bytes} bytes"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The lanes of a round: those that are compared stay together, and each begins at another place.
fn order(lanes: &[Lane], round: usize) -> Vec<usize> {
    let mut groups: Vec<((Table, u64), Vec<usize>)> = Vec::new();
    for (place, lane) in lanes.iter().enumerate() {
        let key = (lane.row.table, lane.chunk);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, places)) => places.push(place),
            None => groups.push((key, vec![place])),
        }
    }
    let rotated = groups.iter_mut().flat_map(|(_, places)| {
        // A step that is no divisor of most lengths, so that neighbours of the edge change.
        let by = (round * 5) % places.len();
        places.rotate_left(by);
        places.iter().copied()
    });
    rotated.collect()
}

/// The line of what a program wrote to stderr that says most: of an error, else the last one.
fn last_words(stderr: &str) -> &str {
    let lines = || stderr.lines().rev().filter(|line| !line.trim().is_empty());
    let error = lines().find(|line| line.to_lowercase().contains("error"));
    error.or_else(|| lines().next()).unwrap_or("it failed without a word").trim()
}

/// Runs a program and digests what it prints.
fn digested(command: &[String]) -> anyhow::Result<Launched> {
    let (program, args) = command.split_first().context("no program")?;
    let output = Command::new(program).args(args).output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", last_words(&words));
    let sha256 = Some(Sha256::of(&output.stdout).to_string());
    let said = Said { bytes: output.stdout.len() as u64, seconds: 0.0, sha256 };
    let stdout = serde_json::to_string(&said)?;
    Ok(Launched { succeeded: true, processor: 0.0, peak_bytes: 0, stdout })
}
