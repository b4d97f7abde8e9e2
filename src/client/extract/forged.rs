//! Archives of any kind, also those that no library writes, for tests.
#![cfg_attr(
    not(test),
    allow(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        reason = "who writes these knows what fits"
    )
)]

/// An archive, put together by hand.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

/// One entry as it is to be written.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) mode: u32,
    /// 0 is stored, 8 is deflated.
    pub(super) method: u16,
    pub(super) packed: &'a [u8],
    pub(super) crc: u32,
    pub(super) size: u32,
}

pub(super) const FILE: u32 = 0o100_644;

/// An archive of these files.
pub(super) fn of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Archive::default();
    for (name, text) in files {
        archive.add_stored(name, FILE, text.as_bytes());
    }
    archive.finish()
}

impl Archive {
    pub(super) fn add_stored(&mut self, name: &str, mode: u32, bytes: &[u8]) {
        let (crc, size) = (crc32fast::hash(bytes), u32::try_from(bytes.len()).unwrap());
        self.add(&Entry { name, mode, method: 0, packed: bytes, crc, size });
    }

    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let start = u32::try_from(self.bytes.len()).unwrap();
        // From the version that is needed to the length of the extra field: the same in both.
        let mut common = Vec::new();
        for number in [20, 0x800, entry.method, 0, 0x21] {
            common.extend(u16::to_le_bytes(number));
        }
        let packed = u32::try_from(entry.packed.len()).unwrap();
        for number in [entry.crc, packed, entry.size] {
            common.extend(u32::to_le_bytes(number));
        }
        for number in [u16::try_from(entry.name.len()).unwrap(), 0] {
            common.extend(u16::to_le_bytes(number));
        }
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(entry.name.as_bytes());
        self.bytes.extend(entry.packed);
        // Made by Unix.
        self.directory.extend(b"PK\x01\x02\x14\x03");
        self.directory.extend(&common);
        self.directory.extend([0; 6]);
        self.directory.extend(u32::to_le_bytes(entry.mode << 16));
        self.directory.extend(u32::to_le_bytes(start));
        self.directory.extend(entry.name.as_bytes());
        self.entries += 1;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let start = u32::try_from(self.bytes.len()).unwrap();
        let len = u32::try_from(self.directory.len()).unwrap();
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        for number in [self.entries; 2] {
            self.bytes.extend(u16::to_le_bytes(number));
        }
        for number in [len, start] {
            self.bytes.extend(u32::to_le_bytes(number));
        }
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

/// A deflate stream of 1 zero and then 258 more for each of `runs`, which take 2 bits each.
pub(super) fn deflated_zeros(runs: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // Last block, codes of its own, 286 of lengths, 1 of distances, all 19 lengths of code lengths.
    for (value, count) in [(1, 1), (2, 2), (29, 5), (0, 5), (15, 4)] {
        bits.push(value, count);
    }
    // In their own order 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15:
    // 18 (many zeros) and 1 and 2 are used.
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
        bits.push(
            match symbol {
                18 => 1,
                1 | 2 => 2,
                _ => 0,
            },
            3,
        );
    }
    // Their codes, in the order of length and symbol: 18 is 0, 1 is 10, 2 is 11.
    let many = |bits: &mut Bits, zeros: u32| {
        bits.push(0, 1);
        bits.push(zeros - 11, 7);
    };
    // A zero byte has 2 bits, the end has 2, length 258 has 1.
    bits.push(0b11, 2);
    many(&mut bits, 138);
    many(&mut bits, 117);
    bits.push(0b11, 2);
    many(&mut bits, 28);
    bits.push(0b01, 2);
    // Distance 1 has 1 bit.
    bits.push(0b01, 2);
    // Length 258 is 0, a zero byte is 10, the end is 11; bits of a code stand the other way round.
    bits.push(0b01, 2);
    for _ in 0..runs {
        bits.push(0, 2);
    }
    bits.push(0b11, 2);
    bits.finish()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.push(0, 7);
        self.bytes
    }
}
