//! Releases: each version of a service, held against the one before.
//!
//! Processes name their version when they start. The fold counts what each version answers by five minutes, and this
//! module compares: 5xx in percentage points and the 95th percentile in percent, each with an interval that holds with
//! 99%. What follows is one of four words.
//!
//! | verdict | it says |
//! |---|---|
//! | worse | the interval lies above 0, and the difference is 0.02 points or 5% at least |
//! | better | the same below 0 |
//! | no difference | neither: there is none that matters, or this traffic can't show it |
//! | too few | fewer than 100 requests on a side, or too few beyond the quantile |
//!
//! | module | what it holds |
//! |---|---|
//! | `verdict` | intervals: two numbers of requests in, one difference out |
//! | `compare` | which requests of two versions are held against each other |
//! | `regression` | what a rule of the type `release_regression` measures |
//! | `words` | a verdict in a sentence |
//! | `contract` | [`ReleaseStore`] |
//!
//! The version before is the one whose first request came last before. A version that comes back is no new release.

mod compare;
mod contract;
mod regression;
mod verdict;
mod words;

pub use compare::{
    ComparedWith, ReleaseComparison, ReleasedVersion, VersionFigures, VersionPeriod,
};
pub(super) use contract::RegressionStore;
pub use contract::{ComparedRelease, ReleaseQuery, ReleaseStore, Rollout};
pub(super) use regression::{MeasuredRelease, Regressions};
pub use verdict::{Difference, ReleaseVerdict};
