//! `atc.run`: checks packages or objects and gives what it finds.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Priority};
use crate::ops::field::{self, Whole};
use crate::ops::git::ObjectKey;
use crate::ops::selection::Selection;
use crate::proto::records::each_record;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, RecordError,
    RecordLimits, RecordOperation, Reply, Skipped,
};

/// Checks packages or single objects, as the ABAP Test Cockpit does.
///
/// *Shape*: the payload is records, a [`Finding`] each, in the order in which the server found
/// them; it is read and checked as a whole at the end. The result has `objectCount`,
/// `findingCount` and, if the server says, `priorities`.
///
/// *Errors*: [`OperationError::InvalidPayload`] with a [`RecordError`] if a record is no finding,
/// with a [`RunError`] if there are not as many as the server counted. *Source*: PROTOCOL 10.5.
///
/// ```
/// use longhaul::ops::atc::Run;
/// use longhaul::proto::Operation;
/// let run = Run::packages(["$zray"]).without_subpackages();
/// assert_eq!(run.params().to_json(), r#"{"packages":["$ZRAY"],"includeSubpackages":false}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Run(Selection);

impl Run {
    /// Checks these packages and, unless told otherwise, their sub-packages.
    pub fn packages(packages: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(Selection::packages(packages))
    }

    /// Checks these objects.
    pub fn objects(objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        Self(Selection::objects(objects))
    }

    /// Checks these objects as well.
    pub fn with_objects(mut self, objects: impl IntoIterator<Item = ObjectKey>) -> Self {
        self.0.objects.extend(objects);
        self
    }

    /// Leaves sub-packages out.
    pub fn without_subpackages(mut self) -> Self {
        self.0.include_subpackages = false;
        self
    }
}

/// What a run did, all findings counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// How many objects were checked.
    pub objects: u64,
    /// How many findings there are.
    pub findings: u64,
    /// How many of each priority.
    pub priorities: PriorityCounts,
    /// Objects that the server says it did not check, with its reasons.
    pub skipped: Vec<Skipped>,
}

/// How many findings there are of each priority.
///
/// *Shape*: a list of three numbers, of priority 1 first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "[u64; 3]")]
#[non_exhaustive]
pub struct PriorityCounts {
    /// Of priority 1.
    pub errors: u64,
    /// Of priority 2.
    pub warnings: u64,
    /// Of priority 3.
    pub information: u64,
}

impl PriorityCounts {
    fn add(&mut self, priority: Priority) {
        let count = match priority {
            Priority::Error => &mut self.errors,
            Priority::Warning => &mut self.warnings,
            Priority::Information => &mut self.information,
        };
        *count = count.saturating_add(1);
    }
}

impl From<PriorityCounts> for [u64; 3] {
    fn from(counts: PriorityCounts) -> Self {
        [counts.errors, counts.warnings, counts.information]
    }
}

/// The findings that came are not those that the server counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There are more or fewer.
    #[error("there should be {expected} findings and there are {got}")]
    Count {
        /// What the server says.
        expected: u64,
        /// How many came.
        got: u64,
    },
    /// Their priorities are others.
    #[error("findings by priority should be {expected:?} and are {got:?}")]
    Priorities {
        /// What the server says, of priority 1 first.
        expected: [u64; 3],
        /// How many came.
        got: [u64; 3],
    },
}

impl Operation for Run {
    type Output = Summary;

    fn name(&self) -> OperationName {
        OperationName::new("atc", "run")
    }

    fn params(&self) -> Params {
        self.0.params()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Summary, OperationError> {
        let mut priorities = PriorityCounts::default();
        let findings = each_record(payload, RecordLimits::default(), |record| {
            self.tally(&mut priorities, &record.parse()?);
            Ok(())
        })
        .map_err(not_findings::<RecordError>)?;
        self.conclude_records(reply, findings, priorities)
    }
}

impl RecordOperation for Run {
    type Record = Finding;
    type Tally = PriorityCounts;

    fn tally(&self, tally: &mut PriorityCounts, finding: &Finding) {
        tally.add(finding.priority);
    }

    fn conclude_records(
        &self,
        reply: &Reply,
        findings: u64,
        priorities: PriorityCounts,
    ) -> Result<Summary, OperationError> {
        let Whole(objects) = field::required(reply, "objectCount")?;
        let Whole(expected) = field::required(reply, "findingCount")?;
        let declared = reply.field::<DeclaredCounts>("priorities")?;
        if findings != expected {
            return Err(not_findings(RunError::Count { expected, got: findings }));
        }
        let got = priorities.into();
        match declared.map(|DeclaredCounts(counts)| counts.map(|Whole(count)| count)) {
            Some(expected) if expected != got => {
                Err(not_findings(RunError::Priorities { expected, got }))
            }
            _ => Ok(Summary { objects, findings, priorities, skipped: reply.skipped() }),
        }
    }
}

/// `priorities` as the server gives them.
#[derive(Deserialize)]
struct DeclaredCounts([Whole; 3]);

fn not_findings<E: std::error::Error + Send + Sync + 'static>(error: E) -> OperationError {
    OperationError::payload("list of findings", error)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;
    use std::time::Instant;

    use bytes::BytesMut;

    use super::*;
    use crate::proto::base64;
    use crate::proto::checksum::Sha256;
    use crate::proto::exchange::Terms;
    use crate::proto::{Exchange, Features, Mode};

    const ONE: &str = r#"{"object":{"type":"PROG","name":"ZRAY"},"line":7,"priority":1}"#;
    const TWO: &str = r#"{"object":{"type":"PROG","name":"ZRAY"},"priority":3,"message":"m"}"#;

    /// What a run makes of a stream with this payload, cut into two chunks, and this result.
    fn conclude(payload: &str, data: &str) -> Result<Summary, OperationError> {
        let (first, second) = payload.as_bytes().split_at(payload.len() / 2);
        let terms = Terms::new(Mode::Stream, Features::NONE);
        let (mut exchange, mut out) = (Exchange::new(terms, Arc::default()), BytesMut::new());
        let chunk = |seq, bytes| {
            let data = base64::encode(bytes);
            format!(r#"{{"id":"atc_1","type":"chunk","seq":{seq},"data":"{data}"}}"#)
        };
        let complete = format!(
            r#"{{"id":"atc_1","type":"complete","success":true,"totalChunks":2,"data":{data}}}"#
        );
        for text in [chunk(1, first), chunk(2, second), complete] {
            exchange.handle_text(&text, Instant::now(), &mut out).unwrap();
        }
        let reply = exchange.finish(Sha256::of(&out)).unwrap().unwrap();
        Run::packages(["$ZRAY"]).conclude(&reply, &mut Cursor::new(out), &Limits::default())
    }

    /// The run's own error.
    fn failure<E: std::error::Error + Clone + 'static>(payload: &str, data: &str) -> E {
        match conclude(payload, data) {
            Err(OperationError::InvalidPayload { format: "list of findings", source, .. }) => {
                source.downcast_ref::<E>().expect("the operation's own error").clone()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn params_are_those_of_an_export() {
        let objects = [ObjectKey::new("clas", "zcl_x")];
        let run = Run::objects(objects.clone());
        assert_eq!(
            run.params().to_json(),
            r#"{"objects":[{"type":"CLAS","name":"ZCL_X"}],"includeSubpackages":true}"#
        );
        let both = Run::packages(["$zray"]).with_objects(objects.clone()).without_subpackages();
        let export = crate::ops::git::Export::packages(["$zray"]).with_objects(objects);
        assert_eq!(both.params().to_json(), export.without_subpackages().params().to_json());
        assert!(run.is_repeatable() && run.has_payload() && run.answer_payload().is_none());
    }

    #[test]
    fn findings_are_counted() {
        let data = r#"{"objectCount":3,"findingCount":2,"priorities":[1,0,1]}"#;
        for payload in
            [format!("{ONE}\n{TWO}\n"), format!("{ONE}\r\n{TWO}"), format!("[{ONE},{TWO}]")]
        {
            let summary = conclude(&payload, data).unwrap();
            assert_eq!((summary.objects, summary.findings), (3, 2));
            assert_eq!((summary.priorities.errors, summary.priorities.information), (1, 1));
            let json = r#"{"objects":3,"findings":2,"priorities":[1,0,1],"skipped":[]}"#;
            assert_eq!(serde_json::to_string(&summary).unwrap(), json);
        }
    }

    #[test]
    fn nothing_found_is_a_result() {
        for payload in ["", "[]", "\n"] {
            let data = r#"{"objectCount":"3","findingCount":"0","skipped":[{"name":"Z"}]}"#;
            let summary = conclude(payload, data).unwrap();
            assert_eq!((summary.findings, summary.skipped.len()), (0, 1));
        }
    }

    #[test]
    fn counts_that_differ_are_refused() {
        let data = r#"{"objectCount":1,"findingCount":2}"#;
        let error = failure::<RunError>(ONE, data);
        assert_eq!(error, RunError::Count { expected: 2, got: 1 });
        let data = r#"{"objectCount":1,"findingCount":1,"priorities":[0,1,0]}"#;
        let error = failure::<RunError>(ONE, data);
        assert_eq!(error, RunError::Priorities { expected: [0, 1, 0], got: [1, 0, 0] });
    }

    #[test]
    fn records_that_are_no_findings_are_refused() {
        let data = r#"{"objectCount":1,"findingCount":2}"#;
        let error = failure::<RecordError>(&format!("{ONE}\n{{}}\n"), data);
        assert!(matches!(error, RecordError::Invalid { index: 2, .. }), "{error:?}");
        let error = failure::<RecordError>(&format!("[{ONE},{TWO}"), data);
        assert!(matches!(error, RecordError::Truncated { index: 2, .. }), "{error:?}");
    }

    #[test]
    fn a_result_without_counts_is_refused() {
        for (data, missing) in [
            (r#"{"findingCount":1}"#, "objectCount"),
            (r#"{"objectCount":1}"#, "findingCount"),
            (r#"{"objectCount":1,"findingCount":1,"priorities":[1]}"#, "priorities"),
        ] {
            match conclude(ONE, data) {
                Err(OperationError::InvalidAnswer { field, .. }) => assert_eq!(field, missing),
                other => panic!("{other:?}"),
            }
        }
    }
}
