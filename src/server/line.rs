//! A TCP connection that can be cut at any byte.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP connection, lent; a script may limit how much is written on it.
#[derive(Debug)]
pub(super) struct Line<'a> {
    tcp: &'a mut TcpStream,
    /// What was read already, and is to be read first.
    head: Bytes,
    /// How many bytes may still be written; `None` for any number.
    left: Option<u64>,
}

impl<'a> Line<'a> {
    /// A connection of which `head` was read already.
    pub(super) fn new(tcp: &'a mut TcpStream, head: Bytes) -> Self {
        Self { tcp, head, left: None }
    }

    /// Breaks once so many more bytes were written.
    pub(super) fn cut_after(&mut self, bytes: u64) {
        self.left = Some(bytes);
    }
}

impl AsyncRead for Line<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.head.is_empty() {
            let most = self.head.len().min(buffer.remaining());
            buffer.put_slice(&self.head.split_to(most));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(left) = self.left else {
            return Pin::new(&mut *self.tcp).poll_write(context, bytes);
        };
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (bytes, _) = bytes.split_at(most);
        if bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut *self.tcp).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = written {
            let written = u64::try_from(written).unwrap_or(u64::MAX);
            self.left = Some(left.saturating_sub(written));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp).poll_shutdown(context)
    }
}
