//! A picture of every line: how chunk size and window do on it.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::Rows;
use crate::plan::{Case, Line, SIZES, WINDOWS};
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
    let count = i32::try_from(SIZES.len()).unwrap_or(i32::MAX);
    let name = |place: &SegmentValue<i32>| match place {
        SegmentValue::CenterOf(at) => {
            let size = usize::try_from(*at).ok().and_then(|at| SIZES.get(at));
            size.map_or_else(String::new, ToString::to_string)
        }
        _ => String::new(),
    };
    let panels = root.split_evenly((rows, COLUMNS));
    for (index, ((panel, line), rows)) in panels.iter().zip(lines).zip(measured).enumerate() {
        let mut chart = ChartBuilder::on(panel)
            .caption(line.name(), ("sans-serif", 14))
            .margin(8)
            .x_label_area_size(22)
            .y_label_area_size(32)
            .build_cartesian_2d((0..count - 1).into_segmented(), 0.0..1.08)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .x_labels(SIZES.len())
            .y_labels(5)
            .x_label_formatter(&name)
            .y_label_formatter(&|ratio| format!("{ratio:.1}"))
            .draw()?;
        let ratios = ratios(rows);
        let pairs = || cases.iter().zip(&ratios);
        for (window, colour) in WINDOWS.into_iter().zip(COLOURS) {
            // The largest chunks have a window of what fits, and belong to the next larger.
            let is_of = |case: &Case| case.window == window || (case.window == 6 && window == 8);
            let points = pairs().filter(|(case, _)| is_of(case));
            let points = points
                .filter_map(|(case, ratio)| Some((SegmentValue::CenterOf(at(case)?), *ratio)));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(format!("window {window}"))
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
        }
        if let Some((_, ratio)) = pairs().find(|(case, _)| case.is_auto()) {
            let ends = [0, count - 1].map(|at| (SegmentValue::CenterOf(at), *ratio));
            chart.draw_series(DashedLineSeries::new(ends, 5, 4, BLACK.stroke_width(1)))?;
        }
        if index == 0 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerRight)
                .label_font(("sans-serif", 11))
                .draw()?;
        }
    }
    root.present()?;
    Ok(())
}

/// Which of the sizes a case has.
fn at(case: &Case) -> Option<i32> {
    let kib = case.kib()?;
    i32::try_from(SIZES.iter().position(|size| *size == kib)?).ok()
}
