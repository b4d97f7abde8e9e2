//! Streams without any feature, and their chunk sizes. *Source*: PROTOCOL 2, 4.1 to 4.4, 7.

use futures::FutureExt as _;

use super::Group;
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{
    CHUNK_SIZE_FIXED, CHUNK_SIZE_HUGE, CHUNK_SIZE_KEPT, CHUNK_SIZE_ZERO, ONLY_AGREED,
    OPERATION_COMPLETES, PAYLOAD_SAME, SINGLE_ANSWER, STREAM_IN_PARAMS, STREAM_STREAMS,
};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{Probing, Sample, text_of};
use crate::check::watched::{Terms, Watched};
use crate::proto::checksum::Sha256;
use crate::proto::{Feature, OperationName, Params};

/// The chunk size that is asked for first, in bytes.
const FIRST_CHUNK_BYTES: u64 = 65_536;
/// Into how many whole chunks a payload is cut.
const CHUNKS: u64 = 7;
/// The largest payload that is asked for in one answer, in bytes.
const MOST_ANSWERED_BYTES: u64 = 1 << 20;
/// A chunk size that no server can take as it is.
const HUGE: u64 = 1_000_000_000;

pub(super) const GROUP: Group = Group {
    name: "stream",
    does: "asks for the operation twice, without any feature",
    feeds: &["1", "2", "3", "4", "5", "7"],
    shows: &[
        &OPERATION_COMPLETES,
        &STREAM_STREAMS,
        &CHUNK_SIZE_KEPT,
        &CHUNK_SIZE_FIXED,
        &PAYLOAD_SAME,
    ],
    streams: false,
    gives_sample: true,
    run: |probing| run(probing).boxed(),
};

pub(super) const SIZES: Group = Group {
    name: "sizes",
    does: "asks for the operation with chunk sizes that mean nothing, or too much",
    feeds: &["1.2", "2"],
    shows: &[&STREAM_IN_PARAMS, &CHUNK_SIZE_HUGE, &CHUNK_SIZE_ZERO],
    streams: true,
    gives_sample: false,
    run: |probing| sizes(probing).boxed(),
};

pub(super) const ONCE: Group = Group {
    name: "once",
    does: "asks for the operation without a stream",
    feeds: &["4.1", "4.6"],
    shows: &[&SINGLE_ANSWER],
    streams: true,
    gives_sample: false,
    run: |probing| once(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let most = probing.facts.limits.max_chunk_bytes.unwrap_or(u64::MAX).max(1);
    let ask = probing.ask()?.stream(FIRST_CHUNK_BYTES.min(most));
    let mut line = probing.line().await?;
    let book = probing.book.clone();
    let (_, first) = probing.run(&mut line, &ask).await?;
    book.seen(&ONLY_AGREED);
    if first.data().is_none() {
        let end = first.end.as_ref().map_or_else(String::new, text_of);
        probing.blocked = Some(book.shown(&format!("the operation fails: {end}")));
        probing.keep(line);
        return Ok(());
    }
    if probing.offers(Feature::Stream) {
        book.seen(&STREAM_STREAMS);
        if first.terms.is_stream && first.chunks.is_empty() {
            let came = first.end.as_ref().map_or_else(String::new, text_of);
            let expected = "chunks, then a complete; this server may answer once all the same";
            let sent = &first.terms.sent;
            book.note(&STREAM_STREAMS, Evidence { sent, expected, came: &came });
        }
    }
    let sample = Sample {
        bytes: first.bytes(),
        digest: Sha256::of(&first.payload()),
        chunk_bytes: first.bytes().checked_div(CHUNKS).unwrap_or(0).clamp(1, most),
    };
    let ask = probing.ask()?.stream(sample.chunk_bytes);
    if sample.bytes < CHUNKS {
        let why = format!("the payload has {} bytes in chunks, too few to cut", sample.bytes);
        probing.blocked = Some(why);
    } else {
        let (_, again) = probing.run(&mut line, &ask).await?;
        same_payload(probing, again, &sample);
        probing.sample = Some(sample);
    }
    probing.keep(line);
    Ok(())
}

/// That the operation gives the same bytes each time: a test payload has to, an archive may hold
/// times.
pub(super) fn same_payload(probing: &Probing, watched: &Watched, sample: &Sample) {
    if watched.data().is_none() {
        return;
    }
    probing.book.seen(&PAYLOAD_SAME);
    let payload = watched.payload();
    if Sha256::of(&payload) == sample.digest {
        return;
    }
    let came = format!("{} bytes where {} came before, or others", payload.len(), sample.bytes);
    let evidence = |expected| Evidence { sent: &watched.terms.sent, expected, came: &came };
    if probing.tests_with_payload() {
        probing.book.fault(&PAYLOAD_SAME, evidence("the same bytes each time"));
    } else {
        let expected = "the same bytes each time, if nothing has changed and none are times";
        probing.book.note(&PAYLOAD_SAME, evidence(expected));
    }
}

async fn sizes(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Stream) {
        return Ok(());
    }
    let (ask, sample) = probing.sample()?;
    let book = probing.book.clone();
    let mut line = probing.line().await?;

    let mut inside = ask.clone();
    inside.request.stream = None;
    let size = sample.chunk_bytes.to_string();
    inside.request.params = inside.request.params.with("stream", true).with("chunkSize", size);
    let id = line.facts.mint(inside.request.name.domain());
    let written = write(&inside, &id, &line)?;
    let terms = Terms {
        is_stream: true,
        chunk_bytes: Some(sample.chunk_bytes),
        ..inside.terms(&written, &line.facts)
    };
    line.send(&id, written, terms).await?;
    let watched = line.end_of(&id).await?;
    book.seen(&STREAM_IN_PARAMS);
    if watched.chunks.is_empty() {
        let came = watched.end.as_ref().map_or_else(String::new, text_of);
        let expected = "a stream, since `params` have `stream`";
        let evidence = Evidence { sent: &watched.terms.sent, expected, came: &came };
        book.deviation(&STREAM_IN_PARAMS, evidence);
    }

    let (_, watched) = probing.run(&mut line, &probing.ask()?.stream(HUGE)).await?;
    book.seen(&CHUNK_SIZE_HUGE);
    same_payload(probing, watched, &sample);

    zero(probing, &mut line).await?;
    probing.keep(line);
    Ok(())
}

/// Asks for the operation without `stream`. It comes last: nothing is told on the way to one answer,
/// so a server may well take too long for it.
async fn once(probing: &mut Probing) -> Result<(), Trouble> {
    let (_, sample) = probing.sample()?;
    if sample.bytes > MOST_ANSWERED_BYTES {
        return Ok(());
    }
    let mut line = probing.line().await?;
    let id = line.ask(&probing.ask()?).await?;
    // Whatever the answer says, it is one, which whoever watches it sees to.
    match line.end_of(&id).await {
        Ok(_) => {}
        Err(Trouble::Computing(time)) => {
            let why = format!("one answer took longer than {time:?}: give --idle-timeout");
            return Err(Trouble::Skip(why));
        }
        Err(Trouble::Gone(came)) if !probing.tests_with_payload() => {
            let expected = "one answer; what takes so long that it breaks needs a stream";
            let sent = &line.watched(&id).terms.sent;
            probing.book.note(&SINGLE_ANSWER, Evidence { sent, expected, came: &came });
            return Ok(());
        }
        Err(trouble) => return Err(trouble),
    }
    probing.book.seen(&SINGLE_ANSWER);
    line.barrier().await?;
    probing.keep(line);
    Ok(())
}

/// Asks for chunks of no bytes, of a small payload where there is one.
async fn zero(probing: &Probing, line: &mut Line) -> Result<(), Trouble> {
    let is_test = probing.tests_with_payload();
    if !is_test && !probing.offers(Feature::Cancel) {
        let why = "it might send the whole payload byte by byte, and cannot be cancelled";
        probing.book.skip(&CHUNK_SIZE_ZERO, why);
        return Ok(());
    }
    let ask = if is_test {
        Ask::new(OperationName::new("test", "payload"), Params::new().with("size", 100))
    } else {
        probing.ask()?
    };
    let id = line.ask(&ask.stream(0).features([Feature::Cancel])).await?;
    line.until(|line| !line.watched(&id).chunks.is_empty() || line.has_ended(&id)).await?;
    if !is_test {
        line.cancel(&id).await?;
    }
    line.end_of(&id).await?;
    let watched = line.watched(&id);
    if probing.is_busy(&CHUNK_SIZE_ZERO, watched) {
        return line.barrier().await;
    }
    probing.book.seen(&CHUNK_SIZE_ZERO);
    let is_right = match watched.code() {
        None | Some("MISSING_PARAM" | "PARSE_ERROR" | "CANCELLED") => true,
        Some(_) => false,
    };
    if !is_right || watched.chunks.values().next().is_some_and(bytes::Bytes::is_empty) {
        let came = watched.end.as_ref().map_or_else(String::new, text_of);
        let expected = "MISSING_PARAM, or a stream with a chunk size of the server's choice";
        let evidence = Evidence { sent: &watched.terms.sent, expected, came: &came };
        probing.book.deviation(&CHUNK_SIZE_ZERO, evidence);
    }
    line.barrier().await
}

/// A request as the client writes it.
pub(super) fn write(ask: &Ask, id: &str, line: &Line) -> Result<String, Trouble> {
    let no_id = || Trouble::Skip(format!("{id:?} is no id"));
    ask.write(&crate::proto::MessageId::new(id).ok_or_else(no_id)?, line.facts.features)
}
