//! Controls that are not right. *Source*: PROTOCOL 6.

use futures::FutureExt as _;

use super::Group;
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{CONTROL_ANSWERS, CONTROL_MISSING_PARAM, CONTROL_UNKNOWN};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{Probing, text_of};
use crate::proto::request::STREAM_DOMAIN;
use crate::proto::{Feature, OperationName, Params};

pub(super) const GROUP: Group = Group {
    name: "controls",
    does: "sends controls without their params, and one that is not there",
    feeds: &["6"],
    shows: &[&CONTROL_MISSING_PARAM, &CONTROL_UNKNOWN],
    streams: false,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let control =
        |action: &'static str, params| Ask::new(OperationName::new(STREAM_DOMAIN, action), params);
    let target = |name: &str| Params::new().with("target", name);
    let of_other_form = [
        (Feature::Cancel, control("cancel", Params::new()), None),
        (Feature::Cancel, control("cancel", target("a b")), Some("a b")),
        (Feature::Credit, control("credit", target("check_0")), Some("check_0")),
        (Feature::Credit, control("credit", target("check_0").with("upTo", "3")), Some("check_0")),
        (Feature::Resume, control("release", Params::new()), None),
        (Feature::Resume, control("release", Params::new().with("operation", "short")), None),
    ];
    let offered: Vec<_> =
        of_other_form.into_iter().filter(|(feature, ..)| probing.offers(*feature)).collect();
    if offered.is_empty() {
        let why = "the server offers nothing that is controlled";
        for check in [&CONTROL_MISSING_PARAM, &CONTROL_UNKNOWN, &CONTROL_ANSWERS] {
            probing.book.not_applicable(check, why);
        }
        return Ok(());
    }
    let mut line = probing.line().await?;
    for (_, ask, target) in offered {
        if let Some(target) = target {
            line.expect_named(target, "a control that names it");
        }
        let id = line.ask(&ask).await?;
        let is_named_done = |line: &Line| target.is_some_and(|target| line.has_ended(target));
        line.until(|line| line.has_ended(&id) || is_named_done(line)).await?;
        let Some(end) = target.and_then(|target| line.watched(target).end.as_ref()) else {
            probing.judge_code(&CONTROL_MISSING_PARAM, line.watched(&id), &["MISSING_PARAM"]);
            continue;
        };
        let sent = &line.watched(&id).terms.sent;
        let expected = "an answer with the id of the control, not of what it names";
        probing
            .book
            .deviation(&CONTROL_MISSING_PARAM, Evidence { sent, expected, came: &text_of(end) });
    }
    let id = line.ask(&control("longhaul-check", Params::new())).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_code(&CONTROL_UNKNOWN, watched, &["UNKNOWN_ACTION"]);
    probing.keep(line);
    Ok(())
}
