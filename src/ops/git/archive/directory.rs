//! How large an archive's directory can be, looked at before anybody reads it into memory.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use memchr::memmem;

/// What an entry of a directory begins with.
const SIGNATURE: &[u8] = b"PK\x01\x02";
/// How long an entry is without its name, its extra field and its comment, whose lengths stand in it.
const FIXED_BYTES: usize = 46;
const LENGTHS: std::ops::Range<usize> = 28..34;
const BLOCK_BYTES: usize = 64 << 10;

/// What a directory comes to at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirectorySize {
    pub(crate) entries: usize,
    pub(crate) bytes: u64,
}

/// Counts what could be entries of a directory, anywhere in an archive.
///
/// An archive says itself where its directory is and how long, in more than one place, and readers
/// differ in what they believe. Whatever they do believe, each entry has its signature, and all
/// signatures are counted: those that stand in files by chance, or in archives inside the archive, too.
pub(crate) fn measure(archive: &mut (impl Read + Seek + ?Sized)) -> io::Result<DirectorySize> {
    archive.seek(SeekFrom::Start(0))?;
    let mut size = DirectorySize::default();
    let mut block = vec![0; BLOCK_BYTES];
    let mut filled = 0;
    loop {
        let read = match archive.read(block.get_mut(filled..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            break;
        }
        filled = filled.saturating_add(read);
        let whole = filled.saturating_sub(LENGTHS.end - 1);
        let there = block.get(..filled).unwrap_or_default();
        for place in memmem::find_iter(there, SIGNATURE).take_while(|place| *place < whole) {
            let entry = there.get(place..).unwrap_or_default();
            let lengths = entry.get(LENGTHS).unwrap_or_default().chunks_exact(2);
            let named =
                lengths.filter_map(|pair| Some(u16::from_le_bytes(*pair.first_chunk()?).into()));
            size.entries = size.entries.saturating_add(1);
            size.bytes = named.fold(size.bytes, u64::saturating_add);
            size.bytes = size.bytes.saturating_add(FIXED_BYTES as u64);
        }
        // What may be the beginning of an entry comes again.
        block.copy_within(whole..filled, 0);
        filled = filled.saturating_sub(whole);
    }
    archive.seek(SeekFrom::Start(0))?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn entry(name: u16, extra: u16, comment: u16) -> Vec<u8> {
        let mut entry = [SIGNATURE, &[0; 24]].concat();
        entry.extend([name, extra, comment].into_iter().flat_map(u16::to_le_bytes));
        entry.extend(vec![0; 12 + usize::from(name) + usize::from(extra) + usize::from(comment)]);
        entry
    }

    /// Gives what is read in pieces of this length.
    struct Pieces(Cursor<Vec<u8>>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(self.1);
            self.0.read(&mut buffer[..len])
        }
    }

    impl Seek for Pieces {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn every_entry_is_counted_wherever_it_stands() {
        let archive = [b"PK\x03\x04abc".to_vec(), entry(7, 0, 0), entry(1, 2, 300)].concat();
        let size = DirectorySize { entries: 2, bytes: 53 + 349 };
        for len in 1..archive.len() {
            let mut pieces = Pieces(Cursor::new(archive.clone()), len);
            assert_eq!(measure(&mut pieces).unwrap(), size, "{len}");
        }
        // Across the borders of blocks.
        for before in BLOCK_BYTES - 60..BLOCK_BYTES + 60 {
            let archive = [vec![b'x'; before], entry(3, 0, 0)].concat();
            let got = measure(&mut Cursor::new(archive)).unwrap();
            assert_eq!(got, DirectorySize { entries: 1, bytes: 49 }, "{before}");
        }
        assert_eq!(measure(&mut Cursor::new(b"PK\x01\x02")).unwrap(), DirectorySize::default());
    }
}
