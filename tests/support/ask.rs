//! Operations of the domain `test` that are answered once, or by records.

use longhaul::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, RecordOperation, Reply,
};
use serde::Deserialize;

/// `test.echo`: gives a number back.
#[derive(Clone, Debug)]
pub struct Echo(pub u64);

impl Operation for Echo {
    type Output = u64;

    fn name(&self) -> OperationName {
        OperationName::new("test", "echo")
    }

    fn params(&self) -> Params {
        Params::new().with("n", self.0)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<u64, OperationError> {
        reply.field("n")?.ok_or_else(|| OperationError::missing("n"))
    }
}

/// `test.records`: so many numbers, from 1 on.
#[derive(Clone, Debug)]
pub struct Numbers(pub u64);

/// One of them.
#[derive(Debug, Deserialize)]
pub struct Number {
    pub n: u64,
}

impl Operation for Numbers {
    type Output = u64;

    fn name(&self) -> OperationName {
        OperationName::new("test", "records")
    }

    fn params(&self) -> Params {
        Params::new().with("count", self.0)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        _reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<u64, OperationError> {
        Ok(self.0)
    }
}

impl RecordOperation for Numbers {
    type Record = Number;
    type Tally = ();

    fn tally(&self, (): &mut (), _record: &Number) {}

    fn conclude_records(&self, _: &Reply, records: u64, (): ()) -> Result<u64, OperationError> {
        Ok(records)
    }
}
