//! Everything a transfer may ask of the driver.

use super::inbox::InboxSender;
use super::transport::Turn;
use crate::proto::MessageId;
use crate::proto::request::Mode;

/// One wish to the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// Send a request and deliver what comes for it.
    Start {
        /// Its id.
        id: MessageId,
        /// How its frames are read.
        mode: Mode,
        /// The request as it goes out.
        text: String,
        /// Where its messages go.
        inbox: InboxSender,
        /// Its turn, which lasts until its last frame has come.
        turn: Turn,
    },
    /// Nobody waits for this id any longer. Towards the server this says nothing yet; one that takes
    /// a single request at a time gets no other before the last frame of this one.
    Forget {
        /// The id.
        id: MessageId,
    },
}
