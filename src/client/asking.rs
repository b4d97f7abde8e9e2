//! Somebody who wants to know what came of a request that is stopped.

use tokio::sync::oneshot;

use super::inbox::{Content, Delivery, Inbox};
use super::outcome::CancelOutcome;
use crate::proto::ServerError;
use crate::proto::frame::{Answer, Body, Envelope, Kind};
use crate::proto::request::Mode;

/// Whoever asks what came of a request. Dropped, it tells what its inbox says of that.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Empty once told.
    answer: Option<oneshot::Sender<CancelOutcome>>,
    inbox: Inbox,
    mode: Mode,
}

impl Asking {
    /// `inbox` is that of the request, and holds what nobody has read.
    pub(crate) fn new(answer: oneshot::Sender<CancelOutcome>, inbox: Inbox, mode: Mode) -> Self {
        Self { answer: Some(answer), inbox, mode }
    }

    pub(crate) fn tell(mut self, outcome: CancelOutcome) {
        if let Some(answer) = self.answer.take() {
            // Whoever asked may have gone.
            let _ = answer.send(outcome);
        }
    }

    /// Tells what came of a request that has had its last frame.
    pub(crate) fn tell_what_came(mut self) {
        // A last frame that was read already was no error: that would have been the end.
        let outcome = self.what_came().unwrap_or(CancelOutcome::Completed);
        self.tell(outcome);
    }

    /// What the last thing says that came for the request and nobody has read.
    fn what_came(&mut self) -> Option<CancelOutcome> {
        Some(match self.inbox.drain().last()? {
            Delivery::Refused => CancelOutcome::Cancelled,
            Delivery::Message(Content::Text(text), _) => outcome_of(&text, self.mode),
            _ => CancelOutcome::Unknown,
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(self.what_came().unwrap_or(CancelOutcome::Unknown));
        }
    }
}

/// What a request has come to if this is its last message.
pub(crate) fn outcome_of(text: &str, mode: Mode) -> CancelOutcome {
    let mut mended = String::new();
    let Ok(envelope) = Envelope::read(text, &mut mended) else { return CancelOutcome::Unknown };
    let kind = envelope.kind(mode);
    let error = match envelope.body(mode) {
        Ok(Body::Error(error) | Body::Answer(Answer { outcome: Err(error) })) => Some(error),
        Ok(Body::Complete(complete)) if !complete.success => complete.error,
        _ => None,
    };
    match (error, kind) {
        (Some(error), _) if error.code == ServerError::CANCELLED => CancelOutcome::Cancelled,
        (Some(error), _) => CancelOutcome::Failed(error),
        (None, Kind::Complete | Kind::Answer) => CancelOutcome::Completed,
        (None, _) => CancelOutcome::Unknown,
    }
}
