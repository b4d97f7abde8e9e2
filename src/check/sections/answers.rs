//! What is answered once. *Source*: PROTOCOL 4.6, 10.1, 10.2.

use futures::FutureExt as _;
use serde_json::Value;

use super::Group;
use crate::check::ask::Ask;
use crate::check::book::Evidence;
use crate::check::catalog::{GIT_TYPES, ID_CHARACTERS, SINGLE_ANSWER, SYSTEM_PING};
use crate::check::line::{Line, Trouble};
use crate::check::probing::{Probing, text_of};
use crate::proto::{OperationName, Params};

pub(super) const GROUP: Group = Group {
    name: "answers",
    does: "asks for system.ping and git.getTypes",
    feeds: &["2.2", "3", "4.1", "4.5", "4.6", "10.1", "10.2"],
    shows: &[&SYSTEM_PING, &GIT_TYPES, &ID_CHARACTERS, &SINGLE_ANSWER],
    streams: false,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let mut line = probing.line().await?;
    let book = probing.book.clone();
    let ping = || Ask::new(OperationName::new("system", "ping"), Params::new());
    let id = line.ask(&ping()).await?;
    let data = answer(&mut line, &id).await?;
    book.seen(&SINGLE_ANSWER);
    book.seen(&SYSTEM_PING);
    let is_pong = data.get("pong") == Some(&Value::Bool(true));
    if !is_pong || !data.get("timestamp").is_some_and(Value::is_string) {
        let evidence = Evidence {
            sent: &line.watched(&id).terms.sent,
            expected: "`pong` true and `timestamp`, a string",
            came: &line.watched(&id).end.as_ref().map_or_else(String::new, text_of),
        };
        book.fault(&SYSTEM_PING, evidence);
    }

    book.seen(&ID_CHARACTERS);
    // A server that keeps ids in a field of some length cuts those that are longer.
    let of_length = |most: usize| {
        let rest = line.facts.mint("");
        format!("{}{rest}", "L".repeat(most.saturating_sub(rest.len())))
    };
    for id in [line.facts.mint("Az09-_-_Za90"), of_length(64), of_length(128)] {
        line.ask_as(&id, &ping()).await?;
        answer(&mut line, &id).await?;
    }

    if probing.facts.domains.iter().any(|domain| domain == "git") {
        let types = Ask::new(OperationName::new("git", "getTypes"), Params::new());
        let id = line.ask(&types).await?;
        let data = answer(&mut line, &id).await?;
        book.seen(&GIT_TYPES);
        let names = data.get("types").and_then(Value::as_array);
        let is_named = names.is_some_and(|names| names.iter().all(Value::is_string));
        let count = data.get("count").and_then(Value::as_u64);
        if !is_named || count != names.and_then(|names| u64::try_from(names.len()).ok()) {
            let evidence = Evidence {
                sent: &line.watched(&id).terms.sent,
                expected: "`types`, a list of strings, and their number as `count`",
                came: &line.watched(&id).end.as_ref().map_or_else(String::new, text_of),
            };
            book.fault(&GIT_TYPES, evidence);
        }
    } else {
        book.not_applicable(&GIT_TYPES, "the server does not list the domain git");
    }
    probing.keep(line);
    Ok(())
}

/// Waits for an answer and gives its data, `null` where it is none that went well.
async fn answer(line: &mut Line, id: &str) -> Result<Value, Trouble> {
    Ok(line.end_of(id).await?.data().cloned().unwrap_or(Value::Null))
}
