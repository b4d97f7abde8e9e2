//! Operations: records, exports, lists. *Source*: PROTOCOL 4.8, 10.1.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use serde_json::Value;

use super::Group;
use crate::check::ask::Ask;
use crate::check::book::{Book, Evidence};
use crate::check::catalog::{EXPORT_ARCHIVE, EXPORT_RESULT, LIST_PACKAGES, LIST_SHAPE, RECORDS};
use crate::check::line::Trouble;
use crate::check::probing::{Probing, text_of};
use crate::check::watched::Watched;
use crate::ops::git::ObjectKey;
use crate::ops::git::archive::{self, ArchiveFile, SETTINGS_FILE};
use crate::proto::{Feature, OperationName, Params};

/// How many records are asked for, in chunks of how many bytes.
const RECORD_COUNT: usize = 9;
const RECORD_CHUNK_BYTES: u64 = 20;
/// How much an archive may inflate to: 1 GiB.
const MAX_INFLATED_BYTES: u64 = 1 << 30;

pub(super) const RECORDS_GROUP: Group = Group {
    name: "records",
    does: "asks for test.records",
    feeds: &["4.8"],
    shows: &[&RECORDS],
    streams: false,
    gives_sample: false,
    run: |probing| records(probing).boxed(),
};

pub(super) const GROUP: Group = Group {
    name: "git",
    does: "exports and lists the packages, and looks into the archive",
    feeds: &["4.7", "10.1"],
    shows: &[&EXPORT_ARCHIVE, &EXPORT_RESULT, &LIST_SHAPE, &LIST_PACKAGES],
    streams: false,
    gives_sample: false,
    run: |probing| git(probing).boxed(),
};

async fn records(probing: &mut Probing) -> Result<(), Trouble> {
    let lists_test = probing.facts.domains.iter().any(|domain| domain == "test");
    if !lists_test || !probing.offers(Feature::Stream) {
        let why = "the server lists no domain `test`, whose records are known";
        probing.book.not_applicable(&RECORDS, why);
        return Ok(());
    }
    let mut line = probing.line().await?;
    let name = OperationName::new("test", "records");
    let ask = Ask::new(name, Params::new().with("count", RECORD_COUNT)).stream(RECORD_CHUNK_BYTES);
    let id = line.ask(&ask).await?;
    let watched = line.end_of(&id).await?;
    if watched.code() == Some("UNKNOWN_ACTION") {
        probing.book.not_applicable(&RECORDS, "the domain `test` has no `records`");
        probing.keep(line);
        return Ok(());
    }
    if probing.is_busy(&RECORDS, watched) {
        probing.keep(line);
        return Ok(());
    }
    probing.judge_end(watched);
    probing.book.seen(&RECORDS);
    let payload = watched.payload();
    let text = String::from_utf8_lossy(&payload);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let values: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
    let array = serde_json::from_str::<Vec<Value>>(&text);
    let count = array.or(values).map_or(0, |values| values.len());
    if watched.data().is_some() && count != RECORD_COUNT {
        let expected = "9 records, a line each or one array";
        let sent = &watched.terms.sent;
        probing.book.fault(&RECORDS, Evidence { sent, expected, came: &text });
    }
    probing.keep(line);
    Ok(())
}

async fn git(probing: &mut Probing) -> Result<(), Trouble> {
    let packages = probing.subject.as_ref().map(|subject| subject.packages.clone());
    let packages = packages.unwrap_or_default();
    if packages.is_empty() {
        let why = "no package was named";
        for check in [&EXPORT_ARCHIVE, &EXPORT_RESULT, &LIST_SHAPE, &LIST_PACKAGES] {
            probing.book.not_applicable(check, why);
        }
        return Ok(());
    }
    let mut line = probing.line().await?;
    let ask = probing.ask()?.stream(1 << 20).features([Feature::Checksum]);
    let (_, watched) = probing.run(&mut line, &ask).await?;
    let exported = watched.data().is_some().then(|| judge_export(watched, &probing.book)).flatten();

    if probing.facts.features.is_none() {
        let why = "a server without features is asked by HTTP";
        probing.book.not_applicable(&LIST_SHAPE, why);
        probing.book.not_applicable(&LIST_PACKAGES, why);
        probing.keep(line);
        return Ok(());
    }
    let params = Params::new().with("packages", &packages).with("includeSubpackages", true);
    let ask = Ask::new(OperationName::new("git", "list"), params).private(true);
    let id = line.ask(&ask).await?;
    let watched = line.end_of(&id).await?;
    if watched.code() == Some("UNKNOWN_ACTION") {
        let why = "the server has no git.list, which is optional";
        probing.book.not_applicable(&LIST_SHAPE, why);
        probing.book.not_applicable(&LIST_PACKAGES, why);
    } else if probing.is_busy(&LIST_SHAPE, watched) {
        probing.book.skip(&LIST_PACKAGES, "the server was busy");
    } else {
        judge_list(watched, &packages, exported.as_ref(), &probing.book);
    }
    probing.keep(line);
    Ok(())
}

/// Looks into the archive and gives the objects in it.
fn judge_export(watched: &Watched, book: &Book) -> Option<BTreeSet<ObjectKey>> {
    let data = watched.data()?;
    let payload = match data.get("zipBase64").and_then(Value::as_str) {
        Some(text) if watched.chunks.is_empty() => {
            let dense: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            STANDARD.decode(dense).unwrap_or_default()
        }
        _ => watched.payload(),
    };
    let evidence = |expected, came| Evidence { sent: &watched.terms.sent, expected, came };
    book.seen(&EXPORT_ARCHIVE);
    let files = match archive::check(&mut Cursor::new(payload), MAX_INFLATED_BYTES) {
        Ok(files) => files,
        Err(error) => {
            let expected = "a ZIP archive, each entry with its CRC-32";
            book.fault(&EXPORT_ARCHIVE, evidence(expected, &error.to_string()));
            return None;
        }
    };
    let is_placed = |path: &str| path == SETTINGS_FILE || path.starts_with("src/");
    if let Some(file) = files.iter().find(|file| !is_placed(&file.path)) {
        book.deviation(&EXPORT_ARCHIVE, evidence("files below `src/`", &file.path));
    }
    if !files.iter().any(|file| file.path == SETTINGS_FILE) {
        book.deviation(&EXPORT_ARCHIVE, evidence("`.abapgit.xml`", "an archive without it"));
    }
    let objects: BTreeSet<_> = archive::objects(&files).into_iter().map(|(_, key)| key).collect();
    judge_result(watched, data, &files, objects.len(), book);
    Some(objects)
}

/// Holds what the result says of the archive against what is in it.
fn judge_result(
    watched: &Watched,
    data: &Value,
    files: &[ArchiveFile],
    object_count: usize,
    book: &Book,
) {
    book.seen(&EXPORT_RESULT);
    let count = |key: &str| data.get(key).and_then(Value::as_u64);
    let skipped = data.get("skipped").and_then(Value::as_array).map_or(0, Vec::len);
    let there = object_count.saturating_add(skipped);
    let shown = |key| data.get(key).map_or_else(|| "none".to_owned(), Value::to_string);
    let is_object = |file: &&ArchiveFile| file.path != SETTINGS_FILE;
    let sizes: BTreeMap<_, _> =
        files.iter().filter(is_object).map(|file| (file.path.as_str(), file.size)).collect();
    let came = format!(
        "objectCount {}, fileCount {}, {skipped} skipped; {object_count} objects in {} files",
        shown("objectCount"),
        shown("fileCount"),
        sizes.len(),
    );
    let departs = |expected, came| {
        let evidence = Evidence { sent: &watched.terms.sent, expected, came };
        book.quirk(&EXPORT_RESULT, evidence);
    };
    if count("fileCount") != u64::try_from(sizes.len()).ok() {
        departs("`fileCount`, the files of the archive without `.abapgit.xml`", &came);
    }
    if count("objectCount") != u64::try_from(there).ok() {
        departs("`objectCount`, the objects of the archive and those that were skipped", &came);
    }
    let Some(listed) = data.get("files").filter(|listed| !listed.is_null()) else { return };
    let read = |entry: &Value| {
        let path = entry.get("path")?.as_str()?;
        let size = entry.get("size")?.as_u64()?;
        Some((path.strip_prefix('/').unwrap_or(path).to_owned(), size))
    };
    let entries = listed.as_array().map_or(&[][..], Vec::as_slice);
    let is_there = |entry: &Value| {
        read(entry).is_some_and(|(path, size)| sizes.get(path.as_str()) == Some(&size))
    };
    let wrong = entries.iter().find(|entry| !is_there(entry));
    let paths: BTreeSet<_> = entries.iter().filter_map(read).map(|(path, _)| path).collect();
    let count = entries.len();
    if wrong.is_some() || !listed.is_array() || [paths.len(), count] != [sizes.len(); 2] {
        let came = wrong.map_or_else(
            || format!("{count} entries of {} paths for {} files", paths.len(), sizes.len()),
            Value::to_string,
        );
        departs("`files`, if it is there, with `path` and `size` of each", &came);
    }
}

fn judge_list(
    watched: &Watched,
    packages: &[String],
    exported: Option<&BTreeSet<ObjectKey>>,
    book: &Book,
) {
    let came = watched.end.as_ref().map_or_else(String::new, text_of);
    let evidence = |expected| Evidence { sent: &watched.terms.sent, expected, came: &came };
    book.seen(&LIST_SHAPE);
    book.seen(&LIST_PACKAGES);
    let data = watched.data().unwrap_or(&Value::Null);
    let entries = data.get("objects").and_then(Value::as_array);
    let text = |entry: &Value, key: &str| Some(entry.get(key)?.as_str()?.to_owned());
    let read = |entry: &Value| {
        text(entry, "package")?;
        Some(ObjectKey::new(&text(entry, "type")?, &text(entry, "name")?))
    };
    let keys: Option<Vec<_>> = entries.and_then(|entries| entries.iter().map(read).collect());
    let Some(keys) = keys else {
        book.fault(&LIST_SHAPE, evidence("`objects` of `type`, `name` and `package`"));
        return;
    };
    let listed: BTreeSet<_> = keys.iter().cloned().collect();
    let count = data.get("count").and_then(Value::as_u64);
    if listed.len() != keys.len() || count != u64::try_from(keys.len()).ok() {
        book.fault(&LIST_SHAPE, evidence("each object once, and their number as `count`"));
    }
    let wanted = packages.iter().map(|name| ObjectKey::new("DEVC", &name.to_uppercase()));
    if !wanted.into_iter().all(|package| listed.contains(&package)) {
        book.fault(&LIST_PACKAGES, evidence("the packages themselves, as `DEVC`"));
    }
    let is_listed = |key: &ObjectKey| key.kind() == "DEVC" || listed.contains(key);
    if let Some(key) = exported.and_then(|keys| keys.iter().find(|key| !is_listed(key))) {
        let expected = format!("{key}, which was exported");
        book.fault(&LIST_PACKAGES, evidence(&expected));
    }
}
