//! Which metrics are counted, and as what.
//!
//! | metric | unit | counted as |
//! |---|---|---|
//! | `http.server.request.duration` | s | requests with their latencies |
//! | `http.server.duration` | ms | the same, unless the resource sends the one above too |
//! | `http.server.request.body.size`, `http.server.request.size` | By | bytes of requests |
//! | `http.server.response.body.size`, `http.server.response.size` | By | bytes of responses |
//! | `http.server.requests`, of another api-metrics alone | {request} | requests by their status; the latencies are then only latencies |
//!
//! Another api-metrics knows latencies by endpoint, and requests by endpoint and status, but no latencies by status: its
//! histogram has no status, and would count as requests whose caller left. So of its scope, `api-metrics`, requests are
//! counted by `http.server.requests` alone, and what the histogram says are the latencies of the same requests.
//!
//! A stream is told apart by all that its library tells streams apart by: the attributes of the resource, name and version
//! of the scope, the metric, the attributes of the point, when it began, and the shape of its bins. Two processes that
//! name the same resource, as those of Rust's library do, differ by when they began.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api_metrics_store::ingest::{Bins, Measure, MetricPoint};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, DataPointFlags, ExponentialHistogramDataPoint, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, exponential_histogram_data_point::Buckets,
        metric::Data, number_data_point,
    },
};
use sha2::{Digest, Sha256};

use super::{
    attributes::{self, canonical, put},
    body::Rejected,
};

/// A point may be taken so far ahead of our clock.
const AHEAD: Duration = Duration::from_secs(3_600);
/// A point may be taken so long ago, as by a sender that was cut off.
const BEHIND: Duration = Duration::from_secs(30 * 86_400);
/// The most points of a body.
const MAX_POINTS: usize = 10_000;
/// The most requests of a point: beyond, numbers of JSON and of means are no longer exact.
const MAX_COUNT: u64 = 1 << 53;
/// The scope of what another api-metrics sends.
const OWN: &str = "api-metrics";
/// What the scopes of Python's libraries begin with, whose old metrics have the template in `http.target`.
const PYTHON: &str = "opentelemetry.instrumentation.";
/// The most bins of a histogram, which bounds what is kept of a stream.
const MAX_BINS: usize = 1_024;
/// The furthest that the bins of an exponential histogram may lie from 1: 2^100 at the finest scale.
const MAX_OFFSET: i32 = 100 << 20;

/// What a request holds.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What is to be counted.
    pub(super) points: Vec<MetricPoint>,
    /// What is not.
    pub(super) rejected: Rejected,
}

/// A metric that is counted.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    /// What its numbers are.
    measure: Measure,
    /// The unit of one that names none.
    unit: &'static str,
    /// The stable metric that says the same, of a name of before.
    instead: Option<&'static str>,
}

/// What a metric is counted as; `None`: not at all. `own`: it comes from another api-metrics, which knows latencies
/// and statuses each by themselves.
fn known(name: &str, own: bool) -> Option<Meaning> {
    let (measure, unit, instead) = match name {
        "http.server.request.duration" if own => (Measure::LatencyAlone, "s", None),
        "http.server.requests" if own => (Measure::Requests, "{request}", None),
        "http.server.request.duration" => (Measure::Latency, "s", None),
        "http.server.duration" => (Measure::Latency, "ms", Some("http.server.request.duration")),
        "http.server.request.body.size" => (Measure::RequestBytes, "By", None),
        "http.server.request.size" => (
            Measure::RequestBytes,
            "By",
            Some("http.server.request.body.size"),
        ),
        "http.server.response.body.size" => (Measure::ResponseBytes, "By", None),
        "http.server.response.size" => (
            Measure::ResponseBytes,
            "By",
            Some("http.server.response.body.size"),
        ),
        _ => return None,
    };
    Some(Meaning {
        measure,
        unit,
        instead,
    })
}

/// What a value of this unit is multiplied by to become microseconds or bytes. `None`: it is no unit of that
/// measure, and none is guessed.
fn factor(measure: Measure, unit: &str) -> Option<f64> {
    match (measure, unit) {
        (Measure::Latency | Measure::LatencyAlone, "s") => Some(1e6),
        (Measure::Latency, "ms") => Some(1e3),
        (Measure::Latency, "us" | "µs") => Some(1.0),
        (Measure::Latency, "ns") => Some(1e-3),
        (Measure::Requests, "{request}") => Some(1.0),
        (Measure::RequestBytes | Measure::ResponseBytes, "By") => Some(1.0),
        _ => None,
    }
}

/// Reads all metrics that are counted.
pub(super) fn read(sent: &ExportMetricsServiceRequest, now: SystemTime) -> Read {
    let mut read = Read::default();
    let name_of = |resource: &ResourceMetrics| {
        let mut name = Vec::new();
        let attributes = resource.resource.as_ref().map(|one| &*one.attributes);
        canonical(attributes.unwrap_or_default(), &mut name);
        hash(&name)
    };
    let names: Vec<[u8; 16]> = sent.resource_metrics.iter().map(name_of).collect();
    // Some libraries send both while a service changes over, and a collector may part them.
    let there: HashSet<([u8; 16], &str)> = sent
        .resource_metrics
        .iter()
        .zip(&names)
        .flat_map(|(resource, name)| {
            let metrics = resource.scope_metrics.iter().flat_map(|it| &it.metrics);
            metrics.map(|metric| (*name, metric.name.as_str()))
        })
        .collect();
    for (resource, name) in sent.resource_metrics.iter().zip(&names) {
        for scope in &resource.scope_metrics {
            let scope_name = scope.scope.as_ref().map_or("", |scope| &scope.name);
            let scope_version = scope.scope.as_ref().map_or("", |scope| &scope.version);
            for metric in &scope.metrics {
                let Some(known) = known(&metric.name, scope_name == OWN) else {
                    continue;
                };
                if known
                    .instead
                    .is_some_and(|stable| there.contains(&(*name, stable)))
                {
                    continue;
                }
                let mut stream = name.to_vec();
                for piece in [scope_name, scope_version, &metric.name] {
                    put(&mut stream, piece.as_bytes());
                }
                let reader = Reader {
                    known,
                    has_target: known.instead.is_some() && scope_name.starts_with(PYTHON),
                    resource: *name,
                    stream: hash(&stream),
                    now,
                };
                reader.read(metric, &mut read);
            }
        }
    }
    read
}

/// Reads the points of one metric.
struct Reader {
    /// What the metric is counted as.
    known: Meaning,
    /// Whether its attribute `http.target` is a template.
    has_target: bool,
    /// The hash of the resource that it comes from.
    resource: [u8; 16],
    /// A hash of what tells its streams from those of other metrics.
    stream: [u8; 16],
    /// Our clock, beyond which no point may lie by more than an hour.
    now: SystemTime,
}

impl Reader {
    /// Adds the points that can be counted, and those that can't to the rejected ones.
    fn read(&self, metric: &Metric, read: &mut Read) {
        let unit = if metric.unit.is_empty() {
            self.known.unit
        } else {
            &metric.unit
        };
        let named = |why: &str| format!("{}: {why}", metric.name);
        let rejected = &mut read.rejected;
        let points = match &metric.data {
            Some(Data::Histogram(one)) => one.data_points.len(),
            Some(Data::ExponentialHistogram(one)) => one.data_points.len(),
            Some(Data::Gauge(one)) => one.data_points.len(),
            Some(Data::Sum(one)) => one.data_points.len(),
            Some(Data::Summary(one)) => one.data_points.len(),
            // Also what JSON's reader could not make sense of: it says no more.
            None => 1,
        };
        let Some(factor) = factor(self.known.measure, unit) else {
            rejected.add(points, named("its unit is none that is known"));
            return;
        };
        let (temporality, all): (i32, Vec<Result<MetricPoint, String>>) = match &metric.data {
            Some(Data::Histogram(one)) => {
                let points = one.data_points.iter();
                let points = points.filter(|point| is_recorded(point.flags));
                let all = points.map(|point| self.explicit(point, factor));
                (one.aggregation_temporality, all.collect())
            }
            Some(Data::ExponentialHistogram(one)) => {
                let points = one.data_points.iter();
                let points = points.filter(|point| is_recorded(point.flags));
                let all = points.map(|point| self.exponential(point, factor));
                (one.aggregation_temporality, all.collect())
            }
            Some(Data::Sum(one)) if self.known.measure == Measure::Requests => {
                let points = one.data_points.iter();
                let points = points.filter(|point| is_recorded(point.flags));
                let all = points.map(|point| self.number(point));
                (one.aggregation_temporality, all.collect())
            }
            Some(_) => {
                rejected.add(points, named("it is no histogram"));
                return;
            }
            None => {
                rejected.add(points, named("it has no data that can be read"));
                return;
            }
        };
        let is_cumulative = match AggregationTemporality::try_from(temporality) {
            Ok(AggregationTemporality::Cumulative) => true,
            Ok(AggregationTemporality::Delta) => false,
            _ => {
                rejected.add(points, named("it is neither cumulative nor of deltas"));
                return;
            }
        };
        for point in all {
            match point {
                Ok(_) if read.points.len() >= MAX_POINTS => {
                    rejected.add(1, "a body has at most 10,000 points");
                }
                Ok(mut point) => {
                    point.is_cumulative = is_cumulative;
                    read.points.push(point);
                }
                Err(why) => rejected.add(1, named(&why)),
            }
        }
    }

    /// What both kinds of points have in common.
    ///
    /// # Errors
    /// What is wrong with it.
    fn point(
        &self,
        attributes: &[KeyValue],
        (started_ns, at_ns): (u64, u64),
        (count, sum): (u64, Option<f64>),
        factor: f64,
        shape: &[u8],
    ) -> Result<MetricPoint, String> {
        let requests = attributes::read(attributes, self.has_target)?;
        if at_ns == 0 {
            return Err("a point has no time".to_owned());
        }
        let at = UNIX_EPOCH + Duration::from_nanos(at_ns);
        if at > self.now + AHEAD {
            return Err("a point lies more than an hour ahead".to_owned());
        }
        if at + BEHIND < self.now {
            return Err("a point is more than 30 days old".to_owned());
        }
        if started_ns > at_ns {
            return Err("a point was taken before it began".to_owned());
        }
        if count > MAX_COUNT {
            return Err("a count is above 2^53".to_owned());
        }
        let sum = sum.unwrap_or_default() * factor;
        if !sum.is_finite() || sum < 0.0 {
            return Err("a sum is no number from 0 up".to_owned());
        }
        let mut stream = self.stream.to_vec();
        canonical(attributes, &mut stream);
        put(&mut stream, &started_ns.to_le_bytes());
        put(&mut stream, shape);
        let mut point = MetricPoint::new(requests.method, requests.endpoint, hash(&stream));
        point.resource = self.resource;
        point.started_ns = started_ns;
        point.at_ns = at_ns;
        point.status = requests.status;
        point.outcome = requests.outcome;
        point.measure = self.known.measure;
        point.count = count;
        point.sum = sum;
        Ok(point)
    }

    /// A number of requests.
    ///
    /// # Errors
    /// What is wrong with it: it is no whole number from 0 up.
    fn number(&self, sent: &NumberDataPoint) -> Result<MetricPoint, String> {
        let count = match sent.value {
            Some(number_data_point::Value::AsInt(count)) => u64::try_from(count).ok(),
            _ => None,
        };
        let count = count.ok_or_else(|| "a number of requests is no whole number".to_owned())?;
        let times = (sent.start_time_unix_nano, sent.time_unix_nano);
        self.point(&sent.attributes, times, (count, None), 1.0, b"number")
    }

    /// A point whose bins lie between bounds that it names.
    ///
    /// # Errors
    /// What is wrong with it: bounds that don't ascend, or counts that fit neither them nor the sum of all.
    fn explicit(&self, sent: &HistogramDataPoint, factor: f64) -> Result<MetricPoint, String> {
        let bounds: Vec<f64> = sent
            .explicit_bounds
            .iter()
            .map(|one| one * factor)
            .collect();
        let ascending = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || !bounds.iter().all(|bound| bound.is_finite()) {
            return Err("its bounds don't ascend".to_owned());
        }
        let counts = &sent.bucket_counts;
        // Both may be left out: a count and a sum without bins.
        let without = counts.is_empty() && bounds.is_empty();
        if counts.len() > MAX_BINS || (!without && counts.len() != bounds.len() + 1) {
            return Err("its counts don't fit its bounds".to_owned());
        }
        let mut shape: Vec<u8> = bounds
            .iter()
            .flat_map(|bound| bound.to_le_bytes())
            .collect();
        shape.push(u8::from(without));
        let times = (sent.start_time_unix_nano, sent.time_unix_nano);
        let sums = (sent.count, sent.sum);
        let mut point = self.point(&sent.attributes, times, sums, factor, &shape)?;
        point.range = range(sent.min, sent.max, factor);
        point.bins = Bins::Explicit(bounds);
        point.counts = (0..)
            .zip(counts)
            .filter(|(_, count)| **count > 0)
            .map(|(bin, count)| (bin, *count))
            .collect();
        checked(point)
    }

    /// A point whose bins lie between the powers of a base that its scale says.
    ///
    /// # Errors
    /// What is wrong with it: an impossible scale, values below 0, too many bins, or counts that don't add up.
    fn exponential(
        &self,
        sent: &ExponentialHistogramDataPoint,
        factor: f64,
    ) -> Result<MetricPoint, String> {
        if !(-10..=20).contains(&sent.scale) {
            return Err("its scale is none from -10 to 20".to_owned());
        }
        if sent
            .negative
            .as_ref()
            .is_some_and(|bins| bins.bucket_counts.iter().any(|n| *n > 0))
        {
            return Err("it has values below 0".to_owned());
        }
        let times = (sent.start_time_unix_nano, sent.time_unix_nano);
        let sums = (sent.count, sent.sum);
        let mut point = self.point(&sent.attributes, times, sums, factor, b"exponential")?;
        point.range = range(sent.min, sent.max, factor);
        point.bins = Bins::Exponential {
            scale: sent.scale,
            unit: factor,
        };
        let mut counts = BTreeMap::new();
        if let Some(Buckets {
            offset,
            bucket_counts,
        }) = &sent.positive
        {
            if bucket_counts.len() > MAX_BINS {
                return Err("it has more than 1,024 bins".to_owned());
            }
            // Beyond, there are no times: at scale 20 a bin is a millionth of an octave.
            if !(-MAX_OFFSET..=MAX_OFFSET).contains(offset) {
                return Err("its bins lie where no time does".to_owned());
            }
            for (at, count) in (*offset..).zip(bucket_counts) {
                if *count > 0 {
                    counts.insert(at, *count);
                }
            }
        }
        if sent.zero_count > 0 {
            counts.insert(i32::MIN, sent.zero_count);
        }
        point.counts = counts;
        checked(point)
    }
}

/// Refuses a point whose bins hold more or less requests than it counts.
///
/// # Errors
/// What is wrong with it.
fn checked(point: MetricPoint) -> Result<MetricPoint, String> {
    let within = point
        .counts
        .values()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count));
    if point.counts.is_empty() || within == Some(point.count) {
        Ok(point)
    } else {
        Err("its bins don't add up to its count".to_owned())
    }
}

/// The least and the greatest value.
fn range(least: Option<f64>, most: Option<f64>, factor: f64) -> Option<(f64, f64)> {
    let (least, most) = (least? * factor, most? * factor);
    (least <= most).then_some((least, most))
}

/// Whether a point says anything: some are sent to say that there is nothing any more.
const fn is_recorded(flags: u32) -> bool {
    flags & DataPointFlags::NoRecordedValueMask as u32 == 0
}

/// The first half of a SHA-256: streams and resources are told apart by it, and nobody gains by two that collide
/// under a token of their own.
fn hash(bytes: &[u8]) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(bytes).into();
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(whole) {
        *to = from;
    }
    half
}
