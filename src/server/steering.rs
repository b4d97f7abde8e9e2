//! The domain `stream`: requests that steer other requests. *Source*: PROTOCOL 6.

use tokio::task::spawn_blocking;
use tracing::debug;

use super::core::{Owner, StreamTerms};
use super::domain::unknown_action;
use super::job::{Job, Peer};
use super::outbox::Gone;
use super::refusal::Refusal;
use super::work::given_up;
use crate::proto::request::{Control, IncomingRequest, Resume};

/// Does what a control says at once, or checks a resume, which is then to be run.
pub(super) async fn steer(
    peer: &Peer,
    request: &IncomingRequest,
    terms: StreamTerms,
) -> Result<Result<Option<Job>, Refusal>, Gone> {
    if let Some(resume) = Resume::read(request) {
        return Ok(match resume {
            Ok(resume) => go_on(peer, request, resume, terms).await.map(Some),
            Err(param) => Err(missing(param)),
        });
    }
    Ok(match Control::read(request) {
        Some(Ok(control)) => {
            peer.state.keeper.control(control, &peer.user, peer.connection);
            peer.outbox.send(|| done(&request.id)).await?;
            Ok(None)
        }
        Some(Err(param)) => Err(missing(param)),
        None => Err(unknown_action(request)),
    })
}

async fn go_on(
    peer: &Peer,
    request: &IncomingRequest,
    resume: Resume,
    terms: StreamTerms,
) -> Result<Job, Refusal> {
    let keeper = &peer.state.keeper;
    let owner = Owner { user: peer.user.clone(), key: resume.operation.clone() };
    let check = keeper.check_resume(&owner, resume)?;
    // Done while no other message of the connection is read, so that a control which follows
    // finds its target.
    let verify = move || (check.is_right(), check);
    let (is_right, check) = spawn_blocking(verify).await.map_err(given_up)?;
    let is_right = is_right.map_err(given_up)?;
    debug!(is_right, "resume");
    let link = keeper.resume(&check, is_right, peer.key(&request.id), terms)?;
    Ok(Job::resumed(peer, request.id.clone(), link))
}

/// The answer to a control; ids that were read need no escapes.
fn done(id: &str) -> String {
    format!("{{\"id\":\"{id}\",\"success\":true}}")
}

fn missing(param: &str) -> Refusal {
    Refusal::new(Refusal::MISSING_PARAM, format!("parameter {param} is required"))
}
