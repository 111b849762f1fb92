//! The operations of a dashboard, of a flush and of the leader.

use std::{hint::black_box, sync::Arc};

use api_metrics_store::{
    query::{Answer, Detail, Filter, GroupBy, Query, TimeRange, TimeStep, TopK},
    store::Store,
    time::Granularity,
};

use crate::{
    fill::{Random, Size, now, record_every_series, writer},
    measure::Table,
};

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
    let by = |group_by: GroupBy, seconds: i64| Query::over(last(seconds)).group_by(group_by);
    let endpoint = GroupBy::default().endpoint(true).method(true).service(true);
    let key = GroupBy::default().api_key(true);
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
            async || ask(&by(endpoint, DAY)).await,
            rows,
        )
        .await;
    table
        .measure(
            "top 10 keys 24 h",
            async || {
                let mut answer = ask(&by(key, DAY).detail(Detail::Counts)).await;
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
                let time = Some(TimeStep::Fixed(Granularity::Hour));
                ask(&by(GroupBy::default().endpoint(true).time(time), DAY)
                    .detail(Detail::Counts)
                    .top(TopK::first(50)))
                .await
            },
            rows,
        )
        .await;
    table
        .measure(
            "usage by day, 30 d",
            async || {
                let time = Some(TimeStep::Fixed(Granularity::Day));
                ask(&by(GroupBy::default().api_key(true).time(time), 30 * DAY)
                    .detail(Detail::Counts))
                .await
            },
            rows,
        )
        .await;
    let one_key = store.api_keys(None).await.unwrap()[3].id;
    table
        .measure(
            "one key, 24 h by 5m",
            async || {
                let time = Some(TimeStep::Fixed(Granularity::FiveMinutes));
                let filter = Filter::default().api_key_id(Some(one_key));
                ask(&by(GroupBy::default().time(time), DAY).filter(filter)).await
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
