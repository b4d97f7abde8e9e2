//! `rfc.runReport`: starts a report and does not wait for it.

use serde::Serialize;

use crate::ops::field;
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply, ServerError,
};

/// Starts a report in another work process.
///
/// *Shape*: params are `{"report":"RSUSR003","variant":"DAILY"}`, the answer is
/// `{"status":"started","report":"RSUSR003","task":"VSP_120000","mode":"async_rfc"}`.
///
/// That it was started is all that comes back: neither its list nor whether it came to its end.
/// Servers read the variant and, as their code stands, do not pass it on. For a result use
/// [`report::Run`](crate::ops::report::Run).
///
/// *Errors*: [`OperationError::Failed`] with the status as its code if the status is another than
/// `started` or `success`. The server's own codes are `REPORT_NOT_FOUND` and `RFC_ERROR`. Never
/// repeated by itself. *Source*: PROTOCOL 10.3.
///
/// ```
/// use longhaul::ops::rfc::RunReport;
/// use longhaul::proto::Operation;
/// let run = RunReport::new("rsusr003").variant("daily");
/// assert_eq!(run.params().to_json(), r#"{"report":"RSUSR003","variant":"DAILY"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct RunReport {
    report: String,
    variant: Option<String>,
}

impl RunReport {
    /// Starts `report`, whose name is turned to upper case.
    pub fn new(report: impl AsRef<str>) -> Self {
        Self { report: report.as_ref().to_uppercase(), variant: None }
    }

    /// With the values of this variant, whose name is turned to upper case.
    pub fn variant(mut self, variant: impl AsRef<str>) -> Self {
        self.variant = Some(variant.as_ref().to_uppercase());
        self
    }
}

/// A report was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Started {
    /// The name of the task it runs in; `None` where the server names none.
    pub task: Option<String>,
    /// How it was started, such as `async_rfc`; `None` where the server does not say.
    pub mode: Option<String>,
}

impl Operation for RunReport {
    type Output = Started;

    fn name(&self) -> OperationName {
        OperationName::new("rfc", "runReport")
    }

    fn params(&self) -> Params {
        let params = Params::new().with("report", &self.report);
        match &self.variant {
            Some(variant) => params.with("variant", variant),
            None => params,
        }
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<Started, OperationError> {
        let field::Text(status) = field::required(reply, "status")?;
        if status != "started" && status != "success" {
            let message = field::text(reply, "message")?;
            return Err(OperationError::Failed(ServerError::new(Some(status), Some(message))));
        }
        let named =
            |name| field::text(reply, name).map(|text| Some(text).filter(|t| !t.is_empty()));
        Ok(Started { task: named("task")?, mode: named("mode")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answer::{conclude, unusable};

    #[test]
    fn a_started_report_names_its_task() {
        let data = r#"{"status":"started","report":"R","task":"VSP_120000","mode":"async_rfc"}"#;
        let started = conclude(&RunReport::new("R"), data).unwrap();
        assert_eq!(
            (started.task.as_deref(), started.mode.as_deref()),
            (Some("VSP_120000"), Some("async_rfc"))
        );
        assert_eq!(conclude(&RunReport::new("R"), r#"{"status":"started"}"#).unwrap().task, None);
    }

    #[test]
    fn another_status_is_a_failure() {
        let data = r#"{"status":"error","message":"no work process"}"#;
        let error = conclude(&RunReport::new("R"), data).unwrap_err();
        assert!(
            matches!(error, OperationError::Failed(e) if e.code == "error" && e.message == "no work process")
        );
        assert_eq!(unusable(&RunReport::new("R"), "{}"), "status");
        assert!(!RunReport::new("R").is_repeatable());
    }
}
