//! Following the log: in the order of arrival, once, within a scope.

use api_metrics_store::request_log::{
    TailContinuation, TailCursor, TailPage, TailQuery, TailStart,
};

use super::*;

fn ends(page: &TailPage) -> Vec<&str> {
    let paths = page.requests.iter();
    paths.map(|request| request.endpoint.as_str()).collect()
}

impl Stage {
    async fn arrived(&self, start: TailStart) -> TailPage {
        self.arrived_of(start, |_| {}).await
    }

    async fn arrived_of(&self, start: TailStart, change: impl FnOnce(&mut TailQuery)) -> TailPage {
        let mut query = TailQuery::default();
        query.start = start;
        query.limit = 100;
        change(&mut query);
        self.store.requests_arrived(&query).await.unwrap()
    }

    async fn step(&self, from: &mut TailCursor) -> TailPage {
        let page = self.arrived(TailStart::At(*from)).await;
        *from = page.cursor;
        page
    }

    /// Requests that are noted, or of ClickHouse's batches.
    async fn noted(&self) -> i64 {
        let noted = match &self.h.database {
            Database::ClickHouse(..) => "request_log_batch WHERE number IS NOT NULL",
            _ => "request_log_arrival",
        };
        self.number(&format!("SELECT count(*) FROM api_metrics.{noted}"))
            .await
    }
}

pub(super) async fn whoever_follows_sees_each_request_once_in_the_order_of_arrival(
    database: Database,
) {
    let stage = Stage::on(database).await;
    let (a, b) = (log_of(&stage.h, |_| {}), log_of(&stage.h, |_| {}));
    let at = |endpoint, at| Shown {
        at,
        ..Shown::new(endpoint, 200)
    };
    // While nobody follows, nothing is noted.
    show(&a, &at("/before", NOON));
    stage.flush(&a).await;
    assert_eq!(stage.noted().await, 0);
    let before = stage.store.request_tail().await.unwrap();
    assert!(!before.followed);

    stage.store.follow_requests().await.unwrap();
    let begun = stage.arrived(TailStart::Now).await;
    assert_eq!((ends(&begun), begun.left_out), (vec![], 0));
    assert_eq!(begun.continuation, TailContinuation::Now);
    let mut cursor = begun.cursor;
    show(&a, &at("/newer", NOON + 10));
    stage.flush(&a).await;
    assert!(stage.store.request_tail().await.unwrap().followed);
    let page = stage.step(&mut cursor).await;
    assert_eq!(ends(&page), ["/newer"]);
    assert_eq!(page.continuation, TailContinuation::Arrival);
    // What another process has kept before, and hands over afterwards, is there all the same.
    show(&b, &at("/older", NOON + 5));
    show(&b, &at("/oldest", NOON + 4));
    stage.flush(&b).await;
    show(&a, &at("/newest", NOON + 11));
    stage.flush(&a).await;
    let from = cursor;
    assert_eq!(
        ends(&stage.step(&mut cursor).await),
        ["/oldest", "/older", "/newest"]
    );
    assert_eq!(ends(&stage.step(&mut cursor).await), Vec::<&str>::new());
    // Who comes back with an earlier place gets the same again.
    assert_eq!(
        ends(&stage.step(&mut { from }).await),
        ["/oldest", "/older", "/newest"]
    );

    // Beyond the limit the newest are shown, and the others counted.
    let page = stage
        .arrived_of(TailStart::At(from), |query| query.limit = 1)
        .await;
    assert_eq!((ends(&page), page.left_out), (vec!["/newest"], 2));
    let page = stage
        .arrived_of(TailStart::At(from), |query| query.limit = 0)
        .await;
    assert_eq!((ends(&page), page.left_out), (vec![], 3));
    // By a request, and by each kind of filter.
    let newer = stage
        .find(|query| query.filter.endpoint = Some("/newer".into()))
        .await;
    let page = stage.arrived(TailStart::After(newer[0].id)).await;
    assert_eq!(
        (ends(&page), page.continuation),
        (vec!["/newest"], TailContinuation::Time)
    );
    type Change = fn(&mut RequestFilter);
    let filters: [(Change, &[&str]); 5] = [
        (
            |filter| filter.endpoint = Some("/older".into()),
            &["/older"],
        ),
        (|filter| filter.text = Some("oldest".into()), &["/oldest"]),
        (|filter| filter.text = Some("?".into()), &[]),
        (|filter| filter.status_class = Some(5), &[]),
        (
            |filter| filter.min_latency_us = Some(5_000),
            &["/oldest", "/older", "/newest"],
        ),
    ];
    for (change, expected) in filters {
        let page = stage
            .arrived_of(TailStart::At(from), |query| change(&mut query.filter))
            .await;
        assert_eq!(ends(&page), expected, "{page:?}");
        assert_eq!(page.cursor.number, cursor.number);
    }
}

pub(super) async fn a_sample_arrives_when_its_minute_is_over(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |log| log.keep = Keep::default());
    stage.store.follow_requests().await.unwrap();
    let mut cursor = stage.arrived(TailStart::Now).await.cursor;
    show(&log, &Shown::new("/sampled", 200));
    stage.flush(&log).await;
    assert_eq!(ends(&stage.step(&mut cursor).await), Vec::<&str>::new());
    stage.set(NOON + 45);
    stage.store.follow_requests().await.unwrap();
    show(
        &log,
        &Shown {
            at: NOON + 45,
            ..Shown::new("/failed", 500)
        },
    );
    stage.flush(&log).await;
    assert_eq!(ends(&stage.step(&mut cursor).await), ["/failed"]);
    stage.set(NOON + 60);
    stage.flush(&log).await;
    assert_eq!(ends(&stage.step(&mut cursor).await), ["/sampled"]);
}

pub(super) async fn a_follower_that_was_away_for_long_goes_on_by_time(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |_| {});
    stage.store.follow_requests().await.unwrap();
    let begun = stage.arrived(TailStart::Now).await.cursor;
    // Nobody renews the lease: what is kept now is not noted.
    stage.set(NOON + 61);
    assert!(!stage.store.request_tail().await.unwrap().followed);
    show(
        &log,
        &Shown {
            at: NOON + 61,
            ..Shown::new("/meanwhile", 200)
        },
    );
    stage.flush(&log).await;
    assert_eq!(stage.noted().await, 0);
    stage.store.follow_requests().await.unwrap();
    let page = stage.arrived(TailStart::At(begun)).await;
    assert_eq!(
        (ends(&page), page.continuation),
        (vec!["/meanwhile"], TailContinuation::Time)
    );
    // Noted from here on; after two minutes forgotten, of which followers learn.
    let back = page.cursor;
    for minute in 2..6 {
        let at = NOON + 60 * minute;
        stage.set(at);
        stage.store.follow_requests().await.unwrap();
        show(
            &log,
            &Shown {
                at,
                ..Shown::new("/later", 200)
            },
        );
        stage.flush(&log).await;
        // A lease that is renewed each minute has run out each time.
        stage.set(at + 30);
        stage.store.follow_requests().await.unwrap();
    }
    assert!((1..=3).contains(&stage.noted().await));
    let page = stage.arrived(TailStart::At(back)).await;
    assert_eq!(
        (ends(&page), page.continuation),
        (vec!["/later"; 4], TailContinuation::Time)
    );
    let page = stage.arrived(TailStart::At(page.cursor)).await;
    assert_eq!(
        (ends(&page), page.continuation),
        (vec![], TailContinuation::Arrival)
    );
    // A place of another database, or of before a restore.
    let future = format!("{}-{}", u32::MAX, NOON_MS).parse().unwrap();
    let page = stage.arrived(TailStart::At(future)).await;
    assert_eq!(page.continuation, TailContinuation::Time);
    // An hour is as far back as it goes.
    stage.set(NOON + 3_600 + 75);
    let page = stage.arrived(TailStart::At(begun)).await;
    assert_eq!((ends(&page), page.left_out), (vec!["/later"; 4], 0));
    stage.retain(&RequestLog::new()).await;
    assert_eq!(stage.noted().await, 0);
}

pub(super) async fn a_follower_sees_what_its_scope_allows(database: Database) {
    let stage = Stage::on(database).await;
    for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(tenant.to_owned()));
        stage.h.store.create_key(key, &change, None).await.unwrap();
    }
    stage.store.follow_requests().await.unwrap();
    let begun = stage.arrived(TailStart::Now).await.cursor;
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
    let beta = all
        .iter()
        .find(|request| request.api_key.as_deref() == Some("beta"));
    for (scope, expected) in [
        (Scope::All, 4),
        (Scope::Tenant("acme".to_owned()), 1),
        (Scope::Tenant("umbrella".to_owned()), 2),
        (Scope::Tenant("nobody".to_owned()), 0),
        (Scope::Keys(vec![beta.unwrap().api_key_id]), 2),
        (Scope::Keys(Vec::new()), 0),
    ] {
        let found = stage.find(|query| query.scope = scope.clone()).await;
        let page = stage
            .arrived_of(TailStart::At(begun), |query| query.scope = scope.clone())
            .await;
        assert_eq!(
            (page.requests.len(), page.left_out),
            (expected, 0),
            "{scope:?}"
        );
        assert!(page.requests.iter().all(|request| found.contains(request)));
        // Nor do others show in what is left out.
        let page = stage
            .arrived_of(TailStart::At(begun), |query| {
                query.scope = scope.clone();
                query.limit = 0;
            })
            .await;
        assert_eq!(page.left_out, expected as u64, "{scope:?}");
    }
    stage
        .store
        .erase_requests(&Erasure::ApiKey(beta.unwrap().api_key_id), "root")
        .await
        .unwrap();
    let left = match &stage.h.database {
        Database::ClickHouse(..) => 1,
        _ => 2,
    };
    assert_eq!(stage.noted().await, left);
    let page = stage.arrived(TailStart::At(begun)).await;
    assert_eq!(page.requests.len(), 2);
}
