//! Answers of ClickHouse beside those of Postgres, over the same requests and for any question.

use api_metrics_store::request_log::{SearchMode, SearchResult, TailQuery, TailStart};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    strategy::{Just, ValueTree},
    test_runner::TestRunner,
};

use api_metrics_tests::sized;

use super::*;

const ENDPOINTS: [&str; 6] = [
    "/orders",
    "/orders/{id}",
    "/users",
    "/it's",
    "/a\\b",
    "<unmatched>",
];
const KEYS: [&str; 4] = ["alpha", "beta", "it's", "ga\\mma"];
const USERS: [&str; 4] = ["ann", "o'neil", "b\\b", "Zoë"];
const MESSAGES: [&str; 5] = [
    "the ledger is locked",
    "order 17 of 'ann' isn't paid",
    "Zoë's \\ledger\\ \"quoted\"",
    "timeout after 30ms",
    "",
];
const AGENTS: [&str; 3] = ["curl/8.5", "robot/2", "Mozilla's"];
const VERSIONS: [&str; 2] = ["1.0.0", "1.10.0"];
const REQUESTS: usize = 2_000;
/// Questions that are asked.
fn questions() -> usize {
    sized(60, 24)
}

fn shown() -> impl Strategy<Value = Shown> {
    let what = (
        select(&ENDPOINTS[..]),
        select(&["GET", "POST"][..]),
        prop_oneof![
            4 => Just(200), 1 => Just(404), 2 => Just(500), 1 => Just(503)
        ],
        select(
            &[
                Outcome::Completed,
                Outcome::Completed,
                Outcome::Aborted,
                Outcome::Failed,
            ][..],
        ),
    );
    let whose = (
        option::of(select(&KEYS[..])),
        option::of(select(&USERS[..])),
        option::of(1_u128..50),
        option::of(select(&["DE", "FR"][..])),
    );
    let said = (
        option::of((select(&MESSAGES[..]), option::of(Just("locked")))),
        option::of(select(&AGENTS[..])),
        vec((select(&LogLevel::ALL[..]), select(&MESSAGES[..])), 0..3),
    );
    (what, whose, said, 0_u64..1_000).prop_map(|(what, whose, said, latency_ms)| {
        let (endpoint, method, status, outcome) = what;
        let (key, user, trace, country) = whose;
        let (error, agent, lines) = said;
        let lines = lines.into_iter();
        let country = country.and_then(Country::of);
        Shown {
            method,
            key,
            user,
            outcome,
            latency_ms,
            trace,
            error: error.map(|(message, error_type)| {
                let error = ErrorDetail::new(message);
                match error_type {
                    Some(error_type) => error.with_type(error_type),
                    None => error,
                }
            }),
            agent,
            lines: lines
                .map(|(level, message)| event(NOON, level, "shop::ledger", message))
                .collect(),
            place: country.map_or_else(Place::default, Place::in_country),
            ..Shown::new(endpoint, status)
        }
    })
}

/// A question, with ids of requests and keys by their places.
#[derive(Debug, Clone)]
struct Question {
    query: RequestQuery,
    cursor: Option<(bool, usize)>,
    text: String,
    mode: SearchMode,
}

fn texts(of: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    let one = select(of).prop_map(str::to_owned);
    prop_oneof![6 => Just(None), 3 => one.prop_map(Some), 1 => "[a-z'\\\\/]{0,4}".prop_map(Some)]
}

fn words() -> impl Strategy<Value = String> {
    let word = select(
        &[
            "ledger", "LOCKED", "order", "17", "zoë", "curl", "isn", "t", "none", "orders", "'",
            "\\",
        ][..],
    );
    vec(word, 1..3).prop_map(|words| words.join(" "))
}

fn filter() -> impl Strategy<Value = RequestFilter> {
    let labels = (
        texts(&["shop"]),
        texts(&VERSIONS),
        texts(&["http", "grpc", "any", "billed"]),
        texts(&["GET"]),
        texts(&ENDPOINTS),
        texts(&["shop::jobs"]),
        texts(&["completed", "aborted"]),
    );
    let rare = |of: BoxedStrategy<i64>| prop_oneof![5 => Just(None), 1 => of.prop_map(Some)];
    let numbers = (
        rare(select(&[200_i64, 404, 418]).boxed()),
        rare((2_i64..6).boxed()),
        rare((0_i64..5).boxed()),
        rare((0_i64..900_000).boxed()),
        rare((1_i64..60).boxed()),
        rare((0_i64..5).boxed()),
        rare((0_i64..2).boxed()),
    );
    let other = (
        texts(&USERS),
        texts(&["DE", ""]),
        texts(&["of ann"]),
        prop_oneof![3 => Just(None), 1 => words().prop_map(Some)],
    );
    (labels, numbers, other).prop_map(|(labels, numbers, other)| {
        let mut filter = RequestFilter::default();
        (
            filter.service,
            filter.version,
            filter.protocol,
            filter.method,
            filter.endpoint,
            filter.source,
            filter.outcome,
        ) = labels;
        let (status, class, key, latency, trace, level, kind) = numbers;
        filter.status = status.map(|status| status as u16);
        filter.status_class = class.map(|class| class as u16);
        filter.api_key_id = key;
        filter.min_latency_us = latency.map(i64::unsigned_abs);
        filter.trace_id = trace.map(|trace| Uuid::from_u128(trace.unsigned_abs().into()));
        filter.level = level.map(|level| LogLevel::ALL[level as usize]);
        filter.kind = kind.map(|kind| [EntryKind::Request, EntryKind::Event][kind as usize]);
        (filter.user, filter.country, filter.user_id, filter.text) = other;
        filter
    })
}

fn asked() -> impl Strategy<Value = Question> {
    let scope = prop_oneof![
        3 => Just(Scope::All),
        1 => select(&["acme", "umbrella", "'"][..]).prop_map(|tenant| Scope::Tenant(tenant.to_owned())),
        1 => vec(0_i64..6, 0..3).prop_map(Scope::Keys),
    ];
    let range = (-4 * DAY..=DAY, 0..=4 * DAY);
    let page = (50_u32..300, option::of((any::<bool>(), 0..REQUESTS)));
    let mode = select(&[SearchMode::Words, SearchMode::Similar, SearchMode::Hybrid][..]);
    (filter(), scope, range, page, words(), mode).prop_map(
        |(filter, scope, (from, length), (limit, cursor), text, mode)| {
            let from = NOON + from;
            let mut query = RequestQuery::over(from * 1_000, (from + length) * 1_000);
            (query.filter, query.scope, query.limit) = (filter, scope, limit);
            Question {
                query,
                cursor,
                text,
                mode,
            }
        },
    )
}

/// Two stages with the same requests, and the ids of each in the order in which they were kept.
struct Both {
    stages: [Stage; 2],
    ids: [Vec<Uuid>; 2],
}

impl Both {
    async fn of(requests: &[Shown]) -> Self {
        let stages = [
            Stage::on(Database::postgres().await).await,
            Stage::on(Database::clickhouse().await).await,
        ];
        let mut ids = [Vec::new(), Vec::new()];
        for (stage, ids) in stages.iter().zip(&mut ids) {
            for (key, tenant, user) in [("alpha", "acme", "of ann"), ("beta", "umbrella", "none")] {
                let mut change = KeyChange::default();
                change.tenant_id = Some(Some(tenant.to_owned()));
                change.user_id = Some(Some(user.to_owned()));
                stage.h.store.create_key(key, &change, None).await.unwrap();
            }
            // Two in each millisecond, of one process: those of two have no order that is the same twice.
            let at = |n: usize| NOON - 129 * (n / 2) as i64;
            let parts = requests.chunks(REQUESTS / 2);
            for (part, (version, requests)) in VERSIONS.into_iter().zip(parts).enumerate() {
                let log = log_of_version(&stage.h, version, |log| {
                    log.rows_per_second = u32::MAX;
                    log.memory_budget = 64 << 20;
                });
                for (n, shown) in requests.iter().enumerate() {
                    let at = at(part * REQUESTS / 2 + n);
                    show(
                        &log,
                        &Shown {
                            at,
                            ..shown.clone()
                        },
                    );
                }
                for n in 0..20 {
                    let (level, at) = (LogLevel::ALL[n % 5], NOON - 60 - part as i64);
                    log.event(event(at, level, "shop::jobs", MESSAGES[n % 4]));
                }
                stage.flush(&log).await;
            }
            let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
            (query.limit, query.after) = (1_000, Some(Uuid::nil()));
            loop {
                let page = stage.store.requests(&query).await.unwrap();
                ids.extend(page.requests.iter().map(|request| request.id));
                query.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
        }
        assert_eq!(ids.each_ref().map(Vec::len), [REQUESTS + 40; 2]);
        Self { stages, ids }
    }

    /// The place of a request among all.
    fn place(&self, of: usize, id: Uuid) -> usize {
        self.ids[of].binary_search(&id).unwrap()
    }

    /// A request without what differs from one process to the next.
    fn plain(&self, of: usize, request: &StoredRequest) -> StoredRequest {
        let mut request = request.clone();
        let place = self.place(of, request.id) as u128;
        (request.id, request.instance) = (Uuid::from_u128(place), Uuid::nil());
        request
    }

    /// All pages of a question.
    async fn list(&self, of: usize, asked: &Question) -> Vec<StoredRequest> {
        let mut query = asked.query.clone();
        if let Some((forward, place)) = asked.cursor {
            let cursor = Some(self.ids[of][place]);
            if forward {
                query.after = cursor;
            } else {
                query.before = cursor;
            }
        }
        let mut found = Vec::new();
        loop {
            let page = self.stages[of].store.requests(&query).await.unwrap();
            assert!(page.requests.len() <= query.limit as usize);
            found.extend(page.requests.iter().map(|it| self.plain(of, it)));
            let Some(next) = page.next else { return found };
            if query.after.is_some() {
                query.after = Some(next);
            } else {
                query.before = Some(next);
            }
        }
    }

    /// The groups of a question, each as text.
    async fn groups(&self, of: usize, asked: &Question) -> Vec<String> {
        let groups = self.stages[of].store.request_groups(&asked.query).await;
        let mut groups = groups.unwrap();
        for group in &mut groups {
            group.latest = Uuid::from_u128(self.place(of, group.latest) as u128);
        }
        groups.iter().map(|group| format!("{group:?}")).collect()
    }

    async fn search(&self, of: usize, asked: &Question) -> Vec<String> {
        let mut search = RequestSearch::default();
        (search.from_ms, search.to_ms) = (asked.query.from_ms, asked.query.to_ms);
        (search.scope, search.filter) = (asked.query.scope.clone(), asked.query.filter.clone());
        search.filter.text = None;
        (search.text, search.mode, search.limit) = (asked.text.clone(), asked.mode, 20);
        let store = &self.stages[of].store;
        let embedder = NgramEmbedder::default();
        let SearchResult { mut hits, .. } =
            store.search_requests(&search, &embedder).await.unwrap();
        for hit in &mut hits {
            hit.request = self.plain(of, &hit.request);
        }
        let mut hits: Vec<_> = hits.iter().map(|hit| format!("{hit:?}")).collect();
        // Of those that are found alike well at the same time any may come first.
        hits.sort_unstable();
        hits
    }

    async fn arrived(&self, of: usize, asked: &Question) -> (Vec<StoredRequest>, u64) {
        let mut tail = TailQuery::default();
        (tail.filter, tail.scope) = (asked.query.filter.clone(), asked.query.scope.clone());
        tail.limit = asked.query.limit;
        let place = asked.cursor.map_or(0, |(_, place)| place);
        tail.start = TailStart::After(self.ids[of][place]);
        let page = self.stages[of].store.requests_arrived(&tail).await.unwrap();
        let requests = page.requests.iter().map(|it| self.plain(of, it));
        (requests.collect(), page.left_out)
    }
}

#[tokio::test]
async fn clickhouse_answers_any_question_as_postgres_does() {
    let mut runner = TestRunner::deterministic();
    let requests = vec(shown(), REQUESTS).new_tree(&mut runner).unwrap();
    let both = Both::of(&requests.current()).await;
    let mut found = [0; 4];
    for n in 0..questions() {
        let mut asked = asked().new_tree(&mut runner).unwrap().current();
        if n % 10 == 0 {
            // Some find much.
            (asked.query.filter, asked.query.from_ms) = (RequestFilter::default(), 0);
            asked.query.limit = 300;
        }
        let lists = [both.list(0, &asked).await, both.list(1, &asked).await];
        assert!(
            lists[0] == lists[1],
            "{asked:?}\n{:?}\n{:?}",
            lists[0].first(),
            lists[1].first()
        );
        let groups = [both.groups(0, &asked).await, both.groups(1, &asked).await];
        assert_eq!(groups[0], groups[1], "{asked:?}");
        let hits = [both.search(0, &asked).await, both.search(1, &asked).await];
        assert_eq!(hits[0], hits[1], "{asked:?}");
        let arrived = [both.arrived(0, &asked).await, both.arrived(1, &asked).await];
        assert_eq!(arrived[0], arrived[1], "{asked:?}");
        let counts = [
            lists[0].len(),
            groups[0].len(),
            hits[0].len(),
            arrived[0].0.len(),
        ];
        for (found, count) in found.iter_mut().zip(counts) {
            *found += usize::from(count > 0);
        }
    }
    // Not all of it is about nothing.
    assert!(
        found.iter().all(|found| *found * 24 >= questions()),
        "{found:?}"
    );
}
