//! Stopping a request. *Source*: PROTOCOL 6.2.

use futures::FutureExt as _;

use super::Group;
use super::credit::{answered, reach};
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{
    CANCEL_ANSWER, CANCEL_ENDS, CANCEL_IDEMPOTENT, CANCEL_QUEUED, CANCEL_UNKNOWN, Check,
};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{MOMENT, Probing, text_of};
use crate::check::watched::{End, Failure};
use crate::proto::{Feature, OperationName, Params};

pub(super) const GROUP: Group = Group {
    name: "cancel",
    does: "asks for the operation a few times, and cancels it",
    feeds: &["6.2"],
    shows: &[&CANCEL_ENDS, &CANCEL_QUEUED, &CANCEL_IDEMPOTENT, &CANCEL_UNKNOWN, &CANCEL_ANSWER],
    streams: true,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Cancel) {
        return Ok(());
    }
    let mut line = probing.line().await?;
    let control = line.cancel("check_0").await?;
    line.barrier().await?;
    answered(probing, &line, &control, &CANCEL_UNKNOWN);

    let (ask, _) = probing.sample()?;
    let ask = ask.features([Feature::Cancel, Feature::Credit]).window(1);
    let id = probing.begin(&mut line, &ask).await?;
    reach(&mut line, &id, 1).await?;
    line.cancel(&id).await?;
    ends(probing, &mut line, &id, &CANCEL_ENDS).await?;
    for _ in 0..2 {
        let control = line.cancel(&id).await?;
        line.barrier().await?;
        answered(probing, &line, &control, &CANCEL_IDEMPOTENT);
    }

    let first = line.ask(&ask).await?;
    let second = line.ask(&ask).await?;
    line.cancel(&second).await?;
    line.cancel(&first).await?;
    ends(probing, &mut line, &second, &CANCEL_QUEUED).await?;
    ends(probing, &mut line, &first, &CANCEL_QUEUED).await?;

    if probing.facts.domains.iter().any(|domain| domain == "test") {
        let sleep = OperationName::new("test", "sleep");
        // Longer than it is waited for, and over soon where it cannot be cancelled.
        let ms = probing.facts.silence.saturating_mul(2).as_millis();
        let ms = u64::try_from(ms).unwrap_or(u64::MAX);
        let ask = Ask::new(sleep, Params::new().with("ms", ms)).features([Feature::Cancel]);
        let id = line.ask(&ask).await?;
        line.cancel(&id).await?;
        ends(probing, &mut line, &id, &CANCEL_ANSWER).await?;
        if matches!(line.watched(&id).end, Some(End::Error(_))) {
            let came = "an error frame";
            let expected = "an answer CANCELLED, which has no `type`";
            let sent = &line.watched(&id).terms.sent;
            probing.book.deviation(&CANCEL_ANSWER, Evidence { sent, expected, came });
        }
    } else {
        let why = "the server lists no domain `test`, which can be asked to sleep";
        probing.book.not_applicable(&CANCEL_ANSWER, why);
    }
    line.settle(MOMENT).await?;
    probing.keep(line);
    Ok(())
}

/// Waits for the end of what was cancelled.
pub(super) async fn ends(
    probing: &Probing,
    line: &mut Line,
    id: &str,
    check: &'static Check,
) -> Result<(), Trouble> {
    let book = &probing.book;
    let expected = "an error CANCELLED, or the complete";
    match line.until(|line| line.has_ended(id)).await {
        Err(Trouble::Silent(time)) => {
            let came = format!("nothing for {time:?}");
            let sent = format!("stream.cancel of {}", line.watched(id).terms.sent);
            book.fault(check, Evidence { sent: &sent, expected, came: &came });
            return Err(Trouble::Skip(came));
        }
        other => other?,
    }
    let watched = line.watched(id);
    if watched.code() == Some("UNKNOWN_ACTION") {
        book.not_applicable(check, "the server does not have what was to be cancelled");
        return Ok(());
    }
    if probing.is_busy(check, watched) {
        return Ok(());
    }
    book.seen(check);
    let code = watched.end.as_ref().and_then(End::failure).map(|failure: &Failure| &failure.code);
    let is_right = match code {
        Some(code) => matches!(code.as_deref(), Some("CANCELLED")),
        None => watched.data().is_some(),
    };
    if !is_right {
        let came = watched.end.as_ref().map_or_else(String::new, text_of);
        let sent = format!("stream.cancel of {}", watched.terms.sent);
        book.deviation(check, Evidence { sent: &sent, expected, came: &came });
    }
    Ok(())
}
