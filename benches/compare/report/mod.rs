//! What came of it: figures, tables for people, JSON for programs, plots.

mod aims;
mod figures;
mod markdown;
mod plot;
mod tables;

use std::path::Path;

use figures::Figures;
use serde::Serialize;

use crate::args::Extent;
use crate::run::Lane;

/// Everything that a session found out.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    extent: Extent,
    machine: Machine,
    lanes: Vec<Figures>,
    aims: Vec<aims::Reached>,
    /// What was left out, with the reason.
    left_out: Vec<(String, String)>,
}

/// Where it ran.
#[derive(Debug, Serialize)]
struct Machine {
    system: String,
    processors: usize,
    /// Of the last minute, before and after.
    load: (String, String),
}

impl Results {
    pub(crate) fn new(
        extent: &Extent,
        lanes: &[Lane],
        left_out: Vec<(String, String)>,
        load_before: String,
    ) -> Self {
        let lanes: Vec<_> = lanes.iter().map(|lane| Figures::of(lane, lanes)).collect();
        let machine = Machine {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            load: (load_before, load()),
        };
        let aims = if extent.quick { Vec::new() } else { aims::reached(&lanes) };
        Self { extent: extent.clone(), machine, lanes, aims, left_out }
    }

    /// The tables as they are printed.
    pub(crate) fn tables(&self) -> String {
        tables::all(&self.lanes, &self.aims, comfy_table::presets::UTF8_FULL_CONDENSED)
    }

    pub(crate) fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Writes all files into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("results.json"), self.json()?)?;
        std::fs::write(folder.join("results.md"), markdown::text(self))?;
        plot::all(&self.lanes, folder)
    }

    /// The clients that did not get what was sent, or did not end well.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &str> {
        self.lanes.iter().filter(|lane| lane.failure.is_some()).map(|lane| lane.name.as_str())
    }
}

/// The load of the last minute, where the system says it.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}
