//! What the server says that it takes at once. *Source*: PROTOCOL 1.2, 9.

use futures::FutureExt as _;

use super::Group;
use crate::check::book::Evidence;
use crate::check::catalog::{BUSY, MAX_TRANSFERS};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{Probing, judge_busy, text_of};
use crate::check::watched::End;
use crate::proto::Feature;

/// How many streams of a test payload are run at once, at most.
const MOST_STREAMS: u64 = 32;
/// How many of an operation that somebody has to work for.
const MOST_HEAVY_STREAMS: u64 = 4;

pub(super) const GROUP: Group = Group {
    name: "limits",
    does: "runs as many streams at once as `maxTransfers` says, if those are few, and one more",
    feeds: &["1.2", "9"],
    shows: &[&MAX_TRANSFERS, &BUSY],
    streams: true,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let book = probing.book.clone();
    let Some(most) = probing.facts.limits.max_transfers else {
        book.not_applicable(&MAX_TRANSFERS, "the welcome names no `maxTransfers`");
        return Ok(());
    };
    if !probing.offers(Feature::Credit) || !probing.offers(Feature::Cancel) {
        let why = "without `credit` and `cancel` streams cannot be made to wait and then to end";
        book.skip(&MAX_TRANSFERS, why);
        return Ok(());
    }
    let is_test = probing.tests_with_payload();
    let bearable = if is_test { MOST_STREAMS } else { MOST_HEAVY_STREAMS };
    if most > bearable {
        let why = format!("no more than {bearable} of this operation are asked for at once");
        book.skip(&MAX_TRANSFERS, &why);
        return Ok(());
    }
    // A connection of its own, on which nothing else is under way.
    let mut line = probing.another_line().await?;
    let (ask, _) = probing.sample()?;
    let ask = ask.features([Feature::Cancel, Feature::Credit]).window(1);
    let mut ids = Vec::new();
    for _ in 0..most {
        ids.push(line.ask(&ask).await?);
    }
    for id in &ids {
        is_begun(&mut line, id).await?;
    }
    book.seen(&MAX_TRANSFERS);
    for id in &ids {
        let watched = line.watched(id);
        if let Some(end) = &watched.end {
            let expected = format!("{most} streams at once, which wait for credit");
            let sent = &watched.terms.sent;
            let evidence = Evidence { sent, expected: &expected, came: &text_of(end) };
            book.deviation(&MAX_TRANSFERS, evidence);
        }
    }
    let id = line.ask(&ask).await?;
    is_begun(&mut line, &id).await?;
    let watched = line.watched(&id);
    match watched.end.as_ref().and_then(End::failure) {
        Some(failure) if failure.code.as_deref() == Some("BUSY") => {
            book.seen(&BUSY);
            if failure.retry_after_ms.is_none() {
                judge_busy(None, &failure.text, &watched.terms.sent, &book);
            }
        }
        _ => {
            let came = watched.end.as_ref().map_or_else(|| "a chunk".to_owned(), text_of);
            let expected = format!("BUSY, since {most} streams run");
            let sent = &watched.terms.sent;
            let evidence = Evidence { sent, expected: &expected, came: &came };
            book.deviation(&MAX_TRANSFERS, evidence);
            ids.push(id);
        }
    }
    for id in &ids {
        line.cancel(id).await?;
    }
    line.until(|line| ids.iter().all(|id| line.has_ended(id))).await?;
    let _ = line.close().await;
    Ok(())
}

async fn is_begun(line: &mut Line, id: &str) -> Result<(), Trouble> {
    line.until(|line| line.has_ended(id) || !line.watched(id).chunks.is_empty()).await
}
