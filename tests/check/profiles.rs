//! The reference server passes, in every profile and with each feature switched off.

use std::time::Duration;

use longhaul::check::{Options, Status, catalog};
use longhaul::proto::Feature;
use longhaul::server::Profile;

use crate::support::{PACKAGE, until};
use crate::{found, hasty, run, serve};

#[tokio::test]
async fn every_profile_passes() {
    for profile in [Profile::Full, Profile::Seed, Profile::Deployed] {
        let server = serve(|builder| builder.profile(profile)).await;
        for packages in [&[][..], &[PACKAGE]] {
            let options = Options::new().packages(packages.iter().copied());
            let report = run(&server.url(), options).await;
            assert!(report.is_clean(), "{profile:?} {packages:?}\n{}", found(&report));
            assert_eq!(report.results.len(), catalog().len());
            let knows = |feature: &Feature| {
                report.server.features.iter().flatten().any(|f| *f == feature.name())
            };
            assert_eq!(Feature::ALL.iter().all(knows), profile == Profile::Full);
        }
    }
}

/// What nothing of a reference server shows that is as it should be.
const UNSHOWN: [&str; 1] = ["4.4.complete.reason"];

#[tokio::test]
async fn a_full_server_shows_nearly_everything() {
    let server = serve(|builder| builder).await;
    let with_payload = run(&server.url(), Options::new()).await;
    let with_package = run(&server.url(), Options::new().packages([PACKAGE])).await;
    for check in catalog().iter().filter(|check| !UNSHOWN.contains(&check.id)) {
        let statuses =
            [&with_payload, &with_package].map(|report| report.result(check.id).unwrap().status);
        let is_of_items = check.is_in("4.7");
        assert!(is_of_items || statuses.contains(&Status::Pass), "{}: {statuses:?}", check.id);
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_offered() {
    for feature in Feature::ALL {
        let server = serve(|builder| builder.without_feature(feature)).await;
        let report = run(&server.url(), Options::new()).await;
        if feature == Feature::Stream {
            // What needs it should not be offered either.
            let result = report.result("1.2.welcome.features").unwrap();
            assert_eq!(result.status, Status::Deviation);
            continue;
        }
        assert!(report.is_clean(), "without {feature:?}\n{}", found(&report));
        let section = match feature {
            Feature::Checksum => "6.1",
            Feature::Cancel => "6.2",
            Feature::Credit => "6.3",
            Feature::Resume => "6.4",
            _ => "6.5",
        };
        let own = report
            .results
            .iter()
            .filter(|result| result.check.is_in(section) && result.status == Status::NotOffered);
        assert!(own.count() >= 4, "without {feature:?}\n{:#?}", report.results);
    }
}

#[tokio::test]
async fn what_the_caller_does_not_take_is_no_departure() {
    let server = serve(|builder| builder).await;
    let report = run(&server.url(), Options::new().max_payload_bytes(10 << 10)).await;
    assert!(report.is_clean() && !report.is_complete(), "{}", found(&report));
}

/// Nothing is told on the way to one answer, so it may take longer than it is waited for.
#[tokio::test]
async fn one_answer_that_takes_long_is_no_departure_and_hides_nothing() {
    let server = serve(|builder| builder.object_delay(Duration::from_millis(80))).await;
    let options = hasty().packages([PACKAGE]).section("4.1").section("6.1");
    let report = run(&server.url(), options).await;
    assert!(report.is_clean(), "{}", found(&report));
    let status = |id| report.result(id).unwrap().status;
    assert_eq!(status("4.1.answer.single"), Status::Skipped);
    assert_eq!(status("6.1.chunk.crc32"), Status::Pass);
}

#[tokio::test]
async fn nothing_is_left_on_the_server() {
    let server = serve(|builder| builder).await;
    for packages in [&[][..], &[PACKAGE]] {
        run(&server.url(), Options::new().packages(packages.iter().copied())).await;
        // The server notices the end of a connection in its own time, and keeps what is not
        // released for ten minutes.
        until(|| server.retained() == 0 && server.sessions() == 0).await;
    }
}
