//! Everything that a loss of power, a bad disk or a person can do to the two files.

use super::*;
use crate::proto::checksum::Crc32;

const CHUNKS: [&[u8]; 4] = [b"abc", b"defgh", b"", b"ijk"];
const ENDS: [u64; 5] = [0, 3, 8, 8, 11];
const WHOLE: &[u8] = b"abcdefghijk";

/// A leftover that can be put on disk again and again, each time broken in another way.
struct Bench {
    _folder: tempfile::TempDir,
    target: PathBuf,
    names: Names,
    part: Vec<u8>,
    journal: Vec<u8>,
    /// Where the first line ends.
    header: usize,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.zip");
        part(&target, &CHUNKS).keep().unwrap();
        let names = names(&target);
        let (part, journal) = (fs::read(&names.part).unwrap(), fs::read(&names.journal).unwrap());
        let header = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        Self { _folder: folder, target, names, part, journal, header }
    }

    /// Looks what is found of these files and whether it is right. Gives how many chunks it has.
    fn find(&self, part: &[u8], journal: &[u8]) -> Option<usize> {
        fs::write(&self.names.part, part).unwrap();
        fs::write(&self.names.journal, journal).unwrap();
        let info = LeftoverInfo::peek(&self.target);
        let found = find(&self.target).map(|found| found.position().clone());
        let kept = (fs::read(&self.names.part).unwrap(), fs::read(&self.names.journal).unwrap());
        let Some(Position { next, offset, sha256 }) = found else {
            assert_eq!((kept.0.as_slice(), kept.1.as_slice()), (part, journal));
            return None;
        };
        let chunks = usize::try_from(next.get()).unwrap() - 1;
        assert_eq!(offset, ENDS[chunks]);
        assert!(info.unwrap().bytes >= offset);
        assert_eq!(kept.0, WHOLE[..usize::try_from(offset).unwrap()]);
        assert_eq!(sha256.finish(), Sha256::of(&kept.0));
        assert!(journal.starts_with(&kept.1) && kept.1.ends_with(b"\n"));
        Some(chunks)
    }

    /// As [`find`](Self::find); then writes the rest and looks whether it is all there.
    fn find_and_go_on(&self, part: &[u8], journal: &[u8]) -> Option<usize> {
        let chunks = self.find(part, journal)?;
        let mut part = find(&self.target).unwrap().into_part();
        for (chunk, next) in CHUNKS.iter().zip(2..).skip(chunks) {
            part.write(chunk).unwrap();
            part.mark(seq(next)).unwrap();
        }
        part.keep().unwrap();
        let again = find(&self.target).unwrap();
        assert_eq!((again.position().next, again.position().offset), (seq(5), 11));
        assert_eq!(fs::read(&self.names.part).unwrap(), WHOLE);
        Some(chunks)
    }

    /// How many whole lines follow the first one in `len` bytes; `None` if not even that is whole.
    fn lines(&self, len: usize) -> Option<usize> {
        let lines = memchr::memchr_iter(b'\n', &self.journal[..len]).count();
        lines.checked_sub(1)
    }
}

/// How many chunks there are in `len` bytes.
fn chunks(len: usize) -> usize {
    ENDS.iter().rposition(|end| *end <= len as u64).unwrap()
}

#[test]
fn a_journal_may_end_anywhere() {
    let bench = Bench::new();
    for len in 0..=bench.journal.len() {
        let found = bench.find_and_go_on(&bench.part, &bench.journal[..len]);
        assert_eq!(found, bench.lines(len), "{len}");
    }
}

#[test]
fn a_part_may_end_anywhere() {
    let bench = Bench::new();
    for len in 0..=bench.part.len() {
        let found = bench.find_and_go_on(&bench.part[..len], &bench.journal);
        assert_eq!(found, Some(chunks(len)), "{len}");
    }
}

#[test]
fn both_may_end_in_zeros_from_anywhere() {
    let bench = Bench::new();
    let zeroed = |bytes: &[u8], from: usize| {
        let mut bytes = bytes.to_vec();
        bytes[from..].fill(0);
        bytes
    };
    for from in 0..bench.part.len() {
        let found = bench.find_and_go_on(&zeroed(&bench.part, from), &bench.journal);
        assert_eq!(found, Some(chunks(from)), "{from}");
    }
    for from in 0..bench.journal.len() {
        let found = bench.find_and_go_on(&bench.part, &zeroed(&bench.journal, from));
        assert_eq!(found, bench.lines(from), "{from}");
    }
}

#[test]
fn a_flipped_bit_in_the_part_ends_what_is_good() {
    let bench = Bench::new();
    for (at, bit) in (0..bench.part.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut part = bench.part.clone();
        part[at] ^= 1 << bit;
        let found = bench.find(&part, &bench.journal);
        assert_eq!(found, Some(chunks(at)), "byte {at}, bit {bit}");
    }
}

#[test]
fn a_flipped_bit_in_the_journal_ends_what_is_good() {
    let bench = Bench::new();
    for (at, bit) in (0..bench.journal.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut journal = bench.journal.clone();
        journal[at] ^= 1 << bit;
        let found = bench.find(&bench.part, &journal);
        if bit == 5 && bench.journal[at].is_ascii_lowercase() && found == Some(CHUNKS.len()) {
            // A digit of a checksum, in upper case.
            let line = bench.journal[..at].iter().rev().take_while(|byte| **byte != b'\n').count();
            assert!(line < 8 && journal[at].is_ascii_hexdigit());
            continue;
        }
        // A line whose end is gone is no line.
        assert_eq!(found, bench.lines(at), "byte {at}, bit {bit}");
    }
}

#[test]
fn lines_that_are_whole_but_wrong_end_what_is_good() {
    let bench = Bench::new();
    let lines: Vec<&[u8]> = bench.journal.split_inclusive(|byte| *byte == b'\n').collect();
    let find = |order: &[usize]| {
        let journal: Vec<u8> = order.iter().flat_map(|line| lines[*line]).copied().collect();
        bench.find(&bench.part, &journal)
    };
    assert_eq!(find(&[0, 1, 2, 3, 4]), Some(4));
    assert_eq!(find(&[0, 1, 1, 2]), Some(1));
    assert_eq!(find(&[0, 2, 1]), Some(0));
    assert_eq!(find(&[0, 1, 3, 4]), Some(1));
    assert_eq!(find(&[0, 0, 1]), Some(0));
    assert_eq!(find(&[1, 0, 1]), None);
    assert_eq!(find(&[]), None);

    // Right in itself, but no step forward.
    let find = |json: &str| {
        let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        bench.find(&bench.part, &[lines[0], lines[1], line.as_bytes()].concat())
    };
    let de = Crc32::of(b"de");
    for (next, offset, crc32) in [(2, 5, de), (1, 5, de), (0, 5, de), (3, 2, Crc32(0))] {
        let json = format!(r#"{{"next":{next},"offset":{offset},"crc32":"{crc32}"}}"#);
        assert_eq!(find(&json), Some(1), "{json}");
    }
}

#[test]
fn headers_that_nobody_here_writes_are_not_believed() {
    let bench = Bench::new();
    let (header, rest) = bench.journal.split_at(bench.header);
    let json = std::str::from_utf8(&header[9..]).unwrap().trim_end();
    let find = |json: &str| {
        let header = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        bench.find(&bench.part, &[header.as_bytes(), rest].concat())
    };
    assert_eq!(find(json), Some(4));
    // Too long to be read.
    assert_eq!(find(&format!("{json}{}", " ".repeat(1 << 16))), None);
    let part = bench.names.part_name();
    let changes = [
        ("\"version\":1", "\"version\":2"),
        ("\"version\":1,", ""),
        ("Wc3nP0wq7ZbE4m_Xk2TtRA", "short"),
        ("Wc3nP0wq7ZbE4m_Xk2TtRA", "Wc3nP0wq7ZbE4m Xk2TtRA"),
        (part.as_str(), "../a.zip"),
        (part.as_str(), "a.zip"),
        ("\"ttlMs\":600000", "\"ttlMs\":-1"),
        ("{", "["),
    ];
    for (from, to) in changes {
        let wrong = json.replace(from, to);
        assert_ne!(wrong, json);
        assert_eq!(find(&wrong), None, "{from} -> {to}");
        assert_eq!(Leftover::remove_stale(&bench.target).unwrap(), 0, "{from} -> {to}");
    }
}
