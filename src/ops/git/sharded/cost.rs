//! What an object costs to serialize: a guess by its type at first, then what was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ops::git::ObjectKey;

/// How long an object of weight 1 takes, before anything was measured, in seconds. Rather too long:
/// it only makes the first requests small.
const FIRST_GUESS: f64 = 0.5;
/// How much of a new measurement counts against what was known.
const WEIGHT_OF_NEW: f64 = 0.6;
/// How far off a measurement is believed to be, either way.
const MOST_CHANGE: f64 = 50.0;
/// The least that an object is believed to cost, in seconds; nothing is for free.
const LEAST_COST: f64 = 1e-5;

/// What objects cost, by type.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// Seconds an object, for types that were measured.
    measured: BTreeMap<String, f64>,
    /// Seconds for weight 1, for all others.
    scale: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { measured: BTreeMap::new(), scale: FIRST_GUESS }
    }
}

impl Costs {
    /// What serializing `object` may take, in seconds.
    pub(super) fn of(&self, object: &ObjectKey) -> f64 {
        self.of_kind(object.kind())
    }

    /// What so many objects of each type may take, in seconds.
    pub(super) fn of_kinds(&self, kinds: &BTreeMap<String, u32>) -> f64 {
        kinds.iter().map(|(kind, count)| self.of_kind(kind) * f64::from(*count)).sum()
    }

    fn of_kind(&self, kind: &str) -> f64 {
        self.measured.get(kind).copied().unwrap_or_else(|| weight(kind) * self.scale)
    }

    /// What all of them may take, in seconds.
    pub(super) fn of_all(&self, objects: &[ObjectKey]) -> f64 {
        objects.iter().map(|object| self.of(object)).sum()
    }

    /// Learns that these objects took so long together.
    pub(super) fn learn(&mut self, objects: &[ObjectKey], took: Duration) {
        let expected = self.of_all(objects);
        if expected <= 0.0 {
            return;
        }
        let change = (took.as_secs_f64() / expected).clamp(1.0 / MOST_CHANGE, MOST_CHANGE);
        let mut shares = BTreeMap::<&str, f64>::new();
        for object in objects {
            *shares.entry(object.kind()).or_default() += self.of(object) / expected;
        }
        for (kind, share) in shares {
            let before = self.of_kind(kind);
            // What a type had no part in says little of it.
            let after = before * (1.0 + (change - 1.0) * WEIGHT_OF_NEW * share.sqrt());
            self.measured.insert(kind.to_owned(), after.max(LEAST_COST));
        }
        let scale = self.scale * (1.0 + (change - 1.0) * WEIGHT_OF_NEW);
        self.scale = scale.max(LEAST_COST);
    }
}

/// What an object of a type costs, against one that costs little but has some source of its own.
/// Guesses by how much there is to serialize in it; they only have to be right until measured.
fn weight(kind: &str) -> f64 {
    match kind {
        "FUGR" => 6.0,
        "CLAS" | "WDYN" | "ENHO" | "ENHS" => 3.0,
        "PROG" | "SSFO" | "SFPF" | "TRAN" => 2.0,
        "DTEL" | "DOMA" | "DEVC" | "TTYP" | "MSAG" | "PARA" => 0.5,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(kind: &str, count: usize) -> Vec<ObjectKey> {
        (0..count).map(|n| ObjectKey::new(kind, &format!("Z{n}"))).collect()
    }

    #[test]
    fn what_is_measured_is_believed_soon() {
        for real in [0.000_1, 0.02, 0.2, 3.0] {
            let mut costs = Costs::default();
            for _ in 0..20 {
                costs.learn(&objects("CLAS", 20), Duration::from_secs_f64(20.0 * real));
            }
            let cost = costs.of(&ObjectKey::new("CLAS", "ZCL_A"));
            assert!((cost / real - 1.0).abs() < 0.1, "{cost} for {real}");
            let other = costs.of(&ObjectKey::new("DTEL", "ZA"));
            assert!(other < cost, "types that were not measured are scaled as well");
        }
    }

    #[test]
    fn types_are_told_apart() {
        let mut costs = Costs::default();
        for round in 0..40 {
            let (kind, each) = if round % 2 == 0 { ("CLAS", 0.5) } else { ("TABL", 0.01) };
            costs.learn(&objects(kind, 10), Duration::from_secs_f64(10.0 * each));
        }
        assert!(costs.of(&ObjectKey::new("CLAS", "A")) > 0.4);
        assert!(costs.of(&ObjectKey::new("TABL", "A")) < 0.02);
    }

    #[test]
    fn odd_measurements_do_no_harm() {
        let mut costs = Costs::default();
        costs.learn(&[], Duration::from_secs(1));
        for took in [Duration::ZERO, Duration::MAX, Duration::from_nanos(1)] {
            costs.learn(&objects("CLAS", 3), took);
            let cost = costs.of(&ObjectKey::new("CLAS", "A"));
            assert!(cost.is_finite() && cost > 0.0);
        }
    }
}
