//! What has to hold whatever comes, one function for each reader of foreign bytes.
//!
//! Not for use: this is for `fuzz/`, whose targets call one of these each, and for the test
//! `corpora`, which runs all inputs that were ever worth keeping. Each function stands beside the
//! code that it is about, takes any bytes, and panics where something does not hold.

mod input;
mod seeds;

pub(crate) use input::{Input, Pieces};
pub use seeds::Vectors;
pub(crate) use seeds::{from_hex, message_text};

#[cfg(feature = "client")]
pub use crate::client::fuzzing::{cookie_file, extract, journal, systems};
pub use crate::proto::assembler::fuzzing::assembler;
pub use crate::proto::base64::fuzzing::base64;
pub use crate::proto::exchange::fuzzing::exchange;
pub use crate::proto::frame::binary::fuzzing::binary;
pub use crate::proto::frame::fuzzing::frame;
pub use crate::proto::json::fuzzing::json;
pub use crate::proto::records::fuzzing::records;
pub use crate::proto::request::fuzzing::request;
pub use crate::proto::websocket::fuzzing::websocket;
pub use crate::proto::welcome::fuzzing::welcome;

use crate::proto;

/// One of the functions here, with what it is called and where its first inputs come from.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the function, of its program in `fuzz/targets` and of its folder in
    /// `fuzz/corpus`.
    pub name: &'static str,
    /// Panics if what has to hold does not.
    pub run: fn(&[u8]),
    /// Inputs out of the test vectors.
    pub seeds: fn(&Vectors) -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "frame", run: frame, seeds: proto::frame::fuzzing::seeds },
    Target { name: "websocket", run: websocket, seeds: proto::websocket::fuzzing::seeds },
    Target { name: "base64", run: base64, seeds: proto::base64::fuzzing::seeds },
    Target { name: "json", run: json, seeds: proto::json::fuzzing::seeds },
    Target { name: "assembler", run: assembler, seeds: proto::assembler::fuzzing::seeds },
    Target { name: "exchange", run: exchange, seeds: proto::exchange::fuzzing::seeds },
    Target { name: "binary", run: binary, seeds: proto::frame::binary::fuzzing::seeds },
    Target { name: "records", run: records, seeds: proto::records::fuzzing::seeds },
    Target { name: "request", run: request, seeds: proto::request::fuzzing::seeds },
    Target { name: "welcome", run: welcome, seeds: proto::welcome::fuzzing::seeds },
    #[cfg(feature = "client")]
    Target { name: "journal", run: journal, seeds: crate::client::fuzzing::journal_seeds },
    #[cfg(feature = "client")]
    Target {
        name: "cookie_file",
        run: cookie_file,
        seeds: crate::client::fuzzing::cookie_file_seeds,
    },
    #[cfg(feature = "client")]
    Target { name: "systems", run: systems, seeds: crate::client::fuzzing::systems_seeds },
    #[cfg(feature = "client")]
    Target { name: "extract", run: extract, seeds: crate::client::fuzzing::extract_seeds },
];
