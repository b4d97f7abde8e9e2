//! What a client's process is to measure, and what it says of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One measurement.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Messages there and back by the bare library.
    Echo(Many, Way),
    /// Requests by longhaul.
    Requests(Many),
    /// Payloads, so many at once and that so many times, of so many bytes each.
    Transfers { at_once: u64, times: u64, bytes: u64 },
    /// The first bytes of a payload, so many times, while so many others come.
    FirstChunk { busy: u64, times: u64 },
}

/// Requests, as many as there can be in a time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Many {
    pub(crate) in_flight: usize,
    pub(crate) threads: usize,
    pub(crate) ms: u64,
}

/// How the bare client writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// All that can be written before it waits, at once.
    Gathered,
    /// Each message as it comes up.
    OneByOne,
}

impl Job {
    pub(crate) fn transfers(at_once: u64, times: u64, bytes: u64) -> Self {
        Self::Transfers { at_once, times, bytes }
    }

    pub(crate) fn threads(&self) -> usize {
        match self {
            Self::Echo(many, _) | Self::Requests(many) => many.threads,
            _ => 1,
        }
    }
}

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, f64>;
