//! One schedule again, with all that happens; and the least of it that still fails.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::plan::Plan;
use super::tally::Tally;
use super::world::World;

thread_local! {
    /// Whether a panic of this thread is a finding, which is reported elsewhere.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a schedule; the error is what does not hold.
pub(super) fn run(plan: &Plan, is_tracing: bool) -> Result<Tally, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_QUIET.get() {
                LAST_PLACE.set(info.location().map(ToString::to_string).unwrap_or_default());
            } else {
                before(info);
            }
        }));
    });
    IS_QUIET.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| World::new(plan, is_tracing).run()));
    IS_QUIET.set(false);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        format!("{} ({})", text.unwrap_or_default(), LAST_PLACE.take())
    })
}

thread_local! {
    static LAST_PLACE: Cell<String> = const { Cell::new(String::new()) };
}

/// The schedule with as few faults and callers as still fail.
pub(super) fn shrunk(plan: &Plan) -> Plan {
    let mut least = plan.clone();
    loop {
        let count = least.faults.len() + least.callers.len();
        for at in (0..least.faults.len()).rev() {
            let mut faults = least.faults.clone();
            faults.remove(at);
            let fewer = least.with_faults(faults);
            if run(&fewer, false).is_err() {
                least = fewer;
            }
        }
        for number in 0..least.callers.len() {
            let fewer = least.without_caller(number);
            if least.callers[number].takes_part() && run(&fewer, false).is_err() {
                least = fewer;
            }
        }
        if least.faults.len() + least.callers.len() == count {
            return least;
        }
    }
}

/// What a failing seed is reported by.
pub(super) fn report(seed: u64, failure: &str) -> String {
    let least = shrunk(&Plan::of(seed));
    let faults: Vec<_> = least.faults.iter().map(|fault| format!("  {fault}\n")).collect();
    let callers = least.callers.iter().filter(|caller| caller.takes_part()).count();
    format!(
        "seed {seed:#x}: {failure}\nsmallest that fails: {callers} transfers and {} faults\n{}\
         replay: LONGHAUL_SEED={seed:#x} cargo test --release --lib server::core::simulation::replay \
         -- --nocapture",
        least.faults.len(),
        faults.concat(),
    )
}

/// Replays the schedule of `LONGHAUL_SEED`, as small as it can be, and tells what happens. With
/// `LONGHAUL_WHOLE=1` as it is.
#[test]
fn replay() {
    let Ok(text) = std::env::var("LONGHAUL_SEED") else { return };
    let seed = super::number(&text).expect("a number, decimal or 0x…");
    let mut plan = Plan::of(seed);
    if run(&plan, false).is_err() && std::env::var_os("LONGHAUL_WHOLE").is_none() {
        plan = shrunk(&plan);
    }
    println!("{:?}", plan.offer);
    for (number, caller) in plan.callers.iter().enumerate().filter(|(_, c)| c.takes_part()) {
        let lengths = caller.work.payloads.each_ref().map(bytes::Bytes::len);
        println!("t{number}: {:?}, payloads of {lengths:?} bytes", caller.wishes);
        println!("    {:?} pace {:?}", caller.work.plan, caller.work.pace);
    }
    match run(&plan, true) {
        Ok(tally) => println!("{tally}"),
        Err(failure) => panic!("{}", report(seed, &failure)),
    }
}
