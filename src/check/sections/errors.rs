//! What is no request, and that the session lives on. *Source*: PROTOCOL 2, 3.5.

use futures::FutureExt as _;

use super::Group;
use crate::check::book::Evidence;
use crate::check::catalog::{
    Check, PARSE_ERROR_BINARY, PARSE_ERROR_ID, PARSE_ERROR_SHAPE, PARSE_ERROR_TEXT, SESSION_LIVES,
};
use crate::check::line::{Bad, Line, Trouble};
use crate::check::probing::{MOMENT, Probing, text_of};
use crate::check::wire::{Member, Object};

pub(super) const GROUP: Group = Group {
    name: "errors",
    does: "sends a dozen messages that are no requests, one after the other",
    feeds: &["3.5", "9"],
    shows: &[
        &PARSE_ERROR_TEXT,
        &PARSE_ERROR_ID,
        &PARSE_ERROR_SHAPE,
        &PARSE_ERROR_BINARY,
        &SESSION_LIVES,
    ],
    streams: false,
    gives_sample: false,
    run: |probing| run(probing).boxed(),
};

/// Texts that no server can take for requests.
const FOR_ALL: &[(&Check, &str)] = &[
    (&PARSE_ERROR_TEXT, "hello"),
    (&PARSE_ERROR_ID, r#"{"domain":"system","action":"ping","params":{}}"#),
];

/// Texts that are no requests to a server that reads JSON; `{id}` becomes an id.
const FOR_READERS: &[(&Check, &str)] = &[
    (&PARSE_ERROR_TEXT, ""),
    (&PARSE_ERROR_TEXT, r#"{"id":"{id}","domain":"system","action":"ping""#),
    (&PARSE_ERROR_TEXT, r#"["{id}","system","ping",{}]"#),
    (&PARSE_ERROR_ID, r#"{"id":7,"domain":"system","action":"ping","params":{}}"#),
    (&PARSE_ERROR_ID, r#"{"id":null,"domain":"system","action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"","domain":"system","action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"a b","domain":"system","action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"welcome","domain":"system","action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"{id}","action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"{id}","domain":7,"action":"ping","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"{id}","domain":"system","params":{}}"#),
    (&PARSE_ERROR_SHAPE, r#"{"id":"{id}","domain":"system","action":"ping","params":[1]}"#),
];

async fn run(probing: &mut Probing) -> Result<(), Trouble> {
    let mut line = probing.line().await?;
    for (check, text) in FOR_ALL {
        send(probing, &mut line, check, text).await?;
    }
    if probing.facts.features.is_none() {
        let why = "a server without features may look for text instead";
        probing.book.not_applicable(&PARSE_ERROR_SHAPE, why);
        probing.book.not_applicable(&PARSE_ERROR_BINARY, why);
    } else {
        for (check, text) in FOR_READERS {
            send(probing, &mut line, check, text).await?;
        }
        let sent = "a binary message of 3 bytes";
        judge(probing, &mut line, &PARSE_ERROR_BINARY, Bad::Binary(b"\0\x01\x02"), None, sent)
            .await?;
    }
    probing.keep(line);
    Ok(())
}

async fn send(
    probing: &Probing,
    line: &mut Line,
    check: &'static Check,
    text: &str,
) -> Result<(), Trouble> {
    let minted = text.contains("{id}").then(|| line.facts.mint("check"));
    let text = text.replace("{id}", minted.as_deref().unwrap_or_default());
    // An answer may carry what stands there, whatever it is.
    let stands_there = || {
        Object::read(&text).and_then(|object| match object.text("id") {
            Member::Is(id) | Member::Other(id) => Some(id),
            Member::Absent => None,
        })
    };
    let id = minted.or_else(stands_there);
    let bad = Bad::Text { id: id.clone(), text: text.clone() };
    judge(probing, line, check, bad, id.as_deref(), &text).await
}

/// Sends what is no request, and looks what comes of it before a ping is answered.
async fn judge(
    probing: &Probing,
    line: &mut Line,
    check: &'static Check,
    bad: Bad,
    id: Option<&str>,
    sent: &str,
) -> Result<(), Trouble> {
    let book = &probing.book;
    let lost = |came: &str| {
        let evidence = Evidence { sent, expected: "an answer to the next request", came };
        book.fault(&SESSION_LIVES, evidence);
    };
    line.send_bad(&bad).await?;
    match line.barrier().await {
        Ok(()) => book.seen(&SESSION_LIVES),
        Err(trouble) => {
            let came = match trouble {
                Trouble::Gone(came) => came,
                Trouble::Silent(time) => format!("nothing for {time:?}"),
                trouble => return Err(trouble),
            };
            lost(&came);
            return Err(Trouble::Skip(came));
        }
    }
    if !line.has_parse_error() {
        line.settle(MOMENT).await?;
    }
    let errors = line.take_parse_errors();
    book.seen(check);
    if errors.count == 1 && errors.code == "PARSE_ERROR" {
        return Ok(());
    }
    let own = id.map(|id| line.watched(id)).and_then(|watched| watched.end.as_ref());
    let evidence =
        |came| Evidence { sent, expected: "one answer PARSE_ERROR with the id `unknown`", came };
    match own {
        Some(end) if end.failure().is_some() => book.deviation(check, evidence(&text_of(end))),
        Some(end) => book.fault(check, evidence(&text_of(end))),
        None if errors.count == 0 => book.fault(check, evidence("nothing")),
        None => book.deviation(
            check,
            evidence(&format!("{} answers, the first with {}", errors.count, errors.code)),
        ),
    }
    Ok(())
}
