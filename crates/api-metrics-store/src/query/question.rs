//! What is asked: a range, a filter, a scope and a grouping.

use std::sync::Arc;

use api_metrics_layer::{EventKind, Protocol};

use crate::{
    calendar::{Axis, Step, Tz},
    query::Group,
    time::{Granularity, UnixSeconds},
};

/// A half-open range of time, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TimeRange {
    /// The first second that belongs to it.
    pub from: UnixSeconds,
    /// The first second after it.
    pub to: UnixSeconds,
}

impl TimeRange {
    /// The range `[from, to)`; empty where `to <= from`.
    #[must_use]
    pub const fn new(from: UnixSeconds, to: UnixSeconds) -> Self {
        Self { from, to }
    }

    /// Whether no second belongs to it.
    #[cfg(feature = "control")]
    pub(crate) const fn is_empty(self) -> bool {
        self.to <= self.from
    }

    /// Whether `at` belongs to it.
    #[must_use]
    pub(crate) const fn contains(self, at: UnixSeconds) -> bool {
        self.from <= at && at < self.to
    }
}

/// What the caller of an answer may see. It is enforced in the statement, not afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything, totals over all tenants included.
    #[default]
    All,
    /// The keys of one tenant.
    Tenant(String),
    /// These API keys, by their number in `api_keys`.
    Keys(Vec<i64>),
}

/// Which series count. A `None` filters nothing, but for the protocol.
///
/// | `protocol` | counts |
/// |---|---|
/// | `None` | the server's own: `http` and `grpc`, so that an agent's seconds never enter an API's p95 |
/// | `any` | all |
/// | `billed` | what quotas and bills count: all but `webrtc` and `http-client` |
/// | any other name | that one |
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Filter {
    /// The recording service.
    pub service: Option<String>,
    /// Its environment.
    pub environment: Option<String>,
    /// `http`, `grpc`, a kind of events, or one of the names of the table above.
    pub protocol: Option<String>,
    /// The method, in capitals.
    pub method: Option<String>,
    /// The route template, exactly.
    pub endpoint: Option<String>,
    /// One API key by its number in `api_keys`; 0 stands for requests without a key.
    pub api_key_id: Option<i64>,
    /// The keys of one user, by their `user_id`. A read narrows the scope of the question to them.
    pub user_id: Option<String>,
    /// The keys of one team, by their `team_id`. A read narrows the scope of the question to them.
    pub team_id: Option<String>,
}

impl Filter {
    /// All protocols, kinds of events included.
    const ANY_PROTOCOL: &'static str = "any";
    /// What quotas and bills count: everything but what browsers measure and what the service asks of others.
    const BILLED_PROTOCOLS: &'static str = "billed";

    /// What quotas and bills count.
    #[must_use]
    pub fn billed() -> Self {
        Self {
            protocol: Some(Self::BILLED_PROTOCOLS.to_owned()),
            ..Self::default()
        }
    }

    /// Everything that was ever counted.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            protocol: Some(Self::ANY_PROTOCOL.to_owned()),
            ..Self::default()
        }
    }

    /// Whether `protocol` of a filter can have this value.
    #[must_use]
    pub fn is_protocol(name: &str) -> bool {
        Protocol::SERVED.contains(&name)
            || [Self::ANY_PROTOCOL, Self::BILLED_PROTOCOLS].contains(&name)
            || EventKind::is_name(name)
    }

    /// Whether series of this protocol may count.
    #[must_use]
    pub fn admits_protocol(&self, protocol: &str) -> bool {
        self.protocols().admit(protocol)
    }

    /// The protocols that count.
    pub(crate) fn protocols(&self) -> Protocols<'_> {
        Protocols::of(self.protocol.as_deref())
    }
}

impl<'a> Protocols<'a> {
    /// Those that a filter means.
    pub(crate) fn of(protocol: Option<&'a str>) -> Self {
        match protocol {
            None => Protocols::Among(&Protocol::SERVED),
            Some(Filter::ANY_PROTOCOL) => Protocols::Any,
            Some(Filter::BILLED_PROTOCOLS) => Protocols::AllBut(&UNBILLED),
            Some(name) => Protocols::One(name),
        }
    }
}

/// What nobody is billed for, and no quota counts.
const UNBILLED: [&str; 2] = ["webrtc", "http-client"];

/// Which protocols count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocols<'a> {
    /// All.
    Any,
    /// This one.
    One(&'a str),
    /// These.
    Among(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
}

impl Protocols<'_> {
    /// Whether this one is among them.
    pub(crate) fn admit(self, protocol: &str) -> bool {
        match self {
            Self::Any => true,
            Self::One(name) => name == protocol,
            Self::Among(names) => names.contains(&protocol),
            Self::AllBut(names) => !names.contains(&protocol),
        }
    }
}

/// Some consecutive periods of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AxisWindow {
    /// An instant in the first of them, in Unix seconds; the axis' first period where it lies before the axis.
    pub from: UnixSeconds,
    /// How many, at least one.
    pub steps: usize,
}

impl AxisWindow {
    /// The period that contains `from` and those after it, `steps` in all.
    #[must_use]
    pub const fn new(from: UnixSeconds, steps: usize) -> Self {
        Self { from, steps }
    }
}

/// How a range is divided into periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeStep {
    /// Stored periods, in UTC: of this granularity where it is kept, of the finest that is kept elsewhere. For
    /// those who can tell rows of unlike length apart.
    Fixed(Granularity),
    /// Periods of one step in a zone's calendar. Where the step is not kept for the whole range, the question is
    /// refused with [`StoreError::NotKept`](crate::store::StoreError::NotKept).
    Calendar(Step, Tz),
    /// The finest step of a zone's calendar that is kept for the whole range and divides it into at most this
    /// many periods; weeks where there is none.
    Auto(i64, Tz),
}

/// The dimensions that rows are told apart by. Without any there is one row, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of dimensions, each of them on or off"
)]
#[non_exhaustive]
pub struct GroupBy {
    /// By recording service.
    pub service: bool,
    /// By environment.
    pub environment: bool,
    /// By protocol.
    pub protocol: bool,
    /// By method.
    pub method: bool,
    /// By route template.
    pub endpoint: bool,
    /// By API key.
    pub api_key: bool,
    /// By the user that the API key belongs to.
    pub user: bool,
    /// By the team that the API key belongs to.
    pub team: bool,
    /// By time.
    pub time: Option<TimeStep>,
}

/// How much of the records an answer tells. What is not asked for is not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Detail {
    /// How many requests there were; everything else in a row's bucket is empty. Where the scope is all, and
    /// rows are not told apart by time, nor by key and endpoint both, a few dozen rows of the database tell
    /// it of any number of series.
    Requests,
    /// All counts and sums, the smallest and the largest latency; the sketch is empty.
    Counts,
    /// Quantiles too.
    #[default]
    Quantiles,
}

/// A part of the groups, ranked by their requests over the whole range: the most first, equals in the order
/// of [`Group`]. Of all others nothing but requests is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TopK {
    /// At most this many groups.
    pub limit: usize,
    /// Only those that rank behind this one, which need not be among them any more: the last of the page
    /// before.
    pub after: Option<RankCursor>,
}

impl TopK {
    /// The first so many.
    #[must_use]
    pub const fn first(limit: usize) -> Self {
        Self { limit, after: None }
    }
}

/// Where a group stands in the ranking by requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RankCursor {
    /// Its requests over the whole range.
    pub requests: u64,
    /// Its names, without a step of time.
    pub group: Group,
}

impl RankCursor {
    /// A group with these requests over the whole range.
    #[must_use]
    pub const fn new(requests: u64, group: Group) -> Self {
        Self { requests, group }
    }
}

/// One question to a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Query {
    /// The range asked for; the answer says which range it really covers.
    pub range: TimeRange,
    /// Which series count.
    pub filter: Filter,
    /// What the caller may see.
    pub scope: Scope,
    /// How the rows are told apart.
    pub group_by: GroupBy,
    /// How much of the records the rows tell.
    pub detail: Detail,
    /// Only some groups, by their requests over the whole range; `None` for all of them. Groups count
    /// without their time: each that is kept has all of its steps.
    pub top: Option<TopK>,
    /// Only some periods of the axis: a long answer is read window by window. For a step of the calendar.
    pub window: Option<AxisWindow>,
    /// The axis of an earlier answer about the same range, so that all windows are cut in the same way.
    pub axis: Option<Arc<Axis>>,
}

impl Query {
    /// All requests to the server in a range, as one row, with quantiles.
    #[must_use]
    pub fn over(range: TimeRange) -> Self {
        Self {
            range,
            filter: Filter::default(),
            scope: Scope::All,
            group_by: GroupBy::default(),
            detail: Detail::Quantiles,
            top: None,
            window: None,
            axis: None,
        }
    }
}
