//! Answers for tests, through the same code that reads a server's.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::proto::checksum::Sha256;
use crate::proto::exchange::Terms;
use crate::proto::frame::write::FrameWriter;
use crate::proto::{Exchange, Features, Limits, Mode, Operation, OperationError};

/// What `operation` makes of a single answer with this `data`.
pub(crate) fn conclude<O: Operation>(
    operation: &O,
    data: &str,
) -> Result<O::Output, OperationError> {
    let data: &RawValue = serde_json::from_str(data).unwrap();
    let text = FrameWriter::new("x_1").answer(&data);
    let mut exchange = Exchange::new(Terms::new(Mode::Single, Features::NONE), Arc::default());
    exchange.handle_text(&text, Instant::now(), &mut BytesMut::new()).unwrap();
    let reply = exchange.finish(Sha256::of(b"")).unwrap().unwrap();
    operation.conclude(&reply, &mut Cursor::new([]), &Limits::default())
}

/// The field that an answer with this `data` is refused for.
pub(crate) fn unusable<O: Operation>(operation: &O, data: &str) -> String
where
    O::Output: std::fmt::Debug,
{
    match conclude(operation, data) {
        Err(OperationError::InvalidAnswer { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    }
}

/// The operation's own error that an answer with this `data` leads to.
pub(crate) fn failure<O: Operation, E: std::error::Error + Clone + 'static>(
    operation: &O,
    data: &str,
) -> E
where
    O::Output: std::fmt::Debug,
{
    match conclude(operation, data) {
        Err(OperationError::Unsuccessful { source }) => {
            source.downcast_ref::<E>().expect("the operation's own error").clone()
        }
        other => panic!("{other:?}"),
    }
}
