//! Seeds as the product itself writes them, and some that are damaged.

use std::{fs, path::Path};

use api_metrics_clickhouse::fuzzing::{written, written_request};
use api_metrics_layer::{Gauge, UnitValue};
use api_metrics_store::{
    bucket::Bucket,
    bucket_database::BucketColumns,
    request_database::RequestRow,
    sketch::{Sketch, SketchKind},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Writes all of them.
pub(crate) fn write(corpus: &Path) {
    let text = |all: &[&str]| {
        all.iter()
            .map(|s| s.as_bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let all = [
        ("sketch", sketches()),
        ("bucket", buckets()),
        ("status_counts", status_counts()),
        ("units", units()),
        ("inbox_payload", payloads()),
        ("period_counts", period_counts()),
        ("query_string", text(&QUERIES)),
        ("access_log_line", text(&LINES)),
        ("jwt", text(&CLAIMS)),
        ("copied_requests", copied_requests()),
        ("copied_sums", copied_sums()),
        ("cursor", cursors()),
        ("report", reports()),
        ("otlp", exports()),
        ("mask", masks()),
    ];
    for (name, seeds) in all {
        let folder = corpus.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("made-{number:02}")), seed).unwrap();
        }
    }
}

/// A byte that says how much is left, and bodies of every type.
fn masks() -> Vec<Vec<u8>> {
    let all = [
        "\u{7f}{\"a\":[1,{\"password\":{\"x\":[\"hunter2\"]},\"b\":null}],\"pin\":7}",
        "\u{60}[{\"name\":\"password\",\"value\":\"hunter2\"},{\"value\":[{\"b\":1}],\"key\":\"pin\"}]",
        "\u{40}a=1&pass%77ord=hunter2&user[email]=ann%40example.org&d={\"pin\":7}",
        "\u{50}--xx\r\nContent-Disposition: form-data; name=\"a;pin\"\r\n\r\n7\r\n--xx\r\nContent-Disposition: form-data; name=f; filename=g\r\n\r\n\u{1}\r\n--xx--",
        "\u{7f}pin: 1234\npassword=hunter2\nwrite to ann@example.org, 4111 1111 1111 1111",
        "\u{70}{\"note\":\"{\\\"token\\\":\\\"[{\\\\\\\"pin\\\\\\\":7}]\\\"}\",\"pass\\u0077ord\":\"x\"}",
        "\u{7f}\u{feff}{\"ann@example.org\":\"\u{202e}\u{e9}\\ud83d\\ude00\",\"n\":-1e999}",
    ];
    let mut all = damaged(all.map(|text| text.as_bytes().to_vec()).to_vec());
    all.push([&[255][..], "[".repeat(300).as_bytes(), &[0xff]].concat());
    all.push(vec![]);
    all
}

/// Answers of one part, of several, and of the greatest numbers.
fn copied_sums() -> Vec<Vec<u8>> {
    let mut all = BucketColumns::default();
    all.sums = [7, 1, 2, 0, 84_000, 7, 0, 0, 70, 700];
    (all.least, all.greatest) = ([900, u64::MAX], [40_000, 0]);
    (all.statuses, all.status_counts) = (vec![200, 404, 503], vec![4, 1, 2]);
    (all.bins, all.bin_counts) = (vec![130, 700], vec![6, 1]);
    all.unit_keys = vec!["=tokens".to_owned(), "+score".to_owned()];
    all.unit_values = vec![1_234, -5];
    let mut greatest = BucketColumns::default();
    greatest.sums = [u64::MAX; 10];
    greatest.unit_keys = vec!["\u{1f600}".repeat(80)];
    greatest.unit_values = vec![i64::MIN];
    let one = written(0, 7, 0, all.clone());
    let several = [
        one.clone(),
        written(3, -1, 9, BucketColumns::default()),
        written(u32::MAX, i64::MAX, i64::MAX, greatest.clone()),
    ];
    let mut seeds = damaged(vec![one, written(1, 2, 3, greatest), several.concat()]);
    seeds.push(vec![0xff; 300]);
    seeds
}

/// Rows of a list, and of what is shown of each.
fn copied_requests() -> Vec<Vec<u8>> {
    let mut row = RequestRow::default();
    row.at_ms = 1_773_144_000_123;
    row.id = uuid::Uuid::from_u128(7);
    row.mark = 9;
    row.service = "shop".to_owned();
    row.endpoint = "/users/{id}".to_owned();
    row.api_key = Some("render-farm".to_owned());
    row.status = Some(503);
    row.counted = 503;
    row.latency_us = Some(84_000);
    row.weight = 1;
    row.group = Some(i64::MIN);
    row.user = Some("Zo\u{eb}".to_owned());
    row.levels = 3;
    row.detail.path = "/users/7".to_owned();
    row.detail.message = Some("the \"ledger\" is locked".to_owned());
    row.detail.lines = Some("[]".to_owned());
    row.detail.latitude = Some(-235);
    let empty = RequestRow::default();
    let both = |shown| [written_request(&row, shown), written_request(&empty, shown)].concat();
    let all = [
        written_request(&row, false),
        written_request(&row, true),
        both(false),
        both(true),
    ];
    damaged(all.to_vec())
}

/// A byte that says of which form the body is, and what real exporters have sent.
fn exports() -> Vec<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../routes/cases/otlp");
    let all = [
        (0, "js-express-default.pb"),
        (1, "js-express-default.json"),
        (0, "python-fastapi-optin-http.pb"),
        (0, "rust-tower-proto.pb"),
    ];
    let all = all.map(|(form, name)| {
        let mut seed = vec![form];
        seed.extend(fs::read(cases.join(name)).unwrap());
        seed
    });
    damaged(all.to_vec())
}

/// A byte that says how the body is encoded, and the body.
fn reports() -> Vec<Vec<u8>> {
    let all = [
        "\u{0}{\"time\":\"2026-03-10T12:00:00.250Z\",\"method\":\"GET\",\"endpoint\":\"/users/{id}\",\"status\":200,\"latencyMs\":12.5,\"key\":\"k-1\"}",
        "\u{0}[{\"method\":\"POST\",\"path\":\"/users/7?a=b\",\"status\":503,\"outcome\":\"failed\",\"requestBytes\":7},7,null]",
        "\u{3}[{\"method\":\"GET\",\"endpoint\":\"/a\",\"outcome\":\"aborted\",\"time\":1773144000000}]",
    ];
    let mut all = damaged(all.map(|text| text.as_bytes().to_vec()).to_vec());
    // One on each line.
    all.push(b"\x81\x1f\x8b\x08".to_vec());
    all.push([&[129][..], b"{\"method\":\"GET\"}\n{\n\n{}"].concat());
    all.push(
        [
            &[132][..],
            b"{\"method\":\"GET\",\"endpoint\":\"/a\",\"status\":200}\r\n{",
        ]
        .concat(),
    );
    // The magic numbers of both encodings, and nothing behind them.
    all.push(vec![1, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    all.push(vec![2, 0x28, 0xb5, 0x2f, 0xfd]);
    all
}

/// Each, cut in the middle, and with a changed byte.
fn damaged(mut whole: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for seed in whole
        .clone()
        .into_iter()
        .filter(|seed| seed.len() > 3)
        .take(3)
    {
        whole.push(seed[..seed.len() / 2].to_vec());
        let mut changed = seed;
        let middle = changed.len() / 2;
        changed[middle] ^= 0xff;
        whole.push(changed);
    }
    whole
}

fn filled(kind: SketchKind, values: &[u64]) -> Sketch {
    let mut sketch = Sketch::new(kind);
    values.iter().for_each(|us| sketch.record(*us));
    sketch
}

const VALUES: [&[u64]; 5] = [
    &[],
    &[250],
    &[1, 2, 3, 127, 128, 129, 1_000, 1_000_000],
    &[0, u64::MAX],
    &[500, 500, 500, 510, 520, 40_000, 1 << 40],
];

fn sketches() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        for values in VALUES {
            let mut out = Vec::new();
            filled(kind, values).encode(&mut out);
            all.push(out);
        }
    }
    let mut all = damaged(all);
    // Behind the latencies, times to headers: the same, but for the tag.
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        for (latencies, headers) in [(VALUES[0], VALUES[1]), (VALUES[2], VALUES[4])] {
            let (mut both, mut second) = (Vec::new(), Vec::new());
            filled(kind, latencies).encode(&mut both);
            filled(kind, headers).encode(&mut second);
            second[0] += 2;
            both.extend_from_slice(&second);
            all.extend([second, [both.clone(), both].concat()]);
        }
    }
    all
}

/// A bucket whose requests took so many microseconds each.
fn bucket(kind: SketchKind, values: &[u64]) -> Bucket {
    let mut bucket = Bucket::new(kind);
    bucket.request_count = values.len() as u64;
    bucket.error_count_4xx = values.len() as u64 / 2;
    bucket.response_bytes = values.len() as u64 * 700;
    let codes = [200, 404, 200, 500, 201, 499];
    bucket.status_counts = values
        .iter()
        .zip(codes)
        .map(|(_, code)| (code, 1))
        .collect();
    bucket.latency_sum_us = values.iter().fold(0, |sum, us| us.saturating_add(sum));
    bucket.sketch = filled(kind, values);
    bucket.latency_count = values.len() as u64;
    bucket.latency_min_us = values.iter().min().copied();
    bucket.latency_max_us = values.iter().max().copied();
    bucket
}

fn encoded(kind: SketchKind, values: &[u64]) -> Vec<u8> {
    Vec::from(&bucket(kind, values))
}

fn buckets() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        for values in VALUES {
            all.push(encoded(kind, values));
        }
    }
    // Latencies that are not the sketch's.
    let mut odd = bucket(SketchKind::Histogram, VALUES[2]);
    (odd.latency_count, odd.latency_min_us) = (3, None);
    all.push(Vec::from(&odd));
    let mut all = damaged(all);
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        let mut both = bucket(kind, VALUES[2]);
        both.headers_sketch = Some(Box::new(filled(kind, VALUES[4])));
        both.ttfb_count = 8;
        all.push(Vec::from(&both));
    }
    let whole = all[all.len() - 2].clone();
    all.push(whole[..whole.len() - 2].to_vec());
    let mut using = bucket(SketchKind::Histogram, VALUES[2]);
    let values = [("tokens", UnitValue::Sum(1_234))].into_iter();
    let score = Gauge::of(0.87).map(|score| ("score", UnitValue::Gauge(score)));
    using.units = values.chain(score).collect();
    let using = Vec::from(&using);
    all.push(using[..using.len() / 2].to_vec());
    all.push(using);
    all
}

/// An entry of a sum.
fn sum(name: &str, n: u64) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [&[0, length], name.as_bytes(), &n.to_be_bytes()].concat()
}

/// An entry of a gauge.
fn gauge(name: &str, count: u64, min: i64, max: i64, sum: i128) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    let (count, sum) = (count.to_be_bytes(), sum.to_be_bytes());
    let (min, max) = (min.to_be_bytes(), max.to_be_bytes());
    [&[1, length], name.as_bytes(), &count, &min, &max, &sum].concat()
}

fn units() -> Vec<Vec<u8>> {
    let (tokens, score) = (sum("tokens", 1_234), gauge("score", 2, -5, 9, 4));
    let most = i128::from(u64::MAX) * i128::from(i64::MAX);
    damaged(vec![
        [score.clone(), tokens.clone()].concat(),
        [tokens.clone(), sum("credits", u64::MAX), tokens.clone()].concat(),
        [score.clone(), score.clone(), sum("score", 1)].concat(),
        vec![],
        sum("nothing", 0),
        gauge("impossible", 2, 5, 9, 4),
        gauge("none", 0, 0, 0, 0),
        gauge("most", u64::MAX, i64::MIN, i64::MAX, most),
        sum(&"x".repeat(65), 1),
        [&[2, 1][..], b"x", &[0; 8]].concat(),
    ])
}

fn status_counts() -> Vec<Vec<u8>> {
    let one = |pairs: &[(u16, u64)]| -> Vec<u8> {
        pairs
            .iter()
            .flat_map(|(code, n)| {
                let (code, n) = (code.to_be_bytes(), n.to_be_bytes());
                code.into_iter().chain(n).collect::<Vec<u8>>()
            })
            .collect()
    };
    let many: Vec<_> = (100..140).map(|code| (code, u64::from(code))).collect();
    let (ok, mixed) = (
        one(&[(200, 7)]),
        one(&[(200, 1), (404, 2), (500, 3), (503, 4)]),
    );
    damaged(vec![
        vec![],
        ok.clone(),
        mixed.clone(),
        one(&many),
        [mixed.clone(), ok, mixed].concat(),
        one(&[(0, u64::MAX), (u16::MAX, u64::MAX)]),
        vec![0; 10],
        vec![0xff; 20],
    ])
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Rows of (series, minutes since the row before, bucket), as the engine writes them.
fn payloads() -> Vec<Vec<u8>> {
    let payload = |rows: &[(i64, i64, Vec<u8>)]| {
        let mut out = vec![1];
        for (series, minutes, bucket) in rows {
            for step in [*series, *minutes] {
                varint(&mut out, ((step << 1) ^ (step >> 63)).cast_unsigned());
            }
            varint(&mut out, bucket.len() as u64);
            out.extend_from_slice(bucket);
        }
        out
    };
    let row = |values| encoded(SketchKind::Histogram, values);
    let noon = 1_773_144_000 / 60;
    damaged(vec![
        payload(&[(1, noon, row(VALUES[1]))]),
        payload(&[
            (1, noon, row(VALUES[2])),
            (0, 1, row(VALUES[1])),
            (4, -1, row(VALUES[4])),
        ]),
        payload(&[(1 << 40, noon, row(VALUES[0]))]),
        payload(&[(-1, -1, vec![]), (1, 1, vec![1, 2, 3])]),
        payload(&[(1, noon, encoded(SketchKind::TDigest, VALUES[4]))]),
        vec![],
        vec![1],
        vec![2, 0, 0],
    ])
}

fn period_counts() -> Vec<Vec<u8>> {
    let counts = |entries: &[(u64, u64)]| {
        let mut out = vec![1];
        for (step, requests) in entries {
            varint(&mut out, *step);
            varint(&mut out, *requests);
        }
        out
    };
    damaged(vec![
        counts(&[(1, 10)]),
        counts(&[(1, 10), (1, 0), (300, 100_000)]),
        counts(&[(5, u64::MAX), (u64::MAX, 1)]),
        counts(&[(1, 1), (0, 1)]),
        vec![],
        vec![1],
        vec![9, 1, 1],
        vec![0xff; 24],
    ])
}

const QUERIES: [&str; 14] = [
    "",
    "period=24h",
    "from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&step=1h",
    "from=2026-03-01&limit=100&service=shop&environment=production",
    "endpoint=%2Fusers%2F%7Bid%7D&method=get&protocol=http&apiKeyId=7",
    "period=7d&zone=Europe/Berlin&timezone=Europe/Berlin",
    "period=1h&period=1h",
    "limit=0",
    "limit=18446744073709551616",
    "from=9999-12-31T23:59:59Z&to=0000-01-01T00:00:00Z",
    "from=2026-03-01T00:00:00+02:00",
    "service=%00&endpoint=%ff%fe",
    "cursor=eyJxIjoiIiwiZiI6MCwidCI6MSwiayI6WzEsIngiXX0",
    "nonsense=1&=&&&=%",
];

const LINES: [&str; 12] = [
    r#"192.0.2.7 - alice [17/May/2015:10:05:03 +0200] "POST /orders?id=7 HTTP/1.1" 201 512 "https://example.org/" "curl/8.0" 0.250"#,
    r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 200 5"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 404 - "-" "an \"agent\"" "x" 1.5"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "-" 408 0 "-" "-""#,
    r#"h - - [17/May/2015:10:05:03 +0000] "\x16\x03\x01" 400 226 "-" "-" -"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "GET http://example.org/path#x HTTP/1.1" 499 0 "-" "-" 1e3"#,
    r#"h - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 99 1"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 -1"#,
    r#"h - - [17/May/2015:10:05:03 +0000] "GET /é日 HTTP/1.1" 200 1 "-" "cut off 5.0"#,
    r#"[] """#,
    "",
];

const CLAIMS: [&str; 12] = [
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"sub":"alice","role":"admin"}"#,
    r#"{"iss":"issuer","aud":["audience"],"exp":4102444800.5,"sub":"bob","role":"viewer","tenant":"acme","keys":["k",7]}"#,
    r#"{"iss":"issuer","aud":"audience","exp":1,"sub":"alice","role":"admin"}"#,
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"nbf":4102444799,"sub":"alice","role":"admin"}"#,
    r#"{"iss":"other","aud":"audience","exp":4102444800,"sub":"alice","role":"admin"}"#,
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"sub":"alice","role":"root"}"#,
    r#"{"iss":"issuer","aud":"audience","exp":1e400,"sub":"alice","role":"admin"}"#,
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"sub":"alice","role":"admin","tenant":7}"#,
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"sub":"alice","role":"admin","keys":[1.5]}"#,
    r#"{"iss":"issuer","aud":"audience","exp":4102444800,"sub":"alice","sub":"bob","role":"admin"}"#,
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsInJvbGUiOiJhZG1pbiJ9.",
    "",
];

fn cursors() -> Vec<Vec<u8>> {
    let one = |json: &str| URL_SAFE_NO_PAD.encode(json).into_bytes();
    damaged(vec![
        one(r#"{"q":"abcdefghijkl","f":1773140400,"t":1773144000,"k":[7,"/users/{id}"]}"#),
        one(r#"{"q":"abcdefghijkl","f":0,"t":60,"k":[18446744073709551615,""]}"#),
        one(r#"{"q":"abcdefghijkl","f":60,"t":0,"k":[1,"x"]}"#),
        one(r#"{"q":"abcdefghijkl","f":-9223372036854775808,"t":9223372036854775807,"k":[1,"x"]}"#),
        one(r#"{"q":"another","f":0,"t":60,"k":[1,"x"]}"#),
        one(r#"{"q":"abcdefghijkl","f":0,"t":60,"k":["x",1]}"#),
        one("[]"),
        b"no base64 !".to_vec(),
        vec![],
    ])
}
