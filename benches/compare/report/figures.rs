//! Medians and spreads, of the figures themselves and of ratios within a round.

use serde::Serialize;

use crate::plan::Table;
use crate::run::{Lane, Sample};

/// The middle, the least and the most of some values.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of the values that there are; none of nothing.
    fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        };
        Some(Self { median, least, most })
    }

    pub(super) fn text(&self, digits: usize) -> String {
        let Self { median, least, most } = self;
        if (most - least).abs() < f64::EPSILON {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

/// What one client did with one size of chunk.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) table: Table,
    pub(super) chunk: u64,
    pub(super) failure: Option<String>,
    pub(super) samples: Vec<Option<Sample>>,
    pub(super) goodput: Option<Spread>,
    pub(super) processor: Option<Spread>,
    pub(super) peak_mib: Option<Spread>,
    pub(super) ratios: Vec<Ratio>,
}

/// A row against another of the same rounds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ratio {
    pub(super) against: String,
    pub(super) kind: Reference,
    pub(super) processor: Option<Spread>,
    pub(super) goodput: Option<Spread>,
}

/// What a row is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reference {
    Raw,
    Drain,
    Http,
    Plain,
}

impl Figures {
    /// Those of `lane`, with ratios to what it is compared with among `lanes`.
    pub(super) fn of(lane: &Lane, lanes: &[Lane]) -> Self {
        let spread = |of: fn(&Sample) -> f64| Spread::of(lane.samples.iter().flatten().map(of));
        let against = lane.row.against;
        let ratios = [
            (Reference::Raw, against.raw),
            (Reference::Drain, against.drain),
            (Reference::Http, against.http),
            (Reference::Plain, against.plain),
        ];
        let ratios = ratios.into_iter().filter_map(|(kind, name)| {
            let other = lanes.iter().find(|o| Some(o.row.name) == name && o.chunk == lane.chunk)?;
            let ratio = |of: fn(&Sample) -> f64| ratio(&lane.samples, &other.samples, of);
            Some(Ratio {
                against: other.row.name.to_owned(),
                kind,
                processor: ratio(|sample| sample.processor),
                goodput: ratio(|sample| sample.goodput),
            })
        });
        Self {
            name: lane.row.name.to_owned(),
            about: lane.row.about.to_owned(),
            table: lane.row.table,
            chunk: lane.chunk,
            failure: lane.failure.clone(),
            goodput: spread(|sample| sample.goodput),
            processor: spread(|sample| sample.processor),
            peak_mib: spread(|sample| sample.peak_mib),
            ratios: ratios.collect(),
            samples: lane.samples.clone(),
        }
    }

    pub(super) fn ratio(&self, kind: Reference) -> Option<&Ratio> {
        self.ratios.iter().find(|ratio| ratio.kind == kind)
    }
}

/// The ratios of the rounds in which both succeeded.
pub(super) fn ratio(
    samples: &[Option<Sample>],
    others: &[Option<Sample>],
    of: fn(&Sample) -> f64,
) -> Option<Spread> {
    let pairs = samples.iter().zip(others);
    Spread::of(pairs.filter_map(|(this, other)| Some(of(this.as_ref()?) / of(other.as_ref()?))))
}
