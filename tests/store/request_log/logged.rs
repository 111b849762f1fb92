//! What the host logs: lines of requests, events outside of them; and where requests come from.

use api_metrics_layer::Coordinates;
use api_metrics_store::request_log::{SearchMode, TailQuery, TailStart};

use super::*;

/// A quiet request, one with lines and a place, and events of three levels.
async fn logged(stage: &Stage) -> RequestLogBuffer {
    let place = Place::in_country(Country::of("DE").unwrap()).with_details(
        Some("BY"),
        Some("Munich"),
        Coordinates::rounded(48.137, 11.575),
    );
    let log = log_of(&stage.h, |_| {});
    show(&log, &Shown::new("/quiet", 200));
    let lines = vec![
        event(
            NOON,
            LogLevel::Warn,
            "shop::ledger",
            "waiting for the quicksilver",
        )
        .with_field("order", "17"),
        event(NOON, LogLevel::Error, "shop::ledger", "gave up"),
    ];
    show(
        &log,
        &Shown {
            key: Some("alpha"),
            lines,
            lines_left_out: 3,
            place,
            ..Shown::new("/loud", 503)
        },
    );
    for (level, source, message) in [
        (LogLevel::Info, "shop::start", "listening on port 8080"),
        (LogLevel::Warn, "shop::jobs", "job 1 is slow"),
        (LogLevel::Error, "shop::jobs", "job 2 has failed"),
        (LogLevel::Error, "shop::jobs", "job 3 has failed"),
    ] {
        log.event(event(NOON, level, source, message).with_field("worker", "w-1"));
    }
    assert_eq!(stage.flush(&log).await, 6);
    log
}

pub(super) async fn events_and_lines_are_found_by_kind_level_source_and_words(database: Database) {
    let stage = Stage::on(database).await;
    stage.store.follow_requests().await.unwrap();
    let start = stage.store.requests_arrived(&TailQuery::default()).await;
    let start = TailStart::At(start.unwrap().cursor);
    logged(&stage).await;
    let with = |change: fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::default();
        change(&mut filter);
        filter
    };
    let cases = [
        (with(|f| f.kind = Some(EntryKind::Request)), 2),
        (with(|f| f.kind = Some(EntryKind::Event)), 4),
        (with(|f| f.source = Some("shop::jobs".into())), 3),
        (with(|f| f.source = Some("shop::job".into())), 0),
        // Of a request its lines'.
        (with(|f| f.source = Some("shop::ledger".into())), 0),
        (with(|f| f.level = Some(LogLevel::Error)), 3),
        (with(|f| f.level = Some(LogLevel::Warn)), 2),
        (with(|f| f.level = Some(LogLevel::Info)), 1),
        (with(|f| f.level = Some(LogLevel::Trace)), 0),
        (with(|f| f.country = Some("DE".into())), 1),
        (with(|f| f.country = Some("FR".into())), 0),
        (with(|f| f.country = Some(String::new())), 1),
        (with(|f| f.service = Some("shop".into())), 6),
        (with(|f| f.protocol = Some("http".into())), 2),
        (with(|f| f.api_key_id = Some(0)), 1),
        (with(|f| f.status_class = Some(5)), 1),
        (with(|f| f.text = Some("QUICKSILVER ledger 17".into())), 1),
        // Of the path, of a line and of the status' request.
        (with(|f| f.text = Some("loud quicksilver".into())), 1),
        (with(|f| f.text = Some("listening 8080 start".into())), 1),
        (with(|f| f.text = Some("worker w".into())), 4),
        (
            with(|f| (f.kind, f.level) = (Some(EntryKind::Event), Some(LogLevel::Error))),
            2,
        ),
    ];
    for (filter, expected) in &cases {
        let found = stage.find(|query| query.filter = filter.clone()).await;
        assert_eq!(found.len(), *expected, "{filter:?}");
        // Who follows finds the same.
        let mut tail = TailQuery::default();
        tail.filter = filter.clone();
        tail.start = start;
        tail.limit = 100;
        let arrived = stage.store.requests_arrived(&tail).await.unwrap();
        assert_eq!(arrived.requests.len(), *expected, "{filter:?}");
    }
    let found = stage
        .find(|query| query.filter.source = Some("shop::start".into()))
        .await;
    let [event] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (event.kind, event.level, event.source.as_deref()),
        (EntryKind::Event, Some(LogLevel::Info), Some("shop::start"))
    );
    assert_eq!(event.message.as_deref(), Some("listening on port 8080"));
    assert_eq!(event.fields.as_deref(), Some("worker=w-1"));
    assert_eq!((event.at_ms, event.service.as_str()), (NOON_MS, "shop"));
    assert_eq!((event.group, event.weight), (None, 1));

    let found = stage
        .find(|query| query.filter.endpoint = Some("/loud".into()))
        .await;
    let loud = found.first().unwrap();
    let lines: Vec<_> = loud
        .lines
        .iter()
        .map(|line| (line.level, line.message.as_str(), line.fields.as_str()))
        .collect();
    let expected = [
        (LogLevel::Warn, "waiting for the quicksilver", "order=17"),
        (LogLevel::Error, "gave up", ""),
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        (loud.lines_left_out, loud.level),
        (3, Some(LogLevel::Error))
    );
    assert_eq!(loud.country.as_deref(), Some("DE"));
    assert_eq!(
        (loud.region.as_deref(), loud.city.as_deref()),
        (Some("BY"), Some("Munich"))
    );
    assert_eq!(loud.coordinates_tenths, Some((481, 116)));

    // Errors among the events are groups as those of requests are.
    let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
    let groups = stage.store.request_groups(&query).await.unwrap();
    assert_eq!(groups.len(), 3);
    query.filter.kind = Some(EntryKind::Event);
    let groups = stage.store.request_groups(&query).await.unwrap();
    let groups: Vec<_> = groups
        .iter()
        .map(|group| (group.weight, group.level, group.source.as_deref()))
        .collect();
    let expected = [
        (2, Some(LogLevel::Error), Some("shop::jobs")),
        (1, Some(LogLevel::Warn), Some("shop::jobs")),
    ];
    assert_eq!(groups, expected);
    let mut search = RequestSearch::default();
    (search.to_ms, search.limit) = (NOON_MS + DAY * 1_000, 10);
    for (mode, text) in [
        (SearchMode::Words, "has failed"),
        (SearchMode::Similar, "jbo faild"),
        (SearchMode::Hybrid, "job failed"),
    ] {
        (search.mode, search.text) = (mode, text.to_owned());
        let embedder = NgramEmbedder::default();
        let found = stage.store.search_requests(&search, &embedder).await;
        let found = found.unwrap();
        let best = found.hits.first().unwrap();
        assert_eq!(
            (best.request.kind, best.kept),
            (EntryKind::Event, 2),
            "{text}"
        );
    }
}

pub(super) async fn events_belong_to_no_tenant_and_lines_are_for_those_who_see_everything(
    database: Database,
) {
    let stage = Stage::on(database).await;
    logged(&stage).await;
    let all = stage.all().await;
    let key = all.iter().map(|request| request.api_key_id).max().unwrap();
    for scope in [Scope::Keys(vec![key]), Scope::Keys(vec![0, key])] {
        let found = |text: &str| {
            let (text, scope) = (text.to_owned(), scope.clone());
            stage.find(move |query| {
                query.scope = scope;
                query.filter.text = Some(text).filter(|text| !text.is_empty());
            })
        };
        let own = found("").await;
        assert_eq!(own.len(), 1);
        assert_eq!(own.first().unwrap().endpoint, "/loud");
        // By its own words, and not by those of lines.
        assert_eq!(found("loud").await.len(), 1);
        assert_eq!(found("quicksilver").await, []);
        assert_eq!(found("loud quicksilver").await, []);
        let levels = stage.find(|query| {
            query.scope = scope.clone();
            query.filter.level = Some(LogLevel::Error);
        });
        assert_eq!(levels.await, []);
        let mut search = RequestSearch::default();
        (search.to_ms, search.limit) = (NOON_MS + DAY * 1_000, 10);
        search.scope = scope.clone();
        search.text = "quicksilver".to_owned();
        search.mode = SearchMode::Words;
        let embedder = NgramEmbedder::default();
        let found = stage.store.search_requests(&search, &embedder).await;
        assert_eq!(found.unwrap().hits, []);
    }
    let tenant = stage
        .find(|query| query.scope = Scope::Tenant("acme".to_owned()))
        .await;
    assert_eq!(tenant, []);
}

pub(super) async fn events_have_budgets_of_their_own_and_add_up(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |log| {
        log.events_per_second = 10;
        log.bytes_per_second = 14_000;
        log.memory_budget = 64 << 10;
    });
    log.events_left_out(7);
    for n in 0..50 {
        let at = NOON + n / 25;
        log.event(event(at, LogLevel::Warn, "shop", "a job is late"));
        show(&log, &Shown::new("/a", 200));
    }
    let counts = log.counts();
    assert_eq!((counts.chosen, counts.dropped.memory), (107, 7));
    assert_eq!(counts.dropped.rate, 30);
    // The rest of a second's bytes.
    assert!(counts.dropped.bytes > 0, "{counts:?}");
    let kept = stage.flush(&log).await;
    let counts = log.counts();
    assert_eq!(counts.chosen, counts.kept + counts.dropped.total());
    assert_eq!((counts.kept, counts.waiting, log.memory()), (kept, 0, 0));
    let events = stage
        .find(|query| query.filter.kind = Some(EntryKind::Event))
        .await;
    assert_eq!(events.len(), 20);
    assert_eq!(stage.all().await.len() as u64, kept);
    let status = stage.store.request_log_status().await.unwrap();
    assert_eq!(status.counts, counts);

    // A storm of events leaves requests their memory.
    let log = log_of(&stage.h, |log| {
        (log.events_per_second, log.rows_per_second) = (u32::MAX, u32::MAX);
        log.memory_budget = 128 << 10;
    });
    for _ in 0..1_000 {
        log.event(event(NOON, LogLevel::Error, "shop", &"x".repeat(500)));
    }
    assert!(log.memory() <= 32 << 10, "{}", log.memory());
    show(&log, &Shown::new("/a", 500));
    stage.flush(&log).await;
    let counts = log.counts();
    assert_eq!(counts.chosen, counts.kept + counts.dropped.total());
    assert!(
        counts.kept > 10 && counts.dropped.memory > 900,
        "{counts:?}"
    );
}

pub(super) async fn countries_are_counted_exactly_over_processes_and_hours(database: Database) {
    let stage = Stage::on(database).await;
    let logs = [log_of(&stage.h, |_| {}), log_of(&stage.h, |_| {})];
    for round in 0..3 {
        for log in &logs {
            for n in 0..10 {
                let country = ["DE", "FR", "DE", "XX", "DE"][n % 5];
                count_country(log, NOON + round * 3_600, Some(country));
            }
            // Nothing of it is kept, and it counts all the same.
            let done = stage.store.flush_requests(log, false).await.unwrap();
            assert_eq!((done.kept, done.dropped.total(), done.batches), (0, 0, 1));
            // Nothing new: no batch.
            let done = stage.store.flush_requests(log, false).await.unwrap();
            assert_eq!(done.batches, 0);
        }
    }
    let counts = async |change: fn(&mut CountryQuery)| {
        let mut query = CountryQuery::default();
        query.to_ms = NOON_MS + 10 * DAY * 1_000;
        change(&mut query);
        let counts = stage.store.request_countries(&query).await.unwrap();
        let counts = counts.into_iter();
        counts
            .map(|count| (count.country.unwrap_or_default(), count.requests))
            .collect::<Vec<_>>()
    };
    let of = |unknown: u64| {
        [("DE", 3 * unknown), ("", unknown), ("FR", unknown)]
            .map(|(country, requests)| (country.to_owned(), requests))
    };
    assert_eq!(counts(|_| {}).await, of(12));
    assert_eq!(
        counts(|query| query.service = Some("shop".into())).await,
        of(12)
    );
    assert_eq!(
        counts(|query| query.environment = Some("none".into())).await,
        []
    );
    // Whole hours.
    let hour = counts(|query| {
        (query.from_ms, query.to_ms) = (NOON_MS + 60_000, NOON_MS + 3_600_000);
    });
    assert_eq!(hour.await, of(4));
    // The view is for readers, who are in the tests of plain SQL, and of an owner that is no superuser it shows
    // nothing to anybody else.
    let rows = match &stage.h.database {
        Database::PostgresAs(..) => {
            "SELECT sum(requests) FROM api_metrics.request_log_country WHERE country = 'DE'"
        }
        Database::Postgres(_) | Database::Sqlite(_) | Database::ClickHouse(..) => {
            "SELECT sum(request_count) FROM api_metrics.request_countries WHERE country = 'DE'"
        }
    };
    assert_eq!(stage.number(rows).await, 36);
    // What is older than the log keeps, or lies ahead, is not stored; what was stored goes with its day.
    let log = &logs[0];
    count_country(log, NOON - 200 * DAY, Some("DE"));
    count_country(log, NOON + 3 * DAY, Some("DE"));
    stage.flush(log).await;
    assert_eq!(counts(|_| {}).await, of(12));
    stage.set(NOON + 100 * DAY);
    stage.retain(&RequestLog::new()).await;
    assert_eq!(counts(|_| {}).await, []);
}
