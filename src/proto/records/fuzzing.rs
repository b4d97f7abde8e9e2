//! The same records in any pieces, and those that another reader finds.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold is to end in a panic"
)]

use serde_json::value::RawValue;

use super::{RecordError, RecordLimits, RecordSplitter, each_record, is_white};
use crate::fuzzing::{Input, Pieces, Vectors};

/// A payload has the same records and fails in the same way in any pieces, and never is more held
/// than the limit on a record. The records of a list are its elements, the others its lines.
///
/// Input: how it is cut, the limit on a record, the payload.
pub fn records(data: &[u8]) {
    let mut input = Input::new(data);
    let (pieces, most) = (input.pieces(), usize::from(input.u16()) + 1);
    let payload = input.rest();
    let limits = RecordLimits::default().max_record_bytes(most);
    let cut = split(payload, pieces, limits);
    let mut whole = Vec::new();
    let mut reader = std::io::Cursor::new(payload);
    let count = each_record(&mut reader, limits, |record| {
        whole.push(record.json.to_vec());
        assert_eq!(record.index, whole.len() as u64);
        Ok(())
    });
    assert_eq!(cut.0, whole);
    assert_eq!(format!("{:?}", cut.1), format!("{:?}", count.as_ref().err()));
    match count {
        Ok(count) => assert_eq!(count, whole.len() as u64),
        Err(RecordError::TooLarge { .. }) => return,
        Err(_) => {}
    }
    assert!(whole.iter().all(|record| record.len() <= most));
    let text = payload.strip_prefix(&super::BOM).unwrap_or(payload);
    if text.iter().find(|byte| !is_white(**byte)) == Some(&b'[') {
        let Ok(list) = serde_json::from_slice::<Vec<&RawValue>>(text) else { return };
        match cut.1 {
            None => assert!(list.iter().map(|element| element.get().as_bytes()).eq(&whole)),
            Some(error) => assert!(matches!(error, RecordError::TooDeep { .. }), "{error:?}"),
        }
    } else if cut.1.is_none() {
        let lines = text.split(|byte| *byte == b'\n').map(trim).filter(|line| !line.is_empty());
        assert!(lines.eq(&whole));
    }
}

pub(crate) fn seeds(vectors: &Vectors) -> Vec<Vec<u8>> {
    let texts = vectors.texts("frames", &[]);
    let mut seeds = Vec::new();
    for texts in texts.chunks(12) {
        let head = [&Pieces::WHOLE[..], &[0xff, 0xff]].concat();
        seeds.push([&head[..], &texts.join(&b'\n')].concat());
        seeds.push(
            [&[1, 2, 3, 50, 0xff, 3], &b"[ "[..], &texts.join(&b", "[..]), b"]\r\n"].concat(),
        );
    }
    seeds
}

type Split = (Vec<Vec<u8>>, Option<RecordError>);

fn split(payload: &[u8], pieces: Pieces, limits: RecordLimits) -> Split {
    let (mut splitter, mut found) = (RecordSplitter::new(limits), Vec::new());
    for mut piece in pieces.of(payload) {
        loop {
            match splitter.next_in(&mut piece) {
                Ok(Some(record)) => found.push(record.json.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    let again = splitter.finish().unwrap_err();
                    assert_eq!(format!("{again:?}"), format!("{error:?}"), "it stays failed");
                    return (found, Some(error));
                }
            }
        }
        assert!(piece.is_empty() && splitter.held.len() <= limits.max_record_bytes);
    }
    match splitter.finish() {
        Ok(last) => found.extend(last.map(|record| record.json.to_vec())),
        Err(error) => return (found, Some(error)),
    }
    (found, None)
}

fn trim(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_white(*byte)).unwrap_or(line.len());
    super::trim_end(line.get(start..).unwrap_or_default())
}
