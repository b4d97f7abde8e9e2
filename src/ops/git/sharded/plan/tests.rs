use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

const TARGET: Duration = Duration::from_secs(10);

fn objects(count: usize) -> Vec<ObjectKey> {
    let kinds = ["CLAS", "PROG", "TABL", "DTEL", "FUGR"];
    (0..count).map(|n| ObjectKey::new(kinds[n % kinds.len()], &format!("Z{n}"))).collect()
}

fn took(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn done(plan: &mut Plan, shard: &Shard, ms: u64) {
    plan.handle_done(shard, shard.objects.iter().cloned(), &[], took(ms));
}

/// How a server of these tests treats objects.
#[derive(Clone, Copy, Debug)]
struct Field {
    sessions: usize,
    ms_each: u64,
    /// Longer requests break.
    limit_ms: u64,
    /// Every so many-th object is refused, or breaks its session; 0 for none.
    refused: usize,
    broken: usize,
    /// Every so many-th request breaks by chance; 0 for none.
    chance: usize,
}

const WELL: Field =
    Field { sessions: 4, ms_each: 20, limit_ms: 60_000, refused: 0, broken: 0, chance: 0 };

struct Ran {
    plan: Plan,
    /// When the last session was done, in milliseconds.
    took_ms: u64,
    longest_ms: u64,
    asked: BTreeMap<ObjectKey, u32>,
}

/// Runs a plan on virtual time: each session asks for the next shard when it is done with one.
fn run(objects: &[ObjectKey], field: Field) -> Ran {
    let nth = |key: &ObjectKey, n: usize| {
        let number: usize = key.name().trim_start_matches('Z').parse().unwrap();
        n > 0 && number % n == n - 1
    };
    let mut plan = Plan::new(objects.iter().cloned(), TARGET);
    let mut free: BinaryHeap<_> = (0..field.sessions).map(|_| Reverse(0_u64)).collect();
    let mut out: Vec<(u64, Shard, Option<ShardFailure>, u64)> = Vec::new();
    let (mut now, mut longest_ms, mut requests) = (0, 0, 0_usize);
    let mut asked = BTreeMap::<_, u32>::new();
    loop {
        while let Some(Reverse(at)) = free.peek().copied()
            && at <= now
        {
            let at_work = field.sessions;
            let Some(shard) = plan.next_shard(at_work, true) else { break };
            free.pop();
            requests += 1;
            shard.objects.iter().for_each(|key| *asked.entry(key.clone()).or_default() += 1);
            let full = shard.objects.len() as u64 * field.ms_each;
            let (ms, failure) = if field.chance > 0 && requests.is_multiple_of(field.chance) {
                (full.min(field.limit_ms), Some(ShardFailure::Broken("by chance".into())))
            } else if shard.objects.iter().any(|key| nth(key, field.broken)) {
                (full / 2, Some(ShardFailure::Broken("crash".into())))
            } else if shard.objects.iter().any(|key| nth(key, field.refused)) {
                (full / 2, Some(ShardFailure::Refused("no".into())))
            } else if full > field.limit_ms {
                (field.limit_ms, Some(ShardFailure::Broken("too long".into())))
            } else {
                (full, None)
            };
            longest_ms = longest_ms.max(ms);
            out.push((now + ms, shard, failure, ms));
        }
        let Some(next) = out.iter().map(|(at, ..)| *at).min() else { break };
        now = next;
        let (ended, running) = out.into_iter().partition(|(at, ..)| *at <= now);
        out = running;
        for (_, shard, failure, ms) in ended {
            free.push(Reverse(now));
            match failure {
                None => done(&mut plan, &shard, ms),
                Some(failure) => plan.handle_failed(shard, failure, took(ms)),
            }
        }
    }
    assert!(plan.is_done());
    Ran { plan, took_ms: now, longest_ms, asked }
}

#[test]
fn sessions_share_the_work_evenly() {
    for (count, ms_each) in [(500, 20), (5_000, 20), (500, 700), (13_000, 300)] {
        let objects = objects(count);
        let alone = run(&objects, Field { sessions: 1, ms_each, ..WELL });
        let four = run(&objects, Field { ms_each, ..WELL });
        assert_eq!(four.plan.received().len(), count);
        // In virtual time nothing but the division is measured.
        assert!(four.took_ms * 37 <= alone.took_ms * 10, "{} and {}", four.took_ms, alone.took_ms);
        for ran in [&alone, &four] {
            assert!(ran.longest_ms <= 20_000, "a request took {} ms", ran.longest_ms);
            assert!(ran.asked.values().all(|times| *times == 1));
        }
    }
}

#[test]
fn requests_stay_below_a_limit_that_the_server_has() {
    let ran = run(&objects(500), Field { sessions: 1, limit_ms: 6_000, ..WELL });
    assert_eq!(ran.plan.received().len(), 500);
    let tight = run(&objects(2_000), Field { limit_ms: 3_000, ..WELL });
    assert_eq!(tight.plan.received().len(), 2_000);
    assert!(tight.asked.values().all(|times| *times <= 3));
}

#[test]
fn the_largest_come_first() {
    let mut plan = Plan::new(objects(100), TARGET);
    let first = plan.next_shard(3, true).unwrap();
    assert!(first.objects.iter().all(|key| key.kind() == "FUGR"));
    let mut kinds = vec!["FUGR"];
    while let Some(shard) = plan.next_shard(3, true) {
        for key in &shard.objects {
            if kinds.last() != Some(&key.kind()) {
                kinds.push(match key.kind() {
                    "CLAS" => "CLAS",
                    "PROG" => "PROG",
                    "TABL" => "TABL",
                    "DTEL" => "DTEL",
                    _ => "FUGR",
                });
            }
        }
    }
    assert_eq!(kinds, ["FUGR", "CLAS", "PROG", "TABL", "DTEL"]);
}

#[test]
fn what_fails_is_narrowed_down_and_named() {
    for (broken, refused) in [(100, 0), (0, 100), (150, 130), (1, 0), (0, 1)] {
        let count = 600;
        let ran = run(&objects(count), Field { refused, broken, ..WELL });
        let fails = |n: usize, each: usize| each > 0 && n % each == each - 1;
        let failing = (0..count).filter(|n| fails(*n, broken) || fails(*n, refused)).count();
        assert_eq!(ran.plan.skipped().len(), failing);
        assert_eq!(ran.plan.received().len(), count - failing);
        // As a whole, by halves and alone.
        assert!(ran.asked.values().all(|times| *times <= 2 + 10 + MOST_TRIES_BROKEN));
        let known = ["no", "crash"].map(|reason| Reason::Given(reason.to_owned()));
        assert!(ran.plan.skipped().values().all(|reason| known.contains(reason)));
    }
}

#[test]
fn what_breaks_by_chance_comes_all_the_same() {
    let ran = run(&objects(5_000), Field { chance: 10, limit_ms: 6_000, ..WELL });
    assert_eq!(ran.plan.received().len(), 5_000);
}

#[test]
fn what_is_not_served_is_asked_for_again_and_nothing_else_changes() {
    let mut plan = Plan::new(objects(3), TARGET);
    for _ in 0..1_000 {
        let shard = plan.next_shard(1, true).unwrap();
        plan.handle_failed(shard, ShardFailure::NotServed, took(0));
    }
    while let Some(shard) = plan.next_shard(1, true) {
        done(&mut plan, &shard, 1);
    }
    assert_eq!((plan.received().len(), plan.is_done()), (3, true));
}

#[test]
fn an_answer_that_is_too_large_goes_to_who_can_take_it() {
    let mut plan = Plan::new(objects(2), TARGET);
    let large = || ShardFailure::TooLarge("large".into());
    let mut alone = 0;
    while let Some(shard) = plan.next_shard(1, false) {
        plan.handle_failed(shard, large(), took(1));
    }
    assert!(!plan.is_done());
    while let Some(shard) = plan.next_shard(1, true) {
        assert!(shard.is_large && shard.objects.len() == 1);
        alone += 1;
        if alone == 1 {
            done(&mut plan, &shard, 1);
        } else {
            plan.handle_failed(shard, large(), took(1));
        }
    }
    assert!(plan.is_done());
    assert_eq!((plan.received().len(), plan.skipped().len()), (1, 1));
}

#[test]
fn what_the_server_leaves_out_is_skipped_with_its_reason() {
    let keys = objects(3);
    let mut plan = Plan::new(keys.clone(), TARGET);
    let other = ObjectKey::new("DEVC", "$Z");
    let mut left = keys.len();
    while let Some(shard) = plan.next_shard(1, true) {
        left -= shard.objects.len();
        let reason = Skipped {
            kind: keys[0].kind().into(),
            name: keys[0].name().into(),
            reason: "locked".into(),
        };
        let came = shard.objects.iter().filter(|key| **key == keys[2]).cloned();
        plan.handle_done(&shard, came.chain([other.clone()]), &[reason], took(1));
    }
    assert_eq!(left, 0);
    assert_eq!(plan.received().iter().collect::<Vec<_>>(), [&keys[2]]);
    let skipped = plan.skipped();
    assert_eq!(skipped[&keys[0]], Reason::Given("locked".to_owned()));
    assert_eq!(skipped[&keys[1]], Reason::None);
    assert_eq!(skipped.len(), 2);
}

#[test]
fn what_comes_with_another_shard_is_there() {
    let keys = objects(2);
    let mut plan = Plan::new(keys.clone(), TARGET);
    let first = plan.next_shard(100, true).unwrap();
    let second = plan.next_shard(100, true).unwrap();
    plan.handle_done(&first, keys.clone(), &[], took(1));
    plan.handle_done(&second, [], &[], took(1));
    assert!(plan.is_done() && plan.next_shard(1, true).is_none());
    assert_eq!((plan.received().len(), plan.skipped().len()), (2, 0));
}

#[test]
fn what_is_there_already_is_not_asked_for() {
    let keys = objects(10);
    let mut plan = Plan::new(keys.clone(), TARGET);
    plan.handle_found([keys[1].clone(), keys[7].clone(), ObjectKey::new("CLAS", "OTHER")]);
    let mut asked = Vec::new();
    while let Some(shard) = plan.next_shard(1, true) {
        asked.extend(shard.objects.clone());
        done(&mut plan, &shard, 1);
    }
    assert_eq!(asked.len(), 8);
    assert_eq!(plan.received().len(), 10);
    assert_eq!(plan.tally(), Tally { settled: 10, total: 10 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens to shards, every object is settled once, and is asked for so often at most.
    #[test]
    fn every_object_is_settled(
        count in 0_usize..300,
        fates in prop::collection::vec((0_u8..6, 0_u64..20_000), 1..200),
        sessions in 1_usize..16,
    ) {
        let mut plan = Plan::new(objects(count), TARGET);
        let mut asked = BTreeMap::<_, u32>::new();
        let mut fates = fates.into_iter().cycle();
        let mut not_served = 0;
        while let Some(shard) = plan.next_shard(sessions, true) {
            let (fate, ms) = fates.next().unwrap();
            let failure = match fate {
                0 | 1 => None,
                2 => Some(ShardFailure::Refused("no".into())),
                3 => Some(ShardFailure::Broken("broken".into())),
                4 => Some(ShardFailure::TooLarge("large".into())),
                _ if not_served > 1_000 => None,
                _ => Some(ShardFailure::NotServed),
            };
            if failure == Some(ShardFailure::NotServed) {
                not_served += 1;
            } else {
                shard.objects.iter().for_each(|key| *asked.entry(key.clone()).or_default() += 1);
            }
            match failure {
                None => done(&mut plan, &shard, ms),
                Some(failure) => plan.handle_failed(shard, failure, took(ms)),
            }
        }
        prop_assert!(plan.is_done());
        prop_assert!(plan.skipped().keys().all(|key| !plan.received().contains(key)));
        prop_assert_eq!(plan.received().len() + plan.skipped().len(), count);
        prop_assert!(asked.values().all(|times| *times <= 2 + 9 + 1 + MOST_TRIES_BROKEN));
    }
}
