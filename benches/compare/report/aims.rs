//! What was aimed at, and what was reached.

use serde::Serialize;

use super::figures::{Figures, Spread, ratio};
use crate::plan::{AIMS, Aim, LARGEST_AIMED_CHUNK, Measure, Table};
use crate::run::size_title;

/// One aim with one size of chunk.
#[derive(Debug, Serialize)]
pub(super) struct Reached {
    pub(super) what: String,
    pub(super) aim: String,
    pub(super) got: Option<Spread>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Met,
    NotMet,
    /// Not an aim at this size of chunk, only told.
    Told,
    /// One of the two is not there, or failed.
    Open,
}

impl Verdict {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "NOT MET",
            Self::Told => "reported only",
            Self::Open => "not measured",
        }
    }
}

/// Every aim, for every size of chunk that it is measured with.
pub(super) fn reached(lanes: &[Figures]) -> Vec<Reached> {
    let mut reached = Vec::new();
    for aim in AIMS {
        let of_row = || lanes.iter().filter(|lane| lane.name == aim.row);
        reached.extend(of_row().map(|lane| judge(aim, lane, lanes)));
        if of_row().next().is_none() {
            let (what, bound) = (what(aim, ""), bound(aim, 0));
            reached.push(Reached { what, aim: bound, got: None, verdict: Verdict::Open });
        }
    }
    reached
}

fn judge(aim: &Aim, lane: &Figures, lanes: &[Figures]) -> Reached {
    let other = |name| lanes.iter().find(|o: &&Figures| o.name == name && o.chunk == lane.chunk);
    let (got, is_met): (_, fn(f64, f64) -> bool) = match aim.measure {
        Measure::Processor { against, .. } => {
            let other = other(against);
            let got = other.and_then(|o| ratio(&lane.samples, &o.samples, |s| s.processor));
            (got, |got, bound| got <= bound)
        }
        Measure::Goodput { against, .. } => {
            let other = other(against);
            let got = other.and_then(|o| ratio(&lane.samples, &o.samples, |s| s.goodput));
            (got, |got, bound| got >= bound)
        }
        Measure::Peak { .. } => (lane.peak_mib, |got, bound| got <= bound),
    };
    let only_told = lane.chunk > LARGEST_AIMED_CHUNK
        && lane.table == Table::Sink
        && lane.name == "longhaul-text"
        && matches!(aim.measure, Measure::Processor { .. });
    let verdict = match got {
        None => Verdict::Open,
        Some(_) if only_told => Verdict::Told,
        Some(got) if is_met(got.median, number(aim, lane.chunk)) => Verdict::Met,
        Some(_) => Verdict::NotMet,
    };
    let chunk = if aim.every_chunk {
        format!(", {} chunks", size_title(lane.chunk))
    } else {
        String::new()
    };
    Reached { what: what(aim, &chunk), aim: bound(aim, lane.chunk), got, verdict }
}

fn what(aim: &Aim, chunk: &str) -> String {
    let row = aim.row;
    match aim.measure {
        Measure::Processor { against, .. } => format!("CPU: {row} / {against}{chunk}"),
        Measure::Goodput { against, .. } => format!("goodput: {row} / {against}{chunk}"),
        Measure::Peak { .. } => format!("peak MiB: {row}{chunk}"),
    }
}

fn number(aim: &Aim, chunk: u64) -> f64 {
    match aim.measure {
        Measure::Processor { most, .. } => most,
        Measure::Goodput { least, .. } => least,
        Measure::Peak { chunks, mib } => most_mib(chunks, mib, chunk),
    }
}

fn bound(aim: &Aim, chunk: u64) -> String {
    match aim.measure {
        Measure::Processor { most, .. } => format!("at most {most:.2}"),
        Measure::Goodput { least, .. } => format!("at least {least:.1}"),
        Measure::Peak { chunks, mib } if chunk == 0 => format!("at most {chunks} chunks + {mib}"),
        Measure::Peak { chunks, mib } => format!("at most {:.2}", most_mib(chunks, mib, chunk)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn most_mib(chunks: u64, mib: u64, chunk: u64) -> f64 {
    (chunks * chunk) as f64 / f64::from(1 << 20) + mib as f64
}
