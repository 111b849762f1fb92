//! The ledger of imports, on both stores.

use api_metrics_store::control::imports::ImportRecord;

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
