//! What was meant for a connection that is gone.

use super::client::Verdict;
use super::setup::{Order, Setup};
use super::{FATES, Fate, Happening, Pair, Way, at_every_arrival};
use crate::proto::{Control, Feature, MessageId};

/// Frames of the stream that are on their way down, and will be lost.
fn flying(base: &Pair) -> Vec<String> {
    let mut copy = base.clone();
    let pipe = copy.pipe(Way::Down);
    let texts = std::iter::from_fn(|| Some(pipe.receive_next()?.text().to_owned()));
    texts.filter(|text| text.contains("\"type\":")).collect()
}

#[test]
fn frames_of_the_old_connection_mean_nothing_on_the_new_one() {
    let mut delivered = 0;
    at_every_arrival(Pair::new(Setup::small(8).chatty()), |base, way| {
        let stale = flying(base);
        let mut first = base.clone();
        first.cut(way, 0, Fate::Lost);
        if stale.is_empty() || first.client.verdict.is_some() {
            return;
        }
        first.run_until(|run| run.connections == 2);
        at_every_arrival(first, |base, _| {
            let mut run = base.clone();
            let before = run.client.unknown_ids();
            for text in &stale {
                run.deliver(Way::Down, text);
            }
            let ignored = run.client.unknown_ids() - before;
            assert_eq!(ignored, u64::try_from(stale.len()).unwrap(), "ids never come again");
            run.finish_whole(1);
            delivered += 1;
        });
    });
    assert!(delivered > 100);
}

#[test]
fn controls_of_the_old_connection_mean_nothing_on_the_new_one() {
    let target = MessageId::new("git_1").unwrap();
    let stale = [
        Control::Credit { target: target.clone(), up_to: 1_000 },
        Control::Credit { target: target.clone(), up_to: 0 },
        Control::Cancel { target },
    ];
    at_every_arrival(Pair::new(Setup::small(3)), |base, way| {
        for fate in FATES {
            let mut first = base.clone();
            first.cut(way, 0, fate);
            // Before it was accepted, the same request comes again.
            if first.client.verdict.is_some() {
                continue;
            }
            first.run_until(|run| run.connections == 2);
            at_every_arrival(first, |base, _| {
                let mut run = base.clone();
                for control in &stale {
                    run.deliver(Way::Up, &control.write(&MessageId::new("stream_0").unwrap()));
                }
                run.finish_whole(1);
            });
        }
    });
}

#[test]
fn chunks_come_again_or_in_another_order_across_a_cut() {
    for order in [Order::Reversed, Order::Doubled] {
        for (window, lag) in [(3, 0), (8, 0), (8, 5)] {
            let setup = Setup { order, lag, ..Setup::small(window).chatty() };
            // With each chunk sent twice, all are sent again.
            let windows = if matches!(order, Order::Doubled) { 2 * setup.chunks() } else { 1 };
            at_every_arrival(Pair::new(setup), |base, way| {
                for fate in FATES {
                    let mut run = base.clone();
                    let half = run.pipe(way).next_length() / 2;
                    run.cut(way, half, fate);
                    run.finish_whole(windows);
                }
            });
        }
    }
}

#[test]
fn what_waited_for_a_gap_is_dropped_with_its_connection() {
    // Other bytes, which nothing but a comparison can tell from the right ones.
    let spoil = |text: String| match text.split_once("\"seq\":8,\"data\":\"") {
        Some((head, data)) if head.contains("git_1") => {
            format!("{head}\"seq\":8,\"data\":\"AAAA{}", &data[4..])
        }
        _ => text,
    };
    let setup = Setup { order: Order::Reversed, tamper: Some(spoil), ..Setup::small(8) };
    let mut base = Pair::new(setup.without(Feature::Checksum));
    let mut cuts = 0;
    // The gap is closed with the first chunk, which comes last.
    while !base.client.has_bytes() {
        let happening = base.next().unwrap();
        if let Happening::Arrival(way) = happening {
            let mut run = base.clone();
            run.cut(way, 0, Fate::Lost);
            let verdict = run.finish();
            assert!(matches!(verdict, Verdict::Payload { run: 0, .. }), "{verdict:?}");
            cuts += 1;
        }
        base.apply(happening);
    }
    assert!(cuts > 8, "{cuts}");
}
