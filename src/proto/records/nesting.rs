//! Where a value inside an array ends.

use memchr::memchr2;

use super::MAX_RECORD_DEPTH;

/// What is open at some place inside one value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    /// One bit for each list or object that is open, the innermost lowest, 1 for an object.
    objects: u128,
    /// How many are open, at most [`MAX_RECORD_DEPTH`], which is what `objects` has room for.
    depth: u32,
    in_string: bool,
    /// Whether the byte before was a backslash that escapes the next.
    escaped: bool,
}

/// Why a scan stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes are used up.
    Exhausted,
    /// The value ends before this byte, a comma or the array's bracket.
    End(u8),
    /// The next byte would open one more than may be open.
    TooDeep,
    /// The next byte closes what is not open.
    Mismatch(u8),
}

impl Nesting {
    /// How many bytes belong to the value, and why no more.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> (usize, Stop) {
        let mut rest = bytes;
        let stop = loop {
            if self.in_string && !self.escaped {
                let plain = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                rest = rest.get(plain..).unwrap_or_default();
            }
            let Some((&byte, after)) = rest.split_first() else { break Stop::Exhausted };
            if let Err(stop) = self.take(byte) {
                break stop;
            }
            rest = after;
        };
        (bytes.len().saturating_sub(rest.len()), stop)
    }

    fn take(&mut self, byte: u8) -> Result<(), Stop> {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'"' => self.in_string = !self.in_string,
            b'\\' if self.in_string => self.escaped = true,
            _ if self.in_string => {}
            b'{' | b'[' => return self.open(byte == b'{'),
            b',' | b']' if self.depth == 0 => return Err(Stop::End(byte)),
            b'}' | b']' => return self.close(byte),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, is_object: bool) -> Result<(), Stop> {
        if self.depth >= MAX_RECORD_DEPTH {
            return Err(Stop::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = (self.objects << 1) | u128::from(is_object);
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), Stop> {
        let in_object = self.objects & 1 == 1;
        if self.depth == 0 || in_object != (byte == b'}') {
            return Err(Stop::Mismatch(byte));
        }
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        Ok(())
    }
}
