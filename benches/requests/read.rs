//! A page of a hundred requests by each filter, words over a day, and groups.

use api_metrics_benches::Dice;
use api_metrics_store::request_log::{
    NgramEmbedder, RequestFilter, RequestLogStore, RequestQuery, RequestSearch, SearchMode,
};

use crate::{
    Database,
    fill::{DAY_MS, DAYS, ENDPOINTS, GROUPS, KEYS, USERS, first_ms},
};
use api_metrics_benches::measure::Table;

fn filtered(change: impl FnOnce(&mut RequestFilter)) -> RequestQuery {
    let mut query = RequestQuery::over(first_ms(), first_ms() + DAYS * DAY_MS);
    change(&mut query.filter);
    query
}

async fn page(store: &impl RequestLogStore, query: RequestQuery) -> usize {
    store.requests(&query).await.unwrap().requests.len()
}

pub async fn run(store: &impl Database, rows: u64, table: &mut Table) {
    println!("  {rows} requests over {DAYS} days");
    let found = |n: &usize| format!("{n} found");
    let mut dice = Dice(7);
    let newest = page(store, filtered(|_| ())).await;
    assert_eq!(newest, 100, "the log is filled");
    // Keys and traces are taken from requests that are there.
    let mut some = filtered(|_| ());
    some.limit = 1_000;
    let some = store.requests(&some).await.unwrap().requests;
    let mut pick = move || some[dice.roll(some.len() as u64) as usize].clone();
    let mut dice = Dice(9);

    table
        .measure(
            "page, no filter",
            async || page(store, filtered(|_| ())).await,
            found,
        )
        .await;
    let middle = first_ms() + DAYS * DAY_MS / 2;
    table
        .measure(
            "page, no filter, from the middle",
            async || {
                let mut query = filtered(|_| ());
                query.to_ms = middle + i64::try_from(dice.roll(DAY_MS as u64)).unwrap();
                page(store, query).await
            },
            found,
        )
        .await;
    let mut dice = Dice(11);
    table
        .measure(
            "page by endpoint",
            async || {
                let endpoint = format!("/endpoints/{}", dice.roll(ENDPOINTS));
                page(store, filtered(|filter| filter.endpoint = Some(endpoint))).await
            },
            found,
        )
        .await;
    table
        .measure(
            "page by service",
            async || {
                let service = format!("shop-{}", dice.roll(4));
                page(store, filtered(|filter| filter.service = Some(service))).await
            },
            found,
        )
        .await;
    table
        .measure(
            &format!("page by one of {KEYS} keys"),
            async || {
                let key = pick().api_key_id;
                page(store, filtered(|filter| filter.api_key_id = Some(key))).await
            },
            found,
        )
        .await;
    table
        .measure(
            &format!("page by one of {USERS} users"),
            async || {
                let user = format!("user-{}", dice.roll(USERS));
                page(store, filtered(|filter| filter.user = Some(user))).await
            },
            found,
        )
        .await;
    table
        .measure(
            &format!("page by one of {GROUPS} groups"),
            async || {
                let group = i64::try_from(1 + dice.roll(GROUPS)).unwrap();
                page(store, filtered(|filter| filter.group = Some(group))).await
            },
            found,
        )
        .await;
    table
        .measure(
            "one trace",
            async || {
                let trace = pick().trace_id;
                page(store, filtered(|filter| filter.trace_id = trace)).await
            },
            found,
        )
        .await;
    table
        .measure(
            "page by status, no index",
            async || page(store, filtered(|filter| filter.status = Some(422))).await,
            found,
        )
        .await;
    table
        .measure(
            "page by a status that there is not: 20,000 looked at",
            async || page(store, filtered(|filter| filter.status = Some(418))).await,
            found,
        )
        .await;
    let day = |day: i64| {
        let mut query = filtered(|_| ());
        query.from_ms += day * DAY_MS;
        query.to_ms = query.from_ms + DAY_MS;
        query
    };
    table
        .measure(
            "page by a rare word, over a day",
            async || {
                let mut query = day(1);
                query.filter.text = Some(format!("item {}", dice.roll(10_000) * 10));
                page(store, query).await
            },
            found,
        )
        .await;
    table
        .measure(
            "page by common words, over a day",
            async || {
                let mut query = day(1);
                query.filter.text = Some("invalid quantity".to_owned());
                page(store, query).await
            },
            found,
        )
        .await;
    for (name, mode) in [("words", SearchMode::Words), ("hybrid", SearchMode::Hybrid)] {
        table
            .measure(
                &format!("search, {name}, over a day"),
                async || {
                    let text = format!("quantity {}", dice.roll(10_000) * 10);
                    let query = day(1);
                    let mut search = RequestSearch::default();
                    (search.from_ms, search.to_ms) = (query.from_ms, query.to_ms);
                    (search.text, search.mode, search.limit) = (text, mode, 20);
                    let embedder = NgramEmbedder::default();
                    let result = store.search_requests(&search, &embedder).await.unwrap();
                    result.hits.len()
                },
                found,
            )
            .await;
    }
    table
        .measure(
            "groups of a day",
            async || store.request_groups(&day(1)).await.unwrap().len(),
            found,
        )
        .await;
}
