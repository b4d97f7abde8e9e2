//! A WebSocket frame as a server sends it: not masked, its length in the shortest form.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

/// The frame that begins with `first`: whether it is the last of its message, and its opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let (is_final, opcode) = (first & 0x80 != 0, OpCode::from(first & 0x0f));
    let frame = Frame::message(Bytes::copy_from_slice(payload), opcode, is_final);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).expect("memory takes it");
    bytes
}
