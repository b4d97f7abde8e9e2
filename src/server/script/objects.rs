//! What happens at single objects of an export, and to a share of all requests.

use std::collections::BTreeMap;

use super::Script;
use super::order::SplitMix;
use crate::server::package::label;

/// What the steps about objects and shares add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectFaults {
    /// By the object's label.
    by_label: BTreeMap<String, ObjectFault>,
    stalled: Option<Share>,
    killed: Option<Share>,
    /// What happens to the request that this script is for.
    fate: Fate,
}

/// What happens when an export reaches an object.
#[derive(Clone, Debug)]
pub(in crate::server) enum ObjectFault {
    /// The whole request fails.
    Fail(String),
    /// The object is left out.
    Skip(String),
    /// The connection is closed.
    Crash,
}

/// What happens to a heavy request as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) enum Fate {
    #[default]
    Served,
    /// It never gets an answer.
    Stalled,
    /// Its connection is closed midway.
    Killed,
}

/// Some of all requests, the same with every run.
#[derive(Clone, Copy, Debug)]
struct Share {
    percent: u8,
    seed: u64,
}

impl Script {
    /// Fails every export that reaches this object: it is answered `GIT_ERROR`, whose message names
    /// the object and gives `reason`.
    ///
    /// *Shape*: type and name as in `CLAS`, `ZCL_X`; case does not matter. Of several steps for one
    /// object the last holds.
    pub fn fail_object(self, kind: &str, name: &str, reason: &str) -> Self {
        self.at_object(kind, name, ObjectFault::Fail(reason.into()))
    }

    /// Leaves this object out of every export and counts it all the same.
    ///
    /// [`Profile::Full`](crate::server::Profile::Full) reports it as skipped, with a warning; the
    /// others say nothing. Names are as in [`fail_object`](Self::fail_object).
    pub fn skip_object(self, kind: &str, name: &str, reason: &str) -> Self {
        self.at_object(kind, name, ObjectFault::Skip(reason.into()))
    }

    /// Drops the TCP connection without a Close frame when an export reaches this object, as a dump
    /// in a serializer does; nothing is kept of the operation.
    ///
    /// Names are as in [`fail_object`](Self::fail_object).
    pub fn crash_object(self, kind: &str, name: &str) -> Self {
        self.at_object(kind, name, ObjectFault::Crash)
    }

    /// Never answers `percent` in a hundred of all heavy requests; where requests wait for each
    /// other, the later ones of the connection wait for ever.
    ///
    /// Which ones depends on `seed` and on how many heavy requests the server took before, retries
    /// and resumed ones counted; each is chosen by itself, so that the share of a few may differ.
    pub fn stall_requests(mut self, percent: u8, seed: u64) -> Self {
        self.objects.stalled = Some(Share { percent, seed });
        self
    }

    /// Drops the TCP connection of `percent` in a hundred of all heavy requests without a Close
    /// frame: of exports after half of their objects, of others at once. Nothing is kept of the
    /// operation.
    ///
    /// They are chosen as in [`stall_requests`](Self::stall_requests), but not the same ones;
    /// a request that is chosen by both stalls.
    pub fn kill_requests(mut self, percent: u8, seed: u64) -> Self {
        // Another seed, or the smaller share would always be part of the larger one.
        self.objects.killed = Some(Share { percent, seed: !seed });
        self
    }

    fn at_object(mut self, kind: &str, name: &str, fault: ObjectFault) -> Self {
        let label = label(&kind.to_uppercase(), &name.to_uppercase());
        self.objects.by_label.insert(label, fault);
        self
    }
}

/// What the server asks its script.
impl Script {
    /// The script for the heavy request that `earlier` others came before.
    pub(in crate::server) fn for_request(&self, earlier: u64) -> Self {
        if !self.holds_after(earlier) {
            return Self::new();
        }
        let mut script = self.clone();
        let falls_on = |share: Option<Share>| share.is_some_and(|share| share.holds(earlier));
        script.objects.fate = if falls_on(self.objects.stalled) {
            Fate::Stalled
        } else if falls_on(self.objects.killed) {
            Fate::Killed
        } else {
            Fate::Served
        };
        script
    }

    pub(in crate::server) fn fate(&self) -> Fate {
        self.objects.fate
    }

    /// What happens at the object of this label.
    pub(in crate::server) fn at(&self, label: &str) -> Option<&ObjectFault> {
        self.objects.by_label.get(label)
    }
}

impl Share {
    fn holds(self, ordinal: u64) -> bool {
        let mut numbers = SplitMix(self.seed ^ ordinal.rotate_left(32));
        numbers.next() % 100 < u64::from(self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_no_case_and_the_last_step_holds() {
        let script = Script::new().crash_object("clas", "zcl_x").skip_object("CLAS", "ZCL_X", "no");
        assert!(matches!(script.at("CLAS ZCL_X"), Some(ObjectFault::Skip(why)) if why == "no"));
        assert!(script.at("PROG ZCL_X").is_none());
    }

    #[test]
    fn shares_are_what_they_say_and_the_same_each_time() {
        let fates = |script: &Script| -> Vec<_> {
            (0..10_000).map(|earlier| script.for_request(earlier).fate()).collect()
        };
        let script = Script::new().stall_requests(20, 1).kill_requests(20, 1);
        let drawn = fates(&script);
        let count = |fate| drawn.iter().filter(|drawn| **drawn == fate).count();
        assert!((1_800..2_200).contains(&count(Fate::Stalled)));
        // A fifth of what did not stall.
        assert!((1_400..1_800).contains(&count(Fate::Killed)));
        assert_eq!(drawn, fates(&script));
        assert_ne!(drawn, fates(&Script::new().stall_requests(20, 2).kill_requests(20, 2)));
        let all = Script::new().stall_requests(100, 0);
        assert!(fates(&all).iter().all(|fate| *fate == Fate::Stalled));
        let none = Script::new().stall_requests(0, 0);
        assert!(fates(&none).iter().all(|fate| *fate == Fate::Served));
    }

    #[test]
    fn a_script_for_the_first_requests_has_no_later_fates() {
        let script = Script::new().kill_requests(100, 0).only_first(1);
        assert_eq!(script.for_request(0).fate(), Fate::Killed);
        assert_eq!(script.for_request(1).fate(), Fate::Served);
    }
}
