//! The shop: its routes, its consumers, and the course of its days.

use std::time::{Duration, SystemTime};

use api_metrics_layer::{ApiKey, MetricSink, Outcome, RequestRecord};

use crate::random::Random;

/// One route and how it behaves on a good day.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) endpoint: &'static str,
    /// Requests a minute at an average hour.
    pub(crate) per_minute: f64,
    median_ms: f64,
    /// Of the logarithm: how long the tail is.
    spread: f64,
    bytes_in: f64,
    bytes_out: f64,
    wrong: f64,
    broken: f64,
}

const fn route(
    method: &'static str,
    endpoint: &'static str,
    per_minute: f64,
    (median_ms, spread): (f64, f64),
    (bytes_in, bytes_out): (f64, f64),
    (wrong, broken): (f64, f64),
) -> Route {
    Route {
        method,
        endpoint,
        per_minute,
        median_ms,
        spread,
        bytes_in,
        bytes_out,
        wrong,
        broken,
    }
}

const ROUTES: [Route; 17] = [
    route(
        "GET",
        "/api/products/{id}",
        34.0,
        (9.0, 0.5),
        (0.0, 6_200.0),
        (0.012, 0.0005),
    ),
    route(
        "GET",
        "/api/products",
        18.0,
        (22.0, 0.6),
        (0.0, 38_000.0),
        (0.004, 0.001),
    ),
    route(
        "GET",
        "/api/search",
        14.0,
        (48.0, 0.8),
        (0.0, 21_000.0),
        (0.02, 0.002),
    ),
    route(
        "GET",
        "/api/users/{id}",
        12.0,
        (6.0, 0.4),
        (0.0, 1_100.0),
        (0.03, 0.0004),
    ),
    route(
        "POST",
        "/api/orders",
        6.0,
        (85.0, 0.6),
        (2_400.0, 900.0),
        (0.035, 0.004),
    ),
    route(
        "GET",
        "/api/orders/{id}",
        9.0,
        (14.0, 0.5),
        (0.0, 2_800.0),
        (0.015, 0.0008),
    ),
    route(
        "PUT",
        "/api/carts/{id}",
        8.0,
        (18.0, 0.5),
        (1_500.0, 1_700.0),
        (0.02, 0.001),
    ),
    route(
        "GET",
        "/api/carts/{id}",
        10.0,
        (8.0, 0.4),
        (0.0, 2_100.0),
        (0.01, 0.0005),
    ),
    route(
        "POST",
        "/api/payments",
        3.5,
        (210.0, 0.5),
        (1_100.0, 500.0),
        (0.04, 0.006),
    ),
    route(
        "GET",
        "/api/images/{file}",
        16.0,
        (4.0, 0.7),
        (0.0, 84_000.0),
        (0.01, 0.0002),
    ),
    route(
        "GET",
        "/api/recommendations",
        7.0,
        (65.0, 0.9),
        (0.0, 14_000.0),
        (0.003, 0.004),
    ),
    route(
        "DELETE",
        "/api/carts/{id}",
        0.8,
        (12.0, 0.4),
        (0.0, 0.0),
        (0.05, 0.001),
    ),
    route(
        "PATCH",
        "/api/users/{id}",
        0.7,
        (25.0, 0.5),
        (700.0, 1_100.0),
        (0.06, 0.001),
    ),
    route(
        "GET",
        "/api/reports/{year}",
        0.6,
        (640.0, 0.7),
        (0.0, 220_000.0),
        (0.01, 0.01),
    ),
    route(
        "POST",
        "/api/teams/{team}/members",
        0.3,
        (33.0, 0.5),
        (400.0, 300.0),
        (0.09, 0.002),
    ),
    route(
        "POST",
        "/shop.v1.Inventory/Reserve",
        4.0,
        (11.0, 0.5),
        (260.0, 140.0),
        (0.008, 0.001),
    ),
    route(
        "GET",
        "<unmatched>",
        1.6,
        (0.4, 0.5),
        (0.0, 9.0),
        (1.0, 0.0),
    ),
];

/// What routes may legally be called: a page that shows the first as markup, or breaks at the length of
/// the second, is broken.
const HOSTILE: [Route; 2] = [
    route(
        "GET",
        "/odd/<script>alert(\"x\")</script>/'{a}&amp;/=cmd|{b}",
        0.2,
        (3.0, 0.4),
        (0.0, 20.0),
        (0.0, 0.0),
    ),
    route("GET", LONG, 0.2, (3.0, 0.4), (0.0, 20.0), (0.0, 0.0)),
];

/// Two thousand characters.
const LONG: &str = match std::str::from_utf8(&LONG_BYTES) {
    Ok(text) => text,
    Err(_) => "",
};
const LONG_BYTES: [u8; 2_000] = {
    let mut bytes = [b'a'; 2_000];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = if at % 100 == 0 { b'/' } else { bytes[at] };
        at += 1;
    }
    bytes
};

/// The shop's routes, with the hostile ones where they are asked for.
pub(crate) fn routes(hostile: bool) -> impl Iterator<Item = &'static Route> {
    let more: &'static [Route] = if hostile { &HOSTILE } else { &[] };
    ROUTES.iter().chain(more)
}

/// The consumers with their shares; the rest is anonymous.
const CONSUMERS: [(&str, f64); 9] = [
    ("mobile-app", 0.30),
    ("web-shop", 0.24),
    ("partner-sync", 0.10),
    ("render-farm", 0.06),
    ("warehouse", 0.05),
    ("nightly-reports", 0.03),
    ("price-watch", 0.03),
    ("42", 0.02),
    ("6b1f6a3e-5d0c-4e0a-9a3e-2f1b7c8d9e10", 0.01),
];

/// What happens once, in seconds before the end of the history.
pub(crate) const INCIDENT: std::ops::Range<i64> = 3 * 3_600..3 * 3_600 + 1_500;
pub(crate) const SILENCE: std::ops::Range<i64> = 9 * 3_600..9 * 3_600 + 2_700;

/// Who is refused at noon, when it sends far more in one minute than its limit.
const HASTY: &str = "price-watch";
/// How many requests that are, of which the limit lets the first through.
pub(crate) const HASTE: u64 = 60;

/// Records the requests of the minute `at` in which one consumer hits its limit of `limit` requests a minute.
pub(crate) fn hit_limit(sink: &impl MetricSink, at: SystemTime, limit: u64) {
    let key = ApiKey::from(HASTY);
    for n in 0..HASTE {
        let mut record = RequestRecord::new("GET", "/api/products/{id}", at);
        record.api_key = Some(&key);
        record.latency = Some(Duration::from_millis(2));
        record.response_bytes = 120;
        record.status = Some(if n < limit { 200 } else { 429 });
        sink.record(&record);
    }
}

/// How busy the shop is at `at`: quiet nights, lunch and evening peaks, slower weekends, and every
/// Monday at nine the partners fetch their week.
#[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
pub(crate) fn load(endpoint: &str, at: i64) -> f64 {
    let hour = (at.rem_euclid(86_400)) as f64 / 3_600.0;
    let weekday = (at.div_euclid(86_400) + 3).rem_euclid(7);
    // A day ends where the next begins: an evening lasts into it.
    let away = |centre: f64| (hour - centre).abs().min(24.0 - (hour - centre).abs());
    let wave = |centre: f64, width: f64| (-(away(centre) / width).powi(2)).exp();
    let day = 0.22 + 0.85 * wave(12.5, 3.2) + 1.0 * wave(19.5, 2.6);
    let week = if weekday >= 5 { 0.68 } else { 1.0 };
    let monday = weekday == 0 && (9.0..10.0).contains(&hour);
    let partners = match endpoint {
        "/api/reports/{year}" => 22.0,
        "/api/products" | "/api/search" => 3.0,
        _ => 1.15,
    };
    day * week * if monday { partners } else { 1.0 }
}

/// What fails is tried again, so that even at night there is enough of it to be told.
pub(crate) fn retries(route: &Route, ago: i64) -> f64 {
    if is_troubled(route, ago) { 4.0 } else { 1.0 }
}

fn is_troubled(route: &Route, ago: i64) -> bool {
    let troubled = ["/api/orders", "/api/payments", "/api/carts/{id}"];
    INCIDENT.contains(&ago) && troubled.contains(&route.endpoint)
}

/// Records `n` requests that finish at `at`, `ago` seconds before the end of the history.
pub(crate) fn record(
    sink: &impl MetricSink,
    random: &mut Random,
    route: &Route,
    (at, ago): (SystemTime, i64),
    n: u64,
) {
    let trouble = is_troubled(route, ago);
    for _ in 0..n {
        let key = consumer(random);
        let mut record = RequestRecord::new(route.method, route.endpoint, at);
        record.api_key = key.as_ref();
        let slow = if trouble { 7.0 } else { 1.0 };
        let ms = route.median_ms * slow * (random.normal() * route.spread).exp();
        record.latency = Some(Duration::from_secs_f64(ms / 1e3));
        record.time_to_headers = Some(Duration::from_secs_f64(ms * 0.8 / 1e3));
        record.request_bytes = bytes(random, route.bytes_in);
        record.response_bytes = bytes(random, route.bytes_out);
        record.status = Some(status(random, route, trouble));
        if route.endpoint == "<unmatched>" {
            record.unmatched_path = Some(STRAYS[usize::from(random.next() as u8 % 5)]);
        } else if random.chance(0.002) {
            (record.status, record.outcome) = (None, Outcome::Aborted);
        }
        sink.record(&record);
    }
}

const STRAYS: [&str; 5] = [
    "/wp-login.php",
    "/.env",
    "/wp-login.php",
    "/admin.php?x=<b>",
    "/favicon.ico",
];

fn status(random: &mut Random, route: &Route, trouble: bool) -> u16 {
    let broken = if trouble { 0.23 } else { route.broken };
    let pick = |random: &mut Random, from: [u16; 4]| from[usize::from(random.next() as u8 % 4)];
    if route.endpoint == "<unmatched>" {
        404
    } else if random.chance(broken) {
        pick(random, [500, 502, 503, 500])
    } else if random.chance(route.wrong) {
        match route.method {
            "GET" => pick(random, [404, 404, 401, 429]),
            _ => pick(random, [400, 422, 409, 401]),
        }
    } else {
        match route.method {
            "POST" => 201,
            "DELETE" => 204,
            _ => 200,
        }
    }
}

fn consumer(random: &mut Random) -> Option<ApiKey> {
    let mut dice = random.unit();
    for (name, share) in CONSUMERS {
        if dice < share {
            return Some(ApiKey::from(name));
        }
        dice -= share;
    }
    None
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive size far below 2^53"
)]
fn bytes(random: &mut Random, mean: f64) -> u64 {
    (mean * (0.6 + 0.8 * random.unit())) as u64
}
