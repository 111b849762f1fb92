//! A window that moves over parts without summing them anew.
//!
//! # Two stacks
//!
//! ```text
//! steps       s0  s1  s2  s3 | s4  s5  s6
//! older       [s0+s1+s2+s3, s1+s2+s3, s2+s3, s3]  reversed, so that the whole is on top
//! newer       s4+s5+s6
//! window      top of older + newer
//! ```
//!
//! A new step is added to `newer`. A step that leaves pops `older`; where `older` is empty, the steps
//! of `newer` become its suffix sums first. Each step is so added once to `newer` and once to `older`,
//! and a window costs one more addition. Memory is one sum a step of the window.

use super::{
    AlertSpec, AlertType,
    baseline::Baseline,
    evaluate::{short_window, window},
    measure::{Beside, Measured, WindowSum},
};
use crate::{query::TimeRange, sketch::SketchError, time::UnixSeconds};

/// The sum of the steps in a window that only moves forward. Sketches can't be subtracted, so it is
/// kept as two stacks: each step is added at most twice and summed once, however long the window is.
#[derive(Debug)]
pub(super) struct Sliding<'a> {
    /// In the order of time.
    steps: &'a [(UnixSeconds, WindowSum)],
    /// The first step of the window.
    first: usize,
    /// The first step after it.
    end: usize,
    /// Of the older steps: the last is the sum of all of them, the one before it leaves out the first
    /// step, and so on.
    older: Vec<WindowSum>,
    /// The sum of the newer steps.
    newer: WindowSum,
}

impl<'a> Sliding<'a> {
    /// A window over `steps`, which ascend by time; it starts empty, before the first of them.
    pub(super) fn over(steps: &'a [(UnixSeconds, WindowSum)]) -> Self {
        Self {
            steps,
            first: 0,
            end: 0,
            older: Vec::new(),
            newer: WindowSum::default(),
        }
    }

    /// The sum of the steps that start in `window`, neither of whose edges lies before the last one's.
    ///
    /// # Errors
    ///
    /// `SketchError::KindMismatch` where steps have sketches of different kinds.
    pub(super) fn at(&mut self, window: TimeRange) -> Result<WindowSum, SketchError> {
        while let Some((_, part)) = self.step(self.end, window.to) {
            self.newer.add(part)?;
            self.end += 1;
        }
        while self.first < self.end && self.step(self.first, window.from).is_some() {
            if self.older.is_empty() {
                self.turn_over()?;
            }
            self.older.pop();
            self.first += 1;
        }
        let mut sum = self.older.last().cloned().unwrap_or_default();
        sum.add(&self.newer)?;
        Ok(sum)
    }

    /// The step at this place, if it starts before `at`.
    fn step(&self, place: usize, at: UnixSeconds) -> Option<&'a (UnixSeconds, WindowSum)> {
        self.steps.get(place).filter(|(start, _)| *start < at)
    }

    /// The newer steps become the older ones.
    fn turn_over(&mut self) -> Result<(), SketchError> {
        let steps = self.steps.get(self.first..self.end).unwrap_or_default();
        for (_, part) in steps.iter().rev() {
            let mut sum = part.clone();
            if let Some(later) = self.older.last() {
                sum.add(later)?;
            }
            self.older.push(sum);
        }
        self.newer = WindowSum::default();
        Ok(())
    }
}

/// The windows of a rule over steps: its window, and of a burn rate the short one at its end.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    whole: Sliding<'a>,
    short: Sliding<'a>,
}

impl<'a> Windows<'a> {
    /// Windows over `steps`, which ascend by time.
    pub(super) fn over(steps: &'a [(UnixSeconds, WindowSum)]) -> Self {
        Self {
            whole: Sliding::over(steps),
            short: Sliding::over(steps),
        }
    }

    /// What the rule measures at `end`, which does not lie before the last one.
    ///
    /// # Errors
    ///
    /// `SketchError::KindMismatch` where steps have sketches of different kinds.
    pub(super) fn measured(
        &mut self,
        spec: &AlertSpec,
        end: UnixSeconds,
        baseline: Option<Baseline>,
    ) -> Result<Measured, SketchError> {
        let whole = self.whole.at(window(spec, end))?;
        let short = match spec.alert_type {
            AlertType::BurnRate => Some(self.short.at(short_window(spec, end))?),
            _ => None,
        };
        let beside = Beside {
            baseline,
            short: short.as_ref(),
        };
        Ok(whole.measured(spec, beside))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        bucket::Bucket,
        control::alerts::{AlertSpec, AlertType, Comparison, evaluate::slice},
        control::objectives::{Aim, Indicator},
        query::{Group, Row},
        sketch::SketchKind,
    };

    fn row(minute: i64, key: i64, method: &str, requests: u64) -> Row {
        let mut bucket = Bucket::new(SketchKind::Histogram);
        bucket.request_count = requests;
        bucket.error_count_5xx = requests / 3;
        for n in 0..requests {
            bucket.sketch.record(1 + n * 977 % 10_000);
        }
        Row {
            group: Group {
                period_start: Some(minute * 60),
                api_key_id: Some(key),
                method: Some(method.into()),
                ..Group::default()
            },
            bucket,
            approximate: false,
        }
    }

    proptest! {
        /// Every type, so that sums, sketches, methods and busiest keys are all held against the rows.
        #[test]
        fn a_window_that_slides_measures_what_its_rows_do(
            rows in prop::collection::btree_map((0_i64..40, 1_i64..4), (0_usize..2, 0_u64..9), 0..60),
            length in 1_i64..20,
            stride in 1_i64..4,
        ) {
            let limits = HashMap::from([(1, 4), (2, 6)]);
            let rows: Vec<Row> = rows
                .into_iter()
                .map(|((minute, key), (method, n))| row(minute, key, ["GET", "PUT"][method], n))
                .collect();
            let steps: Vec<_> = rows
                .chunk_by(|a, b| a.group.period_start == b.group.period_start)
                .map(|rows| {
                    let part = WindowSum::of(None, rows.iter(), Some(&limits)).unwrap();
                    (rows[0].group.period_start.unwrap(), part)
                })
                .collect();
            let mut sliding = Sliding::over(&steps);
            let mut end = 1;
            while end < 64 {
                let window = TimeRange::new((end - length) * 60, end * 60);
                let found = sliding.at(window).unwrap();
                let whole = WindowSum::of(None, slice(&rows, window).iter(), Some(&limits)).unwrap();
                for alert_type in AlertType::ALL {
                    let mut spec = AlertSpec::new("rule", *alert_type, Comparison::Gt, 1.0);
                    spec.quantile = Some(0.9);
                    spec.aim = Some(Aim { indicator: Indicator::latency(5_000), target_ppm: 990_000 });
                    let beside = Beside { baseline: None, short: Some(&whole) };
                    prop_assert_eq!(found.measured(&spec, beside), whole.measured(&spec, beside));
                }
                end += stride;
            }
        }
    }
}
