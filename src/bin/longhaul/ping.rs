//! `longhaul ping`: is the server there, and what does it say of itself?

use std::time::{Duration, Instant};

use longhaul::ops::system::Pong;
use longhaul::proto::Welcome;
use serde::Serialize;

use crate::args::AskArgs;
use crate::failure::Failure;
use crate::{Done, connect, output};

/// Connects, asks for a sign of life and shows how long it took.
pub(crate) fn run(args: &AskArgs) -> Result<Done, Failure> {
    let settings = connect::settings(&args.server, None)?;
    connect::with_client(settings, async |client, interruption| {
        let asked = Instant::now();
        let pong = interruption.or_drop(client.ping()).await?;
        let welcome = client.welcome();
        let report = Report::new(&welcome, pong, asked.elapsed());
        if args.json {
            interruption.or_drop(output::object(&report)).await?;
        } else {
            interruption.or_drop(output::lines(&report.lines())).await?;
        }
        Ok(Done::Complete)
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    version: Option<&'a str>,
    session: Option<&'a str>,
    domains: &'a [String],
    /// `null` if the server names none, which is not the same as naming an empty list.
    features: Option<Vec<&'static str>>,
    round_trip_ms: f64,
    timestamp: Option<String>,
}

impl<'a> Report<'a> {
    fn new(welcome: &'a Welcome, pong: Pong, round_trip: Duration) -> Self {
        Self {
            version: welcome.version.as_deref(),
            session: welcome.session.as_deref(),
            domains: &welcome.domains,
            features: welcome.features.map(|features| features.names().collect()),
            round_trip_ms: (round_trip.as_secs_f64() * 1e6).round() / 1e3,
            timestamp: pong.timestamp,
        }
    }

    fn lines(&self) -> Vec<String> {
        let or_unsaid = |text: Option<&str>| text.unwrap_or("not said").to_owned();
        let features = self.features.as_ref().map(|names| match names.join(", ") {
            names if names.is_empty() => "none".to_owned(),
            names => names,
        });
        vec![
            format!("version     {}", or_unsaid(self.version)),
            format!("session     {}", or_unsaid(self.session)),
            format!("domains     {}", self.domains.join(", ")),
            format!("features    {}", or_unsaid(features.as_deref())),
            format!("round trip  {:.1} ms", self.round_trip_ms),
            format!("timestamp   {}", or_unsaid(self.timestamp.as_deref())),
        ]
    }
}
