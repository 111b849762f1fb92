//! Units: what a request used or was worth beside its time and its bytes, such as tokens, credits or a score.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The longest name of a unit, in bytes.
pub const MAX_UNIT_BYTES: usize = 64;
/// Different units that one request counts by name, at most; those beyond count as [`OTHER_UNIT`].
pub const MAX_UNITS_A_REQUEST: usize = 16;
/// The unit under which all count that are beyond a bound.
pub const OTHER_UNIT: &str = "<other>";
/// The unit under which that counts whose name or value can't be kept.
pub const INVALID_UNIT: &str = "<invalid>";

/// Millionths in one.
const SCALE: f64 = 1e6;
/// The greatest distance from 0 of a gauge's value: 2^53 millionths, up to which a float tells each of them apart.
const MAX_MILLIONTHS: f64 = 9_007_199_254_740_992.0;

/// Whether a unit may be called so: 1 to 64 ASCII letters, digits, or `_`, `-`, `.`, `:`, `/`.
///
/// ```
/// use api_metrics_layer::is_unit_name;
///
/// assert!(is_unit_name("tokens") && is_unit_name("gen_ai.usage.output_tokens"));
/// assert!(!is_unit_name("") && !is_unit_name("my tokens") && !is_unit_name(&"t".repeat(65)));
/// ```
#[must_use]
pub fn is_unit_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    (1..=MAX_UNIT_BYTES).contains(&name.len()) && name.bytes().all(fits)
}

/// In a response's extensions: what the request used, by name, in whole numbers; and what it was worth, where that
/// is no sum.
///
/// | method | keeps | rolls up as | for |
/// |---|---|---|---|
/// | [`add`](Self::add), [`count`](Self::count) | a `u64` | a sum | tokens, credits, rows, seconds of video |
/// | [`gauge`](Self::gauge), [`observe`](Self::observe) | a float, to millionths | count, sum, minimum and maximum, so that means roll up | a score, a ratio, a depth |
///
/// ```
/// use api_metrics_layer::Units;
/// use http::Response;
///
/// let mut response = Response::new("Paris.");
/// response
///     .extensions_mut()
///     .insert(Units::new().add("tokens", 1_234).gauge("score", 0.87));
/// ```
///
/// # A response that streams
///
/// Clones share what they count, and it is read when the request ends. So a handler can insert one clone and
/// count into another while it streams. What a client that leaves has used until then is counted.
///
/// ```
/// use api_metrics_layer::Units;
/// use http::Response;
///
/// let units = Units::new();
/// let mut response = Response::new("a stream of tokens");
/// response.extensions_mut().insert(units.clone());
/// // For each piece that is sent:
/// units.count("tokens", 3);
/// ```
///
/// # Bounds
///
/// Nothing here panics, and nothing is dropped in silence:
///
/// - A name must be one of [`is_unit_name`]. What stands under another one is added to the unit
///   [`INVALID_UNIT`], which every view shows.
/// - A gauge's value must be finite and between -9,007,199,254 and 9,007,199,254; it is rounded to millionths.
///   Another one counts once in [`INVALID_UNIT`].
/// - Beyond 16 names a request counts as [`OTHER_UNIT`]. A recorder and a database have bounds of their own.
/// - Sums saturate at `u64::MAX`. A name may be both a sum and a gauge, which are kept apart.
/// - What is counted after the request has ended is not recorded.
#[derive(Clone, Default)]
pub struct Units(Arc<Mutex<Vec<Unit>>>);

/// Units that were counted alike are equal, whether or not they are clones.
impl PartialEq for Units {
    fn eq(&self, other: &Self) -> bool {
        // A copy, so that no two are locked at once.
        let mine = self.lock().clone();
        mine == *other.lock()
    }
}

/// One unit of a request.
#[derive(Clone, PartialEq)]
struct Unit {
    name: Cow<'static, str>,
    value: UnitValue,
}

/// What was counted of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitValue {
    /// Added up.
    Sum(u64),
    /// Observed.
    Gauge(Gauge),
}

impl Units {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to a sum, and returns the units themselves for the next one.
    #[must_use = "the units belong into the response's extensions"]
    pub fn add(self, name: impl Into<Cow<'static, str>>, amount: u64) -> Self {
        self.count(name, amount);
        self
    }

    /// Observes a value that is no sum, and returns the units themselves for the next one.
    #[must_use = "the units belong into the response's extensions"]
    pub fn gauge(self, name: impl Into<Cow<'static, str>>, value: impl Into<f64>) -> Self {
        self.observe(name, value);
        self
    }

    /// Adds to a sum, of all clones.
    pub fn count(&self, name: impl Into<Cow<'static, str>>, amount: u64) {
        self.put(name.into(), UnitValue::Sum(amount));
    }

    /// Observes a value that is no sum, for all clones.
    pub fn observe(&self, name: impl Into<Cow<'static, str>>, value: impl Into<f64>) {
        match Gauge::of(value.into()) {
            Some(gauge) => self.put(name.into(), UnitValue::Gauge(gauge)),
            None => self.put(INVALID_UNIT.into(), UnitValue::Sum(1)),
        }
    }

    /// Hands each name and its value to `each`, in the order in which they were first counted. The names
    /// are bounded. A name may come twice, once as a sum and once as a gauge.
    ///
    /// `each` must not count into the same units.
    pub fn for_each(&self, mut each: impl FnMut(&str, &UnitValue)) {
        for unit in self.lock().iter() {
            each(&unit.name, &unit.value);
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn put(&self, name: Cow<'static, str>, value: UnitValue) {
        let valid = is_unit_name(&name) || *name == *INVALID_UNIT || *name == *OTHER_UNIT;
        let mut name = if valid { name } else { INVALID_UNIT.into() };
        let mut units = self.lock();
        if units.iter_mut().any(|unit| unit.add(&name, value)) {
            return;
        }
        if units.len() >= MAX_UNITS_A_REQUEST {
            if units.iter_mut().any(|unit| unit.add(OTHER_UNIT, value)) {
                return;
            }
            name = OTHER_UNIT.into();
        }
        units.push(Unit { name, value });
    }

    /// The units, also after a panic in another holder: each is whole at any time.
    fn lock(&self) -> MutexGuard<'_, Vec<Unit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unit {
    /// Adds to it, if it has this name and is of this sort.
    fn add(&mut self, name: &str, value: UnitValue) -> bool {
        if self.name != name {
            return false;
        }
        match (&mut self.value, value) {
            (UnitValue::Sum(sum), UnitValue::Sum(amount)) => *sum = sum.saturating_add(amount),
            (UnitValue::Gauge(gauge), UnitValue::Gauge(observed)) => gauge.merge(&observed),
            _ => return false,
        }
        true
    }
}

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.lock();
        f.debug_map()
            .entries(units.iter().map(|unit| (&unit.name, &unit.value)))
            .finish()
    }
}

/// Observations of a value that is no sum, to millionths. Adding two gives exactly what all their observations
/// would have given, in any order.
///
/// ```
/// use api_metrics_layer::Gauge;
///
/// let mut score = Gauge::of(0.5).unwrap();
/// score.merge(&Gauge::of(0.9).unwrap());
/// assert_eq!((score.count(), score.min(), score.max()), (2, 0.5, 0.9));
/// assert_eq!(score.mean(), 0.7);
/// assert_eq!(Gauge::of(f64::NAN), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    count: u64,
    min: i64,
    max: i64,
    sum: i128,
}

impl Gauge {
    /// One observation, rounded to millionths. `None` where it is not finite or further from 0 than
    /// 9,007,199,254.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "within 2^53 millionths")]
    pub fn of(value: f64) -> Option<Self> {
        let millionths = (value * SCALE).round();
        // NaN is in no range.
        if !(-MAX_MILLIONTHS..=MAX_MILLIONTHS).contains(&millionths) {
            return None;
        }
        Self::from_millionths(1, millionths as i64, millionths as i64, millionths as i128)
    }

    /// A gauge of its parts: observations, minimum, maximum and sum, the last three in millionths. `None`
    /// without an observation, and where the parts contradict each other.
    #[must_use]
    pub fn from_millionths(count: u64, min: i64, max: i64, sum: i128) -> Option<Self> {
        let n = i128::from(count);
        // Fits: 64 bits times 64 bits.
        let between = n * i128::from(min) <= sum && sum <= n * i128::from(max);
        (count > 0 && between).then_some(Self {
            count,
            min,
            max,
            sum,
        })
    }

    /// Adds all observations of another one. The count saturates.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        let n = i128::from(self.count);
        let sum = self.sum.saturating_add(other.sum);
        // Changes nothing unless the count has saturated.
        self.sum = sum.clamp(n * i128::from(self.min), n * i128::from(self.max));
    }

    /// Observations, at least one.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The smallest, in millionths.
    #[must_use]
    pub const fn min_millionths(&self) -> i64 {
        self.min
    }

    /// The greatest, in millionths.
    #[must_use]
    pub const fn max_millionths(&self) -> i64 {
        self.max
    }

    /// All of them together, in millionths.
    #[must_use]
    pub const fn sum_millionths(&self) -> i128 {
        self.sum
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min as f64 / SCALE
    }

    /// The greatest.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max as f64 / SCALE
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum as f64 / SCALE
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64 / SCALE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(units: &Units) -> Vec<(String, UnitValue)> {
        let mut all = Vec::new();
        units.for_each(|name, value| all.push((name.to_owned(), *value)));
        all
    }

    #[test]
    fn clones_share_what_they_count() {
        let units = Units::new().add("tokens", 3);
        let clone = units.clone();
        clone.count("tokens", 4);
        clone.count("cached", 0);
        let expected = [("tokens", 7), ("cached", 0)];
        assert_eq!(
            shown(&units),
            expected.map(|(name, n)| (name.to_owned(), UnitValue::Sum(n)))
        );
    }

    #[test]
    fn what_can_not_be_kept_counts_as_invalid() {
        let units = Units::new()
            .add("", 1)
            .add("my tokens", 2)
            .add("t\0", 3)
            .add("tökens", 4)
            .add("x".repeat(65), 5)
            .gauge("score", f64::NAN)
            .gauge("score", f64::INFINITY)
            .gauge("score", 1e10);
        assert_eq!(
            shown(&units),
            [(
                INVALID_UNIT.to_owned(),
                UnitValue::Sum(1 + 2 + 3 + 4 + 5 + 3)
            )]
        );
    }

    #[test]
    fn names_beyond_the_bound_count_as_other_and_sums_saturate() {
        let units = Units::new();
        for n in 0..40_u64 {
            units.count(format!("unit{n}"), n);
            units.count("unit0", u64::MAX);
        }
        let all = shown(&units);
        assert_eq!(all.len(), MAX_UNITS_A_REQUEST + 1);
        assert_eq!(all[0].1, UnitValue::Sum(u64::MAX));
        let rest = (16..40).sum();
        assert_eq!(all[16], (OTHER_UNIT.to_owned(), UnitValue::Sum(rest)));
    }

    #[test]
    fn a_name_may_be_a_sum_and_a_gauge() {
        let units = Units::new().add("x", 1).gauge("x", 2).gauge("x", -1.5);
        let gauge = Gauge::from_millionths(2, -1_500_000, 2_000_000, 500_000);
        assert_eq!(
            gauge.map(|it| (it.sum(), it.mean(), it.min())),
            Some((0.5, 0.25, -1.5))
        );
        let values = [Some(UnitValue::Sum(1)), gauge.map(UnitValue::Gauge)];
        let expected = values.into_iter().flatten();
        let expected: Vec<_> = expected.map(|value| ("x".to_owned(), value)).collect();
        assert_eq!(shown(&units), expected);
    }

    #[test]
    fn parts_that_contradict_each_other_are_no_gauge() {
        for (count, min, max, sum) in [(0, 0, 0, 0), (1, 2, 1, 1), (2, 1, 3, 7), (2, 1, 3, 1)] {
            assert_eq!(Gauge::from_millionths(count, min, max, sum), None);
        }
        let most = Gauge::from_millionths(u64::MAX, i64::MIN, i64::MIN, {
            i128::from(u64::MAX) * i128::from(i64::MIN)
        });
        assert!(most.is_some());
    }
}
