//! Where a client puts the payload.

use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

use super::received::Received;
use super::work::Work;

/// A file, or what is like one: it may take less than it is given, or nothing any more.
#[derive(Clone, Debug)]
pub(in crate::server::core) struct Sink {
    work: Rc<Work>,
    pub(in crate::server::core) received: Received,
    /// The most that it takes at a time.
    pub(in crate::server::core) at_once: usize,
    /// How much it takes in all, and what it says then.
    pub(in crate::server::core) full_at: Option<(usize, ErrorKind)>,
    /// How often it took less than it was given.
    pub(in crate::server::core) short_writes: u64,
}

impl Sink {
    pub(in crate::server::core) fn new(work: Rc<Work>) -> Self {
        let received = Received::default();
        Self { work, received, at_once: usize::MAX, full_at: None, short_writes: 0 }
    }

    /// Throws away what it has.
    pub(super) fn clear(&mut self) {
        self.received = Received::default();
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut most = bytes.len().min(self.at_once);
        if let Some((limit, kind)) = self.full_at {
            let room = limit.saturating_sub(self.received.len());
            if room == 0 && !bytes.is_empty() {
                return Err(kind.into());
            }
            most = most.min(room);
        }
        self.short_writes += u64::from(most < bytes.len());
        self.received.push(&bytes[..most], &self.work);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
