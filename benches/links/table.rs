//! Tables, in Markdown, so that they can stand in a document as they are.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::Rows;
use crate::measure::Figures;
use crate::plan::{Case, Line};

/// A table with this header.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.iter().copied());
    table
}

/// The middle of some values; 0 of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// Median rates by case, as ratios to the best of them.
pub(crate) fn ratios(rows: &Rows) -> Vec<f64> {
    let rate = |row: &Vec<Figures>| median(row.iter().map(|figures| figures.rate));
    let best = rows.iter().map(rate).fold(0.0, f64::max);
    rows.iter().map(|row| rate(row) / best).collect()
}

/// Prints what each case came to over one line.
pub(crate) fn print_line(line: &Line, cases: &[Case], rows: &Rows) {
    println!("\n{}\n", line.name());
    let mut table = table(&["chunk x window", "ratio", "MB/s", "least to most", "CPU s/GiB"]);
    for ((case, row), ratio) in cases.iter().zip(rows).zip(ratios(rows)) {
        let rates = || row.iter().map(|figures| figures.rate / 1e6);
        let (least, most) = (rates().fold(f64::MAX, f64::min), rates().fold(0.0, f64::max));
        let processor = if line.is_fast() {
            format!("{:.2}", median(row.iter().map(|figures| figures.processor)))
        } else {
            String::new()
        };
        let name = match row.last() {
            Some(run) if case.is_auto() => format!("{} ({} KiB)", case.name(), run.chunk >> 10),
            _ => case.name(),
        };
        let middle = format!("{:.1}", median(rates()));
        let scatter = format!("{least:.1} to {most:.1}");
        table.add_row([name, format!("{ratio:.2}"), middle, scatter, processor]);
    }
    println!("{table}");
}
