//! An incident by consumer, endpoint and status code, with a verdict in words for each.

use std::collections::{BTreeMap, HashMap};

use super::{
    super::{AlertSpec, AlertType, Comparison},
    Pairs, Release,
    verdict::{Amounts, Verdict, judge, percent, share},
};
use crate::{
    bucket::Bucket,
    control::{keys::KeyRecord, text::count},
    query::Detail,
    text::escaped,
    time::UnixSeconds,
};

/// How many parts are named.
const NAMED: usize = 8;

/// What a breakdown counts.
///
/// | rule | counts | against |
/// |---|---|---|
/// | errors | 4xx and 5xx | requests before |
/// | burn rate of availability | 5xx | requests before |
/// | burn rate of latency | requests slower than the objective's threshold | requests before |
/// | response time above a threshold | requests slower than it, from the sketch | requests before |
/// | volume, rate limit, anomaly | requests | requests before |
/// | volume below a threshold | requests that are missing against before | requests before |
/// | bandwidth | bytes | bytes before |
/// | unit | its sum | its sum before |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Measure {
    /// 4xx and 5xx.
    Errors,
    /// 5xx, failed and panicked.
    ServerErrors,
    /// Requests slower than the threshold.
    SlowRequests,
    /// Requests.
    Requests,
    /// Requests that there were before and are not now.
    MissingRequests,
    /// Bytes of bodies.
    Bytes,
    /// The sum of the rule's unit.
    Unit,
}

impl From<Measure> for &'static str {
    /// `errors`, `server_errors`, `slow_requests`, `requests`, `missing_requests`, `bytes` or `unit`.
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Errors => "errors",
            Measure::ServerErrors => "server_errors",
            Measure::SlowRequests => "slow_requests",
            Measure::Requests => "requests",
            Measure::MissingRequests => "missing_requests",
            Measure::Bytes => "bytes",
            Measure::Unit => "unit",
        }
    }
}

impl Measure {
    /// What suits a rule.
    pub(super) fn of(spec: &AlertSpec) -> Self {
        let below = matches!(spec.comparison, Comparison::Lt | Comparison::Lte);
        match spec.alert_type {
            AlertType::ErrorRate | AlertType::AnomalyErrors => Self::Errors,
            AlertType::BurnRate if spec.reads_sketches() => Self::SlowRequests,
            AlertType::BurnRate => Self::ServerErrors,
            AlertType::ReleaseRegression if spec.quantile.is_none() => Self::ServerErrors,
            AlertType::ResponseTime if !below => Self::SlowRequests,
            AlertType::RequestVolume if below => Self::MissingRequests,
            AlertType::Bandwidth | AlertType::AnomalyBandwidth => Self::Bytes,
            AlertType::Unit => Self::Unit,
            _ => Self::Requests,
        }
    }

    /// What has to be read for it.
    pub(super) const fn detail(self) -> Detail {
        match self {
            Self::SlowRequests => Detail::Quantiles,
            _ => Detail::Counts,
        }
    }

    /// In a sentence.
    const fn noun(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::ServerErrors => "server errors",
            Self::SlowRequests => "slow requests",
            Self::Requests => "requests",
            Self::MissingRequests => "missing requests",
            Self::Bytes => "bytes",
            Self::Unit => "units",
        }
    }

    /// What it is held against, in a sentence.
    const fn usual_noun(self) -> &'static str {
        match self {
            Self::Errors | Self::ServerErrors | Self::SlowRequests | Self::MissingRequests => {
                "traffic"
            }
            Self::Requests => "requests before",
            Self::Bytes => "bytes before",
            Self::Unit => "units before",
        }
    }

    /// Of a sum, without what is usual.
    fn amount(self, sum: Option<&Bucket>, spec: &AlertSpec) -> u64 {
        let Some(sum) = sum else { return 0 };
        match self {
            Self::Errors => sum.error_count_4xx + sum.error_count_5xx,
            Self::ServerErrors => sum.error_count_5xx,
            Self::SlowRequests => slower(sum, spec.slow_ms()),
            Self::Requests | Self::MissingRequests => sum.request_count,
            Self::Bytes => sum.request_bytes.saturating_add(sum.response_bytes),
            Self::Unit => spec.unit.as_deref().map_or(0, |unit| sum.units.sum(unit)),
        }
    }
}

/// How many requests were slower than so many milliseconds, from the sketch: as many as its quantiles say.
fn slower(sum: &Bucket, threshold_ms: f64) -> u64 {
    let n = sum.latency_count;
    let is_slow = |rank: u64| {
        sum.quantile_ms(rank as f64 / n as f64)
            .is_some_and(|ms| ms > threshold_ms)
    };
    // The first of the ranks 1 to n that is slow.
    let (mut low, mut high) = (1, n + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_slow(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    n + 1 - low
}

/// A dimension of an incident.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Breakdown {
    /// What the shares say.
    pub verdict: Verdict,
    /// The same in words.
    pub text: String,
    /// All of it in the incident.
    pub total: u64,
    /// The largest parts, at most eight.
    pub parts: Vec<Part>,
    /// How many parts there are.
    pub of: u64,
}

/// A part of an incident. A consumer has the number of its key, an endpoint a method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// As people know it: fit for a line.
    pub name: String,
    /// Of a consumer: the number of its key; 0 stands for requests without one.
    pub api_key_id: Option<i64>,
    /// Of an endpoint: its method.
    pub method: Option<String>,
    /// Of an endpoint: its route template.
    pub endpoint: Option<String>,
    /// Of a status code: the code.
    pub status: Option<u16>,
    /// How much of it is in the incident.
    pub amount: u64,
    /// Its requests in the incident.
    pub requests: u64,
    /// Its share of the incident, 0 to 1.
    pub share: f64,
    /// Its usual share, 0 to 1; `None` where too little came before to tell.
    pub usual_share: Option<f64>,
}

impl Part {
    fn named(name: String) -> Self {
        Self {
            name,
            api_key_id: None,
            method: None,
            endpoint: None,
            status: None,
            amount: 0,
            requests: 0,
            share: 0.0,
            usual_share: None,
        }
    }
}

/// The words of a dimension.
struct Words {
    /// `consumer`
    one: &'static str,
    /// `one client`
    alone: &'static str,
    /// `: the service`
    alike: &'static str,
}

/// What two spans are compared by.
pub(super) struct Spans<'a> {
    pub(super) measure: Measure,
    pub(super) spec: &'a AlertSpec,
    /// How often the usual span goes into the incident's.
    pub(super) ratio: f64,
}

impl Spans<'_> {
    /// By consumer.
    pub(super) fn consumers(
        &self,
        pairs: Pairs<(i64, String, String)>,
        keys: &HashMap<i64, KeyRecord>,
    ) -> Breakdown {
        let parts = pairs.into_iter().map(|((id, ..), pair)| {
            let name = match keys.get(&id) {
                Some(key) => key.shown_label().into_owned(),
                None if id == 0 => "requests without a key".to_owned(),
                None => format!("key {id}"),
            };
            let mut part = Part::named(name);
            part.api_key_id = Some(id);
            (part, self.amounts(&pair))
        });
        let words = Words {
            one: "consumer",
            alone: "client",
            alike: ": the service",
        };
        self.breakdown(parts, &words)
    }

    /// By endpoint.
    pub(super) fn endpoints(&self, pairs: Pairs<(i64, String, String)>) -> Breakdown {
        let parts = pairs.into_iter().map(|((_, method, endpoint), pair)| {
            let mut part = Part::named(escaped(&format!("{method} {endpoint}")).trim().to_owned());
            part.method = Some(method);
            part.endpoint = Some(endpoint);
            (part, self.amounts(&pair))
        });
        let words = Words {
            one: "endpoint",
            alone: "endpoint",
            alike: "",
        };
        self.breakdown(parts, &words)
    }

    /// By status code: of errors where the rule is about them, else of all requests. Held against the codes before.
    pub(super) fn statuses(&self, now: Option<&Bucket>, before: Option<&Bucket>) -> Breakdown {
        let least = match self.measure {
            Measure::Errors => Some(400),
            Measure::ServerErrors => Some(500),
            _ => None,
        };
        let errors = least.is_some();
        let mut codes: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
        let counted = |sum: &Option<&Bucket>| {
            let sum = sum.map(|sum| sum.status_counts.iter().collect::<Vec<_>>());
            sum.unwrap_or_default()
                .into_iter()
                // An aborted request is no error.
                .filter(move |(code, _)| least.is_none_or(|least| *code >= least && *code != 499))
        };
        for (code, n) in counted(&now) {
            codes.entry(code).or_default().0 += n;
        }
        for (code, n) in counted(&before) {
            codes.entry(code).or_default().1 += n;
        }
        let parts = codes.into_iter().map(|(code, (now, usual))| {
            let mut part = Part::named(code.to_string());
            part.status = Some(code);
            (part, (Amounts { now, usual }, now))
        });
        let spans = Spans {
            measure: if errors {
                Measure::Errors
            } else {
                Measure::Requests
            },
            ..*self
        };
        let words = Words {
            one: "status code",
            alone: "status code",
            alike: "",
        };
        let mut found = spans.breakdown(parts, &words);
        if errors {
            found.text = found.text.replace("of the traffic", "of the errors before");
        }
        found
    }

    /// A part's amounts, and its requests in the incident.
    fn amounts(&self, (now, usual): &(Option<Bucket>, Option<Bucket>)) -> (Amounts, u64) {
        let requests = |sum: &Option<Bucket>| sum.as_ref().map_or(0, |sum| sum.request_count);
        let amount = |sum: &Option<Bucket>| self.measure.amount(sum.as_ref(), self.spec);
        let amounts = match self.measure {
            Measure::Errors | Measure::ServerErrors | Measure::SlowRequests => Amounts {
                now: amount(now),
                usual: requests(usual),
            },
            Measure::MissingRequests => Amounts {
                now: ((requests(usual) as f64 * self.ratio) as u64).saturating_sub(requests(now)),
                usual: requests(usual),
            },
            Measure::Requests | Measure::Bytes | Measure::Unit => Amounts {
                now: amount(now),
                usual: amount(usual),
            },
        };
        (amounts, requests(now))
    }

    fn breakdown(
        &self,
        parts: impl Iterator<Item = (Part, (Amounts, u64))>,
        words: &Words,
    ) -> Breakdown {
        let mut parts: Vec<_> = parts.collect();
        parts.sort_by(|(a, (x, _)), (b, (y, _))| {
            (y.now, y.usual, &a.name).cmp(&(x.now, x.usual, &b.name))
        });
        let amounts: Vec<Amounts> = parts.iter().map(|(_, (amounts, _))| *amounts).collect();
        let verdict = judge(&amounts);
        let sum = |of: fn(&Amounts) -> u64| amounts.iter().map(of).fold(0, u64::saturating_add);
        let (now, usual) = (sum(|part| part.now), sum(|part| part.usual));
        let of = parts.len() as u64;
        let parts: Vec<Part> = parts
            .into_iter()
            .take(NAMED)
            .map(|(mut part, (amounts, requests))| {
                part.amount = amounts.now;
                part.requests = requests;
                part.share = share(amounts.now, now);
                part.usual_share =
                    (usual >= super::verdict::FEWEST).then(|| share(amounts.usual, usual));
                part
            })
            .collect();
        Breakdown {
            text: self.text(verdict, now, &parts, words),
            verdict,
            total: now,
            parts,
            of,
        }
    }

    /// The verdict in words.
    fn text(&self, verdict: Verdict, total: u64, parts: &[Part], words: &Words) -> String {
        let (noun, one) = (self.measure.noun(), words.one);
        let first = |n: usize| {
            let parts = parts.get(..n.min(parts.len())).unwrap_or_default();
            let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            let now = parts.iter().map(|part| part.share).sum();
            let usual: Option<f64> = parts.iter().map(|part| part.usual_share).sum();
            let usual = usual.map_or(String::new(), |usual| {
                format!(
                    " and {} of the {}",
                    percent(usual),
                    self.measure.usual_noun()
                )
            });
            let verb = if n == 1 { "is" } else { "are" };
            format!(
                "{} {verb} {} of the {noun}{usual}",
                names.join(", "),
                percent(now)
            )
        };
        match verdict {
            Verdict::TooFew => format!("{} {noun}: too few to tell", count(total)),
            Verdict::OnlyOne => {
                let name = parts.first().map_or("", |part| &part.name);
                format!("{name} is the only {one}")
            }
            Verdict::One => format!("{}: one {}", first(1), words.alone),
            Verdict::Few(n) => format!("{}: a few {}s", first(usize::from(n)), words.alone),
            Verdict::Alike => format!("all {one}s alike{}", words.alike),
            Verdict::Mixed => format!("no single {one}: {} at most", first(1)),
        }
    }
}

/// All of an incident in one sentence: who, where, which answer, and the release that was close before `start`.
pub(super) fn sentence(
    consumers: &Breakdown,
    endpoints: &Breakdown,
    statuses: &Breakdown,
    release: Option<&Release>,
    start: UnixSeconds,
) -> String {
    let mut text = consumers.text.clone();
    let first = |of: &Breakdown| of.parts.first().map(|part| part.name.clone());
    if let (Verdict::One, Some(name)) = (endpoints.verdict, first(endpoints)) {
        text.push_str(&format!("; mostly {name}"));
    }
    match (statuses.verdict, first(statuses)) {
        (Verdict::One, Some(name)) => text.push_str(&format!("; mostly status {name}")),
        (Verdict::OnlyOne, Some(name)) => text.push_str(&format!("; all with status {name}")),
        _ => {}
    }
    if let Some(release) = release {
        let minutes = (start - release.at) / 60;
        let when = match minutes {
            ..=0 => "just before".to_owned(),
            n => format!("{n} min before"),
        };
        text.push_str(&format!("; release {} {when}", escaped(&release.version)));
    }
    text
}
