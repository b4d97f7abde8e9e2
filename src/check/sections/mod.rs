//! The checks, a file for each part of PROTOCOL.md.

mod answers;
mod binary;
mod cancel;
mod checksum;
mod controls;
mod credit;
mod domains;
mod errors;
mod limits;
mod requests;
mod resume;
mod stream;
pub(super) mod welcome;

use futures::future::BoxFuture;

use super::book::Evidence;
use super::catalog::{CLOSE, Check};
use super::line::Trouble;
use super::probing::Probing;
use crate::proto::{Control, Feature};

/// Checks that are made together.
pub(super) struct Group {
    pub(super) name: &'static str,
    /// What it does with the server, said before it does.
    pub(super) does: &'static str,
    /// The sections that it shows something of.
    pub(super) feeds: &'static [&'static str],
    /// The checks that are skipped where it does not run to its end.
    pub(super) shows: &'static [&'static Check],
    /// Whether it streams what the group that gives the sample streamed before.
    pub(super) streams: bool,
    pub(super) gives_sample: bool,
    pub(super) run: for<'a> fn(&'a mut Probing) -> BoxFuture<'a, Result<(), Trouble>>,
}

/// All groups, in the order they are made.
pub(super) static GROUPS: &[Group] = &[
    welcome::GROUP,
    answers::GROUP,
    requests::GROUP,
    errors::GROUP,
    controls::GROUP,
    stream::GROUP,
    stream::SIZES,
    checksum::GROUP,
    credit::GROUP,
    cancel::GROUP,
    resume::GROUP,
    resume::REFUSALS,
    resume::TAKING_OVER,
    binary::GROUP,
    limits::GROUP,
    domains::RECORDS_GROUP,
    domains::GROUP,
    stream::ONCE,
];

/// Frees what the server may keep, and says goodbye.
pub(super) async fn leave(probing: &mut Probing) -> Result<(), Trouble> {
    let keys = std::mem::take(&mut probing.keys);
    let mut line = probing.line().await?;
    if probing.offers(Feature::Resume) && !keys.is_empty() {
        for operation in keys {
            line.control(&Control::Release { operation }).await?;
        }
        line.barrier().await?;
    }
    let book = &probing.book;
    book.seen(&CLOSE);
    if let Err(came) = line.close().await {
        let (sent, expected) = ("a close with 1000", "a close");
        book.deviation(&CLOSE, Evidence { sent, expected, came: &came });
    }
    Ok(())
}
