//! `report.runReport`: runs a report and takes its list.

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use super::grid::Grid;
use super::job_status::JobStatus;
use crate::ops::field::{self, Flag, Text, Whole};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, ServerError,
    json,
};

/// Runs a report.
///
/// **It may never be answered**: where the server runs the report itself, the statement is
/// forbidden in its session and takes the session down without a word. Nothing but a deadline ends
/// that wait, so give one, such as [`Run::DEADLINE`].
///
/// *Shape*: params are `report`, then where set `variant`, `capture_alv` (`"false"`), `max_rows`
/// (a string of digits) and `params`, an object of strings. A variant wins over params. The answer
/// is `{"status":"success","report","runtime_ms","alv_captured"}`, with a grid also `columns`,
/// `rows`, `total_rows` and `truncated`; or `{"status":"scheduled","report","jobname","jobcount"}`
/// on servers that leave it to a job. Those read neither `capture_alv` nor `max_rows` as a string,
/// and keep to their own 1000 rows.
///
/// *Errors*: [`OperationError::Failed`] with the status as its code if it is another than these
/// two. The server's own codes are `REPORT_NOT_FOUND`, `SUBMIT_ERROR` and the `JOB_…_ERROR`s. Never
/// repeated by itself. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::Run;
/// use longhaul::proto::Operation;
/// let run = Run::new("rsparam").param("alsounsu", "X").max_rows(50);
/// assert_eq!(
///     run.params().to_json(),
///     r#"{"report":"RSPARAM","max_rows":"50","params":{"ALSOUNSU":"X"}}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    report: String,
    variant: Option<String>,
    captures_grid: bool,
    max_rows: Option<u64>,
    values: Params,
}

impl Run {
    /// A deadline that fits: as long as clients of these servers wait by custom, 2 minutes.
    pub const DEADLINE: Duration = Duration::from_mins(2);

    /// Runs `report`, whose name is turned to upper case.
    pub fn new(report: impl AsRef<str>) -> Self {
        Self {
            report: report.as_ref().to_uppercase(),
            variant: None,
            captures_grid: true,
            max_rows: None,
            values: Params::new(),
        }
    }

    /// With the values of this variant, whose name is turned to upper case.
    pub fn variant(mut self, variant: impl AsRef<str>) -> Self {
        self.variant = Some(variant.as_ref().to_uppercase());
        self
    }

    /// With this value on its selection screen; the name is turned to upper case. One value for
    /// one name: ranges cannot be given.
    pub fn param(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.values = self.values.with(name.as_ref().to_uppercase(), value.as_ref());
        self
    }

    /// Does not take its grid.
    pub fn without_grid(mut self) -> Self {
        self.captures_grid = false;
        self
    }

    /// Takes at most this many rows of its grid. Servers take 1000 unless told otherwise.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = Some(rows);
        self
    }
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It ran to its end.
    Done {
        /// How long it took; `None` where the server does not say.
        runtime: Option<Duration>,
        /// The grid it would have shown; `None` if it shows none, or none was taken.
        grid: Option<Grid>,
    },
    /// A job was started that runs it.
    Scheduled {
        /// The name of the job.
        jobname: String,
        /// The number that tells it from others of that name.
        jobcount: String,
    },
}

impl Outcome {
    /// What to ask for the job that runs the report; `None` if it is done.
    ///
    /// ```
    /// # use longhaul::ops::report::Outcome;
    /// # fn example(outcome: &Outcome) {
    /// if let Some(status) = outcome.job() { /* client.run(status) */ }
    /// # }
    /// ```
    pub fn job(&self) -> Option<JobStatus> {
        match self {
            Self::Scheduled { jobname, jobcount } => Some(JobStatus::new(jobname, jobcount)),
            Self::Done { .. } => None,
        }
    }
}

impl Operation for Run {
    type Output = Outcome;

    fn name(&self) -> OperationName {
        OperationName::new("report", "runReport")
    }

    fn params(&self) -> Params {
        let mut params = Params::new().with("report", &self.report);
        if let Some(variant) = &self.variant {
            params = params.with("variant", variant);
        }
        if !self.captures_grid {
            params = params.with("capture_alv", "false");
        }
        if let Some(rows) = self.max_rows {
            params = params.with("max_rows", rows.to_string());
        }
        let values = self.values.to_json();
        match RawValue::from_string(values) {
            Ok(values) if values.get() != "{}" => params.with("params", values),
            _ => params,
        }
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Outcome, OperationError> {
        let Text(status) = field::required(reply, "status")?;
        match status.as_str() {
            "success" => {
                let runtime = reply.field("runtime_ms")?;
                let runtime = runtime.map(|Whole(ms)| Duration::from_millis(ms));
                Ok(Outcome::Done { runtime, grid: read_grid(reply)? })
            }
            "scheduled" => {
                let Text(jobname) = field::required(reply, "jobname")?;
                let Text(jobcount) = field::required(reply, "jobcount")?;
                Ok(Outcome::Scheduled { jobname, jobcount })
            }
            _ => {
                let message = field::text(reply, "message")?;
                Err(OperationError::Failed(ServerError::new(Some(status), Some(message))))
            }
        }
    }
}

/// The grid, whose fields stand among the others here.
fn read_grid(reply: &Reply) -> Result<Option<Grid>, OperationError> {
    let Flag(is_there) = reply.field("alv_captured")?.unwrap_or_default();
    if !is_there {
        return Ok(None);
    }
    let data = reply.bounded_data()?.and_then(|data| json::read(data).ok());
    data.map(Some).ok_or_else(|| OperationError::missing("rows"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn params_stand_in_their_order() {
        let run = Run::new("r").param("p", "1").max_rows(5).without_grid().variant("v");
        assert_eq!(
            run.params().to_json(),
            r#"{"report":"R","variant":"V","capture_alv":"false","max_rows":"5","params":{"P":"1"}}"#
        );
        assert_eq!(Run::new("r").params().to_json(), r#"{"report":"R"}"#);
        assert!(!run.is_repeatable());
    }

    #[test]
    fn a_report_that_ran_gives_its_grid() {
        let data = r#"{"status":"success","report":"RSPARAM","runtime_ms":1250,"alv_captured":true,"columns":[{"name":"NAME","type":"C"}],"rows":[{"NAME":"login/no_automatic_user_sapstar"}],"total_rows":2000,"truncated":true}"#;
        let Outcome::Done { runtime, grid: Some(grid) } = conclude(&Run::new("R"), data).unwrap()
        else {
            panic!("no grid")
        };
        assert_eq!(runtime, Some(Duration::from_millis(1250)));
        assert!(grid.is_truncated() && grid.columns[0].kind == "C");
    }

    #[test]
    fn a_report_without_a_grid() {
        let data = r#"{"status":"success","runtime_ms":"7","alv_captured":false}"#;
        let outcome = conclude(&Run::new("R"), data).unwrap();
        let done = Outcome::Done { runtime: Some(Duration::from_millis(7)), grid: None };
        assert_eq!((outcome.job().is_none(), outcome), (true, done));
        let bad = r#"{"status":"success","alv_captured":true,"rows":7}"#;
        assert_eq!(unusable(&Run::new("R"), bad), "rows");
    }

    #[test]
    fn a_job_that_runs_it_can_be_asked_for() {
        let data = r#"{"status":"scheduled","report":"R","jobname":"VSP_202611201200","jobcount":"12000001"}"#;
        let job = conclude(&Run::new("R"), data).unwrap().job().unwrap();
        assert_eq!(
            job.params().to_json(),
            r#"{"jobname":"VSP_202611201200","jobcount":"12000001"}"#
        );
        assert_eq!(unusable(&Run::new("R"), r#"{"status":"scheduled","jobname":"V"}"#), "jobcount");
    }

    #[test]
    fn another_status_is_a_failure() {
        let error = conclude(&Run::new("R"), r#"{"status":"error"}"#).unwrap_err();
        assert!(matches!(error, OperationError::Failed(error) if error.code == "error"));
        assert_eq!(unusable(&Run::new("R"), "{}"), "status");
    }
}
