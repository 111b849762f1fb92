//! When a task runs next.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// `period`, ten percent more or less, so that instances which started together don't flush together.
pub(super) fn jittered(period: Duration) -> Duration {
    period.mul_f64(0.9 + 0.2 * random())
}

/// The first run: anywhere within a period.
pub(super) fn first(period: Duration) -> Duration {
    period.mul_f64(0.5 + 0.5 * random())
}

/// Growing pauses between attempts that fail: they double from `shortest` to `longest`, and each is
/// drawn from its upper half, so that a database which comes back is not met by all instances at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            failures: 0,
        }
    }

    pub(crate) fn pause(&mut self) -> Duration {
        self.pause_of(random())
    }

    /// The pause that `random`, uniform in [0, 1), makes of it.
    fn pause_of(&mut self, random: f64) -> Duration {
        let full = self
            .shortest
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1).min(31);
        full.mul_f64(0.5 + 0.5 * random)
    }

    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Uniform in [0, 1). The standard library's hasher keys are random; nothing here needs more.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64's mantissa")]
    let bits = bits as f64;
    bits / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_ten_percent_and_is_not_constant() {
        let drawn: Vec<_> = (0..1_000)
            .map(|_| jittered(Duration::from_secs(10)))
            .collect();
        assert!(drawn.iter().all(|d| (9.0..11.0).contains(&d.as_secs_f64())));
        let spread = drawn
            .iter()
            .max()
            .map(Duration::as_millis)
            .unwrap_or_default()
            - drawn
                .iter()
                .min()
                .map(Duration::as_millis)
                .unwrap_or_default();
        assert!(spread > 1_500, "{spread} ms");
    }

    #[test]
    fn pauses_double_up_to_their_bound_and_start_over_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        for full in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let pause = backoff.pause().as_secs_f64();
            assert!(
                pause >= f64::from(full) / 2.0 && pause < f64::from(full),
                "{pause} of {full}"
            );
        }
        for _ in 0..100 {
            assert!(backoff.pause() <= Duration::from_secs(60));
        }
        backoff.reset();
        assert!(backoff.pause() < Duration::from_secs(1));
    }
    /// A simulated hour: all instances lose the database at the same moment and try again by their own
    /// pauses, drawn from a fixed seed, until it is back.
    #[test]
    fn two_hundred_instances_do_not_come_back_at_once_after_an_hour() {
        const INSTANCES: u32 = 200;
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / 4_294_967_296.0
        };
        let back = 3_600.0;
        let mut attempts = 0_u32;
        let mut returns = [0_u32; 60];
        for _ in 0..INSTANCES {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
            let mut now = 0.0;
            while now < back {
                attempts += 1;
                now += backoff.pause_of(draw()).as_secs_f64();
            }
            // All within the longest pause, or this has no such place.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 60"
            )]
            let second = (now - back) as usize;
            returns[second] += 1;
        }
        // Without jitter all would come in the same second. Evenly spread it would be 200 in 45 s.
        let most = returns.iter().max().copied().unwrap_or_default();
        assert!(most <= 15, "{most} in one second: {returns:?}");
        let first_ten: u32 = returns[..10].iter().sum();
        assert!(
            first_ten >= INSTANCES / 10,
            "and nobody waits for long: {returns:?}"
        );
        // While it is away: about 80 attempts an hour each.
        assert!(attempts < 100 * INSTANCES, "{attempts} attempts");
    }
}
