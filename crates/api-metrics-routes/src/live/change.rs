//! Whether what a feed sees cannot wait for its next update.
//!
//! An update is due every few seconds. In between a feed looks whether traffic has begun, or
//! whether the share of errors has moved by ten percentage points, and sends those at once.

/// Requests that make a share of errors mean something.
const ENOUGH: u64 = 20;
/// Percentage points by which that share moves.
const JUMP: f64 = 10.0;

/// Requests and errors of each period that a snapshot holds, by the period's start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HealthSample(pub(crate) Vec<(i64, u64, u64)>);

impl HealthSample {
    /// Requests and errors that came since `before`. Periods that have left the window are no loss.
    fn since(&self, before: &Self) -> (u64, u64) {
        let then = |start: i64| {
            let found = before.0.iter().find(|(at, ..)| *at == start);
            found.map_or((0, 0), |(_, requests, errors)| (*requests, *errors))
        };
        self.0
            .iter()
            .fold((0, 0), |(requests, errors), (start, now, wrong)| {
                let (was, was_wrong) = then(*start);
                (
                    requests + now.saturating_sub(was),
                    errors + wrong.saturating_sub(was_wrong),
                )
            })
    }

    /// Whether nothing was requested in any period.
    fn is_quiet(&self) -> bool {
        self.0.iter().all(|(_, requests, _)| *requests == 0)
    }
}

/// Tells whether a sample differs enough from the one that was sent last to be sent at once.
#[derive(Debug, Default)]
pub(super) struct ChangeDetector {
    /// The sample that watchers have; none before the first.
    sent: Option<HealthSample>,
    /// Errors in percent of what came before that was sent.
    share: f64,
}

impl ChangeDetector {
    /// Whether watchers should know at once: traffic begins, or the share of errors among what has
    /// come since is another than before.
    pub(super) fn is_news(&self, now: &HealthSample) -> bool {
        let Some(sent) = &self.sent else { return true };
        let (requests, errors) = now.since(sent);
        if sent.is_quiet() {
            return requests > 0;
        }
        requests >= ENOUGH && (percent(errors, requests) - self.share).abs() >= JUMP
    }

    /// Remembers a sample as the one that watchers have.
    pub(super) fn sent(&mut self, now: HealthSample) {
        let none = HealthSample::default();
        let (requests, errors) = now.since(self.sent.as_ref().unwrap_or(&none));
        if requests >= ENOUGH {
            self.share = percent(errors, requests);
        }
        self.sent = Some(now);
    }
}

/// A part in percent of a whole.
#[expect(clippy::cast_precision_loss, reason = "compared with whole points")]
fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sent: &[(i64, u64, u64)]) -> ChangeDetector {
        let mut detector = ChangeDetector::default();
        detector.sent(HealthSample(sent.to_vec()));
        detector
    }

    fn news(detector: &ChangeDetector, now: &[(i64, u64, u64)]) -> bool {
        detector.is_news(&HealthSample(now.to_vec()))
    }

    #[test]
    fn traffic_that_begins_is_news_and_traffic_that_goes_on_is_not() {
        let quiet = after(&[(0, 0, 0), (60, 0, 0)]);
        assert!(!news(&quiet, &[(0, 0, 0), (60, 0, 0)]));
        assert!(news(&quiet, &[(0, 0, 0), (60, 1, 0)]));
        let busy = after(&[(0, 100, 2)]);
        assert!(!news(&busy, &[(0, 900, 18)]));
    }

    #[test]
    fn a_burst_of_errors_is_news_once_and_its_end_again() {
        let mut detector = after(&[(0, 1_000, 10)]);
        let burst = [(0, 1_020, 30)];
        assert!(news(&detector, &burst), "20 of 20 requests failed");
        detector.sent(HealthSample(burst.to_vec()));
        assert!(!news(&detector, &[(0, 1_040, 50)]), "as bad as before");
        assert!(news(&detector, &[(0, 1_040, 30)]), "nothing fails any more");
    }

    #[test]
    fn a_few_requests_are_no_news() {
        let detector = after(&[(0, 1_000, 0)]);
        assert!(!news(&detector, &[(0, 1_019, 19)]));
    }

    #[test]
    fn a_window_that_slides_is_no_news() {
        let detector = after(&[(0, 1_000, 500), (60, 100, 0)]);
        assert!(!news(&detector, &[(60, 119, 0), (120, 0, 0)]));
    }
}
