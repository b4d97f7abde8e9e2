//! How requests are read, and what is answered to those that ask for what is not there.
//! *Source*: PROTOCOL 2, 9.

use futures::FutureExt as _;

use super::Group;
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{MISSING_PARAM, REQUEST_JSON, UNKNOWN_ACTION, UNKNOWN_DOMAIN};
use crate::check::line::Trouble;
use crate::check::probing::{Probing, text_of};
use crate::check::watched::Terms;
use crate::proto::{OperationName, Params};

/// A name that no domain and no action has.
const NOBODY: &str = "longhaul-check";

pub(super) const GROUP: Group = Group {
    name: "requests",
    does: "asks for a domain and an action that are not there, and writes a request in other ways",
    feeds: &["2", "3.1", "4.5", "4.6", "9"],
    shows: &[&UNKNOWN_DOMAIN, &UNKNOWN_ACTION, &MISSING_PARAM, &REQUEST_JSON],
    streams: false,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let mut line = probing.line().await?;
    let ask = |domain: &str, action: &str| {
        Ask::new(OperationName::new(domain.to_owned(), action.to_owned()), Params::new())
    };

    let id = line.ask(&ask(NOBODY, "ping")).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_code(&UNKNOWN_DOMAIN, watched, &["UNKNOWN_DOMAIN"]);

    // Some servers take `system` for a domain that they do not have.
    let id = line.ask(&ask("system", NOBODY)).await?;
    let watched = line.end_of(&id).await?;
    probing.judge_code(&UNKNOWN_ACTION, watched, &["UNKNOWN_ACTION", "UNKNOWN_DOMAIN"]);
    let domains = &probing.facts.domains;
    for domain in domains.iter().filter(|domain| ["git", "test"].contains(&domain.as_str())) {
        let id = line.ask(&ask(domain, NOBODY)).await?;
        let watched = line.end_of(&id).await?;
        probing.judge_code(&UNKNOWN_ACTION, watched, &["UNKNOWN_ACTION"]);
    }

    let lists = |name: &str| domains.iter().any(|domain| domain == name);
    let incomplete = match (lists("test"), lists("git")) {
        (true, _) => Some(ask("test", "payload")),
        // One that names no features may take it for everything.
        (false, true) if probing.facts.features.is_some() => Some(ask("git", "export")),
        (false, _) => None,
    };
    if let Some(incomplete) = incomplete {
        let id = line.ask(&incomplete).await?;
        let watched = line.end_of(&id).await?;
        probing.judge_code(&MISSING_PARAM, watched, &["MISSING_PARAM"]);
    } else {
        let why =
            "the server lists no domain of which it is known what it must have, and that it looks";
        probing.book.not_applicable(&MISSING_PARAM, why);
    }

    if probing.facts.features.is_none() {
        let why = "a server without features may look for text instead";
        probing.book.not_applicable(&REQUEST_JSON, why);
    } else {
        let id = line.facts.mint("system");
        let text = format!(
            "\n{{ \"params\" : {{ \"note\" : \"}} \\\"id\\\":\\\"x\\\" \\u007b\" }} ,\r\n\t\"action\":\"ping\",\
             \"x-unknown\":[1,{{\"id\":\"x\"}},null],\"d\\u006fmain\":\"system\", \"id\":\"{id}\" }} "
        );
        line.send(&id, text.clone(), Terms { sent: text, ..Terms::default() }).await?;
        let watched = line.end_of(&id).await?;
        probing.book.seen(&REQUEST_JSON);
        if watched.data().is_none() {
            let came = watched.end.as_ref().map_or_else(String::new, text_of);
            let evidence = Evidence {
                sent: &watched.terms.sent,
                expected: "the answer to system.ping",
                came: &came,
            };
            probing.book.fault(&REQUEST_JSON, evidence);
        }
    }
    probing.keep(line);
    Ok(())
}
