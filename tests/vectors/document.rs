//! What the tests need to know of PROTOCOL.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::binary::Field;

/// PROTOCOL.md, taken apart.
pub(crate) struct Document {
    text: String,
    /// Numbers of all sections, such as `4.3`.
    pub(crate) sections: BTreeSet<String>,
    /// Each line of each `json` block.
    pub(crate) json_lines: Vec<String>,
    /// Each `hex` block, its lines joined by a space.
    pub(crate) hex_blocks: Vec<String>,
}

impl Document {
    pub(crate) fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md");
        let text = fs::read_to_string(path).unwrap();
        let sections = text.lines().filter_map(section).map(str::to_owned).collect();
        let json_lines = blocks(&text, "json").into_iter().flatten().collect();
        let hex_blocks = blocks(&text, "hex").into_iter().map(|lines| lines.join(" ")).collect();
        Self { text, sections, json_lines, hex_blocks }
    }

    /// The text of a section without those inside it, from its heading to the next.
    pub(crate) fn chapter(&self, number: &str) -> String {
        let from = self.text.lines().skip_while(|line| section(line) != Some(number));
        let body = from.skip(1).take_while(|line| section(line).is_none());
        body.collect::<Vec<_>>().join("\n")
    }

    /// The table of the binary header in 6.5.
    pub(crate) fn binary_header(&self) -> Vec<Field> {
        let row = |line: &str| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [_, offset, size, name, ..] = cells[..] else { return None };
            let (offset, size) = (offset.parse().ok()?, size.parse().ok()?);
            Some(Field { offset, size, name: name.to_owned() })
        };
        self.chapter("6.5").lines().filter_map(row).collect()
    }
}

/// The number of the section that a heading opens.
fn section(line: &str) -> Option<&str> {
    let title = line.strip_prefix("## ").or_else(|| line.strip_prefix("### "))?;
    let number = title.split(' ').next()?;
    number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
}

/// The lines of each fenced block of that language.
fn blocks(text: &str, language: &str) -> Vec<Vec<String>> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line == fence) {
        blocks.push(lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect());
    }
    blocks
}
