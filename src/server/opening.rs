//! What a connection begins with: an upgrade to WebSocket, or a request over plain HTTP.

use std::io;

use bytes::{Bytes, BytesMut};
use hyper::Uri;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::adt;
use super::limits::MAX_HTTP_BYTES;
use super::state::State;

/// How many headers are looked at.
const MAX_HEADERS: usize = 128;

/// A connection's first bytes, by what they ask for.
pub(super) enum Opening {
    /// An upgrade, or what is to be told that it should have been one.
    Upgrade(Bytes),
    /// A request for ADT.
    Http(Bytes),
}

/// Reads the head of the first request, as far as that is needed to tell what it is.
pub(super) async fn read(tcp: &mut TcpStream, state: &State) -> io::Result<Opening> {
    let mut head = BytesMut::new();
    if state.adt.is_none() {
        return Ok(Opening::Upgrade(head.freeze()));
    }
    let mut searched = 0;
    loop {
        let is_open = tcp.read_buf(&mut head).await? > 0;
        // A method begins with a letter; whatever else this is, there is no head to wait for.
        let is_http = head.first().is_some_and(u8::is_ascii_alphabetic);
        if !is_open || !is_http {
            return Ok(Opening::Upgrade(head.freeze()));
        }
        if head.len() > MAX_HTTP_BYTES {
            // Refused by whoever reads it, since there is no end of it.
            return Ok(Opening::Http(head.freeze()));
        }
        if has_end(head.get(searched..).unwrap_or_default()) {
            let is_adt = asks_for_adt(&head);
            let head = head.freeze();
            return Ok(if is_adt { Opening::Http(head) } else { Opening::Upgrade(head) });
        }
        // The empty line may have come in part.
        searched = head.len().saturating_sub(3);
    }
}

/// Whether an empty line is among these bytes.
fn has_end(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|window| window == b"\r\n\r\n")
        || bytes.windows(2).any(|window| window == b"\n\n")
}

/// Whether this whole head is a request for ADT and no upgrade.
fn asks_for_adt(head: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(head).is_ok_and(|status| status.is_complete()) {
        return false;
    }
    let path = request.path.and_then(|target| target.parse::<Uri>().ok());
    let is_adt = path.is_some_and(|uri| uri.path().starts_with(adt::ROOT));
    let is_upgrade = request.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("upgrade")
            && header.value.eq_ignore_ascii_case(b"websocket")
    });
    is_adt && !is_upgrade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_for_adt_are_no_upgrades() {
        for (head, is_adt) in [
            ("GET /sap/bc/adt/core/discovery?a=b HTTP/1.1\r\nHost: x\r\n\r\n", true),
            ("GET http://x/sap/bc/adt/core/discovery HTTP/1.1\r\n\r\n", true),
            ("POST /sap/bc/adt/anything HTTP/1.0\n\n", true),
            ("GET /sap/bc/adt/x HTTP/1.1\r\nupgrade: WebSocket\r\n\r\n", false),
            ("GET /sap/bc/apc/sap/zadt_vsp HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\n\r\n", false),
            ("nonsense\r\n\r\n", false),
        ] {
            assert_eq!(asks_for_adt(head.as_bytes()), is_adt, "{head}");
        }
    }

    #[test]
    fn heads_end_with_an_empty_line() {
        assert!(has_end(b"a\r\n\r\nb") && has_end(b"\n\n"));
        assert!(!has_end(b"a\r\nb\r\n\r") && !has_end(b""));
    }
}
