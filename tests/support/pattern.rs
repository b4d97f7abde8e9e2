//! An operation whose payload anyone can compute: the domain `test` of the reference server.

use std::io::Read;

use longhaul::proto::checksum::Sha256;
use longhaul::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, Reply,
};
use longhaul::server::TestPayload;

/// Asks for `size` bytes that depend on `seed`.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub size: u64,
    pub seed: u64,
    delay_ms: u64,
    is_repeatable: bool,
}

impl Pattern {
    pub fn new(size: u64, seed: u64) -> Self {
        Self { size, seed, delay_ms: 0, is_repeatable: true }
    }

    /// Must not be asked for twice.
    pub fn once(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    /// Takes its time before each chunk.
    pub fn slow(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        TestPayload::new(self.seed, self.size).read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Fails unless these are the bytes, and the digest theirs.
    #[track_caller]
    pub fn assert_is(&self, bytes: &[u8], sha256: impl Into<Option<Sha256>>) {
        let expected = self.bytes();
        assert_eq!(bytes.len(), expected.len());
        assert!(bytes == expected, "other bytes came back");
        assert_eq!(sha256.into(), Some(Sha256::of(&expected)));
    }
}

impl Operation for Pattern {
    type Output = u64;

    fn name(&self) -> OperationName {
        OperationName::new("test", "payload")
    }

    fn params(&self) -> Params {
        let params = Params::new().with("size", self.size).with("seed", self.seed);
        if self.delay_ms == 0 { params } else { params.with("chunkDelayMs", self.delay_ms) }
    }

    fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    fn has_payload(&self) -> bool {
        true
    }

    fn conclude(
        &self,
        reply: &Reply,
        payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<u64, OperationError> {
        let mut bytes = Vec::new();
        payload.read_to_end(&mut bytes).expect("the payload is readable");
        assert!(bytes == self.bytes(), "what has verified is the payload");
        reply.field("size")?.ok_or_else(|| OperationError::missing("size"))
    }
}
