//! Bars, one file for each figure and table.

use std::path::Path;

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::figures::{Figures, Spread};
use crate::plan::Table;
use crate::run::size_title;

const WIDTH: u32 = 960;
const BAR: i32 = 16;
/// Between the bars of two clients.
const GAP: i32 = 12;
/// What names take on the left, and figures on the right.
const LEFT: i32 = 200;
const RIGHT: i32 = 110;
const TOP: i32 = 48;
const COLOURS: [RGBColor; 3] =
    [RGBColor(0x1f, 0x77, 0xb4), RGBColor(0xff, 0x7f, 0x0e), RGBColor(0x2c, 0xa0, 0x2c)];

/// A figure: the name of its file, its title, and where it stands.
type Kind = (&'static str, &'static str, fn(&Figures) -> Option<Spread>);

const KINDS: [Kind; 3] = [
    ("cpu", "CPU seconds for a GiB, less is better", |lane| lane.processor),
    ("goodput", "goodput in MiB/s, more is better", |lane| lane.goodput),
    ("memory", "peak memory in MiB, less is better", |lane| lane.peak_mib),
];

/// Draws everything that there is into `folder`.
pub(super) fn all(lanes: &[Figures], folder: &Path) -> anyhow::Result<()> {
    for (table, prefix, title) in [
        (Table::Sink, "sink", "Into nothing"),
        (Table::Tls, "tls", "Into nothing, over TLS"),
        (Table::Memory, "into-memory", "Into memory"),
    ] {
        let lanes: Vec<_> = lanes.iter().filter(|lane| lane.table == table).collect();
        for (name, unit, of) in KINDS {
            let path = folder.join(format!("{prefix}-{name}.svg"));
            let bars = bars(&lanes, of);
            if !bars.is_empty() {
                draw(&path, &format!("{title}: {unit}"), &bars)
                    .map_err(|error| anyhow!("{}: {error}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// A bar, and whether it is the first of its client.
struct Bar {
    name: Option<String>,
    chunk: u64,
    spread: Spread,
}

/// The bars from the top: those of one client together.
fn bars(lanes: &[&Figures], of: fn(&Figures) -> Option<Spread>) -> Vec<Bar> {
    let mut names: Vec<&str> = Vec::new();
    for lane in lanes {
        if !names.contains(&lane.name.as_str()) {
            names.push(&lane.name);
        }
    }
    let mut bars = Vec::new();
    for name in names {
        let mut title = Some(name.to_owned());
        for lane in lanes.iter().filter(|lane| lane.name == name) {
            if let Some(spread) = of(lane) {
                bars.push(Bar { name: title.take(), chunk: lane.chunk, spread });
            }
        }
    }
    bars
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "places on a picture"
)]
fn draw(path: &Path, title: &str, bars: &[Bar]) -> anyhow::Result<()> {
    let height = bars.iter().fold(TOP + GAP, |sum, bar| sum + BAR + gap(bar));
    let area = SVGBackend::new(path, (WIDTH, height.unsigned_abs())).into_drawing_area();
    area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    let most = bars.iter().map(|bar| bar.spread.most).fold(f64::MIN_POSITIVE, f64::max);
    let room = f64::from(WIDTH.cast_signed() - LEFT - RIGHT);
    let place = |value: f64| LEFT + (value / most * room).round() as i32;
    let mut chunks: Vec<u64> = bars.iter().map(|bar| bar.chunk).collect();
    chunks.sort_unstable();
    chunks.dedup();
    let colour = |chunk: u64| {
        let place = chunks.iter().position(|other| *other == chunk).unwrap_or_default();
        COLOURS[place % COLOURS.len()]
    };
    write(&area, title, (12, 10), 17, BLACK)?;
    for (place, chunk) in chunks.iter().enumerate() {
        let left = WIDTH.cast_signed() - 110 * (chunks.len() - place) as i32;
        rectangle(&area, (left, 34), (left + 10, 44), colour(*chunk))?;
        write(&area, &size_title(*chunk), (left + 14, 33), 12, BLACK)?;
    }
    let mut y = TOP;
    for bar in bars {
        y += gap(bar);
        if let Some(name) = &bar.name {
            write(&area, name, (12, y + 1), 13, BLACK)?;
        }
        let Spread { median, least, most } = bar.spread;
        rectangle(&area, (LEFT, y), (place(median), y + BAR - 2), colour(bar.chunk))?;
        let middle = y + BAR / 2 - 1;
        rectangle(&area, (place(least), middle), (place(most), middle + 1), BLACK)?;
        let digits = if median < 10.0 { 3 } else { 0 };
        let figure = format!("{median:.digits$}");
        write(&area, &figure, (place(most) + 6, y + 1), 12, BLACK)?;
        y += BAR;
    }
    area.present().map_err(|error| anyhow!("{error}"))
}

fn gap(bar: &Bar) -> i32 {
    if bar.name.is_some() { GAP } else { 0 }
}

fn write(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    colour: RGBColor,
) -> anyhow::Result<()> {
    let style = ("sans-serif", size).into_font().color(&colour);
    area.draw(&Text::new(text.to_owned(), at, style)).map_err(|error| anyhow!("{error}"))
}

fn rectangle(
    area: &Area<'_>,
    from: (i32, i32),
    to: (i32, i32),
    colour: RGBColor,
) -> anyhow::Result<()> {
    area.draw(&Rectangle::new([from, to], colour.filled())).map_err(|error| anyhow!("{error}"))
}
