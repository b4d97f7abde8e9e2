//! Which objects took longest.

use std::time::Duration;

use crate::ops::git::{ObjectKey, ObjectTime};

/// How many are remembered.
const MOST: usize = 10;

/// The slowest objects so far, the slowest first.
#[derive(Debug, Default)]
pub(super) struct Slowest(Vec<ObjectTime>);

impl Slowest {
    /// These objects took so long together.
    pub(super) fn note(&mut self, objects: &[ObjectKey], took: Duration) {
        let share = u32::try_from(objects.len()).ok().and_then(|count| took.checked_div(count));
        let Some(elapsed_ms) = share.and_then(|share| u64::try_from(share.as_millis()).ok()) else {
            return;
        };
        let is_estimate = objects.len() > 1;
        for object in objects {
            if self.0.len() >= MOST && self.0.last().is_some_and(|l| l.elapsed_ms >= elapsed_ms) {
                break;
            }
            let after = self.0.iter().take_while(|time| time.elapsed_ms >= elapsed_ms).count();
            let object = object.clone();
            self.0.insert(after, ObjectTime { object, elapsed_ms, is_estimate });
            self.0.truncate(MOST);
        }
    }

    pub(super) fn into_times(self) -> Vec<ObjectTime> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_kept_in_order() {
        let mut slowest = Slowest::default();
        let key = |name: String| ObjectKey::new("CLAS", &name);
        for n in 0..50_u64 {
            slowest.note(&[key(format!("Z{n}"))], Duration::from_millis(n * 7 % 50));
        }
        slowest.note(&[key("A".into()), key("B".into())], Duration::from_millis(98));
        slowest.note(&[], Duration::from_secs(1));
        let times = slowest.into_times();
        let found: Vec<_> = times.iter().map(|time| time.elapsed_ms).collect();
        assert_eq!(found, [49, 49, 49, 48, 47, 46, 45, 44, 43, 42]);
        assert_eq!(times.iter().filter(|time| time.is_estimate).count(), 2);
    }
}
