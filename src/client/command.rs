//! Everything a transfer may ask of the driver.

use super::asking::Asking;
use super::inbox::InboxSender;
use super::outbox::WireText;
use super::transport::Turn;
use crate::proto::request::Mode;
use crate::proto::{Control, MessageId, OperationKey};

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
        text: WireText,
        /// Where its messages go.
        inbox: InboxSender,
        /// Its turn, which lasts until its last frame has come.
        turn: Turn,
        /// Whether the server can be told to stop it.
        can_cancel: bool,
        /// Whether its chunks may come as binary messages.
        takes_binary: bool,
    },
    /// Nobody wants this request any longer: stop it where the server can.
    Cancel {
        /// The request.
        id: MessageId,
        /// What the server may keep of it beyond its last frame.
        operation: Option<OperationKey>,
        /// Who wants to know what came of it.
        asking: Option<Asking>,
    },
    /// Nobody watches this request any longer, and the server is to go on with it: the connection
    /// ends once nothing else runs on it.
    Detach {
        /// The request.
        id: MessageId,
    },
    /// Send a control.
    Control(Control),
    /// Take no new request, and end once nothing runs any more.
    Retire,
}
