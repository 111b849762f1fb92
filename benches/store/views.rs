//! The operations of a dashboard, of a flush and of the leader.

use std::{hint::black_box, sync::Arc};

use api_metrics_store::{
    query::{Answer, Detail, Query, TimeRange, TimeStep, TopK},
    store::Store,
    time::Granularity,
};

use api_metrics_benches::fill::{Random, Size, now, record_every_series, writer};
use api_metrics_benches::measure::Table;

const DAY: i64 = 86_400;

pub async fn run(store: &Arc<dyn Store>, size: Size, table: &mut Table) {
    // A realistic inbox: the last two flushes of one instance.
    let mut random = Random::new(3);
    let background = writer();
    for _ in 0..2 {
        record_every_series(&background, size, now(), &mut random);
        store.flush(&background).await.unwrap();
    }
    let last = |seconds: i64| TimeRange::new(now() - seconds, now());
    let by = |seconds: i64, change: &dyn Fn(&mut Query)| {
        let mut query = Query::over(last(seconds));
        change(&mut query);
        query
    };
    let rows = |answer: &Answer| format!("{} rows", answer.rows.len());
    let ask = async |query: &Query| {
        let answer = store.read(query, None).await.unwrap();
        for row in answer
            .rows
            .iter()
            .filter(|_| query.detail == Detail::Quantiles)
        {
            black_box([0.5, 0.95, 0.99].map(|q| row.bucket.quantile_ms(q)));
        }
        answer
    };

    table
        .measure(
            "summary 24 h with p50/p95/p99",
            async || ask(&Query::over(last(DAY))).await,
            rows,
        )
        .await;
    table
        .measure(
            "endpoints 24 h with p50/p95/p99",
            async || {
                let endpoints = by(DAY, &|query| {
                    query.group_by.endpoint = true;
                    query.group_by.method = true;
                    query.group_by.service = true;
                });
                ask(&endpoints).await
            },
            rows,
        )
        .await;
    table
        .measure(
            "top 10 keys 24 h",
            async || {
                let keys = by(DAY, &|query| {
                    query.group_by.api_key = true;
                    query.detail = Detail::Counts;
                });
                let mut answer = ask(&keys).await;
                answer
                    .rows
                    .sort_by_key(|row| std::cmp::Reverse(row.bucket.request_count));
                answer.rows.truncate(10);
                answer
            },
            rows,
        )
        .await;
    table
        .measure(
            "heatmap 24 h x 50 endpoints",
            async || {
                let heatmap = by(DAY, &|query| {
                    query.group_by.endpoint = true;
                    query.group_by.time = Some(TimeStep::Fixed(Granularity::Hour));
                    query.detail = Detail::Counts;
                    query.top = Some(TopK::first(50));
                });
                ask(&heatmap).await
            },
            rows,
        )
        .await;
    table
        .measure(
            "usage by day, 30 d",
            async || {
                let days = by(30 * DAY, &|query| {
                    query.group_by.api_key = true;
                    query.group_by.time = Some(TimeStep::Fixed(Granularity::Day));
                    query.detail = Detail::Counts;
                });
                ask(&days).await
            },
            rows,
        )
        .await;
    let one_key = store.api_keys(None).await.unwrap()[3].id;
    table
        .measure(
            "one key, 24 h by 5m",
            async || {
                let of_key = by(DAY, &|query| {
                    query.filter.api_key_id = Some(one_key);
                    query.group_by.time = Some(TimeStep::Fixed(Granularity::FiveMinutes));
                });
                ask(&of_key).await
            },
            rows,
        )
        .await;
    table
        .measure(
            "summary of 37 h 13 min ending now",
            async || ask(&Query::over(last(37 * 3_600 + 13 * 60))).await,
            rows,
        )
        .await;
}
