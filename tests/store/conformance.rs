//! One suite, all stores.

use api_metrics_store::{
    calendar::Step,
    query::{Filter, GroupBy, Query, TimeRange, TimeStep},
    sketch::SketchKind,
    store::StoreError,
    time::Granularity,
};
use api_metrics_tests::question;

use crate::{
    damage::{
        damaged_columns_of_buckets_cost_no_request_and_block_nobody,
        damaged_flush_batches_are_left_out_and_the_answer_says_so,
        damaged_period_counts_are_made_anew_from_the_buckets,
    },
    floors::floors_move_only_when_two_runs_agree_and_nothing_is_lost,
    harness::{Database, Harness, NOON, record, writer_of},
    headers::{
        digests_keep_times_to_headers_too, nobody_who_keeps_no_times_to_headers_has_any,
        times_to_headers_have_quantiles_in_every_layer_and_say_what_they_cover,
    },
    imports::{
        an_import_that_is_taken_back_leaves_everything_else,
        the_ledger_says_how_far_each_import_came,
    },
    many::many_series_are_told_like_a_few,
    scopes::{
        a_scope_hides_other_keys_in_every_layer, a_tenant_is_answered_from_every_layer,
        a_tenants_name_is_nothing_but_a_name,
    },
    series::series_that_others_fold_after_a_read_are_in_the_next_one,
    snapshots::questions_of_one_snapshot_are_answered_as_if_asked_alone,
    units::{
        names_of_units_are_bounded_and_nothing_is_lost,
        units_are_exact_in_every_layer_and_by_every_grouping,
    },
};

macro_rules! on_all_stores {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
        mod clickhouse {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::clickhouse().await).await; })*
        }
    };
}

/// What only a database has that keeps the buckets itself: bytes that can be damaged, period counts, digests.
macro_rules! on_stores_with_buckets {
    ($($name:ident)*) => {
        mod postgres_itself {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod sqlite_itself {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

/// The same under row-level security: a superuser is not bound by it.
macro_rules! as_ordinary_roles {
    ($($name:ident)*) => {
        mod postgres_as_owner {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_owner().await).await; })*
        }
        mod postgres_as_service {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_service().await).await; })*
        }
    };
}

as_ordinary_roles! {
    what_was_flushed_is_read_before_and_after_the_fold
    an_unflushed_record_is_read_by_its_own_process_only
    a_record_is_counted_once_while_its_flush_is_not_acknowledged
    rollups_answer_like_the_minutes_they_are_made_of
    late_records_reach_every_coarser_period
    old_records_go_to_the_finest_granularity_that_is_kept
    edges_snap_outward_and_the_answer_says_so
    filters_and_groups_agree_with_the_total
    questions_of_one_snapshot_are_answered_as_if_asked_alone
    series_that_others_fold_after_a_read_are_in_the_next_one
    many_series_are_told_like_a_few
    a_scope_hides_other_keys_in_every_layer
    a_tenant_is_answered_from_every_layer
    a_tenants_name_is_nothing_but_a_name
    days_follow_the_calendar_of_a_zone
    a_time_far_ahead_counts_in_the_current_minute
    the_first_proposal_of_a_secret_wins
    an_import_that_is_taken_back_leaves_everything_else
    the_ledger_says_how_far_each_import_came
    floors_move_only_when_two_runs_agree_and_nothing_is_lost
    status_tells_instances_inbox_and_floors
    units_are_exact_in_every_layer_and_by_every_grouping
    names_of_units_are_bounded_and_nothing_is_lost
}

on_all_stores! {
    what_was_flushed_is_read_before_and_after_the_fold
    an_unflushed_record_is_read_by_its_own_process_only
    a_record_is_counted_once_while_its_flush_is_not_acknowledged
    rollups_answer_like_the_minutes_they_are_made_of
    late_records_reach_every_coarser_period
    old_records_go_to_the_finest_granularity_that_is_kept
    edges_snap_outward_and_the_answer_says_so
    filters_and_groups_agree_with_the_total
    questions_of_one_snapshot_are_answered_as_if_asked_alone
    series_that_others_fold_after_a_read_are_in_the_next_one
    many_series_are_told_like_a_few
    a_scope_hides_other_keys_in_every_layer
    a_tenant_is_answered_from_every_layer
    a_tenants_name_is_nothing_but_a_name
    days_follow_the_calendar_of_a_zone
    a_time_far_ahead_counts_in_the_current_minute
    preparing_twice_and_at_once_is_one_schema
    a_newer_database_is_refused_by_name
    another_kind_of_sketch_is_refused_by_name
    the_first_proposal_of_a_secret_wins
    an_import_that_is_taken_back_leaves_everything_else
    the_ledger_says_how_far_each_import_came
    floors_move_only_when_two_runs_agree_and_nothing_is_lost
    damaged_flush_batches_are_left_out_and_the_answer_says_so
    times_to_headers_have_quantiles_in_every_layer_and_say_what_they_cover
    nobody_who_keeps_no_times_to_headers_has_any
    status_tells_instances_inbox_and_floors
    units_are_exact_in_every_layer_and_by_every_grouping
    names_of_units_are_bounded_and_nothing_is_lost
}

on_stores_with_buckets! {
    damaged_columns_of_buckets_cost_no_request_and_block_nobody
    damaged_period_counts_are_made_anew_from_the_buckets
    digests_keep_times_to_headers_too
}

async fn what_was_flushed_is_read_before_and_after_the_fold(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", Some("k"), 5, 3);
    record(&writer, NOON + 61, "/a", None, 50, 2);
    let flushed = h.store.flush(&writer).await.unwrap();
    assert_eq!((flushed.number, flushed.rows, flushed.records), (1, 2, 5));
    let query = Query::over(TimeRange::new(NOON, NOON + 120));
    let before = h.read(&query).await;
    assert_eq!(before.total().unwrap().request_count, 5);
    let folded = h.store.fold().await.unwrap();
    assert!(folded.led && !folded.more && folded.batches == 1);
    let after = h.read(&query).await;
    assert_eq!(before.rows, after.rows);
    let total = after.total().unwrap();
    assert_eq!(total.latency_sum_us, 3 * 5_000 + 2 * 50_000);
    assert_eq!(
        (total.latency_min_us, total.latency_max_us),
        (Some(5_000), Some(50_000))
    );
    assert_eq!(total.response_bytes, 50);
    assert_eq!(total.status_counts.get(200), 5);
    let p99 = total.quantile_ms(0.99).unwrap();
    assert!((p99 - 50.0).abs() / 50.0 < 0.01, "{p99}");
    assert_eq!(h.store.fold().await.unwrap().batches, 0);
}

async fn an_unflushed_record_is_read_by_its_own_process_only(database: Database) {
    let h = Harness::on(database).await;
    let (mine, other) = (h.writer(), h.writer());
    record(&mine, NOON, "/a", Some("k"), 5, 3);
    let query = Query::over(TimeRange::new(NOON, NOON + 60));
    assert_eq!(
        h.read_with(&query, &mine)
            .await
            .total()
            .unwrap()
            .request_count,
        3
    );
    assert!(h.read_with(&query, &other).await.rows.is_empty());
    h.store.flush(&mine).await.unwrap();
    assert_eq!(
        h.read_with(&query, &mine)
            .await
            .total()
            .unwrap()
            .request_count,
        3
    );
    assert_eq!(
        h.read_with(&query, &other)
            .await
            .total()
            .unwrap()
            .request_count,
        3
    );
}

async fn a_record_is_counted_once_while_its_flush_is_not_acknowledged(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", None, 5, 3);
    // Captured before the flush, read after it: the fence number tells that it is in already.
    let own = writer.recorder.capture(&|_, _| true);
    h.store.flush(&writer).await.unwrap();
    let query = Query::over(TimeRange::new(NOON, NOON + 60));
    let answer = h.store.read(&query, Some((&writer, own))).await.unwrap();
    assert_eq!(answer.total().unwrap().request_count, 3);
}

async fn rollups_answer_like_the_minutes_they_are_made_of(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for minute in 0..150 {
        record(
            &writer,
            NOON + minute * 60,
            "/a",
            Some("k"),
            1 + minute.cast_unsigned() % 40,
            2,
        );
    }
    h.store.flush(&writer).await.unwrap();
    while h.store.fold().await.unwrap().more {}
    let queries: Vec<_> = [(0, 9_000), (60, 7_260), (300, 8_700), (3_600, 7_200)]
        .map(|(from, to)| Query::over(TimeRange::new(NOON + from, NOON + to)))
        .into();
    let mut before = Vec::new();
    for query in &queries {
        before.push(h.read(query).await);
    }
    h.clock.advance(std::time::Duration::from_secs(2 * 86_400));
    h.settle().await;
    let status = h.store.status().await.unwrap();
    assert!(status.dirty.is_empty(), "{:?}", status.dirty);
    for (query, before) in queries.iter().zip(before) {
        let after = h.read(query).await;
        assert_eq!((after.range, after.rows), (before.range, before.rows));
    }
}

async fn late_records_reach_every_coarser_period(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON - 7_000, "/a", None, 5, 1);
    h.store.flush(&writer).await.unwrap();
    h.clock.advance(std::time::Duration::from_secs(86_400));
    h.settle().await;
    record(&writer, NOON - 6_900, "/a", None, 5, 1);
    h.store.flush(&writer).await.unwrap();
    // Not rolled up yet: the coarser rows are known to be stale.
    h.store.fold().await.unwrap();
    assert_eq!(h.requests(NOON - 43_200, NOON + 43_200).await, 2);
    h.settle().await;
    assert_eq!(h.requests(NOON - 43_200, NOON + 43_200).await, 2);
    assert_eq!(h.requests(NOON - 7_200, NOON - 3_600).await, 2);
}

async fn old_records_go_to_the_finest_granularity_that_is_kept(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let days_ago = |days: i64| NOON - days * 86_400;
    for days in [0, 3, 30, 300, 4_000] {
        record(&writer, days_ago(days) + 61, "/a", Some("k"), 5, 1);
    }
    h.store.flush(&writer).await.unwrap();
    let (from, to) = (days_ago(5_000), NOON + 3_600);
    assert_eq!(h.requests(from, to).await, 5);
    h.settle().await;
    assert_eq!(h.requests(from, to).await, 5);
    // Each is found by the smallest range that its granularity allows.
    assert_eq!(h.requests(NOON + 60, NOON + 120).await, 1);
    assert_eq!(h.requests(days_ago(3), days_ago(3) + 300).await, 1);
    assert_eq!(h.requests(days_ago(30), days_ago(30) + 3_600).await, 1);
    let midnight = days_ago(300) - 43_200;
    assert_eq!(h.requests(midnight, midnight + 86_400).await, 1);
}

async fn edges_snap_outward_and_the_answer_says_so(database: Database) {
    let h = Harness::on(database).await;
    let ask = |from, to| Query::over(TimeRange::new(from, to));
    let fresh = h.read(&ask(NOON - 90, NOON - 30)).await;
    assert_eq!(fresh.range, TimeRange::new(NOON - 120, NOON));
    let old = NOON - 30 * 86_400;
    assert_eq!(
        h.read(&ask(old + 1, old + 2)).await.range,
        TimeRange::new(old, old + 3_600)
    );
    assert_eq!(fresh.as_of_us, NOON * 1_000_000);
    assert!(!fresh.approximate);
}

async fn filters_and_groups_agree_with_the_total(database: Database) {
    let h = Harness::on(database).await;
    let (shop, blog) = (h.writer(), writer_of("blog", &h.clock));
    for (n, (endpoint, key)) in [
        ("/a", Some("x")),
        ("/a", None),
        ("/b", Some("x")),
        ("/b", Some("y")),
    ]
    .iter()
    .enumerate()
    {
        record(&shop, NOON, endpoint, *key, 5, n as u64 + 1);
        record(&blog, NOON, endpoint, *key, 5, 10);
    }
    for settled in [false, true] {
        for writer in [&shop, &blog] {
            h.store.flush(writer).await.unwrap();
        }
        if settled {
            h.settle().await;
        }
        let over = Query::over(TimeRange::new(NOON, NOON + 60));
        let of = |filter: Filter| question(over.range, |query| query.filter = filter);
        let count =
            async |query: &Query| h.read(query).await.total().map_or(0, |b| b.request_count);
        assert_eq!(count(&over).await, 50);
        let service = Some("shop".to_owned());
        assert_eq!(
            count(&of({
                let mut filter = Filter::default();
                filter.service = service.clone();
                filter
            }))
            .await,
            10
        );
        let endpoint = Some("/b".to_owned());
        assert_eq!(
            count(&of({
                let mut filter = Filter::default();
                filter.service = service;
                filter.endpoint = endpoint;
                filter
            }))
            .await,
            7
        );
        assert_eq!(
            count(&of({
                let mut filter = Filter::default();
                filter.method = Some("POST".to_owned());
                filter
            }))
            .await,
            0
        );
        let keys = h.store.api_keys(None).await.unwrap();
        let named = ["never seen".to_owned(), keys[0].external_id.clone()];
        assert_eq!(h.store.api_keys_named(&named).await.unwrap(), keys[..1]);
        let x = keys.iter().find(|key| key.external_id == "x").unwrap().id;
        assert_eq!(
            count(&of({
                let mut filter = Filter::default();
                filter.api_key_id = Some(x);
                filter
            }))
            .await,
            24
        );
        assert_eq!(
            count(&of({
                let mut filter = Filter::default();
                filter.api_key_id = Some(0);
                filter
            }))
            .await,
            12
        );
        let mut every = GroupBy::default();
        every.service = true;
        every.method = true;
        every.endpoint = true;
        every.api_key = true;
        for group_by in [
            every,
            {
                let mut group_by = GroupBy::default();
                group_by.api_key = true;
                group_by
            },
            {
                let mut group_by = GroupBy::default();
                group_by.endpoint = true;
                group_by
            },
        ] {
            let grouped = question(over.range, |query| query.group_by = group_by);
            let rows = h.read(&grouped).await.rows;
            assert_eq!(
                rows.iter().map(|row| row.bucket.request_count).sum::<u64>(),
                50,
                "{group_by:?}"
            );
        }
    }
}

async fn days_follow_the_calendar_of_a_zone(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    // Berlin's clocks went forward on 2026-03-29; the day had 23 hours.
    let sunday = 1_774_738_800; // 2026-03-28T23:00:00Z
    h.clock.step_to(sunday + 2 * 86_400);
    record(&writer, sunday - 1, "/a", None, 5, 1);
    record(&writer, sunday, "/a", None, 5, 2);
    record(&writer, sunday + 23 * 3_600 - 1, "/a", None, 5, 4);
    record(&writer, sunday + 23 * 3_600, "/a", None, 5, 8);
    h.store.flush(&writer).await.unwrap();
    let step = TimeStep::Calendar(Step::Day, "Europe/Berlin".parse().unwrap());
    let mut query = Query::over(TimeRange::new(sunday - 86_400, sunday + 47 * 3_600));
    query.group_by.time = Some(step);
    for settled in [false, true] {
        if settled {
            h.settle().await;
        }
        let answer = h.read(&query).await;
        let days: Vec<_> = answer
            .rows
            .iter()
            .map(|r| {
                (
                    r.group.period_start.unwrap() - sunday,
                    r.bucket.request_count,
                )
            })
            .collect();
        assert_eq!(days, [(-86_400, 1), (0, 6), (23 * 3_600, 8)]);
        assert!(!answer.approximate);
    }
}

async fn a_time_far_ahead_counts_in_the_current_minute(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON + 90 * 86_400, "/a", None, 5, 1);
    record(&writer, NOON + 3_000, "/a", None, 5, 1);
    assert_eq!(
        h.read_with(&Query::over(TimeRange::new(NOON, NOON + 60)), &writer)
            .await
            .total()
            .unwrap()
            .request_count,
        1
    );
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    assert_eq!(h.requests(NOON, NOON + 60).await, 1);
    assert_eq!(h.requests(NOON, NOON + 100 * 86_400).await, 2);
}

/// The version that this release knows.
fn newest_schema(database: &Database) -> i64 {
    match database {
        Database::Sqlite(_) => 14,
        Database::Postgres(_) | Database::PostgresAs(..) | Database::ClickHouse(..) => 18,
    }
}

async fn preparing_twice_and_at_once_is_one_schema(database: Database) {
    let clock = std::sync::Arc::new(api_metrics_store::time::ManualClock::at(NOON));
    let stores: Vec<_> = (0..4).map(|_| database.store(&clock)).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for store in stores {
        tasks.spawn(async move { store.prepare().await });
    }
    for outcome in tasks.join_all().await {
        outcome.unwrap();
    }
    let h = Harness::on(database).await;
    let version = newest_schema(&h.database);
    assert_eq!(h.store.status().await.unwrap().schema_version, version);
}

async fn a_newer_database_is_refused_by_name(database: Database) {
    let h = Harness::on(database).await;
    match &h.database {
        Database::Postgres(database)
        | Database::PostgresAs(database, ..)
        | Database::ClickHouse(database, _) => {
            let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
            sqlx::query(
                "INSERT INTO api_metrics.schema_migrations (version, name) VALUES (99, 'later')",
            )
            .execute(&pool)
            .await
            .unwrap();
        }
        Database::Sqlite(file) => {
            let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
            sqlx::query(
                "INSERT INTO api_metrics_schema_migrations (version, name) VALUES (99, 'later')",
            )
            .execute(&pool)
            .await
            .unwrap();
        }
    }
    let error = h.database.store(&h.clock).prepare().await.unwrap_err();
    let newest = newest_schema(&h.database);
    assert!(
        matches!(error, StoreError::TooNew { found: 99, known } if known == newest),
        "{error}"
    );
    assert!(error.to_string().contains("schema version 99"), "{error}");
}

async fn another_kind_of_sketch_is_refused_by_name(database: Database) {
    let h = Harness::on(database).await;
    let other = h.database.store_with({
        let mut options = api_metrics_tests::patient();
        options.sketch_kind = SketchKind::TDigest;
        options
    });
    let error = other.prepare().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database keeps histogram sketches, the service is configured for tdigest"
    );
}

async fn the_first_proposal_of_a_secret_wins(database: Database) {
    let h = Harness::on(database).await;
    assert!(!h.store.session_ended("a").await.unwrap());
    h.store.end_session("a").await.unwrap();
    h.store.end_session("a").await.unwrap();
    assert!(h.store.session_ended("a").await.unwrap());
    assert!(!h.store.session_ended("b").await.unwrap());
    let first = h.store.shared_secret("session", b"one").await.unwrap();
    let second = h.store.shared_secret("session", b"two").await.unwrap();
    assert_eq!((first.value.as_slice(), first.created), (&b"one"[..], true));
    assert_eq!(
        (second.value.as_slice(), second.created),
        (&b"one"[..], false)
    );
}

async fn status_tells_instances_inbox_and_floors(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", Some("k"), 5, 3);
    h.store.flush(&writer).await.unwrap();
    let status = h.store.status().await.unwrap();
    assert_eq!((status.inbox.batches, status.inbox.records), (1, 3));
    let [instance] = status.instances.as_slice() else {
        panic!("{status:?}")
    };
    assert_eq!(
        (instance.id, instance.seq, instance.folded, instance.live),
        (writer.instance.id, 1, 0, true)
    );
    assert_eq!(instance.service, "shop");
    h.store.fold().await.unwrap();
    let status = h.store.status().await.unwrap();
    assert_eq!(
        (
            status.inbox.batches,
            status.instances[0].folded,
            status.series
        ),
        (0, 1, 1)
    );
    assert_eq!(
        status.floors.keys().copied().collect::<Vec<_>>(),
        Granularity::ALL
    );
    assert_eq!(status.dirty.values().sum::<u64>(), 3);
}
