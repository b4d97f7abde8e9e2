//! What the transfers of one connection share on the client's side.

use std::sync::Arc;

use bytes::Bytes;

use crate::proto::frame::{ChunkMessage, DecodedChunk, FrameError, Kind};
use crate::proto::{
    Control, Counters, Demux, Feature, Features, IdMint, MessageId, Mode, Request, Route,
};

/// The pending table and what goes out, lent to a transfer that decides something.
pub(in crate::server::core) struct Desk<'a> {
    /// Who waits, by the number of the transfer.
    pub(in crate::server::core) demux: &'a mut Demux<usize>,
    pub(in crate::server::core) mint: &'a mut IdMint,
    pub(in crate::server::core) outgoing: &'a mut Vec<String>,
    pub(in crate::server::core) counters: &'a Arc<Counters>,
    /// What the server's greeting says.
    pub(in crate::server::core) server: Option<Features>,
    /// Set once the connection is to take nothing new.
    pub(in crate::server::core) is_retired: &'a mut bool,
}

impl Desk<'_> {
    /// Sends a request, for whose frames that transfer waits.
    pub(super) fn request(&mut self, request: &Request, transfer: usize) -> MessageId {
        let id = self.mint.mint(request.name.domain());
        self.outgoing.push(request.write(&id, self.server).unwrap());
        let mode: Mode = request.mode(self.server);
        assert_eq!(self.demux.register(id.clone(), mode, transfer), None, "an id came twice");
        if request.agreed(self.server).contains(Feature::Binary) {
            self.demux.expect_binary(&id);
        }
        id
    }

    /// Sends a control, unless the server would take it for a request.
    pub(super) fn control(&mut self, control: &Control) {
        let feature = match control {
            Control::Cancel { .. } => Feature::Cancel,
            Control::Credit { .. } => Feature::Credit,
            _ => Feature::Resume,
        };
        if self.offers(feature) {
            let id = self.mint.mint("stream");
            self.outgoing.push(control.write(&id));
        }
    }

    pub(super) fn offers(&self, feature: Feature) -> bool {
        self.server.is_some_and(|offered| offered.contains(feature))
    }
}

/// What a message holds for the transfer it belongs to.
#[derive(Clone, Debug)]
pub(in crate::server::core) enum Content {
    Text(String),
    Chunk(DecodedChunk),
    Binary(Bytes),
}

impl Content {
    /// The memory it takes, in bytes.
    pub(in crate::server::core) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Chunk(chunk) => chunk.bytes().len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Whose a message is.
#[derive(Debug)]
pub(in crate::server::core) enum Routed {
    To(usize),
    Last(usize, Kind),
    Broken(usize, FrameError),
    Nobody,
}

impl Routed {
    fn of(route: Route<'_, usize>) -> Self {
        match route {
            Route::To(transfer, _) => Self::To(*transfer),
            Route::Last(transfer, kind) => Self::Last(transfer, kind),
            Route::Broken(transfer, error) => Self::Broken(*transfer, error),
            Route::Nobody => Self::Nobody,
        }
    }
}

/// Finds whose a text or a binary message is.
pub(in crate::server::core) fn route(demux: &mut Demux<usize>, content: &Content) -> Routed {
    Routed::of(match content {
        Content::Text(text) => demux.route(text),
        Content::Binary(bytes) => demux.route_binary(bytes),
        Content::Chunk(_) => panic!("a decoded chunk has lost its id"),
    })
}

/// Finds whose a chunk is that was decoded while it came.
pub(in crate::server::core) fn route_chunk(
    demux: &mut Demux<usize>,
    message: &ChunkMessage,
) -> Routed {
    Routed::of(demux.route_chunk(message))
}
