//! When a failed delivery is tried again.

use crate::time::UnixSeconds;

/// Attempts before a delivery is a dead letter, over one to two hours.
pub(crate) const MAX_ATTEMPTS: u64 = 10;
const FIRST_WAIT: u64 = 15;
const LONGEST_WAIT: u64 = 2 * 3_600;

/// When to try again after `attempts` attempts: the wait doubles, and a half of it is left to
/// `chance` (0 to 1), so that what failed together does not come back together.
pub(crate) fn next_attempt(now: UnixSeconds, attempts: u64, chance: f64) -> UnixSeconds {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    let wait = (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    let half = wait / 2;
    let some = (half as f64 * chance.clamp(0.0, 1.0)) as u64;
    now + (wait - half + some).cast_signed()
}

/// A number from 0 to 1 that nobody can foresee.
pub(crate) fn chance() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    // The version's four bits lie lower.
    (high >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_two_hours_and_half_of_each_is_chance() {
        let waits = |chance| -> Vec<_> {
            (1..=MAX_ATTEMPTS)
                .map(|n| next_attempt(0, n, chance))
                .collect()
        };
        assert_eq!(
            waits(1.0),
            [15, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_200]
        );
        assert_eq!(waits(0.0).first(), Some(&8));
        assert_eq!(waits(0.0).last(), Some(&3_600));
        assert_eq!(next_attempt(100, u64::MAX, 0.5), 100 + 5_400);
    }

    #[test]
    fn chance_lies_between_0_and_1() {
        let all: Vec<f64> = (0..1_000).map(|_| chance()).collect();
        assert!(all.iter().all(|c| (0.0..=1.0).contains(c)));
        assert!(all.iter().any(|c| *c < 0.1) && all.iter().any(|c| *c > 0.9));
    }
}
