//! Requests that have no type of their own.

use std::any::TypeId;
use std::io::Cursor;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Client, Completed, Error, OperationHandle, Transfer, TransferOptions};
use crate::proto::{
    Limits, Operation, OperationError, OperationName, Params, PayloadReader, RecordOperation,
    Reply, json,
};

/// A request put together by hand; made by [`Client::request`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is called or started"]
pub struct RequestBuilder<'c> {
    client: &'c Client,
    operation: Untyped,
    options: TransferOptions,
}

/// Any domain and action, with the result's `data` read as `T`.
///
/// No data is read as `null`. Data with more than [`MAX_VALUES`](crate::proto::limits::MAX_VALUES)
/// values is only taken as it is written, as `Box<RawValue>`.
#[derive(Debug)]
pub struct Untyped<T = Box<RawValue>> {
    name: OperationName,
    params: Params,
    stream: bool,
    output: PhantomData<fn() -> T>,
}

impl<'c> RequestBuilder<'c> {
    pub(crate) fn new(client: &'c Client, domain: String, action: String) -> Self {
        let name = OperationName::new(domain, action);
        let operation = Untyped { name, params: Params::new(), stream: false, output: PhantomData };
        Self { client, operation, options: client.options().clone() }
    }

    /// Adds a parameter.
    pub fn param(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        self.operation.params = self.operation.params.with(key, value);
        self
    }

    /// Sets all parameters.
    pub fn params(mut self, params: Params) -> Self {
        self.operation.params = params;
        self
    }

    /// Sets the options of this request.
    pub fn options(mut self, options: TransferOptions) -> Self {
        self.options = options;
        self
    }

    /// Asks for one answer and reads its `data` as `T`.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::Operation`] if `data` is no `T`, or has too many values for any but
    /// `Box<RawValue>` ([`Untyped`]).
    pub async fn call<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Error> {
        let Untyped { name, params, stream, .. } = self.operation;
        let operation = Untyped { name, params, stream, output: PhantomData };
        Ok(self.client.start_with(operation, self.options).await?.collect().await?.output)
    }

    /// Asks for a stream and gives its result and payload, in memory.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn collect(self) -> Result<Completed<Box<RawValue>>, Error> {
        self.stream().start().await?.collect().await
    }

    /// Asks for a stream rather than one answer.
    pub fn stream(mut self) -> Self {
        self.operation.stream = true;
        self
    }

    /// Goes on with an operation that was detached, as [`Client::attach`] does.
    ///
    /// # Errors
    /// As [`Client::attach`].
    pub async fn attach(self, handle: OperationHandle) -> Result<Transfer<Untyped>, Error> {
        self.client.attach_with(self.operation, handle, self.options).await
    }

    /// Starts the request and gives its transfer.
    ///
    /// # Errors
    /// As [`Client::start`].
    pub async fn start(self) -> Result<Transfer<Untyped>, Error> {
        self.client.start_with(self.operation, self.options).await
    }
}

impl<T: DeserializeOwned + Send + 'static> Operation for Untyped<T> {
    type Output = T;

    fn name(&self) -> OperationName {
        self.name.clone()
    }

    fn params(&self) -> Params {
        self.params.clone()
    }

    fn has_payload(&self) -> bool {
        self.stream
    }

    fn conclude(
        &self,
        reply: &Reply,
        _payload: &mut dyn PayloadReader,
        _limits: &Limits,
    ) -> Result<T, OperationError> {
        let stays_text = TypeId::of::<T>() == TypeId::of::<Box<RawValue>>();
        let data = if stays_text { reply.data.as_deref() } else { reply.bounded_data()? };
        json::read(data.unwrap_or(RawValue::NULL))
            .map_err(|error| OperationError::unreadable("data", error))
    }
}

/// The records of an operation that has no type of its own are left as JSON.
impl<T: DeserializeOwned + Send + 'static> RecordOperation for Untyped<T> {
    type Record = Box<RawValue>;
    type Tally = ();

    fn tally(&self, (): &mut (), _record: &Box<RawValue>) {}

    fn conclude_records(&self, reply: &Reply, _records: u64, (): ()) -> Result<T, OperationError> {
        self.conclude(reply, &mut Cursor::new([]), &Limits::default())
    }
}

impl<T> Clone for Untyped<T> {
    fn clone(&self) -> Self {
        let (name, params) = (self.name.clone(), self.params.clone());
        Self { name, params, stream: self.stream, output: PhantomData }
    }
}
