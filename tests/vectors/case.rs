//! The cases as they stand in the files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One case and where it stands.
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) section: String,
    pub(crate) body: Body,
}

/// What a case is about, by its `kind`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Body {
    Frames(Box<Frames>),
    Request(Request),
    Refused(Refused),
    Incoming(Incoming),
    Control(Control),
    Resume(Resume),
    Welcome(Welcome),
    Binary(Binary),
}

/// Messages from the server, and what a client makes of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Frames {
    #[serde(default)]
    pub(crate) request: Terms,
    pub(crate) messages: Vec<Step>,
    pub(crate) events: Option<Vec<Value>>,
    pub(crate) outcome: Outcome,
    /// Further requests that wait at the same time.
    #[serde(default)]
    pub(crate) others: Vec<Waiting>,
    #[serde(default)]
    pub(crate) stats: BTreeMap<String, u64>,
}

impl Frames {
    /// Every request of the case, the first one first.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let first = Waiting {
            request: self.request.clone(),
            events: self.events.clone(),
            outcome: self.outcome.clone(),
        };
        std::iter::once(first).chain(self.others.iter().cloned()).collect()
    }
}

/// One request that waits, what its caller is told and how it ends.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    pub(crate) request: Terms,
    pub(crate) events: Option<Vec<Value>>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Terms {
    pub(crate) id: String,
    pub(crate) mode: Mode,
    pub(crate) features: Vec<String>,
    pub(crate) answer_payload: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) window: Option<u64>,
    pub(crate) idle_limit: Option<u64>,
    /// Whether the operation may be asked for twice.
    pub(crate) repeatable: bool,
    /// Whether bytes go to a caller who cannot forget them.
    pub(crate) handed_out: bool,
    pub(crate) continued: Option<Continued>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            id: "git_1".to_owned(),
            mode: Mode::Stream,
            features: Vec::new(),
            answer_payload: None,
            limits: Limits::default(),
            window: None,
            idle_limit: None,
            repeatable: true,
            handed_out: false,
            continued: None,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Mode {
    Stream,
    Single,
}

impl From<Mode> for longhaul::proto::request::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Stream => Self::Stream,
            Mode::Single => Self::Single,
        }
    }
}

/// Limits other than the defaults.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) max_payload_bytes: Option<u64>,
    pub(crate) max_parked_bytes: Option<usize>,
    pub(crate) max_parked_chunks: Option<usize>,
    pub(crate) remembered_chunks: Option<usize>,
}

/// What a client knows of an operation that it goes on with after a start of its own.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Continued {
    pub(crate) epoch: String,
    pub(crate) ttl: u64,
    pub(crate) chunk_size: u64,
    pub(crate) next_seq: u64,
    /// The payload before `next_seq`, in base64.
    pub(crate) payload: String,
}

/// A message, or something else that happens to the requests of a case.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Text(String),
    Binary {
        hex: String,
    },
    Repeat {
        repeat: Repeat,
    },
    /// The consumer of this request has taken all that was delivered.
    Taken {
        taken: String,
        /// Milliseconds that it took the consumer, in which nothing else was looked at.
        #[serde(default)]
        after: u64,
    },
    /// So many milliseconds pass.
    Wait {
        wait: u64,
    },
    /// The client drops this request.
    Forgotten {
        forgotten: String,
    },
    /// The connection is gone; what can be done about each request that waited.
    Lost {
        lost: BTreeMap<String, Recovery>,
    },
    /// A request goes on, on a new connection.
    Resumed {
        resumed: Sent,
    },
    /// A request is sent once more, on a new connection.
    Restarted {
        restarted: Sent,
    },
}

/// Which request of the case goes out again, and the text that it goes out as.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    pub(crate) request: String,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Recovery {
    Resume,
    Restart,
    Fail,
}

/// The same text for each number from `from` to `to`, which stands for `{n}` in it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    pub(crate) text: String,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    Reply(Reply),
    Error(Map<String, Value>),
    Pending,
    Forgotten,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reply {
    pub(crate) payload: String,
    pub(crate) chunks: u64,
    pub(crate) digest_checked: bool,
    /// `Some(Null)` where the case says that there is no result.
    #[serde(default, deserialize_with = "some")]
    pub(crate) data: Option<Value>,
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
    pub(crate) skipped: Option<Value>,
    pub(crate) warnings: Option<usize>,
}

/// A request and the text that is written for it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) domain: String,
    pub(crate) action: String,
    pub(crate) params: String,
    pub(crate) timeout: Option<u64>,
    pub(crate) chunk_size: Option<u64>,
    #[serde(default)]
    pub(crate) wanted: Vec<String>,
    pub(crate) server: Option<Vec<String>>,
    pub(crate) operation: Option<String>,
    pub(crate) window: Option<u64>,
    pub(crate) text: String,
    pub(crate) mode: Mode,
    pub(crate) agreed: Vec<String>,
}

/// A request that is not written for a server without features, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    pub(crate) domain: String,
    pub(crate) action: String,
    pub(crate) params: String,
    pub(crate) error: Value,
}

/// A text from a client and what a server reads in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incoming {
    pub(crate) text: String,
    pub(crate) outcome: Value,
}

/// A control, or another request of the domain `stream` that a server is to refuse.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Control {
    pub(crate) text: String,
    pub(crate) outcome: Value,
    #[serde(default)]
    pub(crate) only_read: bool,
}

/// A request to go on with an operation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resume {
    pub(crate) text: String,
    pub(crate) outcome: Value,
    #[serde(default)]
    pub(crate) only_read: bool,
}

/// The first message of a server and what a client reads in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Welcome {
    pub(crate) text: String,
    pub(crate) outcome: Value,
}

/// A binary message, and a chunk that it is or why it is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Binary {
    pub(crate) hex: String,
    pub(crate) header: Option<BTreeMap<String, u64>>,
    pub(crate) bytes: Option<String>,
    pub(crate) outcome: Option<Value>,
}

impl Case {
    /// Every message of the case as it stands on the wire; binary ones in hex.
    pub(crate) fn texts(&self) -> Vec<String> {
        match &self.body {
            Body::Frames(frames) => frames.messages.iter().filter_map(Step::text).collect(),
            Body::Request(Request { text, .. })
            | Body::Incoming(Incoming { text, .. })
            | Body::Control(Control { text, .. })
            | Body::Resume(Resume { text, .. })
            | Body::Welcome(Welcome { text, .. })
            | Body::Binary(Binary { hex: text, .. }) => vec![text.clone()],
            Body::Refused(_) => Vec::new(),
        }
    }
}

impl Step {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text)
            | Self::Binary { hex: text }
            | Self::Resumed { resumed: Sent { text, .. } }
            | Self::Restarted { restarted: Sent { text, .. } } => Some(text.clone()),
            _ => None,
        }
    }
}

/// All cases of all files, in the order of the files' names.
///
/// # Panics
/// If a file is not what the README says.
pub(crate) fn load() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| load_file(path)).collect()
}

fn load_file(path: &Path) -> Vec<Case> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(rename = "about")]
        _about: String,
        cases: Vec<Map<String, Value>>,
    }
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let File { cases, .. } = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
    cases.into_iter().map(|fields| read_case(&file, fields)).collect()
}

fn read_case(file: &str, mut fields: Map<String, Value>) -> Case {
    let mut text = |key: &str| match fields.remove(key) {
        Some(Value::String(text)) => text,
        other => panic!("{file}: {key} is {other:?}"),
    };
    let (name, section) = (text("name"), text("section"));
    // For people: why it is as it is.
    fields.remove("note");
    let body = serde_json::from_value(Value::Object(fields))
        .unwrap_or_else(|error| panic!("{file}: {name}: {error}"));
    Case { file: file.to_owned(), name, section, body }
}

/// Keeps a `null` apart from a key that is not there.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
