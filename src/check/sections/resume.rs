//! Operations that outlive their connection. *Source*: PROTOCOL 6.4.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;

use super::Group;
use super::cancel::ends;
use super::credit::{answered, reach};
use super::stream::same_payload;
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{
    ACCEPTED_COMES, CANCEL_FREES, Check, KEY_ATTACHES, KEY_OTHER_PARAMS, LATEST_WINS,
    RELEASE_FREES, RELEASE_UNKNOWN, RESUME_ACCEPTED, RESUME_AT_END, RESUME_BORDERS, RESUME_EPOCH,
    RESUME_GOES_ON, RESUME_OFFSET, RESUME_PARAMS, RESUME_PREFIX, RESUME_UNKNOWN,
};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{Kept, Probing, text_of};
use crate::check::watched::{Prefix, Watched};
use crate::proto::checksum::Sha256;
use crate::proto::{Control, Feature, OperationKey, Params, Resume, Seq};

/// All that can go together with `resume`.
const FEATURES: [Feature; 5] =
    [Feature::Checksum, Feature::Cancel, Feature::Credit, Feature::Resume, Feature::Binary];
/// Before which chunk the connection is cut, plus one.
const CUT_AT: u64 = 2;
/// The params that a resume must have.
const PARAMS: [&str; 5] = ["operation", "epoch", "nextSeq", "offset", "sha256"];

pub(super) const GROUP: Group = Group {
    name: "resume",
    does: "asks for the operation with a key, cuts the connection behind chunk 2, and resumes",
    feeds: &["6.2", "6.4"],
    shows: &[&ACCEPTED_COMES, &RESUME_GOES_ON, &RESUME_ACCEPTED, &RESUME_BORDERS, &RESUME_AT_END],
    streams: true,
    gives_sample: false,
    run: |probing| go_on(probing).boxed(),
};

pub(super) const REFUSALS: Group = Group {
    name: "refusals",
    does: "resumes with what is not right: digest, offset, epoch, key, params",
    feeds: &["6.4"],
    shows: &[&RESUME_PREFIX, &RESUME_OFFSET, &RESUME_EPOCH, &RESUME_PARAMS, &RESUME_UNKNOWN],
    streams: true,
    gives_sample: false,
    run: |probing| refusals(probing).boxed(),
};

pub(super) const TAKING_OVER: Group = Group {
    name: "taking over",
    does: "attaches to the operation, takes it over from another connection, and frees it",
    feeds: &["6.2", "6.4"],
    shows: &[
        &KEY_ATTACHES,
        &KEY_OTHER_PARAMS,
        &LATEST_WINS,
        &CANCEL_FREES,
        &RELEASE_FREES,
        &RELEASE_UNKNOWN,
    ],
    streams: true,
    gives_sample: false,
    run: |probing| taking_over(probing).boxed(),
};

async fn go_on(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Resume) {
        return Ok(());
    }
    let (ask, sample) = probing.sample()?;
    let key = probing.mint_key()?;
    let mut line = probing.another_line().await?;
    let ask = ask.features(FEATURES).key(&key).window(CUT_AT);
    let id = probing.begin(&mut line, &ask).await?;
    if probing.offers(Feature::Credit) {
        line.grant(&id, CUT_AT).await?;
    }
    reach(&mut line, &id, CUT_AT).await?;
    let watched = line.watched(&id);
    probing.book.seen(&ACCEPTED_COMES);
    let Some(accepted) = watched.accepted.clone() else {
        let came = "chunks without `accepted` before";
        let expected = "`accepted`, which a server may go without";
        let sent = &watched.terms.sent;
        probing.book.note(&ACCEPTED_COMES, Evidence { sent, expected, came });
        return Err(Trouble::Skip("the server kept no operation".to_owned()));
    };
    let mut prefix = watched.in_order();
    prefix.truncate(usize::try_from(CUT_AT).unwrap_or(usize::MAX));
    line.lose().await;

    let epoch = accepted.epoch.unwrap_or_default();
    let kept = Kept { key, epoch, chunks: prefix, chunk_bytes: accepted.chunk_bytes };
    let mut line = probing.line().await?;
    let id = probing.begin(&mut line, &kept.resume()).await?;
    let watched = line.end_of(&id).await?;
    let book = &probing.book;
    book.seen(&RESUME_GOES_ON);
    let is_early = watched.chunks.keys().next().is_some_and(|seq| *seq <= CUT_AT);
    let is_same =
        watched.accepted.as_ref().is_none_or(|a| a.epoch.as_deref() == Some(&*kept.epoch));
    if watched.data().is_none() || is_early || !is_same {
        let came = watched.end.as_ref().map_or_else(String::new, text_of);
        let expected = "`accepted` with the same epoch, the chunks from 3 on, and the complete";
        let sent = &watched.terms.sent;
        book.fault(&RESUME_GOES_ON, Evidence { sent, expected, came: &came });
        probing.keep(line);
        let came = probing.book.shown(&came);
        return Err(Trouble::Skip(format!("the operation was not resumed: {came}")));
    }
    borders(probing, watched, &kept);
    same_payload(probing, watched, &sample);

    let whole = Kept { chunks: watched.in_order(), ..kept };
    let id = probing.begin(&mut line, &whole.resume()).await?;
    let watched = line.end_of(&id).await?;
    let book = &probing.book;
    book.seen(&RESUME_AT_END);
    if watched.data().is_none() || !watched.chunks.is_empty() {
        let came = match watched.chunks.keys().next() {
            Some(seq) => format!("chunk {seq}"),
            None => watched.end.as_ref().map_or_else(String::new, text_of),
        };
        let expected = "`accepted` and the complete, no chunk";
        let sent = &watched.terms.sent;
        book.fault(&RESUME_AT_END, Evidence { sent, expected, came: &came });
    }
    probing.kept = Some(whole);
    probing.keep(line);
    Ok(())
}

/// That chunks are cut where they were cut before.
fn borders(probing: &Probing, watched: &Watched, kept: &Kept) {
    probing.book.seen(&RESUME_BORDERS);
    let size = kept.chunks.first().map_or(0, Bytes::len);
    let mut sizes: Vec<_> = watched.chunks.values().map(Bytes::len).collect();
    let last = sizes.pop().unwrap_or(0);
    // Records are cut as they come.
    let is_records =
        kept.chunks.first().is_some_and(|c| c.starts_with(b"{") || c.starts_with(b"["));
    if !is_records && (last > size || sizes.iter().any(|other| *other != size)) {
        let expected = format!("chunks of {size} bytes, as before the cut");
        let came = format!("chunks of {sizes:?} and {last} bytes");
        let sent = &watched.terms.sent;
        probing.book.fault(&RESUME_BORDERS, Evidence { sent, expected: &expected, came: &came });
    }
}

impl Kept {
    /// Asks for what is behind the chunks that are there.
    fn resume(&self) -> Ask {
        self.resume_with(|_| {})
    }

    /// The same with something changed.
    fn resume_with(&self, change: impl FnOnce(&mut Resume)) -> Ask {
        let bytes: Arc<[Bytes]> = self.chunks.clone().into();
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let next_seq = count.saturating_add(1);
        let prefix = Prefix { next_seq, bytes };
        let mut resume = Resume {
            operation: self.key.clone(),
            epoch: self.epoch.clone(),
            next: Seq::new(next_seq).unwrap_or(Seq::FIRST),
            offset: prefix.len(),
            sha256: Sha256::of(&self.chunks.concat()),
        };
        change(&mut resume);
        let ask = Ask::resume(&resume, prefix).stream(self.chunk_bytes);
        ask.features(FEATURES).window(CUT_AT)
    }

    /// The part of it that ends behind the first chunk.
    fn first(&self) -> Self {
        Self { chunks: self.chunks.iter().take(1).cloned().collect(), ..self.clone() }
    }
}

/// What was kept by the first group.
fn kept(probing: &Probing) -> Result<Kept, Trouble> {
    let none = || Trouble::Skip("no operation is kept".to_owned());
    probing.kept.clone().ok_or_else(none)
}

async fn refusals(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Resume) {
        return Ok(());
    }
    let kept = kept(probing)?.first();
    let mut line = probing.line().await?;
    let mut refused = async |ask: Ask, check: &'static Check, code: &str| {
        let id = line.ask(&ask).await?;
        let watched = line.end_of(&id).await?;
        probing.judge_code(check, watched, &[code]);
        Ok::<_, Trouble>(())
    };
    let wrong = kept.resume_with(|resume| resume.sha256 = Sha256::of(b"another prefix"));
    refused(wrong, &RESUME_PREFIX, "RESUME_MISMATCH").await?;
    let bytes = kept.chunks.concat();
    let shorter = bytes.get(..bytes.len().saturating_sub(1)).unwrap_or_default();
    let wrong = kept.resume_with(|resume| {
        resume.offset = resume.offset.saturating_sub(1);
        resume.sha256 = Sha256::of(shorter);
    });
    refused(wrong, &RESUME_OFFSET, "RESUME_MISMATCH").await?;
    let wrong = kept.resume_with(|resume| resume.epoch.push('x'));
    refused(wrong, &RESUME_EPOCH, "RESUME_MISMATCH").await?;
    for missing in PARAMS {
        let mut ask = kept.resume();
        let json = ask.request.params.to_json();
        let mut params: serde_json::Map<_, _> = serde_json::from_str(&json).unwrap_or_default();
        params.remove(missing);
        let params = params.into_iter();
        ask.request.params =
            params.fold(Params::new(), |params, (key, value)| params.with(key, value));
        refused(ask, &RESUME_PARAMS, "MISSING_PARAM").await?;
    }
    let nobody = another_key(&kept.key);
    probing.book.mask(nobody.as_str());
    let wrong = kept.resume_with(|resume| resume.operation = nobody);
    refused(wrong, &RESUME_UNKNOWN, "RESUME_UNKNOWN").await?;
    probing.keep(line);
    Ok(())
}

/// A key that nobody used: another one turned round, so as random as that.
fn another_key(key: &OperationKey) -> OperationKey {
    let turned: String = key.as_str().chars().rev().collect();
    OperationKey::new(&turned).unwrap_or_else(|| key.clone())
}

async fn taking_over(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Resume) {
        return Ok(());
    }
    let kept = kept(probing)?;
    let mut line = probing.line().await?;
    attaches(probing, &mut line, &kept).await?;
    latest_wins(probing, &mut line, &kept).await?;

    let control = line.control(&Control::Release { operation: kept.key.clone() }).await?;
    line.barrier().await?;
    answered(probing, &line, &control, &RELEASE_FREES);
    is_gone(probing, &mut line, &kept, &RELEASE_FREES).await?;
    let control = line.control(&Control::Release { operation: another_key(&kept.key) }).await?;
    line.barrier().await?;
    answered(probing, &line, &control, &RELEASE_UNKNOWN);

    cancel_frees(probing, &mut line).await?;
    probing.keep(line);
    Ok(())
}

/// The same key again, with the same params and with others.
async fn attaches(probing: &Probing, line: &mut Line, kept: &Kept) -> Result<(), Trouble> {
    let (ask, sample) = probing.sample()?;
    let ask = ask.features(FEATURES).key(&kept.key).window(CUT_AT);
    let (_, watched) = probing.run(line, &ask).await?;
    probing.book.seen(&KEY_ATTACHES);
    let epoch = watched.accepted.as_ref().and_then(|accepted| accepted.epoch.as_deref());
    if epoch != Some(&*kept.epoch) {
        let came = format!("the epoch {}", epoch.unwrap_or("of nothing"));
        let expected = format!("`accepted` with the epoch {}", kept.epoch);
        let sent = &watched.terms.sent;
        probing.book.fault(&KEY_ATTACHES, Evidence { sent, expected: &expected, came: &came });
    }
    if watched.progress > 1 {
        let came = format!("{} frames of progress", watched.progress);
        let expected = "its last progress: it had come to its end, unless all is told again";
        let sent = &watched.terms.sent;
        probing.book.note(&KEY_ATTACHES, Evidence { sent, expected, came: &came });
    }
    same_payload(probing, watched, &sample);

    let mut ask = ask;
    ask.request.params = ask.request.params.with("longhaulCheck", "other");
    let id = line.ask(&ask).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_code(&KEY_OTHER_PARAMS, watched, &["RESUME_MISMATCH"]);
    Ok(())
}

/// Two that go on with one operation.
async fn latest_wins(probing: &Probing, line: &mut Line, kept: &Kept) -> Result<(), Trouble> {
    if !probing.offers(Feature::Credit) {
        probing.book.skip(&LATEST_WINS, "without `credit` no stream can be made to wait");
        return Ok(());
    }
    let (ask, _) = probing.sample()?;
    let ask = ask.features(FEATURES).key(&kept.key).window(1);
    let mut other = probing.another_line().await?;
    let older = probing.begin(&mut other, &ask).await?;
    reach(&mut other, &older, 1).await?;
    let (_, newer) = probing.run(line, &kept.first().resume()).await?;
    let is_over = newer.data().is_some();
    probing.book.seen(&LATEST_WINS);
    let came = match other.until(|line| line.has_ended(&older)).await {
        Ok(()) if other.watched(&older).code() == Some("SUPERSEDED") && is_over => {
            let _ = other.close().await;
            return Ok(());
        }
        Ok(()) => other.watched(&older).end.as_ref().map_or_else(String::new, text_of),
        Err(Trouble::Silent(time)) => format!("nothing for {time:?}"),
        Err(Trouble::Gone(came)) => came,
        Err(trouble) => return Err(trouble),
    };
    let sent = "stream.resume on another connection";
    let expected = "an error SUPERSEDED on the older one";
    probing.book.fault(&LATEST_WINS, Evidence { sent, expected, came: &came });
    Ok(())
}

/// That nothing is kept any more.
async fn is_gone(
    probing: &Probing,
    line: &mut Line,
    kept: &Kept,
    check: &'static Check,
) -> Result<(), Trouble> {
    let id = line.ask(&kept.resume()).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_code(check, watched, &["RESUME_UNKNOWN"]);
    Ok(())
}

async fn cancel_frees(probing: &mut Probing, line: &mut Line) -> Result<(), Trouble> {
    if !probing.offers(Feature::Cancel) {
        probing.book.skip(&CANCEL_FREES, "the server does not offer `cancel`");
        return Ok(());
    }
    let (ask, _) = probing.sample()?;
    let key = probing.mint_key()?;
    let id = probing.begin(line, &ask.features(FEATURES).key(&key).window(1)).await?;
    reach(line, &id, 1).await?;
    let accepted = line.watched(&id).accepted.clone();
    let chunks = line.watched(&id).in_order();
    line.cancel(&id).await?;
    ends(probing, line, &id, &CANCEL_FREES).await?;
    let Some(accepted) = accepted else { return Ok(()) };
    let (epoch, chunk_bytes) = (accepted.epoch.unwrap_or_default(), accepted.chunk_bytes);
    let kept = Kept { key, epoch, chunks, chunk_bytes }.first();
    is_gone(probing, line, &kept, &CANCEL_FREES).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::OperationName;

    #[test]
    fn what_is_missing_is_one_of_the_params_of_a_resume() {
        let key = OperationKey::from_random([7; 16]);
        let chunks = vec![Bytes::from_static(b"hello ")];
        let kept = Kept { key, epoch: "e".into(), chunks, chunk_bytes: 6 };
        let params = kept.resume().request.params.to_json();
        let params: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&params).unwrap();
        assert_eq!(params.len(), PARAMS.len());
        assert!(PARAMS.iter().all(|name| params.contains_key(*name)));
        assert_eq!(kept.resume().request.name, OperationName::new("stream", "resume"));
        assert_eq!((&params["nextSeq"], &params["offset"]), (&2.into(), &6.into()));
    }
}
