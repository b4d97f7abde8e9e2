//! The domain `system`: the server itself.

mod ping;

pub use ping::{Ping, Pong};
