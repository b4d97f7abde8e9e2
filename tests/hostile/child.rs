//! The client's part: what it is asked to do, and how it says what came of it.

use std::error::Error as StdError;
use std::fmt::{Debug, Write};
use std::time::Duration;

use futures::StreamExt;
use longhaul::ops::git;
use longhaul::ops::system::Ping;
use longhaul::{Client, ClientBuilder, ConnectError, Error, ListError, Retries, TransferOptions};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::support::bulk::Bulk;

/// What a client is to do, by its environment.
pub(crate) const ASKED: &str = "LONGHAUL_HOSTILE_ASKED";
/// What the line with the outcome begins with.
pub(crate) const MARK: &str = "outcome ";

/// What a client is asked to do, and how patient it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) task: Task,
    pub(crate) idle_ms: u64,
    pub(crate) deadline_ms: Option<u64>,
    pub(crate) connect_ms: u64,
    pub(crate) ping_ms: u64,
    pub(crate) max_message: Option<usize>,
    pub(crate) max_payload: Option<u64>,
    pub(crate) retries: bool,
    pub(crate) basic: bool,
    /// Whether the peer is the proxy on the way.
    pub(crate) is_proxy: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Connects, and no more.
    Connect,
    /// Asks for a sign of life so many times, one after the other.
    Ping(u32),
    /// Takes a payload into nothing.
    Sink,
    /// Takes a payload into memory.
    Collect,
    /// Takes a payload record by record.
    Records,
    /// Asks for so many signs of life at once.
    Many(u32),
    /// Sends a request of so many bytes.
    Large(usize),
    /// Lists the objects of a package.
    List,
    /// Asks for an answer and looks at all of it.
    Answer,
    /// Asks for an answer that is a list of strings.
    Strings,
    /// Asks for an answer that is a list of such lists.
    Lists,
}

impl Asked {
    pub(crate) fn to(task: Task) -> Self {
        Self {
            url: String::new(),
            task,
            idle_ms: 1_000,
            deadline_ms: None,
            connect_ms: 2_000,
            ping_ms: 30_000,
            max_message: None,
            max_payload: None,
            retries: false,
            basic: false,
            is_proxy: false,
        }
    }

    /// Gives time enough for a busy machine, but where running out of it is how it `ends`.
    pub(crate) fn patient_unless(mut self, ends: &str) -> Self {
        if !ends.contains("Idle") {
            self.idle_ms = self.idle_ms.max(60_000);
        }
        if !ends.contains("Timeout") {
            self.connect_ms = self.connect_ms.max(10_000);
        }
        self
    }

    fn builder(&self) -> ClientBuilder {
        let mut options = TransferOptions::default()
            .idle_limit(Some(Duration::from_millis(self.idle_ms)))
            .deadline(self.deadline_ms.map(Duration::from_millis));
        if let Some(bytes) = self.max_payload {
            options = options.max_payload_bytes(bytes);
        }
        let mut builder = Client::builder(&self.url)
            .options(options)
            .connect_timeout(Duration::from_millis(self.connect_ms))
            .http_timeout(Duration::from_millis(self.connect_ms))
            .ping_interval(Duration::from_millis(self.ping_ms));
        if !self.retries {
            builder = builder.retries(Retries::never());
        }
        if let Some(bytes) = self.max_message {
            builder = builder.max_message_bytes(bytes);
        }
        if self.basic {
            builder = builder.basic("ME", "S3cret-of-the-test");
        }
        if self.is_proxy {
            builder = builder.proxy(&self.url);
        }
        builder
    }
}

pub(crate) fn run() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let asked: Asked = serde_json::from_str(&asked).unwrap();
    // As the command has it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async {
        match asked.builder().connect().await {
            Ok(client) => {
                let outcome = work(&client, asked.task).await;
                client.close().await;
                outcome
            }
            Err(error) => Err(Error::Connect(error).into()),
        }
    });
    match outcome {
        Ok(done) => println!("\n{MARK}{done}"),
        Err(Ending(ending, chain)) => {
            println!("\n{MARK}{ending}");
            eprintln!("{chain}");
        }
    }
}

/// How it ended, in the names of errors, and in words.
struct Ending(String, String);

async fn work(client: &Client, task: Task) -> Result<String, Ending> {
    match task {
        Task::Connect => Ok("ok".into()),
        Task::Ping(times) => {
            for _ in 0..times {
                client.run(Ping).await?;
            }
            Ok("ok".into())
        }
        Task::Sink => {
            let transfer = client.start(Bulk::new(0)).await?;
            let receipt = transfer.write_to(&mut tokio::io::sink()).await?;
            Ok(format!("ok {}", receipt.bytes))
        }
        Task::Collect => {
            let done = client.run(Bulk::new(0)).await?;
            Ok(format!("ok {}", done.receipt.bytes))
        }
        Task::Records => {
            let mut records = client.start(Bulk::new(0)).await?.records();
            let mut count = 0_u64;
            while let Some(record) = records.next().await {
                drop(record);
                count += 1;
            }
            records.finish().await?;
            Ok(format!("ok {count}"))
        }
        Task::Many(count) => {
            let asking = (0..count).map(|_| client.run(Ping));
            let asked = futures::stream::iter(asking).buffer_unordered(count as usize);
            let answered = asked.fold(Ok(0_u32), async |sum, one| Ok(sum? + one.map(|_| 1)?));
            Ok(format!("ok {}", answered.await.map_err(|error: Error| Ending::from(error))?))
        }
        Task::Large(bytes) => {
            let text = "x".repeat(bytes);
            client.request("test", "echo").param("text", text).call::<()>().await?;
            Ok("ok".into())
        }
        Task::List => {
            let listing = client.list(git::List::packages(["$DEMO"])).await?;
            Ok(format!("ok {}", listing.objects.len()))
        }
        Task::Answer => {
            let data: Box<RawValue> = client.request("test", "answer").call().await?;
            Ok(format!("ok {}", data.get().len()))
        }
        Task::Strings => {
            let data: Vec<String> = client.request("test", "answer").call().await?;
            Ok(format!("ok {}", data.len()))
        }
        Task::Lists => {
            let data: Vec<Vec<String>> = client.request("test", "answer").call().await?;
            Ok(format!("ok {}", data.len()))
        }
    }
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        let words = crate::support::chain(&error);
        Self(ending(&error), words.chars().take(2_000).collect())
    }
}

impl From<ListError> for Ending {
    fn from(error: ListError) -> Self {
        let words = crate::support::chain(&error);
        let ending = match &error {
            ListError::Unreadable { source, .. } => format!("List/Unreadable/{}", variant(source)),
            ListError::Connect(source) => connect_ending(source),
            ListError::Server(source) => ending(source),
            other => format!("List/{}", variant(other)),
        };
        Self(ending, words.chars().take(2_000).collect())
    }
}

fn ending(error: &Error) -> String {
    match error {
        Error::Lost { cause, .. } => format!("Lost/{}", variant(cause)),
        Error::Connect(source) => connect_ending(source),
        Error::NotReopened { source, .. } => format!("NotReopened/{}", variant(source)),
        Error::Transfer { source, .. } => match StdError::source(source) {
            // What is wrong is said one level below.
            Some(_) => format!("Transfer/{}", two_variants(source)),
            None => format!("Transfer/{}", variant(source)),
        },
        Error::Server { source, .. } => {
            format!("Server/{}", source.code.chars().take(20).collect::<String>())
        }
        Error::Record { source, .. } => format!("Record/{}", variant(source)),
        other => variant(other),
    }
}

fn connect_ending(error: &ConnectError) -> String {
    match error {
        ConnectError::Welcome(source) => format!("Connect/Welcome/{}", variant(source)),
        ConnectError::Upgrade(cause) => format!("Connect/Upgrade/{}", variant(cause)),
        ConnectError::NoWelcome(cause) => format!("Connect/NoWelcome/{}", variant(cause)),
        other => format!("Connect/{}", variant(other)),
    }
}

/// The name of a variant, and nothing of what it holds.
fn variant(value: &impl Debug) -> String {
    two_variants(value).split('/').next().unwrap_or_default().to_owned()
}

/// The name of a variant, and of what stands in it where that is all there is.
fn two_variants(value: &impl Debug) -> String {
    struct Names(String);
    impl Write for Names {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for c in text.chars() {
                match c {
                    c if c.is_ascii_alphanumeric() => self.0.push(c),
                    '(' => self.0.push('/'),
                    // Enough has been written.
                    _ => return Err(std::fmt::Error),
                }
            }
            Ok(())
        }
    }
    let mut names = Names(String::new());
    let _ = write!(names, "{value:?}");
    names.0
}
