//! What is asked of a server.

use super::line::{Facts, Trouble};
use super::watched::{Prefix, Terms};
use crate::proto::{
    Feature, Features, MessageId, OperationKey, OperationName, Params, Request, Resume,
};

/// A request as the client would write it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) request: Request,
    prefix: Option<Prefix>,
    /// Whether the params are the user's, and are not shown.
    is_private: bool,
}

impl Ask {
    pub(super) fn new(name: OperationName, params: Params) -> Self {
        Self { request: Request::new(name, params), prefix: None, is_private: false }
    }

    /// Goes on with an operation behind what is there already.
    pub(super) fn resume(resume: &Resume, prefix: Prefix) -> Self {
        Self { request: resume.to_request(), prefix: Some(prefix), is_private: false }
    }

    pub(super) fn private(mut self, is_private: bool) -> Self {
        self.is_private = is_private;
        self
    }

    pub(super) fn stream(mut self, chunk_bytes: u64) -> Self {
        self.request.stream = Some(chunk_bytes);
        self
    }

    pub(super) fn features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.request.features = features.into_iter().collect();
        self
    }

    pub(super) fn window(mut self, window: u64) -> Self {
        self.request.window = Some(window);
        self
    }

    pub(super) fn key(mut self, key: &OperationKey) -> Self {
        self.request.operation = Some(key.clone());
        self
    }

    pub(super) fn write(
        &self,
        id: &MessageId,
        server: Option<Features>,
    ) -> Result<String, Trouble> {
        let skip = |error| Trouble::Skip(format!("the request cannot be written for it: {error}"));
        self.request.write(id, server).map_err(skip)
    }

    /// What its frames are held to.
    pub(super) fn terms(&self, text: &str, facts: &Facts) -> Terms {
        let server = facts.features;
        let is_stream = self.request.mode(server) == crate::proto::Mode::Stream;
        Terms {
            sent: if self.is_private { without_params(text) } else { text.to_owned() },
            is_stream,
            chunk_bytes: self.request.stream.filter(|bytes| is_stream && *bytes > 0),
            agreed: self.request.agreed(server),
            window: self.request.window,
            prefix: self.prefix.clone(),
            max_chunk: facts.limits.max_chunk_bytes,
            is_small: self.request.name.domain() == "test",
            is_loose: false,
        }
    }
}

/// A request with its params left out.
fn without_params(text: &str) -> String {
    let Some((head, rest)) = text.split_once("\"params\":") else { return text.to_owned() };
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
    let _ = values.next();
    let tail = rest.get(values.byte_offset()..).unwrap_or_default();
    format!("{head}\"params\":{{…}}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_of_the_user_are_not_shown() {
        let params = Params::new().with("secret", "}x{").with("more", [1, 2]);
        let ask = Ask::new(OperationName::new("d", "a"), params).private(true).stream(7);
        let facts = Facts { features: Some(Features::from_names(["stream"])), ..Facts::default() };
        let text = ask.write(&MessageId::new("d_1").unwrap(), facts.features).unwrap();
        assert!(text.contains("secret"));
        let sent = ask.terms(&text, &facts).sent;
        let expected =
            r#"{"id":"d_1","domain":"d","action":"a","params":{…},"stream":true,"chunkSize":7}"#;
        assert_eq!(sent, expected);
    }
}
