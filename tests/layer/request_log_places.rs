//! Countries: of all requests that are counted, from those alone who may tell.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use api_metrics_layer::{
    ApiMetricsLayer, Country, GeoHeaders, Geography, Locate, LoggedRequest, MetricSink,
    PeerAddress, Place, RequestCapture, RequestLogSink, RequestRecord, Unrecorded, WithRequestLog,
};
use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::Request,
    routing::get,
};
use tower::ServiceExt;

struct Log {
    capture: RequestCapture,
    countries: Mutex<BTreeMap<String, u64>>,
    places: Mutex<Vec<Place>>,
}

impl RequestLogSink for Log {
    fn capture(&self) -> &RequestCapture {
        &self.capture
    }

    fn admits(&self, _: &'static str, endpoint: Option<&str>) -> bool {
        endpoint != Some("/excluded")
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        self.places.lock().unwrap().push(request.place.place());
    }

    fn count_country(&self, _: &RequestRecord<'_>, country: Option<Country>) {
        let country = country.map_or_else(String::new, |country| country.to_string());
        *self.countries.lock().unwrap().entry(country).or_default() += 1;
    }
}

fn log(geography: Option<Geography>) -> Arc<Log> {
    let mut capture = RequestCapture::default();
    capture.trusted_proxies.push("10.0.0.0/8".parse().unwrap());
    capture.geography = geography;
    Arc::new(Log {
        capture,
        countries: Mutex::default(),
        places: Mutex::default(),
    })
}

/// Counts what is recorded.
#[derive(Default)]
struct Counted(AtomicU64);

impl MetricSink for Counted {
    fn record(&self, _: &RequestRecord<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn app(sink: impl MetricSink) -> Router {
    Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/excluded", get(|| async { "ok" }))
        .route("/unrecorded", get(|| async { (Extension(Unrecorded), ()) }))
        .route("/hangs", get(std::future::pending::<()>))
        .layer(ApiMetricsLayer::new(sink).for_axum())
}

fn request(path: &str, peer: Option<&str>, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(peer) = peer {
        let peer = peer.parse::<IpAddr>().unwrap();
        request.extensions_mut().insert(PeerAddress(peer));
    }
    request
}

async fn send(app: &Router, request: Request<Body>) {
    let response = app.clone().oneshot(request).await.unwrap();
    to_bytes(response.into_body(), 1 << 20).await.unwrap();
}

struct File;

impl Locate for File {
    fn locate(&self, address: IpAddr) -> Option<Place> {
        let swiss = address.to_string().starts_with("192.0.2.");
        swiss.then(|| Place::in_country(Country::of("CH").unwrap()))
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_tells_the_country_and_the_file_knows_the_client_behind_it() {
    let mut geography = Geography::headers([GeoHeaders::cloudflare()]);
    geography.locate = Some(Arc::new(File));
    let log = log(Some(geography));
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    let told = [("cf-ipcountry", "DE"), ("cf-ipcity", "Bonn")];
    let behind = [("x-forwarded-for", "192.0.2.7")];
    for (peer, headers, country, city) in [
        (Some("10.1.1.1"), &told[..], Some("DE"), Some("Bonn")),
        (Some("10.1.1.1"), &behind[..], Some("CH"), None),
        // Anybody can write a header.
        (Some("192.0.2.9"), &told[..], Some("CH"), None),
        (Some("203.0.113.9"), &told[..], None, None),
        (None, &told[..], None, None),
    ] {
        send(&app, request("/", peer, headers)).await;
        let [place] = std::mem::take(&mut *log.places.lock().unwrap())
            .try_into()
            .unwrap();
        assert_eq!(place.country, country.and_then(Country::of), "{peer:?}");
        assert_eq!(place.city.as_deref(), city);
    }
    let counted = log.countries.lock().unwrap().clone();
    let expected = [("", 2), ("CH", 2), ("DE", 1)];
    assert_eq!(
        counted,
        expected.map(|(country, n)| (country.to_owned(), n)).into()
    );
}

#[tokio::test]
async fn countries_add_up_to_what_is_counted_excluded_and_aborted_requests_included() {
    let log = log(Some(Geography::headers([GeoHeaders::vercel()])));
    let counted = Arc::new(Counted::default());
    let app = app(WithRequestLog::new(Arc::clone(&counted), Arc::clone(&log)));
    let country = [("x-vercel-ip-country", "JP")];
    for path in ["/", "/excluded", "/unrecorded", "/unknown"] {
        for _ in 0..3 {
            send(&app, request(path, Some("10.1.1.1"), &country)).await;
        }
    }
    send(&app, request("/excluded", None, &[])).await;
    // The client leaves.
    let mut hangs = Box::pin(
        app.clone()
            .oneshot(request("/hangs", Some("10.1.1.1"), &country)),
    );
    assert!(futures_util::poll!(&mut hangs).is_pending());
    drop(hangs);
    assert_eq!(counted.0.load(Ordering::Relaxed), 11);
    let expected = [("", 1), ("JP", 10)];
    let found = log.countries.lock().unwrap().clone();
    assert_eq!(
        found,
        expected.map(|(country, n)| (country.to_owned(), n)).into()
    );
    // `/`, the unknown path and the one that was left: excluded routes are not shown to the log.
    assert_eq!(log.places.lock().unwrap().len(), 7);
}

#[tokio::test]
async fn no_place_is_told_and_no_country_is_counted_while_geography_is_off() {
    let log = log(None);
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    send(
        &app,
        request("/", Some("10.1.1.1"), &[("cf-ipcountry", "DE")]),
    )
    .await;
    assert_eq!(*log.places.lock().unwrap(), [Place::default()]);
    assert!(log.countries.lock().unwrap().is_empty());
}
