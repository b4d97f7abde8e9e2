//! Where the chunks of a payload begin and end.

/// The chunks of a payload that may still grow: once there is a border, it never moves.
///
/// Every chunk has the full size, but for those that were [`flush`](Self::flush)ed before they were
/// full. What is held grows with these alone.
#[derive(Clone, Debug)]
pub(super) struct Borders {
    /// The size of a full chunk, in bytes, at least 1.
    chunk_bytes: u64,
    total_bytes: u64,
    /// Where chunks of full size begin: the first, and each that follows a smaller one. Never none.
    runs: Vec<Run>,
}

/// Chunks of full size, and perhaps a smaller one as the last.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// How many chunks stand before it.
    before: u64,
    /// Where it starts in the payload.
    start: u64,
}

impl Borders {
    /// Those of a payload without a byte.
    pub(super) fn new(chunk_bytes: u64) -> Self {
        Self { chunk_bytes: chunk_bytes.max(1), total_bytes: 0, runs: vec![Run::default()] }
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// How many chunks there are. What came since the last border is none of them yet.
    pub(super) fn chunks(&self) -> u64 {
        let run = self.last();
        run.before.saturating_add(self.full_chunks(run))
    }

    /// So many bytes more.
    pub(super) fn grow(&mut self, bytes: u64) {
        self.total_bytes = self.total_bytes.saturating_add(bytes);
    }

    /// Makes a chunk of what came since the last border, however little. `false` if that is
    /// nothing.
    pub(super) fn flush(&mut self) -> bool {
        let run = self.last();
        let full = self.full_chunks(run).saturating_mul(self.chunk_bytes);
        if run.start.saturating_add(full) >= self.total_bytes {
            return false;
        }
        let before = self.chunks().saturating_add(1);
        self.runs.push(Run { before, start: self.total_bytes });
        true
    }

    /// Where chunk `seq` starts; of the chunk after the last, where that one ends. `None` for
    /// those there cannot be.
    pub(super) fn start_of(&self, seq: u64) -> Option<u64> {
        let before = seq.checked_sub(1).filter(|before| *before <= self.chunks())?;
        let run = self.run_where(|run| run.before <= before);
        let within = before.saturating_sub(run.before).saturating_mul(self.chunk_bytes);
        Some(run.start.saturating_add(within))
    }

    /// How many chunks start within the first `bytes`.
    pub(super) fn chunks_within(&self, bytes: u64) -> u64 {
        let run = self.run_where(|run| run.start < bytes);
        let within = bytes.saturating_sub(run.start).div_ceil(self.chunk_bytes);
        run.before.saturating_add(within).min(self.chunks())
    }

    fn full_chunks(&self, run: Run) -> u64 {
        let bytes = self.total_bytes.saturating_sub(run.start);
        bytes.checked_div(self.chunk_bytes).unwrap_or(0)
    }

    fn last(&self) -> Run {
        self.runs.last().copied().unwrap_or_default()
    }

    /// The last run of those for which `is_before` holds, which are the first ones.
    fn run_where(&self, is_before: impl Fn(&Run) -> bool) -> Run {
        let index = self.runs.partition_point(is_before).checked_sub(1);
        index.and_then(|index| self.runs.get(index)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All borders there are, that of the chunk after the last included.
    fn starts(borders: &Borders) -> Vec<u64> {
        (1..).map_while(|seq| borders.start_of(seq)).collect()
    }

    #[test]
    fn full_chunks_are_there_as_soon_as_they_are_full() {
        let mut borders = Borders::new(3);
        assert_eq!((borders.chunks(), starts(&borders), borders.flush()), (0, vec![0], false));
        borders.grow(2);
        assert_eq!((borders.chunks(), starts(&borders)), (0, vec![0]));
        borders.grow(5);
        assert_eq!((borders.chunks(), starts(&borders)), (2, vec![0, 3, 6]));
        assert_eq!((borders.start_of(0), borders.start_of(4)), (None, None));
        let mut least = Borders::new(0);
        least.grow(2);
        assert_eq!(least.chunks(), 2);
    }

    #[test]
    fn a_border_never_moves() {
        for chunk_bytes in 1..9 {
            let (mut borders, mut known) = (Borders::new(chunk_bytes), Vec::new());
            for step in 0..40_u64 {
                borders.grow(step * 7 % 5);
                let rest = borders.total_bytes() - starts(&borders).last().unwrap();
                if step % 3 == 0 {
                    assert_eq!(borders.flush(), rest > 0);
                    assert!(!borders.flush(), "nothing came since");
                    assert_eq!(starts(&borders).last(), Some(&borders.total_bytes()));
                }
                let now = starts(&borders);
                assert_eq!(now[..known.len()], known);
                assert_eq!(now.len() as u64, borders.chunks() + 1);
                assert!(now.windows(2).all(|pair| pair[0] < pair[1]), "no chunk is empty");
                assert!(now.windows(2).all(|pair| pair[1] - pair[0] <= chunk_bytes));
                for bytes in 0..=borders.total_bytes() {
                    let chunks = &now[..now.len() - 1];
                    let within = chunks.iter().filter(|start| **start < bytes).count() as u64;
                    assert_eq!(borders.chunks_within(bytes), within, "{now:?} {bytes}");
                }
                known = now;
            }
        }
    }
}
