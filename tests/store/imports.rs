//! The ledger of imports, on both stores.

use api_metrics_store::control::imports::{ImportRecord, ImportUndo, ImportedRequests};

use crate::harness::{Database, Harness, NOON, record};

pub(crate) async fn the_ledger_says_how_far_each_import_came(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let id = writer.instance.id;
    assert_eq!(h.store.fence(id).await.unwrap(), 0);
    let mut import = ImportRecord::new(id, "head");
    import.service = "shop".into();
    import.environment = "default".into();
    import.name = "access.log".into();
    import.progress = r#"{"flush":1}"#.into();
    h.store.put_import(&import).await.unwrap();
    record(&writer, NOON, "/a", None, 5, 1);
    h.store.flush(&writer).await.unwrap();
    assert_eq!(h.store.fence(id).await.unwrap(), 1);
    // Put again, it is replaced; another log with the same first line is another import.
    import.progress = r#"{"flush":2}"#.into();
    h.store.put_import(&import).await.unwrap();
    h.clock.advance(std::time::Duration::from_secs(5));
    let other = ImportRecord::new(uuid::Uuid::new_v4(), "head");
    h.store.put_import(&other).await.unwrap();
    let known = h.store.imports("head").await.unwrap();
    let ids: Vec<_> = known.iter().map(|import| import.id).collect();
    assert_eq!(ids, [other.id, id], "the latest comes first");
    import.updated_at = known[1].updated_at;
    assert_eq!(known[1], import);
    assert_eq!(h.store.imports("another").await.unwrap(), []);
    let mut long = ImportRecord::new(uuid::Uuid::new_v4(), "x".repeat(129));
    assert!(h.store.put_import(&long).await.is_err());
    long.head.truncate(128);
    long.progress = "x".repeat(16 * 1024 + 1);
    assert!(h.store.put_import(&long).await.is_err());
}

pub(crate) async fn an_import_that_is_taken_back_leaves_everything_else(database: Database) {
    let h = Harness::on(database).await;
    let (import, other) = (h.writer(), crate::harness::writer_of("blog", &h.clock));
    let mut ledger = ImportRecord::new(import.instance.id, "head");
    ledger.service = "shop".into();
    ledger.environment = "test".into();
    h.store.put_import(&ledger).await.unwrap();
    let (first, last) = (NOON - 30 * 86_400, NOON);
    for at in [first, NOON - 3 * 86_400, NOON - 7_200, last] {
        record(&import, at, "/a", Some("k"), 5, 2);
        record(&other, at, "/b", Some("k"), 5, 3);
    }
    h.store.flush(&import).await.unwrap();
    h.store.flush(&other).await.unwrap();
    let fence = h.store.fence(import.instance.id).await.unwrap();
    let wanted = ImportedRequests::new(&ledger, 8, (first, last), fence);
    let outcome = h.store.undo_import(&wanted).await.unwrap();
    assert_eq!(outcome, ImportUndo::Busy, "it is not folded yet");
    h.settle().await;
    let fewer = ImportedRequests::new(&ledger, 7, (first, last), fence);
    let outcome = h.store.undo_import(&fewer).await.unwrap();
    let mixed = |outcome: &ImportUndo| matches!(outcome, ImportUndo::Mixed { requests: 8, .. });
    assert!(mixed(&outcome), "{outcome:?}");
    let (from, to) = (NOON - 60 * 86_400, NOON + 3_600);
    assert_eq!(h.requests(from, to).await, 20);
    let outcome = h.store.undo_import(&wanted).await.unwrap();
    assert!(matches!(outcome, ImportUndo::Done { .. }), "{outcome:?}");
    assert_eq!(h.requests(from, to).await, 12);
    // Every table is without it, also once they were made anew.
    for _ in 0..2 {
        assert_eq!(h.requests(from, NOON - 20 * 86_400).await, 3);
        assert_eq!(h.requests(NOON - 4 * 86_400, NOON - 2 * 86_400).await, 3);
        assert_eq!(h.requests(NOON - 7_200, NOON - 7_140).await, 3);
        h.clock.advance(std::time::Duration::from_secs(2 * 86_400));
        h.settle().await;
    }
    record(&other, NOON - 7_200, "/b", Some("k"), 5, 1);
    h.store.flush(&other).await.unwrap();
    h.settle().await;
    assert_eq!(h.requests(from, to).await, 13);
}
