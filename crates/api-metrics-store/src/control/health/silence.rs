//! Processes that should have told something and did not.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{HealthSample, StoredSample};
use crate::time::UnixSeconds;

/// How long a process that says nothing counts as cut off and not as gone, in seconds.
pub(super) const LONGEST_SILENCE: i64 = 600;

/// Adds minutes for processes that told the one before and not this one, up to the newest minute that any of them has
/// told: the store could not be reached from there for all that is known. One that has ended in order is not missed.
pub(super) fn fill(samples: &mut Vec<StoredSample>) {
    let Some(newest) = samples.iter().map(|told| told.sample.minute).max() else {
        return;
    };
    let told: HashSet<_> = samples
        .iter()
        .map(|told| (told.id, told.sample.minute))
        .collect();
    let mut silent: HashMap<_, StoredSample> = HashMap::new();
    for last in samples.iter() {
        let ended = last.ended_at.unwrap_or(UnixSeconds::MAX);
        for minute in (1..=LONGEST_SILENCE / 60).map(|n| last.sample.minute + n * 60) {
            // A process that ends within a minute does not tell it.
            if minute > newest || minute + 60 > ended || told.contains(&(last.id, minute)) {
                break;
            }
            let mut sample = HealthSample::new(minute);
            sample.unreachable = Duration::from_secs(60);
            let silence = StoredSample {
                sample,
                ..last.clone()
            };
            silent.insert((last.id, minute), silence);
        }
    }
    samples.extend(silent.into_values());
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn told(id: u128, minute: i64, ended_at: Option<i64>) -> StoredSample {
        StoredSample {
            id: Uuid::from_u128(id),
            instance: "shop".into(),
            ended_at,
            sample: HealthSample::new(minute * 60),
        }
    }

    /// The minutes in which a process counts as cut off.
    fn silent(mut samples: Vec<StoredSample>, id: u128) -> Vec<i64> {
        fill(&mut samples);
        let mut minutes: Vec<_> = samples
            .iter()
            .filter(|told| told.id == Uuid::from_u128(id) && !told.sample.unreachable.is_zero())
            .map(|told| told.sample.minute / 60)
            .collect();
        minutes.sort_unstable();
        minutes
    }

    #[test]
    fn silence_counts_while_others_tell_something() {
        assert_eq!(silent(vec![told(1, 5, None)], 1), [] as [i64; 0]);
        let others = |to| (1..=to).map(|minute| told(2, minute, None));
        let mut samples = vec![told(1, 5, None)];
        samples.extend(others(8));
        assert_eq!(silent(samples.clone(), 1), [6, 7, 8]);
        // What it tells afterwards takes the place of what was thought of it.
        samples.push(told(1, 7, None));
        assert_eq!(silent(samples.clone(), 1), [6, 8]);
        samples.extend(others(40).skip(8));
        assert_eq!(
            silent(samples, 1),
            [6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
        );
    }

    #[test]
    fn a_process_that_ended_in_order_is_not_missed() {
        let others = || (1..=9).map(|minute| told(2, minute, None));
        let mut samples = vec![told(1, 5, Some(7 * 60 + 30))];
        samples.extend(others());
        assert_eq!(silent(samples, 1), [6]);
    }
}
