//! The order of evaluation: one tenant's slow rules must not delay the others'.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::AlertRule;
use crate::time::UnixSeconds;

/// A rule that takes longer is evaluated last, until it is faster again.
const SLOW: Duration = Duration::from_secs(5);
/// Slow rules are tried once a minute; one that was not for this long has been removed.
const FORGET: Duration = Duration::from_secs(600);
/// A round is over after this long; what is left comes with the next one.
const ROUND: Duration = Duration::from_secs(60);

/// Remembers rules that were slow, by number.
#[derive(Debug, Default)]
pub(super) struct FairScheduler(Mutex<HashMap<i64, Slow>>);

#[derive(Debug)]
struct Slow {
    tried: Instant,
    /// For which minute.
    end: UnixSeconds,
    tenant: Option<String>,
}

/// The rules of one round, in the order of their evaluation.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    scheduler: &'a FairScheduler,
    /// The next one is the last.
    rules: Vec<AlertRule>,
    end: UnixSeconds,
    began: Instant,
}

/// The evaluation of one rule. One that is never ended, because the round was cancelled, was slow.
#[derive(Debug)]
pub(super) struct Slot {
    rule: i64,
    began: Instant,
}

impl FairScheduler {
    /// The queue for the minute that ends at `end`. A rule that ran into a limit is not tried twice for
    /// one minute.
    pub(super) fn queue(&self, mut rules: Vec<AlertRule>, end: UnixSeconds) -> Queue<'_> {
        let mut slow = self.slow();
        slow.retain(|_, slow| slow.tried.elapsed() < FORGET);
        rules.retain(|rule| slow.get(&rule.id).is_none_or(|slow| slow.end != end));
        drop(slow);
        let mut queue = Queue {
            scheduler: self,
            rules,
            end,
            began: Instant::now(),
        };
        queue.sort();
        queue
    }

    fn slow(&self) -> MutexGuard<'_, HashMap<i64, Slow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    pub(super) fn took_long(&self) -> bool {
        self.began.elapsed() >= SLOW
    }
}

impl Queue<'_> {
    /// The next rule; `None` where none is left, or the round is over.
    pub(super) fn next(&mut self) -> Option<(AlertRule, Slot)> {
        if self.began.elapsed() >= ROUND {
            return None;
        }
        let rule = self.rules.pop()?;
        let began = Instant::now();
        let slow = Slow {
            tried: began,
            end: self.end,
            tenant: rule.spec.tenant_id.clone(),
        };
        self.scheduler.slow().insert(rule.id, slow);
        let slot = Slot {
            rule: rule.id,
            began,
        };
        Some((rule, slot))
    }

    /// Ends an evaluation. After a slow one, the same tenant's other rules wait for everybody else's.
    pub(super) fn end(&mut self, slot: &Slot, slow: bool) {
        if slow {
            self.sort();
        } else {
            self.scheduler.slow().remove(&slot.rule);
        }
    }

    /// Rules that were never slow come first, then those of tenants with slow rules, then slow rules,
    /// the one that waited longest first; among equals the one whose evaluation is furthest behind.
    fn sort(&mut self) {
        let slow = self.scheduler.slow();
        let tenants: HashSet<_> = slow.values().map(|slow| &slow.tenant).collect();
        self.rules.sort_by_cached_key(|rule| {
            std::cmp::Reverse((
                slow.get(&rule.id).map(|slow| slow.tried),
                tenants.contains(&rule.spec.tenant_id),
                rule.state.evaluated_to,
                rule.id,
            ))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::alerts::{AlertSpec, AlertState, AlertType, Comparison};

    fn rule(id: i64, tenant: Option<&str>) -> AlertRule {
        let spec = AlertSpec::new("volume", AlertType::RequestVolume, Comparison::Gt, 1.0);
        AlertRule {
            id,
            revision: 1,
            spec: AlertSpec {
                tenant_id: tenant.map(str::to_owned),
                ..spec
            },
            state: AlertState::new(0),
            last_fired_at: None,
            created_by: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn run(
        scheduler: &FairScheduler,
        rules: &[AlertRule],
        end: UnixSeconds,
        slow: &[i64],
    ) -> Vec<i64> {
        let mut queue = scheduler.queue(rules.to_vec(), end);
        let mut order = Vec::new();
        while let Some((rule, slot)) = queue.next() {
            order.push(rule.id);
            queue.end(&slot, slow.contains(&rule.id));
        }
        order
    }

    #[test]
    fn a_tenant_whose_rule_was_slow_waits_for_everybody_else() {
        let scheduler = FairScheduler::default();
        let rules = [
            rule(1, Some("a")),
            rule(2, Some("a")),
            rule(3, Some("a")),
            rule(4, Some("b")),
            rule(5, None),
        ];
        // Already in the round in which it is found out, and in the next ones from the beginning.
        assert_eq!(run(&scheduler, &rules, 60, &[1, 2]), [1, 4, 5, 2, 3]);
        assert_eq!(run(&scheduler, &rules, 120, &[1, 2]), [4, 5, 3, 1, 2]);
        // Not twice for one minute.
        assert_eq!(run(&scheduler, &rules, 120, &[]), [4, 5, 3]);
        assert_eq!(run(&scheduler, &rules, 180, &[]), [4, 5, 3, 1, 2]);
        assert_eq!(run(&scheduler, &rules, 240, &[]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn slow_rules_take_turns() {
        let scheduler = FairScheduler::default();
        let rules = [rule(1, None), rule(2, None), rule(3, None)];
        assert_eq!(run(&scheduler, &rules, 60, &[1, 2]), [1, 2, 3]);
        // A round that ends after one of them: the other has waited longer by the next.
        let mut queue = scheduler.queue(rules.to_vec(), 120);
        for expected in [3, 1] {
            let next = queue.next();
            assert_eq!(next.as_ref().map(|(rule, _)| rule.id), Some(expected));
            if let Some((_, slot)) = next {
                queue.end(&slot, expected == 1);
            }
        }
        drop(queue);
        assert_eq!(run(&scheduler, &rules, 180, &[]), [3, 2, 1]);
    }

    #[test]
    fn a_turn_that_was_never_ended_was_slow() {
        let scheduler = FairScheduler::default();
        let rules = [rule(1, None), rule(2, Some("a"))];
        let mut queue = scheduler.queue(rules.to_vec(), 60);
        assert_eq!(queue.next().map(|(rule, _)| rule.id), Some(1));
        drop(queue);
        assert_eq!(run(&scheduler, &rules, 120, &[]), [2, 1]);
    }

    #[test]
    fn what_was_judged_least_far_comes_first() {
        let scheduler = FairScheduler::default();
        let mut rules = [rule(1, None), rule(2, None)];
        rules[0].state.evaluated_to = 60;
        assert_eq!(run(&scheduler, &rules, 120, &[]), [2, 1]);
    }
}
