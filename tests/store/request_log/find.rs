//! Lists, pages, filters, groups and scopes.

use api_metrics_store::request_log::{NgramEmbedder, SearchMode};

use super::*;

pub(super) async fn each_filter_finds_what_it_names_and_nothing_else(database: Database) {
    let stage = Stage::on(database).await;
    let shown = [
        Shown::new("/a", 200),
        Shown {
            method: "POST",
            ..Shown::new("/a", 201)
        },
        Shown {
            key: Some("k"),
            user: Some("ann"),
            ..Shown::new("/b", 404)
        },
        Shown {
            latency_ms: 900,
            trace: Some(7),
            agent: Some("curl/8.5"),
            ..Shown::new("/c", 200)
        },
        Shown {
            outcome: Outcome::Aborted,
            error: Some(ErrorDetail::new("The ledger isn't there: Zoë")),
            ..Shown::new("/d", 503)
        },
    ];
    stage.keep(&shown).await;
    let other = log_of_version(&stage.h, "2.0.0", |_| {});
    show(&other, &Shown::new("/a", 200));
    stage.flush(&other).await;
    let key = stage
        .find(|query| query.filter.user = Some("ann".to_owned()))
        .await;
    let key = key.first().unwrap().api_key_id;
    let with = |change: fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::default();
        change(&mut filter);
        filter
    };
    for (filter, expected) in [
        (with(|f| f.service = Some("shop".into())), 6),
        (with(|f| f.service = Some("none".into())), 0),
        (with(|f| f.environment = Some("test".into())), 6),
        (with(|f| f.version = Some("2.0.0".into())), 1),
        (with(|f| f.protocol = Some("grpc".into())), 0),
        (with(|f| f.method = Some("POST".into())), 1),
        (with(|f| f.endpoint = Some("/a".into())), 3),
        (
            with(|f| (f.endpoint, f.method) = (Some("/a".into()), Some("GET".into()))),
            2,
        ),
        (with(|f| f.status = Some(404)), 1),
        (with(|f| f.status_class = Some(2)), 4),
        (with(|f| f.outcome = Some("aborted".into())), 1),
        (with(|f| f.user = Some("ann".into())), 1),
        (with(|f| f.user = Some("an".into())), 0),
        (with(|f| f.min_latency_us = Some(900_000)), 1),
        (with(|f| f.trace_id = Some(Uuid::from_u128(7))), 1),
        (with(|f| f.trace_id = Some(Uuid::from_u128(8))), 0),
        (with(|f| f.api_key_id = Some(0)), 5),
        (with(|f| f.text = Some("LEDGER zoë".into())), 1),
        (with(|f| f.text = Some("ledger gone".into())), 0),
        (with(|f| f.text = Some("curl".into())), 1),
        (with(|f| f.text = Some("' OR 1=1 -- \"".into())), 0),
        (with(|f| f.text = Some("?!".into())), 0),
        (
            with(|f| (f.text, f.status_class) = (Some("curl".into()), Some(5))),
            0,
        ),
    ] {
        let found = stage.find(|query| query.filter = filter.clone()).await;
        assert_eq!(found.len(), expected, "{filter:?}");
    }
    let found = stage
        .find(|query| query.filter.api_key_id = Some(key))
        .await;
    assert_eq!(
        (found.len(), found.first().unwrap().endpoint.as_str()),
        (1, "/b")
    );
    let found = stage
        .find(|query| (query.from_ms, query.to_ms) = (NOON_MS + 1, NOON_MS + 2))
        .await;
    assert_eq!(found, []);
}

pub(super) async fn pages_follow_each_other_without_gap_or_repeat(database: Database) {
    let stage = Stage::on(database).await;
    // Many in one millisecond, over the edge of a day.
    let shown: Vec<_> = (0..57)
        .map(|n| Shown {
            at: NOON + n / 10 * DAY / 4,
            agent: (n % 2 == 0).then_some("robot/2"),
            ..Shown::new("/a", if n % 3 == 0 { 500 } else { 200 })
        })
        .collect();
    let log = log_of(&stage.h, |_| {});
    stage.set(NOON + 2 * DAY);
    for shown in &shown {
        show(&log, shown);
    }
    assert_eq!(stage.flush(&log).await, 57);
    let all = stage.all().await;
    assert_eq!(all.len(), 57);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    let of = |class: Option<u16>, text: Option<&str>| {
        let wanted = |r: &&StoredRequest| {
            class.is_none_or(|c| r.counted_status / 100 == c)
                && (text.is_none() || r.user_agent.is_some())
        };
        all.iter().filter(wanted).cloned().collect::<Vec<_>>()
    };
    // Words begin with the details, and end with them or with the list.
    for (class, text) in [
        (None, None),
        (Some(5), None),
        (None, Some("robot")),
        (Some(5), Some("robot")),
    ] {
        // A page of ClickHouse is two statements over HTTP.
        let limits: &[u32] = match &stage.h.database {
            Database::ClickHouse(..) => &[7, 57, 100],
            _ => &[1, 7, 19, 57, 100],
        };
        for &limit in limits {
            for forward in [false, true] {
                let mut query = RequestQuery::over(0, NOON_MS + 10 * DAY * 1_000);
                query.limit = limit;
                query.filter.status_class = class;
                query.filter.text = text.map(str::to_owned);
                query.after = forward.then(Uuid::nil);
                let mut seen = Vec::new();
                loop {
                    let page = stage.store.requests(&query).await.unwrap();
                    assert!(page.requests.len() <= limit as usize);
                    seen.extend(page.requests);
                    let Some(next) = page.next else {
                        let end = if forward { query.to_ms } else { query.from_ms };
                        assert_eq!(page.searched_to_ms, end);
                        break;
                    };
                    if forward {
                        query.after = Some(next);
                    } else {
                        query.before = Some(next);
                    }
                }
                let mut expected = of(class, text);
                if forward {
                    expected.reverse();
                }
                assert!(seen == expected, "{class:?} {text:?} {limit} {forward}");
            }
        }
    }
    let mut both = RequestQuery::over(0, 1);
    (both.before, both.after) = (Some(Uuid::nil()), Some(Uuid::nil()));
    assert!(stage.store.requests(&both).await.is_err());
}

pub(super) async fn a_filter_without_an_index_looks_at_a_bounded_number_and_says_how_far(
    database: Database,
) {
    const MANY: i64 = 20_500;
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |log| {
        log.rows_per_second = u32::MAX;
        log.memory_budget = 256 << 20;
    });
    let robot = |at, endpoint, status| Shown {
        at,
        agent: Some("robot/2"),
        ..Shown::new(endpoint, status)
    };
    show(&log, &robot(NOON, "/rare", 503));
    for n in 0..MANY {
        show(&log, &robot(NOON + 1 + n / 1_000, "/a", 200));
    }
    assert_eq!(stage.flush(&log).await, MANY.cast_unsigned() + 1);
    // ClickHouse looks at all of them.
    let is_bounded = !matches!(stage.h.database, Database::ClickHouse(..));
    // So do words that very many hold, beside any filter.
    for text in [None, Some("robot".to_owned())] {
        let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
        query.filter.status = Some(503);
        query.filter.text = text;
        if is_bounded {
            let first = stage.store.requests(&query).await.unwrap();
            assert_eq!(first.requests, []);
            assert!(first.searched_to_ms > NOON_MS && first.next.is_some());
            query.before = first.next;
        }
        let second = stage.store.requests(&query).await.unwrap();
        assert_eq!((second.requests.len(), second.next), (1, None));
        assert_eq!(second.searched_to_ms, query.from_ms);
    }
    // Alone they find the newest, and a search finds whatever holds them.
    let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
    query.limit = 10;
    let all = stage.store.requests(&query).await.unwrap();
    query.filter.text = Some("robot".to_owned());
    assert_eq!(stage.store.requests(&query).await.unwrap(), all);
    assert_eq!(all.requests.len(), 10);
    let mut search = RequestSearch::default();
    search.to_ms = query.to_ms;
    search.text = "robot".to_owned();
    search.mode = SearchMode::Words;
    search.filter.status = Some(503);
    search.limit = 10;
    let embedder = NgramEmbedder::default();
    let found = stage
        .store
        .search_requests(&search, &embedder)
        .await
        .unwrap();
    let found: Vec<_> = found
        .hits
        .iter()
        .map(|hit| &*hit.request.endpoint)
        .collect();
    assert_eq!(found, ["/rare"]);
}

pub(super) async fn errors_that_are_one_are_one_group(database: Database) {
    let stage = Stage::on(database).await;
    let old = log_of_version(&stage.h, "1.0.0", |_| {});
    let new = log_of_version(&stage.h, "1.1.0", |_| {});
    for n in 0..3 {
        let error = ErrorDetail::new(format!("order {n} of 'ann{n}' is paid"));
        let key = ["a", "b", "b"].get(n).copied();
        let error = Some(error);
        show(
            &old,
            &Shown {
                key,
                error,
                ..Shown::new("/orders", 500)
            },
        );
    }
    show(
        &new,
        &Shown {
            at: NOON + 30,
            ..Shown::failed("order 9 of \"bob\" is paid")
        },
    );
    show(&new, &Shown::failed("another thing"));
    show(&new, &Shown::new("/orders", 200));
    show(
        &new,
        &Shown {
            outcome: Outcome::Aborted,
            ..Shown::new("/orders", 499)
        },
    );
    stage.flush(&old).await;
    stage.flush(&new).await;
    let mut query = RequestQuery::over(NOON_MS, NOON_MS + 24_000 * 2);
    let groups = stage.store.request_groups(&query).await.unwrap();
    assert_eq!(groups.len(), 2);
    let first = groups.first().unwrap();
    assert_eq!(
        (first.kept, first.weight, first.api_keys, first.status),
        (4, 4, 2, 500)
    );
    assert_eq!(first.message.as_deref(), Some("order 9 of \"bob\" is paid"));
    assert_eq!(first.versions, ["1.0.0", "1.1.0"]);
    assert_eq!(first.first_version.as_deref(), Some("1.0.0"));
    assert_eq!((first.first_ms, first.last_ms), (NOON_MS, NOON_MS + 30_000));
    assert_eq!(first.first_seen_ms, Some(NOON_MS));
    let mut series = vec![0; 24];
    (series[0], series[15]) = (3, 1);
    assert_eq!(first.series, series);
    assert_eq!(
        groups.get(1).unwrap().first_version.as_deref(),
        Some("1.1.0")
    );
    let of_group = stage
        .find(|query| query.filter.group = Some(first.id))
        .await;
    assert_eq!(of_group.len(), 4);
    query.limit = 1;
    assert_eq!(stage.store.request_groups(&query).await.unwrap().len(), 1);
    query.filter.version = Some("1.1.0".to_owned());
    let of_new = stage.store.request_groups(&query).await.unwrap();
    assert_eq!(of_new.first().unwrap().kept, 1);
}

pub(super) async fn a_scope_shows_its_own_requests_and_no_others(database: Database) {
    let stage = Stage::on(database).await;
    for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(tenant.to_owned()));
        stage.h.store.create_key(key, &change, None).await.unwrap();
    }
    let of = |key| Shown {
        key,
        ..Shown::failed("it is broken")
    };
    stage
        .keep(&[
            of(Some("alpha")),
            of(Some("beta")),
            of(Some("beta")),
            of(None),
        ])
        .await;
    let all = stage.all().await;
    let id_of = |key: &str| {
        let of_key = all
            .iter()
            .find(|request| request.api_key.as_deref() == Some(key));
        of_key.unwrap().api_key_id
    };
    for (scope, expected) in [
        (Scope::All, 4),
        (Scope::Tenant("acme".to_owned()), 1),
        (Scope::Tenant("umbrella".to_owned()), 2),
        (Scope::Tenant("' OR ''='".to_owned()), 0),
        (Scope::Keys(vec![id_of("beta")]), 2),
        (Scope::Keys(Vec::new()), 0),
    ] {
        let found = stage.find(|query| query.scope = scope.clone()).await;
        assert_eq!(found.len(), expected, "{scope:?}");
        for request in &all {
            let one = stage.store.request(request.id, &scope).await.unwrap();
            assert_eq!(one.is_some(), found.contains(request), "{scope:?}");
        }
        let mut query = RequestQuery::over(0, NOON_MS + 1_000);
        query.scope = scope.clone();
        let groups = stage.store.request_groups(&query).await.unwrap();
        let kept: u64 = groups.iter().map(|group| group.kept).sum();
        assert_eq!(kept, expected as u64, "{scope:?}");
        let told = groups.iter().any(|group| group.first_seen_ms.is_some());
        assert_eq!(told, scope == Scope::All, "{scope:?}");
        if expected == 0 {
            assert_eq!(groups, []);
        }
    }
}
