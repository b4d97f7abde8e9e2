//! The answer to an upgrade, and where it ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which a handshake sees no more than the answer's head, where that says 101: what a
/// server sends right behind it are frames, and they are kept for whoever reads those.
///
/// Where the answer says something else, its page is passed through.
#[derive(Debug)]
pub(crate) struct HeadFirst<S> {
    stream: S,
    head: Head,
    rest: Vec<u8>,
}

/// How much of a head has come.
#[derive(Debug, Default)]
struct Head {
    /// What its first line begins with.
    start: Vec<u8>,
    /// The length of the present line.
    line_len: usize,
    is_over: bool,
}

/// `HTTP/1.1 101`
const START_BYTES: usize = 12;

impl<S> HeadFirst<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, head: Head::default(), rest: Vec::new() }
    }

    /// The stream, and what has come from it behind the head.
    pub(crate) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.rest)
    }
}

impl Head {
    /// Takes the next bytes; gives how many of them belong to the head if it ends in them.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => {}
                b'\n' if self.line_len == 0 && !self.start.is_empty() => {
                    self.is_over = true;
                    return place.checked_add(1);
                }
                b'\n' => self.line_len = 0,
                byte => {
                    self.line_len = self.line_len.saturating_add(1);
                    if self.start.len() < START_BYTES {
                        self.start.push(*byte);
                    }
                }
            }
        }
        None
    }

    /// Whether frames follow.
    fn is_upgrade(&self) -> bool {
        self.start.ends_with(b" 101")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadFirst<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.head.is_over && this.head.is_upgrade() {
            // There is no more of it.
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let new = buf.filled().get(before..).unwrap_or_default();
        if !this.head.is_over
            && let Some(len) = this.head.end_in(new)
            && this.head.is_upgrade()
        {
            this.rest = new.get(len..).unwrap_or_default().to_vec();
            buf.set_filled(before.saturating_add(len));
        }
        Poll::Ready(Ok(()))
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
}
