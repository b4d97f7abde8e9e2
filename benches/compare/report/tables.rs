//! The tables, for a terminal and for Markdown alike.

use comfy_table::{Table as Grid, TableStyle};

use super::aims::Reached;
use super::figures::{Figures, Reference, Spread};
use crate::plan::Table;
use crate::run::size_title;

/// Everything, one table after the other, each with its title; `style` is the look.
pub(super) fn all(lanes: &[Figures], aims: &[Reached], style: TableStyle) -> String {
    let mut text = String::new();
    for (title, grid) in parts(lanes, aims, style) {
        text += &format!("\n{title}\n\n{grid}\n");
    }
    text
}

/// The tables with their titles.
pub(super) fn parts(lanes: &[Figures], aims: &[Reached], style: TableStyle) -> Vec<(String, Grid)> {
    let mut parts = Vec::new();
    let mut groups: Vec<(Table, u64)> = lanes.iter().map(|lane| (lane.table, lane.chunk)).collect();
    groups.sort_unstable();
    groups.dedup();
    for (table, chunk) in groups {
        let of_group: Vec<_> =
            lanes.iter().filter(|lane| (lane.table, lane.chunk) == (table, chunk)).collect();
        let title = match table {
            Table::Sink => "Into nothing",
            Table::Tls => "Into nothing, over TLS",
            Table::Memory => "Into memory",
        };
        let title = format!("{title}, chunks of {}", size_title(chunk));
        parts.push((title, group(table, &of_group, style)));
    }
    if !aims.is_empty() {
        parts.push(("Aims".to_owned(), aimed(aims, style)));
    }
    parts
}

fn group(table: Table, lanes: &[&Figures], style: TableStyle) -> Grid {
    let references: &[(Reference, &str)] = match table {
        Table::Sink => &[
            (Reference::Raw, "x raw TCP"),
            (Reference::Drain, "x tungstenite"),
            (Reference::Http, "x hyper"),
            (Reference::Plain, "x longhaul, no CRC"),
        ],
        Table::Tls => &[(Reference::Drain, "x tungstenite"), (Reference::Http, "x hyper")],
        Table::Memory => &[(Reference::Http, "x hyper"), (Reference::Plain, "x longhaul")],
    };
    let what = if table == Table::Memory { "goodput" } else { "CPU" };
    let mut grid = grid(style);
    let fixed = ["client", "goodput, MiB/s", "CPU s/GiB", "peak MiB"].map(str::to_owned);
    let ratios = references.iter().map(|(_, name)| format!("{what} {name}"));
    grid.set_header(fixed.into_iter().chain(ratios));
    for lane in lanes {
        if let Some(failure) = &lane.failure {
            grid.add_row([lane.name.clone(), format!("FAILED: {failure}")]);
            continue;
        }
        let fixed = [
            lane.name.clone(),
            spread(lane.goodput.as_ref(), 0),
            spread(lane.processor.as_ref(), 3),
            spread(lane.peak_mib.as_ref(), 1),
        ];
        let ratios = references.iter().map(|(kind, _)| match lane.ratio(*kind) {
            Some(ratio) if ratio.against == lane.name => "1".to_owned(),
            Some(ratio) if table == Table::Memory => spread(ratio.goodput.as_ref(), 2),
            Some(ratio) => spread(ratio.processor.as_ref(), 2),
            None => String::new(),
        });
        grid.add_row(fixed.into_iter().chain(ratios));
    }
    grid
}

fn aimed(aims: &[Reached], style: TableStyle) -> Grid {
    let mut grid = grid(style);
    grid.set_header(["what", "aim", "median (least to most)", "verdict"]);
    for reached in aims {
        let got = spread(reached.got.as_ref(), 2);
        grid.add_row([&reached.what, &reached.aim, &got, reached.verdict.text()]);
    }
    grid
}

fn grid(style: TableStyle) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(style);
    grid
}

fn spread(spread: Option<&Spread>, digits: usize) -> String {
    spread.map(|spread| spread.text(digits)).unwrap_or_default()
}
