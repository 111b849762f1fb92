//! How often our own routes are asked, and how long they take to answer.
//!
//! Each router registers its routes when it is built, so what is counted is bounded by the routes that
//! there are: a path that matches none is counted as [`UNMATCHED`]. Counting takes no lock but, with a control plane,
//! that of the recent times of all routes together.
//!
//! # What is timed
//!
//! | part of a request | is in its time |
//! |---|---|
//! | authentication, and the wait for a query's turn | yes |
//! | the handler, up to the head of its answer | yes |
//! | the body of the answer: a download, a stream of events | no |
//! | compression, and what the host has put around the router | no |
//!
//! A request whose client leaves before its answer has a head is not counted. Neither is a preflight request of
//! CORS, which never reaches a route.
//!
//! # Where it stands
//!
//! The middleware is around each route and not around the router, because a route knows its template below the mount
//! point without asking anybody, and its timer without looking it up. Each router's table adds it, so that a new route
//! can't be forgotten.

#[cfg(feature = "control")]
mod recent;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use api_metrics_layer::UNMATCHED;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, StatusCode};

#[cfg(feature = "control")]
pub(crate) use recent::RecentTimes;

/// Upper bounds of latencies, in microseconds and in seconds: those that OpenTelemetry's semantic conventions advise
/// for HTTP servers. Seconds are in the canonical form of OpenMetrics.
pub(crate) const BOUNDS: [(u64, &str); 14] = [
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (75_000, "0.075"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (750_000, "0.75"),
    (1_000_000, "1.0"),
    (2_500_000, "2.5"),
    (5_000_000, "5.0"),
    (7_500_000, "7.5"),
    (10_000_000, "10.0"),
];

/// The first digits of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The times of all routes of some routers. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouteTimes {
    all: Arc<Mutex<Vec<RouteTimer>>>,
    /// Those of all routes together.
    #[cfg(feature = "control")]
    recent: Arc<RecentTimes>,
}

/// The times of one route, for the middleware around it.
#[derive(Debug, Clone)]
pub(crate) struct RouteTimer {
    methods: Arc<[MethodTimes]>,
    #[cfg(feature = "control")]
    recent: Arc<RecentTimes>,
}

/// What was asked of a route by one method.
#[derive(Debug)]
struct MethodTimes {
    /// `admin`, `console`, `collector` or `ingest`.
    router: &'static str,
    /// The template below the mount point.
    route: String,
    /// `None`: every method.
    method: Option<Method>,
    /// Answers by the hundreds of their status.
    classes: [AtomicU64; CLASSES.len()],
    /// Answers up to each bound; a last one takes the rest.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// Microseconds of all answers.
    sum_us: AtomicU64,
}

/// What a route's times were at one moment.
#[derive(Debug, Clone)]
pub(crate) struct RouteTimesNow {
    /// The router.
    pub(crate) router: &'static str,
    /// The template below the mount point.
    pub(crate) route: String,
    /// The method; `_OTHER` where no route matched, as OpenTelemetry says.
    pub(crate) method: String,
    /// Answers by the hundreds of their status, those that there are.
    pub(crate) classes: Vec<(&'static str, u64)>,
    /// Answers up to each of [`BOUNDS`], and all.
    pub(crate) cumulative: [u64; BOUNDS.len() + 1],
    /// Microseconds of all answers.
    pub(crate) sum_us: u64,
}

impl RouteTimes {
    /// Registers a route of a router with its methods.
    pub(crate) fn route(
        &self,
        router: &'static str,
        route: &str,
        methods: impl IntoIterator<Item = Method>,
    ) -> RouteTimer {
        let methods = methods.into_iter().map(Some);
        self.register(methods.map(|method| MethodTimes::new(router, route, method)))
    }

    /// Registers what matches no route of a router.
    pub(crate) fn unmatched(&self, router: &'static str) -> RouteTimer {
        self.register([MethodTimes::new(router, UNMATCHED, None)])
    }

    fn register(&self, methods: impl IntoIterator<Item = MethodTimes>) -> RouteTimer {
        let timer = RouteTimer {
            methods: methods.into_iter().collect(),
            #[cfg(feature = "control")]
            recent: Arc::clone(&self.recent),
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(timer.clone());
        timer
    }

    /// How long all routes took since the last call.
    #[cfg(feature = "control")]
    pub(crate) fn take_recent(&self) -> api_metrics_store::control::health::OwnTimes {
        self.recent.take()
    }

    /// The routes that were asked, in the order in which they were registered.
    pub(crate) fn now(&self) -> Vec<RouteTimesNow> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .flat_map(|timer| timer.methods.iter())
            .map(MethodTimes::now)
            .filter(|now| now.cumulative.last() != Some(&0))
            .collect()
    }
}

impl RouteTimer {
    /// Middleware: counts an answer when its head is ready. So a stream is counted when it begins, and its
    /// lifetime stays out of the times.
    pub(crate) async fn time(State(timer): State<Self>, request: Request, next: Next) -> Response {
        let method = request.method().clone();
        let started = Instant::now();
        let response = next.run(request).await;
        timer.add(&method, response.status(), started.elapsed());
        response
    }

    fn add(&self, method: &Method, status: StatusCode, took: Duration) {
        // A route that answers GET answers HEAD.
        let asked = match method {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        #[cfg(feature = "control")]
        self.recent.add(took);
        let times = self
            .methods
            .iter()
            .find(|times| times.method.as_ref().is_none_or(|method| method == asked));
        if let Some(times) = times {
            times.add(status, took);
        }
    }
}

impl MethodTimes {
    fn new(router: &'static str, route: &str, method: Option<Method>) -> Self {
        Self {
            router,
            route: route.to_owned(),
            method,
            classes: Default::default(),
            buckets: Default::default(),
            sum_us: AtomicU64::new(0),
        }
    }

    fn add(&self, status: StatusCode, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS.partition_point(|(bound, _)| *bound < us);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(class) = self.classes.get(class) {
            class.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn now(&self) -> RouteTimesNow {
        let mut sum = 0;
        let counts = CLASSES.iter().zip(&self.classes);
        RouteTimesNow {
            router: self.router,
            route: self.route.clone(),
            method: match &self.method {
                Some(method) => method.to_string(),
                None => "_OTHER".to_owned(),
            },
            classes: counts
                .map(|(class, n)| (*class, n.load(Ordering::Relaxed)))
                .filter(|(_, n)| *n > 0)
                .collect(),
            cumulative: std::array::from_fn(|at| {
                sum += self.buckets[at].load(Ordering::Relaxed);
                sum
            }),
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_listed_once_it_was_asked_with_each_method_by_itself() {
        let times = RouteTimes::default();
        let timer = times.route("admin", "/keys/{id}", [Method::GET, Method::PUT]);
        assert!(times.now().is_empty());
        let ms = Duration::from_millis;
        timer.add(&Method::GET, StatusCode::OK, ms(5));
        timer.add(&Method::HEAD, StatusCode::NOT_FOUND, ms(6));
        timer.add(&Method::PATCH, StatusCode::OK, ms(6));
        times
            .unmatched("admin")
            .add(&Method::PATCH, StatusCode::BAD_GATEWAY, ms(11_000));
        let now = times.now();
        let seen: Vec<_> = now
            .iter()
            .map(|now| (now.method.as_str(), now.route.as_str(), &now.classes[..]))
            .collect();
        assert_eq!(
            seen,
            [
                ("GET", "/keys/{id}", &[("2xx", 1), ("4xx", 1)][..]),
                ("_OTHER", UNMATCHED, &[("5xx", 1)])
            ]
        );
        // A value on a bound belongs below it.
        assert_eq!(now[0].cumulative[..2], [1, 2]);
        assert_eq!(now[1].cumulative[13..], [0, 1]);
        assert_eq!(now[0].sum_us, 11_000);
    }
}
