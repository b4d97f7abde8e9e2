//! Many files to read from, of which one is open at a time: there may be more than the system lets
//! a process open.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::rc::Rc;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 32 << 10;

/// The file that is open, and whose it is.
#[derive(Debug, Default)]
struct Open(Option<(PathBuf, BufReader<File>)>);

/// Opens files, and closes each when another is read.
#[derive(Clone, Debug, Default)]
pub(super) struct OneOpen(Rc<RefCell<Open>>);

/// A file that is opened when it is read.
#[derive(Debug)]
pub(super) struct ClosedFile {
    path: PathBuf,
    len: u64,
    position: u64,
    open: OneOpen,
}

impl OneOpen {
    pub(super) fn file(&self, path: PathBuf) -> io::Result<ClosedFile> {
        let len = path.metadata()?.len();
        Ok(ClosedFile { path, len, position: 0, open: self.clone() })
    }
}

impl Read for ClosedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut open = self.open.0.borrow_mut();
        let is_mine = open.0.as_ref().is_some_and(|(path, _)| *path == self.path);
        if !is_mine {
            let file = BufReader::with_capacity(READ_BYTES, File::open(&self.path)?);
            open.0 = Some((self.path.clone(), file));
        }
        let Some((_, file)) = &mut open.0 else { return Ok(0) };
        // What has been read ahead is not thrown away for a step inside it.
        let there = file.stream_position()?;
        let step = i64::try_from(i128::from(self.position).saturating_sub(i128::from(there)));
        match step {
            Ok(0) => {}
            Ok(step) => file.seek_relative(step)?,
            Err(_) => drop(file.seek(SeekFrom::Start(self.position))?),
        }
        let read = file.read(buffer)?;
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for ClosedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => self.len.checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn files_are_read_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let open = OneOpen::default();
        let mut files: Vec<_> = (0..5_u8)
            .map(|n| {
                let path = folder.path().join(n.to_string());
                File::create(&path).unwrap().write_all(&vec![n; 100_000]).unwrap();
                open.file(path).unwrap()
            })
            .collect();
        for round in 0..20_u64 {
            for (n, file) in (0..).zip(&mut files) {
                let mut block = [9; 100];
                file.read_exact(&mut block).unwrap();
                assert_eq!(block, [n; 100]);
                assert_eq!(file.stream_position().unwrap(), (round + 1) * 100);
            }
        }
        let file = &mut files[3];
        assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), 99_999);
        assert_eq!(file.read(&mut [0; 10]).unwrap(), 1);
        assert_eq!(file.read(&mut [0; 10]).unwrap(), 0);
        assert!(file.seek(SeekFrom::Current(-100_001)).is_err());
        assert!(file.seek(SeekFrom::Start(0)).is_ok());
    }
}
