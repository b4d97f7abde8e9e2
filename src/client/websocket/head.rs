//! The answer to an upgrade, and where it ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::limits::{MAX_HEAD_BYTES, MAX_HEADERS};

/// A stream of which a handshake sees no more than the answer's head, where that says 101: what a
/// server sends right behind it are frames, and they are kept for whoever reads those.
///
/// Where the answer says something else, its page is passed through. A head is given on once it is
/// whole, so that a slow one costs no more than a fast one, and only up to [`MAX_HEAD_BYTES`] and
/// [`MAX_HEADERS`].
#[derive(Debug)]
pub(crate) struct HeadFirst<S> {
    stream: S,
    head: Head,
    /// What is to be given on: the head, and what came with it of a page.
    gathered: Vec<u8>,
    /// How much of it has been.
    given: usize,
    rest: Vec<u8>,
}

/// The head of an answer is no server's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// It has too many bytes.
    #[error("the head of the answer has more than {limit} bytes")]
    TooLarge {
        /// [`MAX_HEAD_BYTES`].
        limit: usize,
    },
    /// It has too many headers.
    #[error("the answer has more than {limit} headers")]
    TooManyHeaders {
        /// [`MAX_HEADERS`].
        limit: usize,
    },
    /// It does not begin as HTTP does. What of the logon it says is masked.
    #[error("it is no http, but begins with {start:?}")]
    NotHttp {
        /// The start of its first line, without control characters.
        start: String,
    },
}

/// How much of a head has come.
#[derive(Debug, Default)]
struct Head {
    /// What its first line begins with.
    start: Vec<u8>,
    /// Bytes so far, and lines that have ended.
    len: usize,
    lines: usize,
    /// The length of the present line.
    line_len: usize,
    is_over: bool,
}

/// What every answer begins with.
const HTTP: &[u8] = b"HTTP/";
/// `HTTP/1.1 101`
const START_BYTES: usize = 12;
/// How much is shown of what is no HTTP, in bytes; less than the first line of what was sent, lest
/// it is that.
const MOST_SHOWN_BYTES: usize = 24;
/// How much is read at a time.
const READ_BYTES: usize = 4 << 10;

impl<S> HeadFirst<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, head: Head::default(), gathered: Vec::new(), given: 0, rest: Vec::new() }
    }

    /// The stream, and what has come from it behind the head.
    pub(crate) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.rest)
    }
}

impl Head {
    /// Takes the next bytes; gives how many of them belong to the head if it ends in them.
    fn end_in(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        for (place, byte) in bytes.iter().enumerate() {
            self.len = self.len.saturating_add(1);
            if self.len > MAX_HEAD_BYTES {
                return Err(HeadError::TooLarge { limit: MAX_HEAD_BYTES });
            }
            match byte {
                b'\r' => {}
                b'\n' if self.line_len == 0 && !self.start.is_empty() => {
                    self.is_over = true;
                    return Ok(place.checked_add(1));
                }
                b'\n' => {
                    self.line_len = 0;
                    self.lines = self.lines.saturating_add(1);
                    // The first line is none.
                    if self.lines > MAX_HEADERS.saturating_add(1) {
                        return Err(HeadError::TooManyHeaders { limit: MAX_HEADERS });
                    }
                }
                byte => {
                    self.line_len = self.line_len.saturating_add(1);
                    if self.start.len() < START_BYTES {
                        self.start.push(*byte);
                        if self.start.iter().zip(HTTP).any(|(got, wanted)| got != wanted) {
                            return Err(self.not_http(bytes.get(place.saturating_add(1)..)));
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    fn not_http(&self, rest: Option<&[u8]>) -> HeadError {
        let line = self.start.iter().chain(rest.unwrap_or_default()).copied();
        let line: Vec<u8> =
            line.take_while(|byte| !b"\r\n".contains(byte)).take(MOST_SHOWN_BYTES).collect();
        let start = String::from_utf8_lossy(&line);
        let start = start.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        HeadError::NotHttp { start }
    }

    /// Whether frames follow.
    fn is_upgrade(&self) -> bool {
        self.start.ends_with(b" 101")
    }
}

impl HeadError {
    /// What is wrong with a head, where that is why reading failed.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().cloned()
    }
}

impl<S: AsyncRead + Unpin> HeadFirst<S> {
    /// Reads up to the end of the head, or of the stream.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.head.is_over {
            let mut piece = [0; READ_BYTES];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
            let new = piece.filled();
            if new.is_empty() {
                self.head.is_over = true;
                break;
            }
            let end = self.head.end_in(new).map_err(io::Error::other)?;
            let end = end.filter(|_| self.head.is_upgrade()).unwrap_or(new.len());
            let (of_head, frames) = new.split_at_checked(end).unwrap_or((new, &[]));
            self.gathered.extend_from_slice(of_head);
            self.rest = frames.to_vec();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadFirst<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_gather(cx))?;
        let waiting = this.gathered.get(this.given..).unwrap_or_default();
        if !waiting.is_empty() {
            let len = waiting.len().min(buf.remaining());
            buf.put_slice(waiting.get(..len).unwrap_or_default());
            this.given = this.given.saturating_add(len);
            return Poll::Ready(Ok(()));
        }
        if this.head.is_upgrade() {
            // There is no more of it.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadFirst<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// What a handshake sees of `answer`, read in pieces of `len`, and what is kept.
    async fn part(answer: &'static str, len: usize) -> (String, String) {
        let mut stream = HeadFirst::new(answer.as_bytes());
        let (mut seen, mut piece) = (Vec::new(), vec![0; len]);
        loop {
            let read = stream.read(&mut piece).await.unwrap();
            if read == 0 {
                break;
            }
            seen.extend_from_slice(&piece[..read]);
        }
        let (left, mut rest) = stream.into_parts();
        rest.extend_from_slice(left);
        (String::from_utf8(seen).unwrap(), String::from_utf8(rest).unwrap())
    }

    #[tokio::test]
    async fn frames_behind_an_answer_are_kept() {
        let heads = [
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
            "\r\nHTTP/1.1 101 X\r\nA: b\r\n\r\n",
            "HTTP/1.1 101 X\nA: b\n\n",
            "HTTP/1.1 101\r\n\r\n",
        ];
        for head in heads {
            for (answer, frames) in
                [(String::from(head), ""), (format!("{head}\r\n\r\nx"), "\r\n\r\nx")]
            {
                for len in 1..=answer.len() + 1 {
                    let parts = part(answer.clone().leak(), len).await;
                    assert_eq!(parts, (head.to_owned(), frames.to_owned()), "{len}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_page_of_a_refusal_is_passed_through() {
        let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\n\n\nno";
        for len in 1..=answer.len() {
            assert_eq!(part(answer, len).await, (answer.to_owned(), String::new()), "{len}");
        }
    }

    async fn refused(answer: String) -> Option<HeadError> {
        let mut stream = HeadFirst::new(answer.as_bytes());
        HeadError::of(&stream.read_to_end(&mut Vec::new()).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_head_has_limits() {
        let head = |headers: usize| format!("HTTP/1.1 101 X\r\n{}\r\n", "A: b\r\n".repeat(headers));
        let most = head(MAX_HEADERS);
        assert_eq!(part(most.clone().leak(), 9).await, (most, String::new()));
        let too_many = Some(HeadError::TooManyHeaders { limit: MAX_HEADERS });
        assert_eq!(refused(head(MAX_HEADERS + 1)).await, too_many);
        let around = "HTTP/1.1 101 X\r\nA: \r\n\r\n";
        let filled =
            |len: usize| around.replace("A: ", &format!("A: {}", "x".repeat(len - around.len())));
        let most = filled(MAX_HEAD_BYTES);
        assert_eq!(part(most.clone().leak(), 9_999).await, (most, String::new()));
        let too_large = Some(HeadError::TooLarge { limit: MAX_HEAD_BYTES });
        assert_eq!(refused(filled(MAX_HEAD_BYTES + 1)).await, too_large);
        // Neither a status line nor lines before it are without end.
        assert_eq!(refused("HTTP/".repeat(MAX_HEAD_BYTES / 5 + 1)).await, too_large);
        assert_eq!(refused("\r\n".repeat(MAX_HEAD_BYTES)).await, too_many);
    }

    #[tokio::test]
    async fn what_is_no_http_is_said_at_once() {
        let start = |start: &str| Some(HeadError::NotHttp { start: start.to_owned() });
        for (answer, said) in [
            ("SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0-OpenSSH_9.6"),
            ("\r\n{\"x\":1}", "{\"x\":1}"),
            ("HTTQ/1.1 101 X\r\n\r\n", "HTTQ/1.1 101 X"),
            ("\u{15}\u{3}\u{1}\0\u{2}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(refused(answer.to_owned()).await, start(said));
        }
        assert_eq!(
            refused("x".repeat(MAX_HEAD_BYTES + 1)).await,
            start(&"x".repeat(MOST_SHOWN_BYTES))
        );
    }
}
