//! A picture of what was measured.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::report::{Report, range, size};
use super::run::{Size, median};

type Place<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: u32 = 760;
const HEIGHT: u32 = 640;
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const ORANGE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
const GREY: RGBColor = RGBColor(0x99, 0x99, 0x99);

/// Draws the rate and the processor time by chunk size, as an SVG.
pub(super) fn draw(report: &Report) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE)?;
        let root =
            root.titled(&format!("longhaul tune: {}", report.subject), ("sans-serif", 20))?;
        let advised = report.advice.chunk_bytes;
        let has_processor = report.sizes.iter().any(|size| size.processor().next().is_some());
        if has_processor {
            let (upper, lower) = root.split_vertically(HEIGHT / 2 + 20);
            panel(&upper, &report.sizes, advised, "rate, MiB/s (more is better)", rates)?;
            let label = "CPU seconds for a GiB (less is better)";
            panel(&lower, &report.sizes, advised, label, |size| size.processor().collect())?;
        } else {
            panel(&root, &report.sizes, advised, "rate, MiB/s (more is better)", rates)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn rates(size: &Size) -> Vec<f64> {
    size.rates().map(|rate| rate / f64::from(1 << 20)).collect()
}

/// One figure by chunk size: a dot for each run, a line through the middles.
fn panel(
    place: &Place<'_>,
    sizes: &[Size],
    advised: Option<u64>,
    title: &str,
    figures: impl Fn(&Size) -> Vec<f64>,
) -> Result<(), Box<dyn Error>> {
    let (_, most) = range(sizes.iter().flat_map(&figures));
    let count = i32::try_from(sizes.len()).unwrap_or(i32::MAX);
    let mut chart = ChartBuilder::on(place)
        .caption(title, ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(
            (0..count.saturating_sub(1)).into_segmented(),
            0.0..(most * 1.1).max(1e-6),
        )?;
    let name = |place: &SegmentValue<i32>| match place {
        SegmentValue::CenterOf(index) | SegmentValue::Exact(index) => {
            let row = usize::try_from(*index).ok().and_then(|index| sizes.get(index));
            row.map_or_else(String::new, |row| label(row, advised))
        }
        SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(sizes.len())
        .x_label_formatter(&name)
        .x_desc(
            "chunk size asked for (* advised); a dot for each run, the line through the medians",
        )
        .y_labels(6)
        .draw()?;
    let places = || (0..count).map(SegmentValue::CenterOf).zip(sizes);
    let middle = |size: &Size| median(figures(size).into_iter());
    let middles = places().map(|(x, size)| (x, middle(size)));
    chart.draw_series(LineSeries::new(middles, GREY.stroke_width(2)))?;
    for (x, size) in places() {
        let colour = if Some(size.asked) == advised { ORANGE } else { BLUE };
        for figure in figures(size) {
            let dot = Circle::new((x.clone(), figure), 3, colour.mix(0.5).filled());
            chart.draw_series([dot])?;
        }
        chart.draw_series([Circle::new((x, middle(size)), 5, colour.filled())])?;
    }
    Ok(())
}

fn label(row: &Size, advised: Option<u64>) -> String {
    let name = size(row.asked);
    if Some(row.asked) == advised { format!("{name} *") } else { name }
}
