//! The handler held against PROTOCOL.md, section by section.

use longhaul::Client;
use longhaul::check::{self, Options, Status};

use crate::host::{Host, PACKAGE};
use crate::support::deadline;

#[tokio::test]
async fn the_handler_keeps_to_the_protocol() {
    let Some(host) = Host::of_sample(&[]) else { return };
    let options = Options::new().packages([PACKAGE]);
    let report = deadline(check::run(Client::builder(host.url()), options)).await.unwrap();
    let graded =
        |result: &&check::CheckResult| matches!(result.status, Status::Fault | Status::Deviation);
    let departures: Vec<_> = report.results.iter().filter(graded).collect();
    assert!(departures.is_empty(), "{departures:#?}");
    for id in ["4.3.chunk.gap", "6.1.chunk.crc32", "6.3.credit.kept", "6.4.resume.prefix-mismatch"]
    {
        let result = report.result(id);
        assert_eq!(result.map(|result| result.status), Some(Status::Pass), "{id}: {result:?}");
    }
}
