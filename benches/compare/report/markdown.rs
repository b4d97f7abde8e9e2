//! The same tables as a file for people.

use super::{Results, tables};
use crate::run::size_title;

pub(super) fn text(results: &Results) -> String {
    let Results { extent, machine, lanes, aims, left_out } = results;
    let chunks: Vec<_> = extent.chunks.iter().copied().map(size_title).collect();
    let mut text = format!(
        "# longhaul and what else could move the same bytes\n\n\
         Loopback; {} rounds; {} into nothing, {} into memory; chunks of {}, {}. {}, {} processors, \
         load {} before and {} after.\n\n\
         Each figure is the median of the rounds (least to most); each ratio is one within a round. \
         Processor time is user and system of the whole process, its start included.\n",
        extent.rounds,
        size_title(extent.size),
        size_title(extent.memory_size),
        chunks.join(", "),
        extent.pace.map_or("as fast as can be".to_owned(), |pace| format!("{pace} MiB/s")),
        machine.system,
        machine.processors,
        machine.load.0,
        machine.load.1,
    );
    for (title, grid) in tables::parts(lanes, aims, comfy_table::presets::ASCII_MARKDOWN) {
        text += &format!("\n## {title}\n\n{grid}\n");
    }
    text += "\n## Clients\n\n";
    let mut names: Vec<&str> = Vec::new();
    for lane in lanes {
        if !names.contains(&lane.name.as_str()) {
            names.push(&lane.name);
            text += &format!("- `{}`: {}\n", lane.name, lane.about);
        }
    }
    if !left_out.is_empty() {
        text += "\n## Left out\n\n";
        for (name, why) in left_out {
            text += &format!("- `{name}`: {why}\n");
        }
    }
    text
}
