//! The domain `system`: the server itself.

mod help;
mod ping;

pub use help::{Help, HelpPage};
pub use ping::{Ping, Pong};
