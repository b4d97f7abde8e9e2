//! Figures by row and round, and what is printed of them.

use comfy_table::presets::ASCII_MARKDOWN;
use serde_json::{Value, json};

use super::job::Figures;

/// Figures by row, one a round.
pub(crate) struct Table {
    title: String,
    columns: Vec<Column>,
    rows: Vec<(String, Vec<Figures>)>,
}

/// One figure of each row: its median, and between what it lay.
#[derive(Clone)]
pub(crate) struct Column {
    title: &'static str,
    figure: &'static str,
    unit: Unit,
    /// What it is a ratio to, if it is one.
    to: Option<To>,
}

/// Which row of the same round.
#[derive(Clone, Copy)]
pub(crate) enum To {
    First,
    Before,
}

/// How a figure is written.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Whole,
    Hundredths,
    /// In thousandths.
    Milli,
    /// In millionths.
    Micro,
    /// In 1,024 parts.
    Mebi,
}

impl Column {
    pub(crate) fn new(title: &'static str, figure: &'static str, unit: Unit) -> Self {
        Self { title, figure, unit, to: None }
    }

    pub(crate) fn ratio(title: &'static str, figure: &'static str, to: To) -> Self {
        Self { title, figure, unit: Unit::Hundredths, to: Some(to) }
    }

    fn write(&self, value: f64) -> String {
        match self.unit {
            Unit::Whole => format!("{value:.0}"),
            Unit::Hundredths => format!("{value:.2}"),
            Unit::Milli => format!("{:.2}", value * 1e3),
            Unit::Micro => format!("{:.2}", value * 1e6),
            Unit::Mebi => format!("{:.0}", value * 1024.0),
        }
    }
}

/// The middle of all rounds, the least and the most.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let median = *values.get(values.len() / 2)?;
        Some(Self { median, least: *values.first()?, most: *values.last()? })
    }
}

impl Table {
    pub(crate) fn new(title: String, rows: &[&str], columns: &[Column]) -> Self {
        let rows = rows.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        Self { title, columns: columns.to_vec(), rows }
    }

    pub(crate) fn note(&mut self, row: usize, figures: Figures) {
        self.rows[row].1.push(figures);
    }

    pub(crate) fn print(&self) {
        let mut table = comfy_table::Table::new();
        table.load_style(ASCII_MARKDOWN);
        let titles = self.columns.iter().map(|column| column.title);
        table.set_header(std::iter::once("").chain(titles));
        for (row, (name, _)) in self.rows.iter().enumerate() {
            let cells = self.columns.iter().map(|column| match self.spread(row, column) {
                Some(Spread { median, least, most }) => format!(
                    "{} ({} to {})",
                    column.write(median),
                    column.write(least),
                    column.write(most)
                ),
                None => "-".to_owned(),
            });
            table.add_row(std::iter::once(name.clone()).chain(cells));
        }
        println!("{}\n\n{table}\n", self.title);
    }

    /// All figures as they were measured, in seconds, GiB or requests.
    pub(crate) fn to_json(&self) -> Value {
        let rows = self.rows.iter().enumerate().map(|(row, (name, rounds))| {
            let columns = self.columns.iter().filter_map(|column| {
                let Spread { median, least, most } = self.spread(row, column)?;
                let figure = column.figure;
                let of = column.to.map(|to| match to {
                    To::First => "first row",
                    To::Before => "row before",
                });
                Some(json!({ "figure": figure, "ratioTo": of,
                    "median": median, "least": least, "most": most }))
            });
            json!({ "name": name, "spreads": columns.collect::<Vec<_>>(), "rounds": rounds })
        });
        json!({ "title": self.title, "rows": rows.collect::<Vec<_>>() })
    }

    fn spread(&self, row: usize, column: &Column) -> Option<Spread> {
        let values =
            |row: usize| self.rows[row].1.iter().map(|figures| figures.get(column.figure).copied());
        let own = values(row);
        let Some(to) = column.to else { return Spread::of(own.collect::<Option<_>>()?) };
        let other = match to {
            To::First => 0,
            To::Before => row.checked_sub(1)?,
        };
        Spread::of(own.zip(values(other)).map(|(a, b)| Some(a? / b?)).collect::<Option<_>>()?)
    }
}
