//! The state machine of a rule: from one evaluation to the next, without clock or store.

use uuid::Uuid;

use super::{AlertSpec, AlertState, Phase};
use crate::time::UnixSeconds;

/// The value of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evaluation {
    /// The end of the window.
    pub(super) end: UnixSeconds,
    /// The value; `None` where the window held no requests, or too few.
    pub(super) value: Option<f64>,
}

impl Evaluation {
    /// Whether the value breaches the rule. A window without a value does not.
    #[must_use]
    pub(super) fn breaches(&self, spec: &AlertSpec) -> bool {
        self.value
            .is_some_and(|value| spec.comparison.holds(value, spec.threshold))
    }
}

/// What an evaluation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    /// The rule fires.
    Fired {
        /// The event that this opens.
        event: Uuid,
    },
    /// The breach is over.
    Resolved {
        /// The event that this closes.
        event: Uuid,
    },
}

/// Namespace of event ids: two processes that evaluate the same window give its event the same id.
const EVENTS: Uuid = Uuid::from_u128(0x6d6b_54f1_62cf_4f10_8f53_0e0c_6a1b_9d02);

/// How far ahead a state must lie to count as written by a clock that was wrong, in seconds.
pub(crate) const CLOCK_WAS_AHEAD: i64 = 3_600;

/// The id of the event that opens when rule `rule` fires at `end`.
#[must_use]
pub(super) fn event_id(rule: i64, end: UnixSeconds) -> Uuid {
    Uuid::new_v5(&EVENTS, format!("alert {rule} {end}").as_bytes())
}

/// The state after an evaluation, and what it changed. `last_fired_at` moves when the rule fires.
#[must_use]
pub(super) fn step(
    rule: i64,
    spec: &AlertSpec,
    state: &AlertState,
    last_fired_at: &mut Option<UnixSeconds>,
    evaluation: &Evaluation,
) -> (AlertState, Option<Transition>) {
    let end = evaluation.end;
    let cooled = last_fired_at.is_none_or(|at| {
        end - at >= i64::from(spec.cooldown_minutes) * 60 || at - end > CLOCK_WAS_AHEAD
    });
    let mut transition = None;
    let mut event_id = state.event_id;
    let phase = match (state.phase, evaluation.breaches(spec)) {
        (Phase::Firing, true) => Phase::Firing,
        (Phase::Firing, false) => {
            transition = event_id.take().map(|event| Transition::Resolved { event });
            Phase::Resolved
        }
        (Phase::Ok | Phase::Pending | Phase::Resolved, true) if cooled => {
            let event = self::event_id(rule, end);
            event_id = Some(event);
            *last_fired_at = Some(end);
            transition = Some(Transition::Fired { event });
            Phase::Firing
        }
        (Phase::Ok | Phase::Pending | Phase::Resolved, true) => Phase::Pending,
        (Phase::Resolved | Phase::Pending, false) if !cooled => Phase::Resolved,
        (Phase::Ok | Phase::Resolved | Phase::Pending, false) => Phase::Ok,
    };
    let next = AlertState {
        phase,
        since: if phase == state.phase {
            state.since
        } else {
            end
        },
        evaluated_to: end,
        event_id,
        value: evaluation.value,
    };
    (next, transition)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::control::alerts::{AlertType, Comparison};

    /// Evaluates one value a minute from minute 1 on; returns the phases and the transitions.
    fn run(spec: &AlertSpec, values: &[f64]) -> (Vec<Phase>, Vec<(i64, bool)>) {
        let mut state = AlertState::new(0);
        let (mut last, mut phases, mut transitions) = (None, Vec::new(), Vec::new());
        for (minute, value) in (1..).zip(values) {
            let evaluation = Evaluation {
                end: minute * 60,
                value: Some(*value),
            };
            let (next, transition) = step(1, spec, &state, &mut last, &evaluation);
            state = next;
            phases.push(state.phase);
            transitions.extend(transition.map(|t| (minute, matches!(t, Transition::Fired { .. }))));
        }
        (phases, transitions)
    }

    fn spec(cooldown: u32) -> AlertSpec {
        let mut spec = AlertSpec::new("errors", AlertType::ErrorRate, Comparison::Gt, 10.0);
        spec.cooldown_minutes = cooldown;
        spec
    }

    #[test]
    fn a_breach_fires_once_however_long_it_lasts() {
        let (phases, transitions) = run(&spec(2), &[1.0, 11.0, 12.0, 13.0, 14.0, 15.0, 1.0]);
        assert_eq!(transitions, [(2, true), (7, false)]);
        assert_eq!(*phases.last().unwrap(), Phase::Resolved);
    }

    #[test]
    fn a_second_breach_within_the_cooldown_waits_for_its_end() {
        let (phases, transitions) = run(&spec(4), &[11.0, 1.0, 11.0, 11.0, 11.0, 1.0]);
        assert_eq!(transitions, [(1, true), (2, false), (5, true), (6, false)]);
        use Phase::{Firing, Pending, Resolved};
        assert_eq!(
            phases,
            [Firing, Resolved, Pending, Pending, Firing, Resolved]
        );
    }

    #[test]
    fn a_breach_that_ends_within_the_cooldown_is_not_told() {
        let (phases, transitions) = run(&spec(4), &[11.0, 1.0, 11.0, 1.0, 1.0, 1.0]);
        assert_eq!(transitions, [(1, true), (2, false)]);
        assert_eq!(
            phases.get(2..).unwrap(),
            [Phase::Pending, Phase::Resolved, Phase::Ok, Phase::Ok]
        );
    }

    #[test]
    fn a_window_without_a_value_ends_a_breach() {
        let mut last = None;
        let (firing, _) = step(
            1,
            &spec(0),
            &AlertState::new(0),
            &mut last,
            &Evaluation {
                end: 60,
                value: Some(50.0),
            },
        );
        let (state, transitions) = step(
            1,
            &spec(0),
            &firing,
            &mut last,
            &Evaluation {
                end: 120,
                value: None,
            },
        );
        assert_eq!(
            transitions,
            Some(Transition::Resolved {
                event: event_id(1, 60)
            })
        );
        assert_eq!(
            (state.phase, state.event_id, state.since),
            (Phase::Resolved, None, 120)
        );
    }

    #[test]
    fn two_processes_name_an_event_alike() {
        assert_eq!(event_id(7, 60), event_id(7, 60));
        assert_ne!(event_id(7, 60), event_id(7, 120));
        assert_ne!(event_id(7, 60), event_id(8, 60));
    }
}
