//! Decisions and content out of the bytes of one input, from their front.

use arbitrary::Unstructured;

/// What is left of an input. Once it is used up, every number is 0 and every content empty.
#[derive(Debug)]
pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn u16(&mut self) -> u16 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// The next `len` bytes, or what there is.
    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        self.0.bytes(len.min(self.0.len())).unwrap_or_default()
    }

    /// What comes before the next `end`, which is left out.
    pub(crate) fn until(&mut self, end: u8) -> &'a [u8] {
        let rest = self.0.peek_bytes(self.0.len()).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == end).unwrap_or(rest.len());
        let bytes = self.bytes(len);
        self.bytes(1);
        bytes
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.bytes(self.0.len())
    }

    /// Four lengths that take turns, one byte each.
    pub(crate) fn pieces(&mut self) -> Pieces {
        Pieces([(); 4].map(|()| match usize::from(self.byte()) {
            0 => usize::MAX,
            short @ 1..200 => short,
            long => (long - 199) * 97,
        }))
    }
}

/// How what comes is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces([usize; 4]);

impl Pieces {
    /// All in one, as a seed has it.
    pub(crate) const WHOLE: [u8; 4] = [0; 4];

    /// The lengths, without end.
    pub(crate) fn lengths(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().cycle()
    }

    /// Cuts `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        let (mut rest, mut lengths) = (bytes, self.lengths());
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let len = lengths.next().unwrap_or(usize::MAX).min(rest.len());
            let (piece, behind) = rest.split_at(len);
            rest = behind;
            Some(piece)
        })
    }
}
