//! What Postgres itself hides, shown by plain SQL of ordinary roles.

use api_metrics_store::control::{imports::ImportRecord, keys::KeyChange};
use api_metrics_tests::PgDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::harness::{Database, Harness, NOON, record};

/// Tables whose rows belong to somebody, or hold a secret.
const PROTECTED: [&str; 45] = [
    "alert_causes",
    "alert_handling",
    "alert_silences",
    "alert_states",
    "api_alert_configs",
    "api_alert_events",
    "api_key_plans",
    "api_keys",
    "audit_trail",
    "deliveries",
    "health_samples",
    "imports",
    "job_runs",
    "jobs",
    "muted_channels",
    "notices",
    "objectives",
    "price_plans",
    "price_tiers",
    "ready_made_rules",
    "rate_limit_utilization",
    "request_log",
    "request_log_arrival",
    "request_log_country",
    "request_log_day_key",
    "request_log_detail",
    "request_log_group",
    "request_log_group_text",
    "request_log_group_vector",
    "request_log_instance",
    "request_log_series",
    "request_log_snapshot",
    "request_log_tail",
    "series",
    "shared_secret",
    "collector_session",
    "ingest_token",
    "ingest_batch",
    "ingest_refused",
    "ingest_delta",
    "ingest_stream",
    "unit_names",
    "price_unit_tiers",
    "version_counts",
    "versions",
];

/// Traffic and settings of two tenants and of nobody, and connections as any role.
struct Stage {
    h: Harness,
}

impl Stage {
    /// With the schema owned by an ordinary role, the library connected by another.
    async fn ordinary() -> Self {
        Self::on(Database::postgres_as_service().await).await
    }

    async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let control = &*h.store;
        for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
            let change = {
                let mut change = KeyChange::default();
                change.name = Some(Some(format!("{tenant}'s key")));
                change.tenant_id = Some(Some(tenant.into()));
                change
            };
            control.create_key(key, &change, None).await.unwrap();
        }
        let writer = h.writer();
        record(&writer, NOON, "/of-alpha", Some("alpha"), 5, 3);
        record(&writer, NOON, "/of-beta", Some("beta"), 5, 5);
        record(&writer, NOON, "/of-nobody", None, 5, 7);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
        h.store.shared_secret("session", b"secret").await.unwrap();
        crate::request_log::keep_of(&h, &["alpha", "beta"]).await;
        let import = ImportRecord::new(uuid::Uuid::new_v4(), "head");
        h.store.put_import(&import).await.unwrap();
        crate::ingest::report_to(&h).await;
        let stage = Self { h };
        // One row of each tenant in everything else that is kept of tenants.
        stage
            .database()
            .admin(
                "INSERT INTO api_metrics.price_plans (tenant_id, name, currency, effective_from) \
                     VALUES ('', 'standard', 'EUR', '2026-01-01'), ('acme', 'gold', 'EUR', '2026-01-01'), \
                            ('umbrella', 'red', 'EUR', '2026-01-01'); \
                 INSERT INTO api_metrics.price_tiers SELECT id, 0, 1 FROM api_metrics.price_plans; \
                 INSERT INTO api_metrics.unit_names (name) VALUES ('tokens'); \
                 INSERT INTO api_metrics.price_unit_tiers SELECT id, 'tokens', 0, 0, 1 FROM api_metrics.price_plans; \
                 INSERT INTO api_metrics.api_key_plans \
                     SELECT id, '2026-01-01', NULL FROM api_metrics.api_keys; \
                 INSERT INTO api_metrics.rate_limit_utilization \
                     SELECT id, '2026-01-01', '1m', 1, 1, 100 FROM api_metrics.api_keys; \
                 INSERT INTO api_metrics.api_alert_configs (name, alert_type, threshold_value, comparison, tenant_id) \
                     SELECT 'of ' || t, 'latency', 1, 'gt', t FROM unnest(ARRAY['acme', 'umbrella']) AS t; \
                 INSERT INTO api_metrics.alert_states \
                     SELECT id, 'ok', now(), now() FROM api_metrics.api_alert_configs; \
                 INSERT INTO api_metrics.api_alert_events \
                         (id, config_id, name, alert_type, severity, tenant_id, fired_at, value, threshold, message) \
                     SELECT gen_random_uuid(), id, name, 'latency', 'low', tenant_id, now(), 1, 1, 'm' \
                     FROM api_metrics.api_alert_configs; \
                 INSERT INTO api_metrics.alert_causes \
                     SELECT id, '{}' FROM api_metrics.api_alert_events; \
                 INSERT INTO api_metrics.alert_handling (event_id, acknowledged_by) \
                     SELECT id, 'ops' FROM api_metrics.api_alert_events; \
                 INSERT INTO api_metrics.alert_silences (starts_at, ends_at, tenant_id, created_at, created_by) \
                     SELECT now(), now(), t, now(), 'ops' FROM unnest(ARRAY['acme', 'umbrella', NULL]) AS t; \
                 INSERT INTO api_metrics.objectives (name, indicator, target_ppm, window_days, tenant_id, created_at, updated_at) \
                     SELECT 'up', 'availability', 999000, 30, t, now(), now() FROM unnest(ARRAY['acme', 'umbrella', NULL]) AS t; \
                 INSERT INTO api_metrics.request_log_snapshot \
                     SELECT at_ms, id, '{}' FROM api_metrics.request_log; \
                 INSERT INTO api_metrics.notices (id, at, keep_until, body) \
                     VALUES (gen_random_uuid(), now(), now(), '{}'); \
                 INSERT INTO api_metrics.deliveries (notice_id, channel, next_attempt_at, updated_at) \
                     SELECT id, 'log', now(), now() FROM api_metrics.notices; \
                 INSERT INTO api_metrics.health_samples \
                     VALUES (now(), gen_random_uuid(), 0, 0, 0, 0, 0, 0, 0, 0, '', 0, 0, ''); \
                 INSERT INTO api_metrics.ready_made_rules VALUES ('streams', 1, 1); \
                 INSERT INTO api_metrics.muted_channels VALUES ('slack', now(), 'ops'); \
                 INSERT INTO api_metrics.collector_session VALUES (gen_random_uuid(), 1, 'ann', 0, now()); \
                 INSERT INTO api_metrics.ingest_delta VALUES ('1-00', now()); \
                 INSERT INTO api_metrics.jobs (service, environment, name) VALUES ('shop', 'default', 'nightly'); \
                 INSERT INTO api_metrics.job_runs (job_id, cause, started_at, attempts, instance) \
                     SELECT id, 'code', 1, 1, gen_random_uuid() FROM api_metrics.jobs;",
            )
            .await;
        stage
    }

    fn database(&self) -> &PgDatabase {
        match &self.h.database {
            Database::Postgres(database)
            | Database::PostgresAs(database, ..)
            | Database::ClickHouse(database, _) => database,
            Database::Sqlite(_) => unreachable!(),
        }
    }

    async fn as_service(&self) -> PgConnection {
        let Database::PostgresAs(_, _, Some(service)) = &self.h.database else {
            unreachable!()
        };
        self.connect(service).await
    }

    async fn as_owner(&self) -> PgConnection {
        let Database::PostgresAs(_, owner, _) = &self.h.database else {
            unreachable!()
        };
        self.connect(owner).await
    }

    async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.database().url_of(role))
            .await
            .unwrap()
    }
}

async fn run(sql: &mut PgConnection, statement: &str) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(sql)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

/// All rows of a query, each as one text.
async fn rows(sql: &mut PgConnection, query: &str) -> Vec<String> {
    let wrapped = format!("SELECT q::text FROM ({query}) AS q ORDER BY 1");
    sqlx::query_scalar(AssertSqlSafe(wrapped))
        .fetch_all(sql)
        .await
        .unwrap_or_else(|error| panic!("{error}: {query}"))
}

async fn count(sql: &mut PgConnection, table: &str) -> usize {
    rows(sql, &format!("SELECT * FROM api_metrics.{table}"))
        .await
        .len()
}

#[tokio::test]
async fn every_table_that_names_a_tenant_or_a_key_has_forced_policies() {
    let stage = Stage::ordinary().await;
    let mut admin = PgConnection::connect(&stage.database().url())
        .await
        .unwrap();
    let owned: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c.relname::text FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid \
         WHERE c.relnamespace = 'api_metrics'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
           AND a.attname IN ('tenant_id', 'api_key_id', 'user_id') AND c.relname <> 'readers' ORDER BY 1",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(owned.len() >= 6, "{owned:?}");
    for table in &owned {
        assert!(PROTECTED.contains(&table.as_str()), "{table} is open");
    }
    for table in PROTECTED {
        let row = sqlx::query(
            "SELECT c.relrowsecurity AND c.relforcerowsecurity AS forced, \
                    (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid) AS policies \
             FROM pg_class AS c WHERE c.oid = to_regclass('api_metrics.' || $1)",
        )
        .bind(table)
        .fetch_one(&mut admin)
        .await
        .unwrap();
        assert!(row.get::<bool, _>("forced"), "{table}");
        assert!(row.get::<i64, _>("policies") >= 1, "{table}");
    }
}

#[tokio::test]
async fn without_a_setting_neither_the_owner_nor_a_service_sees_or_writes_a_row() {
    let stage = Stage::ordinary().await;
    for mut sql in [stage.as_owner().await, stage.as_service().await] {
        for table in PROTECTED {
            assert_eq!(count(&mut sql, table).await, 0, "{table}");
        }
        assert_eq!(count(&mut sql, "api_metrics").await, 0);
        let refused = run(
            &mut sql,
            "INSERT INTO api_metrics.api_keys (external_id) VALUES ('x')",
        )
        .await
        .unwrap_err();
        assert!(refused.contains("row-level security"), "{refused}");
        // Found again, where it is asked for.
        run(&mut sql, "BEGIN; SET LOCAL api_metrics.access = 'all'")
            .await
            .unwrap();
        for table in PROTECTED {
            assert!(count(&mut sql, table).await > 0, "{table}");
        }
        run(&mut sql, "COMMIT").await.unwrap();
        // And the setting has ended with its transaction.
        assert_eq!(count(&mut sql, "api_keys").await, 0);
    }
}

#[tokio::test]
async fn plain_sql_in_a_tenants_transaction_finds_that_tenant_alone() {
    let stage = Stage::ordinary().await;
    let mut sql = stage.as_service().await;
    let alpha = {
        run(&mut sql, "BEGIN; SET LOCAL api_metrics.access = 'all'")
            .await
            .unwrap();
        let id: i64 =
            sqlx::query_scalar("SELECT id FROM api_metrics.api_keys WHERE external_id = 'alpha'")
                .fetch_one(&mut sql)
                .await
                .unwrap();
        run(&mut sql, "COMMIT").await.unwrap();
        id
    };
    for (setting, tenant) in [
        ("SET LOCAL api_metrics.tenant = 'acme'".to_owned(), true),
        (format!("SET LOCAL api_metrics.keys = '{{{alpha}}}'"), false),
    ] {
        run(&mut sql, &format!("BEGIN; {setting}")).await.unwrap();
        let keys = rows(
            &mut sql,
            "SELECT external_id, tenant_id FROM api_metrics.api_keys",
        )
        .await;
        assert_eq!(keys, ["(alpha,acme)"], "{setting}");
        let series = rows(
            &mut sql,
            "SELECT DISTINCT endpoint, api_key_id = 0 FROM api_metrics.series",
        )
        .await;
        // Its endpoint, and the sum over its endpoints; no sum over keys.
        assert_eq!(series, ["(\"\",f)", "(/of-alpha,f)"], "{setting}");
        let requests = rows(
            &mut sql,
            "SELECT endpoint, sum(request_count) FROM api_metrics.api_metrics GROUP BY 1",
        )
        .await;
        assert_eq!(requests, ["(/of-alpha,3)"], "{setting}");
        let kept = rows(
            &mut sql,
            "SELECT s.endpoint, d.path FROM api_metrics.request_log_series AS s \
             JOIN api_metrics.request_log AS r ON r.series_id = s.id \
             JOIN api_metrics.request_log_detail AS d ON d.at_ms = r.at_ms AND d.id = r.id",
        )
        .await;
        assert_eq!(kept, ["(/of-alpha,/of-alpha)"], "{setting}");
        assert_eq!(count(&mut sql, "request_log_series").await, 1);
        // Nor through the partition of a day, which has no policy of its own.
        for table in ["request_log_20260310", "request_log_detail_20260310"] {
            let found = run(
                &mut sql,
                &format!("SAVEPOINT s; SELECT 1 / count(*) FROM api_metrics.{table}"),
            )
            .await;
            assert!(found.is_err(), "{table}");
            run(&mut sql, "ROLLBACK TO SAVEPOINT s").await.unwrap();
        }
        for table in ["api_key_plans", "rate_limit_utilization"] {
            assert_eq!(count(&mut sql, table).await, 1, "{table}");
        }
        let plans = rows(&mut sql, "SELECT name FROM api_metrics.price_plans").await;
        let of_tenant = usize::from(tenant);
        assert_eq!(plans.len(), 1 + of_tenant, "{plans:?}");
        assert!(!plans.contains(&"(red)".to_owned()));
        assert_eq!(count(&mut sql, "price_tiers").await, plans.len());
        for table in [
            "api_alert_configs",
            "alert_states",
            "api_alert_events",
            "alert_handling",
            "alert_silences",
            "objectives",
        ] {
            assert_eq!(count(&mut sql, table).await, of_tenant, "{table}");
        }
        for table in [
            "alert_causes",
            "shared_secret",
            "notices",
            "deliveries",
            "health_samples",
            "audit_trail",
            "request_log_day_key",
            "request_log_group",
            "request_log_instance",
        ] {
            assert_eq!(count(&mut sql, table).await, 0, "{table}");
        }
        // Nor is anything of the other changed, or its own given away.
        for statement in [
            "UPDATE api_metrics.api_keys SET name = 'mine'",
            "DELETE FROM api_metrics.api_alert_configs",
        ] {
            let changed = sqlx::query(AssertSqlSafe(statement))
                .execute(&mut sql)
                .await
                .unwrap();
            assert_eq!(changed.rows_affected(), 0, "{statement}");
        }
        run(&mut sql, "ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_role_sees_its_tenant_whatever_it_sets_and_whoever_owns_the_view() {
    for superuser_owns in [false, true] {
        let mut stage = if superuser_owns {
            Stage::on(Database::postgres().await).await
        } else {
            Stage::ordinary().await
        };
        let (Database::Postgres(database) | Database::PostgresAs(database, ..)) =
            &mut stage.h.database
        else {
            unreachable!()
        };
        let (reader, analyst) = (database.role().await, database.role().await);
        database
            .admin(&format!(
                "SELECT api_metrics.allow_reader('{reader}', 'acme'), api_metrics.allow_analyst('{analyst}')"
            ))
            .await;
        let mut sql = stage.connect(&reader).await;
        // It may make functions that tell what they are shown, at no cost to the planner.
        stage
            .database()
            .admin(&format!("CREATE SCHEMA spy AUTHORIZATION {reader}"))
            .await;
        run(
            &mut sql,
            "CREATE FUNCTION spy.on(t text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ \
             BEGIN IF t LIKE '%beta%' THEN RAISE EXCEPTION 'seen: %', t; END IF; RETURN true; END $$",
        )
        .await
        .unwrap();
        for setting in [
            "SELECT 1",
            "SET api_metrics.access = 'all'",
            "SET api_metrics.tenant = 'umbrella'",
            "SET api_metrics.keys = '{1,2,3,4,5}'",
        ] {
            run(&mut sql, setting).await.unwrap();
            let requests = rows(
                &mut sql,
                "SELECT endpoint, sum(request_count) FROM api_metrics.api_metrics WHERE spy.on(endpoint) GROUP BY 1",
            )
            .await;
            assert_eq!(requests, ["(/of-alpha,3)"], "{setting}");
            let keys = rows(
                &mut sql,
                "SELECT external_id FROM api_metrics.consumers WHERE spy.on(external_id)",
            )
            .await;
            assert_eq!(keys, ["(alpha)"], "{setting}");
            for table in PROTECTED.iter().chain(&["metrics_1m", "inbox", "readers"]) {
                let refused = run(&mut sql, &format!("SELECT * FROM api_metrics.{table}"))
                    .await
                    .unwrap_err();
                assert!(refused.contains("permission denied"), "{refused}");
            }
        }
        for function in [
            "allow_analyst(current_user)",
            "allow_service(current_user)",
            "drop_partition('metrics_1m', 'metrics_1m_1')",
        ] {
            let refused = run(&mut sql, &format!("SELECT api_metrics.{function}"))
                .await
                .unwrap_err();
            assert!(refused.contains("permission denied"), "{refused}");
        }
        let mut all = stage.connect(&analyst).await;
        assert_eq!(count(&mut all, "consumers").await, 2);
        let requests = rows(
            &mut all,
            "SELECT sum(request_count) FROM api_metrics.api_metrics WHERE period_granularity = '1m'",
        )
        .await;
        assert_eq!(requests, ["(15)"]);
    }
}

#[tokio::test]
async fn a_reader_can_tell_by_explain_that_another_tenants_key_exists_and_nothing_else_of_it() {
    let mut stage = Stage::on(Database::postgres().await).await;
    let Database::Postgres(database) = &mut stage.h.database else {
        unreachable!()
    };
    let reader = database.role().await;
    database
        .admin(&format!(
            "SELECT api_metrics.allow_reader('{reader}', 'acme')"
        ))
        .await;
    let mut sql = stage.connect(&reader).await;
    run(&mut sql, "SET enable_seqscan = off").await.unwrap();
    let ask = async |sql: &mut PgConnection, key: &str| {
        let query = format!("SELECT name FROM api_metrics.consumers WHERE external_id = '{key}'");
        let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {query}");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .fetch_all(&mut *sql)
            .await
            .unwrap();
        let removed = plan
            .iter()
            .any(|line| line.contains("Rows Removed by Filter: 1"));
        (rows(sql, &query).await, removed)
    };
    // `=` of texts is leakproof, so Postgres looks for the key before it asks whose it is, behind a security
    // barrier too. docs/sql.md says so.
    assert_eq!(ask(&mut sql, "beta").await, (vec![], true));
    assert_eq!(ask(&mut sql, "nobody").await, (vec![], false));
    let own = ask(&mut sql, "alpha").await;
    assert_eq!(own, (vec![r#"("acme's key")"#.to_owned()], false));
    // A comparison that could tell what it is shown is made for its own rows alone.
    let guess = "SELECT name FROM api_metrics.consumers WHERE external_id LIKE 'b%'";
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {guess}");
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_all(&mut sql)
        .await
        .unwrap();
    let like = plan.iter().position(|line| line.contains("~~"));
    assert!(like.is_some(), "{plan:?}");
    assert_eq!(rows(&mut sql, guess).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_role_that_reads_the_tables_is_not_taken_for_a_reader() {
    let stage = Stage::ordinary().await;
    let Database::PostgresAs(_, _, Some(service)) = &stage.h.database else {
        unreachable!()
    };
    let mut admin = PgConnection::connect(&stage.database().url())
        .await
        .unwrap();
    let refused = run(
        &mut admin,
        &format!("SELECT api_metrics.allow_reader('{service}', 'acme')"),
    )
    .await
    .unwrap_err();
    assert!(
        refused.contains("may read the tables themselves"),
        "{refused}"
    );
    let refused = run(
        &mut admin,
        "SELECT api_metrics.drop_partition('metrics_1m', 'api_keys')",
    )
    .await
    .unwrap_err();
    assert!(refused.contains("not a partition"), "{refused}");
}
