//! `report.getJobStatus`: how far a job is.

use std::fmt;

use serde::Serialize;

use super::grid::Grid;
use super::spool::SpoolOutput;
use crate::ops::field::{self, Text};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};

/// Asks how far a job is.
///
/// Not every release of the handler has this action; the others answer `UNKNOWN_ACTION`.
///
/// *Shape*: params are `{"jobname","jobcount"}`, both strings. The answer is
/// `{"jobname","jobcount","status","spool_ids":["…"]}`, with `alv` if the report had a grid. A
/// server gives the grid **once**: the first answer after the job's end has it, later ones do not.
/// *Errors*: [`OperationError::InvalidAnswer`]. That the job itself was aborted is an answer, not an
/// error: see [`JobState`]. The server's own code is `JOB_STATUS_ERROR`. *Source*: PROTOCOL 10.4.
///
/// ```
/// use longhaul::ops::report::JobStatus;
/// use longhaul::proto::Operation;
/// let status = JobStatus::new("VSP_202611201200", "12000001");
/// assert_eq!(
///     status.params().to_json(),
///     r#"{"jobname":"VSP_202611201200","jobcount":"12000001"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct JobStatus {
    jobname: String,
    jobcount: String,
}

impl JobStatus {
    /// Asks for the job of this name and number, as [`Outcome`](super::Outcome) gives them.
    pub fn new(jobname: impl Into<String>, jobcount: impl Into<String>) -> Self {
        Self { jobname: jobname.into(), jobcount: jobcount.into() }
    }
}

/// A job and what has come of it so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Job {
    /// How far it is.
    pub state: JobState,
    /// What it printed, to be read with [`SpoolOutput`]; empty before its end.
    pub spool_ids: Vec<String>,
    /// The grid its report would have shown, the first time it is asked for after the end.
    pub grid: Option<Grid>,
}

impl Job {
    /// What to ask for each list that the job printed.
    pub fn spools(&self) -> impl Iterator<Item = SpoolOutput> + '_ {
        self.spool_ids.iter().map(SpoolOutput::new)
    }
}

/// How far a job is, in the server's words.
///
/// Servers have been seen to use `scheduled` and `released` each for the other; both mean that it
/// has not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum JobState {
    /// It waits to be released.
    Scheduled,
    /// It waits for its time.
    Released,
    /// It waits for a work process.
    Ready,
    /// It runs.
    Running,
    /// It came to its end; whether its report did what it should is for the report to say.
    Finished,
    /// It broke off.
    Aborted,
    /// A word this version does not know.
    #[serde(untagged)]
    Other(String),
}

impl JobState {
    fn read(word: &str) -> Self {
        match word {
            "scheduled" => Self::Scheduled,
            "released" => Self::Released,
            "ready" => Self::Ready,
            "running" => Self::Running,
            "finished" => Self::Finished,
            "aborted" => Self::Aborted,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether nothing more will come of the job.
    ///
    /// ```
    /// # use longhaul::ops::report::JobState;
    /// assert!(JobState::Aborted.is_ended() && !JobState::Ready.is_ended());
    /// ```
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Finished | Self::Aborted)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheduled => "scheduled",
            Self::Released => "released",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Aborted => "aborted",
            Self::Other(word) => word,
        })
    }
}

impl Operation for JobStatus {
    type Output = Job;

    fn name(&self) -> OperationName {
        OperationName::new("report", "getJobStatus")
    }

    fn params(&self) -> Params {
        Params::new().with("jobname", &self.jobname).with("jobcount", &self.jobcount)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Job, OperationError> {
        let Text(state) = field::required(reply, "status")?;
        let spools: Vec<Text> = reply.field("spool_ids")?.unwrap_or_default();
        Ok(Job {
            state: JobState::read(&state),
            spool_ids: spools.into_iter().map(|Text(id)| id).collect(),
            grid: reply.field("alv")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    fn status() -> JobStatus {
        JobStatus::new("J", "1")
    }

    #[test]
    fn a_job_that_runs_has_nothing_yet() {
        let data = r#"{"jobname":"J","jobcount":"1","status":"running","spool_ids":[]}"#;
        let job = conclude(&status(), data).unwrap();
        assert_eq!((&job.state, job.spools().count()), (&JobState::Running, 0));
        assert!(!job.state.is_ended() && job.grid.is_none());
    }

    #[test]
    fn a_finished_job_has_its_spools_and_its_grid() {
        let data = r#"{"status":"finished","spool_ids":["0000012345",7],"alv":{"columns":[{"name":"A","type":"C"}],"rows":[{"A":"x"}],"total_rows":1,"truncated":false}}"#;
        let job = conclude(&status(), data).unwrap();
        assert_eq!(job.spool_ids, ["0000012345", "7"]);
        assert_eq!(job.grid.unwrap().rows.len(), 1);
        let json = r#"{"state":"finished","spool_ids":[],"grid":null}"#;
        let bare = conclude(&status(), r#"{"status":"finished"}"#).unwrap();
        assert_eq!(serde_json::to_string(&bare).unwrap(), json);
    }

    #[test]
    fn words_are_kept() {
        for word in ["scheduled", "released", "ready", "running", "finished", "aborted", "Z"] {
            let job = conclude(&status(), &format!(r#"{{"status":"{word}"}}"#)).unwrap();
            assert_eq!(job.state.to_string(), word);
        }
        assert_eq!(unusable(&status(), "{}"), "status");
        assert_eq!(unusable(&status(), r#"{"status":"finished","spool_ids":{}}"#), "spool_ids");
        assert_eq!(unusable(&status(), r#"{"status":"finished","alv":"x"}"#), "alv");
    }
}
