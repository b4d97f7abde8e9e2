//! Payloads of any size, from the server's domain `test`.

use std::io::Read as _;

use longhaul::proto::checksum::{Sha256, Sha256Hasher};
use longhaul::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, RecordOperation, Reply,
};
use longhaul::server::TestPayload;

/// `test.payload`: so many bytes of a seed.
#[derive(Clone, Debug)]
pub struct Bulk {
    pub size: u64,
    pub seed: u64,
    /// What is between two chunks, in milliseconds.
    pub chunk_delay_ms: u64,
}

impl Bulk {
    pub fn new(size: u64) -> Self {
        Self { size, seed: 7, chunk_delay_ms: 0 }
    }

    /// One whose chunks never end within a test.
    pub fn endless() -> Self {
        Self { chunk_delay_ms: 60_000, ..Self::new(1 << 20) }
    }

    /// The digest that its payload must have.
    pub fn sha256(&self) -> Sha256 {
        let mut hasher = Sha256Hasher::default();
        let mut payload = TestPayload::new(self.seed, self.size);
        let mut piece = vec![0; 64 << 10];
        while let Ok(read @ 1..) = payload.read(&mut piece) {
            hasher.update(&piece[..read]);
        }
        hasher.finish()
    }
}

impl Operation for Bulk {
    type Output = ();

    fn name(&self) -> OperationName {
        OperationName::new("test", "payload")
    }

    fn params(&self) -> Params {
        Params::new()
            .with("size", self.size)
            .with("seed", self.seed)
            .with("chunkDelayMs", self.chunk_delay_ms)
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
    ) -> Result<(), OperationError> {
        Ok(())
    }
}

/// Any JSON values, a line each.
impl RecordOperation for Bulk {
    type Record = serde_json::Value;
    type Tally = ();

    fn tally(&self, (): &mut (), _record: &serde_json::Value) {}

    fn conclude_records(&self, _: &Reply, _: u64, (): ()) -> Result<(), OperationError> {
        Ok(())
    }
}
