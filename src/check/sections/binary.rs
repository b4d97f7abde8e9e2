//! Chunks as binary messages. *Source*: PROTOCOL 6.5.

use futures::FutureExt as _;

use super::Group;
use super::stream::same_payload;
use crate::check::book::Evidence;
use crate::check::catalog::{
    ALIAS_FRESH, ALIAS_KNOWN, BINARY_ALIAS, BINARY_SAME, HEADER_FLAGS, HEADER_LENGTH,
    HEADER_READABLE, HEADER_VERSION, ONE_FORM,
};
use crate::check::line::Trouble;
use crate::check::probing::Probing;
use crate::proto::Feature;
use crate::proto::checksum::Sha256;

pub(super) const GROUP: Group = Group {
    name: "binary",
    does: "asks for the operation with binary chunks, with checksums and without",
    feeds: &["3.1", "4.3", "5", "6.1", "6.5"],
    shows: &[
        &BINARY_ALIAS,
        &ALIAS_FRESH,
        &ALIAS_KNOWN,
        &ONE_FORM,
        &HEADER_READABLE,
        &HEADER_VERSION,
        &HEADER_FLAGS,
        &HEADER_LENGTH,
        &BINARY_SAME,
    ],
    streams: true,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    if !probing.offers(Feature::Binary) {
        return Ok(());
    }
    let (ask, sample) = probing.sample()?;
    let mut line = probing.line().await?;
    let book = probing.book.clone();
    for features in [&[Feature::Binary, Feature::Checksum][..], &[Feature::Binary]] {
        let ask = ask.clone().features(features.iter().copied());
        let (_, watched) = probing.run(&mut line, &ask).await?;
        book.seen(&BINARY_ALIAS);
        if watched.accepted.as_ref().is_none_or(|accepted| accepted.alias.is_none()) {
            let came = "no `accepted` with an alias; chunks as text";
            let expected = "an alias, which a server may go without";
            let sent = &watched.terms.sent;
            book.note(&BINARY_ALIAS, Evidence { sent, expected, came });
            break;
        }
        book.seen(&BINARY_SAME);
        let is_test = probing.tests_with_payload();
        let payload = watched.payload();
        if is_test && watched.data().is_some() && Sha256::of(&payload) != sample.digest {
            let came = format!("{} bytes that are others", payload.len());
            let expected = "the bytes that came as text";
            let sent = &watched.terms.sent;
            book.fault(&BINARY_SAME, Evidence { sent, expected, came: &came });
        }
        same_payload(probing, watched, &sample);
    }
    probing.keep(line);
    Ok(())
}
