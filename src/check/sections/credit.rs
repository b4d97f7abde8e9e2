//! Flow control. *Source*: PROTOCOL 6, 6.3.

use futures::FutureExt as _;

use super::Group;
use super::stream::{same_payload, write};
use crate::check::book::Evidence;
use crate::check::catalog::{
    CONTROL_ANSWERS, CREDIT_CHUNK_SIZE, CREDIT_ENDED, CREDIT_GOES_ON, CREDIT_KEPT, CREDIT_OTHERS,
    CREDIT_STALE, CREDIT_WINDOW, Check, WINDOW_ZERO,
};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{MOMENT, Probing, text_of};
use crate::check::watched::Terms;
use crate::proto::Feature;

/// Enough for every chunk there is.
const ALL: u64 = 1 << 40;

pub(super) const GROUP: Group = Group {
    name: "credit",
    does: "asks for the operation with windows of 1 and 3, and lets it wait for credit",
    feeds: &["6.3"],
    shows: &[
        &CREDIT_KEPT,
        &CREDIT_CHUNK_SIZE,
        &CREDIT_WINDOW,
        &CREDIT_GOES_ON,
        &CREDIT_STALE,
        &CREDIT_OTHERS,
        &CREDIT_ENDED,
        &WINDOW_ZERO,
    ],
    streams: true,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Credit) {
        return Ok(());
    }
    let mut line = probing.line().await?;
    step_by_step(probing, &mut line).await?;
    whole_window(probing, &mut line).await?;
    no_window(probing, &mut line).await?;
    probing.keep(line);
    Ok(())
}

/// One chunk after the other.
async fn step_by_step(probing: &Probing, line: &mut Line) -> Result<(), Trouble> {
    let (ask, sample) = probing.sample()?;
    let book = &probing.book;
    let ask = ask.features([Feature::Checksum, Feature::Credit]).window(1);
    let id = probing.begin(line, &ask).await?;
    reach(line, &id, 1).await?;
    match line.barrier().await {
        Err(Trouble::Silent(time)) => {
            let came = format!("nothing for {time:?}");
            let sent = "system.ping while a stream waits for credit";
            let expected = "the answer to it";
            book.fault(&CREDIT_OTHERS, Evidence { sent, expected, came: &came });
            return Err(Trouble::Skip(came));
        }
        other => other?,
    }
    if !line.has_ended(&id) {
        book.seen(&CREDIT_OTHERS);
    }
    line.settle(MOMENT).await?;

    line.grant(&id, 2).await?;
    goes_on(probing, line, &id, 2).await?;
    for stale in [2, 1, 0] {
        let control = line.grant(&id, stale).await?;
        line.barrier().await?;
        answered(probing, line, &control, &CREDIT_STALE);
    }
    line.settle(MOMENT).await?;
    book.seen(&CREDIT_STALE);
    if let Some(seq) = line.watched(&id).chunks.keys().find(|seq| **seq > 2) {
        let came = format!("chunk {seq}");
        let (sent, expected) = ("grants of 2, 1 and 0", "no chunk above 2");
        book.fault(&CREDIT_STALE, Evidence { sent, expected, came: &came });
    }
    lowered(probing, line, &id).await?;
    line.grant(&id, ALL).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_end(watched);
    same_payload(probing, watched, &sample);

    for target in [id.as_str(), "check_0"] {
        let control = line.grant(target, ALL).await?;
        line.barrier().await?;
        answered(probing, line, &control, &CREDIT_ENDED);
    }
    Ok(())
}

/// A grant of 3 holds, though a smaller one comes right behind it.
async fn lowered(probing: &Probing, line: &mut Line, id: &str) -> Result<(), Trouble> {
    line.grant(id, 3).await?;
    line.grant(id, 1).await?;
    match reach(line, id, 3).await {
        Err(Trouble::Silent(time)) => {
            let came = format!("nothing for {time:?}");
            let (sent, expected) = ("a grant of 3, then one of 1", "chunk 3");
            probing.book.fault(&CREDIT_STALE, Evidence { sent, expected, came: &came });
            Err(Trouble::Skip("a smaller grant takes back what was granted".into()))
        }
        other => other,
    }
}

/// That a control was not answered with a failure.
pub(super) fn answered(probing: &Probing, line: &Line, control: &str, check: &'static Check) {
    let (book, watched) = (&probing.book, line.watched(control));
    book.seen(check);
    book.seen(&CONTROL_ANSWERS);
    let Some(end) = &watched.end else { return };
    if watched.data().is_none() {
        let expected = "an answer with `success` true, or none";
        let sent = &watched.terms.sent;
        book.fault(check, Evidence { sent, expected, came: &text_of(end) });
    }
}

/// Waits for a chunk, or the end.
pub(super) async fn reach(line: &mut Line, id: &str, seq: u64) -> Result<(), Trouble> {
    line.until(|line| line.watched(id).chunks.contains_key(&seq) || line.has_ended(id)).await
}

/// Waits for a chunk that was granted.
async fn goes_on(probing: &Probing, line: &mut Line, id: &str, seq: u64) -> Result<(), Trouble> {
    let came = match reach(line, id, seq).await {
        Ok(()) if line.watched(id).chunks.contains_key(&seq) => {
            probing.book.seen(&CREDIT_GOES_ON);
            return Ok(());
        }
        Ok(()) => line.watched(id).end.as_ref().map_or_else(String::new, text_of),
        Err(Trouble::Silent(time)) => format!("nothing for {time:?}"),
        Err(trouble) => return Err(trouble),
    };
    let expected = format!("chunk {seq}");
    let sent = format!("a grant of {seq}");
    let evidence = Evidence { sent: &sent, expected: &expected, came: &came };
    probing.book.fault(&CREDIT_GOES_ON, evidence);
    let came = probing.book.shown(&came);
    Err(Trouble::Skip(format!("it does not go on behind a grant: {came}")))
}

/// A window of three comes whole.
async fn whole_window(probing: &Probing, line: &mut Line) -> Result<(), Trouble> {
    let (ask, sample) = probing.sample()?;
    let window = probing.facts.window(3);
    let ask = ask.features([Feature::Checksum, Feature::Credit]).window(window);
    let id = probing.begin(line, &ask).await?;
    match reach(line, &id, window).await {
        Err(Trouble::Silent(time)) => {
            let came =
                format!("{} chunks, then nothing for {time:?}", line.watched(&id).chunks.len());
            let sent = &line.watched(&id).terms.sent;
            let evidence =
                Evidence { sent, expected: "as many chunks as were granted", came: &came };
            probing.book.fault(&CREDIT_WINDOW, evidence);
            return Err(Trouble::Skip(came));
        }
        other => other?,
    }
    if line.watched(&id).chunks.contains_key(&window) {
        probing.book.seen(&CREDIT_WINDOW);
    } else {
        probing.book.skip(&CREDIT_WINDOW, "the stream ended before as many chunks came");
    }
    line.barrier().await?;
    line.grant(&id, ALL).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_end(watched);
    same_payload(probing, watched, &sample);
    Ok(())
}

/// Windows that are none.
async fn no_window(probing: &Probing, line: &mut Line) -> Result<(), Trouble> {
    let (ask, sample) = probing.sample()?;
    let ask = ask.features([Feature::Credit]).window(1);
    for window in ["0", "\"3\"", "-1"] {
        let id = line.facts.mint(ask.request.name.domain());
        let text = write(&ask, &id, line)?;
        let text = text.replace("\"window\":1", &format!("\"window\":{window}"));
        let terms = ask.terms(&text, &line.facts);
        let agreed = terms.agreed.without(Feature::Credit);
        line.send(&id, text, Terms { window: None, agreed, ..terms }).await?;
        match line.until(|line| line.has_ended(&id)).await {
            Err(Trouble::Silent(time)) => {
                let came = format!("nothing for {time:?}");
                let expected = "the whole stream, since `credit` is not agreed on";
                let sent = &line.watched(&id).terms.sent;
                probing.book.fault(&WINDOW_ZERO, Evidence { sent, expected, came: &came });
                return Err(Trouble::Skip(came));
            }
            other => other?,
        }
        let watched = line.watched(&id);
        probing.book.seen(&WINDOW_ZERO);
        if let Some(end) = watched.end.as_ref().filter(|_| watched.data().is_none()) {
            let expected = "the whole stream, since `credit` is not agreed on";
            let sent = &watched.terms.sent;
            let evidence = Evidence { sent, expected, came: &text_of(end) };
            probing.book.deviation(&WINDOW_ZERO, evidence);
        } else {
            same_payload(probing, watched, &sample);
        }
    }
    Ok(())
}
