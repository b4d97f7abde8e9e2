//! A picture of every line: how chunk size and window do on it.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::Rows;
use crate::plan::{Case, Line};
use crate::table::ratios;

const COLUMNS: usize = 4;
const PANEL: (u32, u32) = (300, 230);
/// A colour for each window, from the least on.
const COLOURS: [RGBColor; 4] = [
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
];

/// Draws a panel for each line: chunk size against the ratio to the best, a curve for each window.
pub(crate) fn draw(
    path: &Path,
    lines: &[Line],
    cases: &[Case],
    measured: &[Rows],
) -> Result<(), Box<dyn Error>> {
    let rows = lines.len().div_ceil(COLUMNS);
    let size = (PANEL.0 * COLUMNS as u32, PANEL.1 * rows as u32 + 40);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    let title = "Goodput as a ratio to the best on each line, by chunk size (KiB); a curve for each \
                 window, dashes for Auto";
    let root = root.titled(title, ("sans-serif", 17))?;
    for ((panel, line), rows) in root.split_evenly((rows, COLUMNS)).iter().zip(lines).zip(measured)
    {
        let mut chart = ChartBuilder::on(panel)
            .caption(line.name(), ("sans-serif", 14))
            .margin(8)
            .x_label_area_size(22)
            .y_label_area_size(32)
            .build_cartesian_2d((50.0..6500.0).log_scale(), 0.0..1.08)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .x_labels(4)
            .y_labels(5)
            .x_label_formatter(&|kib| format!("{kib:.0}"))
            .y_label_formatter(&|ratio| format!("{ratio:.1}"))
            .draw()?;
        let ratios = ratios(rows);
        let pairs = || cases.iter().zip(&ratios);
        for (window, colour) in [4, 8, 16, 32].into_iter().zip(COLOURS) {
            // The largest chunks have a window of what fits, and belong to the next larger.
            let is_of = |case: &Case| case.window == window || (case.window == 6 && window == 8);
            let points = pairs().filter(|(case, _)| is_of(case));
            let points: Vec<_> =
                points.filter_map(|(case, ratio)| Some((case.kib()? as f64, *ratio))).collect();
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(format!("window {window}"))
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
        }
        if let Some((_, ratio)) = pairs().find(|(case, _)| case.is_auto()) {
            let ends = [(50.0, *ratio), (6500.0, *ratio)];
            chart.draw_series(DashedLineSeries::new(ends, 5, 4, BLACK.stroke_width(1)))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .label_font(("sans-serif", 11))
            .background_style(WHITE.mix(0.7))
            .draw()?;
    }
    root.present()?;
    Ok(())
}
