//! A log of millions of requests over four days, made by the database itself.

use api_metrics_store::{postgres::PostgresStore, sqlite::SqliteStore, store::Store};
use sqlx::{AssertSqlSafe, PgPool};

use api_metrics_benches::measure::ms;
use api_metrics_tests::ClickHouseDatabase;

pub const DAY_MS: i64 = 86_400_000;
pub const DAYS: i64 = 4;
pub const ENDPOINTS: u64 = 200;
pub const KEYS: u64 = 1_000;
pub const USERS: u64 = 5_000;
pub const GROUPS: u64 = 300;

/// The first millisecond of the log: three whole days ago, so that its last day is today.
pub fn first_ms() -> i64 {
    let today = chrono::Utc::now().timestamp_millis().div_euclid(DAY_MS);
    (today - DAYS + 1) * DAY_MS
}

async fn execute(pool: &PgPool, sql: &str) {
    let started = std::time::Instant::now();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    if started.elapsed().as_secs() > 10 {
        let head: String = sql.chars().take(70).collect();
        println!("  {:.0} s: {head}", ms(started.elapsed()) / 1e3);
    }
}

pub async fn postgres(store: &PostgresStore, rows: u64) {
    store.prepare().await.unwrap();
    let pool = store.pool();
    let first = first_ms();
    for day in 0..DAYS {
        let day = first / DAY_MS + day;
        execute(
            pool,
            &format!("SELECT api_metrics.attach_request_day({day})"),
        )
        .await;
    }
    execute(
        pool,
        &format!(
            "INSERT INTO api_metrics.request_log_series (service, environment, version, protocol, http_method, endpoint, source) \
             SELECT 'shop-' || n % 4, 'production', '1.9.' || n % 3, 'http', 'GET', '/endpoints/' || n, '' \
             FROM generate_series(0, {ENDPOINTS} - 1) AS n; \
             INSERT INTO api_metrics.api_keys (external_id) SELECT 'key-' || n FROM generate_series(1, {KEYS}) AS n; \
             INSERT INTO api_metrics.request_log_group (id, first_seen_ms, last_seen_ms, first_version) \
             SELECT n, {first}, {first}, '1.9.0' FROM generate_series(1, {GROUPS}) AS n; \
             INSERT INTO api_metrics.request_log_group_text (group_id, text) \
             SELECT n, 'GET /endpoints/' || n || ' 422 invalid_quantity the quantity of item # must be above #' \
             FROM generate_series(1, {GROUPS}) AS n"
        ),
    )
    .await;
    // Rows first, indexes afterwards: a third of the time.
    let definitions: Vec<(String, String, bool, String)> = sqlx::query_as(
        "SELECT c.relname::text, pg_get_indexdef(i.indexrelid), i.indisprimary, t.relname::text \
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid \
         WHERE i.indrelid IN ('api_metrics.request_log'::regclass, 'api_metrics.request_log_detail'::regclass)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for (name, _, primary, table) in &definitions {
        let sql = if *primary {
            format!("ALTER TABLE api_metrics.{table} DROP CONSTRAINT {name}")
        } else {
            format!("DROP INDEX api_metrics.{name}")
        };
        execute(pool, &sql).await;
    }
    let series: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM api_metrics.request_log_series ORDER BY id")
            .fetch_all(pool)
            .await
            .unwrap();
    let keys: Vec<i64> = sqlx::query_scalar("SELECT id FROM api_metrics.api_keys ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap();
    let (series, keys) = (series[0], keys[0]);
    let each = DAYS * DAY_MS / i64::try_from(rows).unwrap().max(1);
    let mut from = 0;
    while from < rows {
        let to = (from + 1_000_000).min(rows) - 1;
        let made = format!(
            "SELECT n, {first} + n * {each} AS at_ms, \
               (lpad(to_hex({first} + n * {each}), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || \
                substr(md5(n::text), 4, 15))::uuid AS id, \
               hashint8(n) & 2147483647 AS dice FROM generate_series({from}, {to}) AS n"
        );
        execute(
            pool,
            &format!(
                "INSERT INTO api_metrics.request_log (at_ms, id, series_id, api_key_id, status, counted, outcome, \
                   latency_us, weight, reason, group_id, trace_id, user_id, levels) \
                 SELECT at_ms, id, {series} + dice % {ENDPOINTS}, {keys} + dice / 7 % {KEYS}, \
                   CASE WHEN dice % 10 = 0 THEN 422 ELSE 200 END, CASE WHEN dice % 10 = 0 THEN 422 ELSE 200 END, \
                   'completed', dice % 1000000, 1, 'everything', \
                   CASE WHEN dice % 10 = 0 THEN 1 + dice / 10 % {GROUPS} END, md5('trace ' || n)::uuid, \
                   'user-' || dice / 11 % {USERS}, 0 FROM ({made}) AS made"
            ),
        )
        .await;
        execute(
            pool,
            &format!(
                "INSERT INTO api_metrics.request_log_detail (at_ms, id, api_key_id, instance, path, user_agent, \
                   request_id, span_id, error_type, message, ttfb_us, request_bytes, response_bytes, lines_left_out, words) \
                 SELECT at_ms, id, {keys} + dice / 7 % {KEYS}, md5('instance')::uuid, \
                   '/endpoints/' || dice % {ENDPOINTS}, 'curl/8.17.0', 'r-' || n, 'b7ad6b7169203331', \
                   CASE WHEN dice % 10 = 0 THEN 'invalid_quantity' END, \
                   CASE WHEN dice % 10 = 0 THEN 'the quantity of item ' || dice % 100000 || ' must be above 0' END, \
                   1000, 0, dice % 10000, 0, \
                   array_to_tsvector(string_to_array('endpoints ' || dice % {ENDPOINTS} || ' curl 8 17 0' || \
                     CASE WHEN dice % 10 = 0 THEN ' invalid quantity the of item ' || dice % 100000 || ' must be above' \
                     ELSE '' END, ' ')) \
                 FROM ({made}) AS made"
            ),
        )
        .await;
        from = to + 1;
    }
    for (_, definition, primary, table) in &definitions {
        let sql = if *primary {
            format!("ALTER TABLE api_metrics.{table} ADD PRIMARY KEY (at_ms, id)")
        } else {
            // An index of a partitioned table is described without its partitions.
            definition.replacen(" ON ONLY ", " ON ", 1)
        };
        execute(pool, &format!("SET maintenance_work_mem = '1GB'; {sql}")).await;
    }
    execute(pool, "VACUUM ANALYZE api_metrics.request_log").await;
    execute(pool, "VACUUM ANALYZE api_metrics.request_log_detail").await;
}

/// The requests in ClickHouse, and of groups and keys what stays in Postgres.
pub async fn clickhouse(store: &PostgresStore, requests: &ClickHouseDatabase, rows: u64) {
    store.prepare().await.unwrap();
    let first = first_ms();
    execute(
        store.pool(),
        &format!(
            "INSERT INTO api_metrics.api_keys (external_id) SELECT 'key-' || n FROM generate_series(1, {KEYS}) AS n; \
             INSERT INTO api_metrics.request_log_group (id, first_seen_ms, last_seen_ms, first_version) \
             SELECT n, {first}, {first}, '1.9.0' FROM generate_series(1, {GROUPS}) AS n; \
             INSERT INTO api_metrics.request_log_group_text (group_id, text) \
             SELECT n, 'GET /endpoints/' || n || ' 422 invalid_quantity the quantity of item # must be above #' \
             FROM generate_series(1, {GROUPS}) AS n; \
             UPDATE api_metrics.request_log_mark SET mark = 1"
        ),
    )
    .await;
    let started = std::time::Instant::now();
    for from in (0..rows).step_by(1_000_000) {
        let some = 1_000_000.min(rows - from);
        // Evenly over the days.
        let made = format!(
            "SELECT number AS n, toInt64({first} + intDiv(n * {span}, {rows})) AS at_ms, \
               bitAnd(intHash64(n), 2147483647) AS dice, lower(hex(MD5(toString(n)))) AS digest, \
               toFixedString(unhex(concat(leftPad(hex(at_ms), 12, '0'), '7', substring(digest, 1, 3), '8', \
                 substring(digest, 4, 15))), 16) AS id, \
               concat('key-', toString(1 + intDiv(dice, 7) % {KEYS})) AS key, \
               concat('user-', toString(intDiv(dice, 11) % {USERS})) AS user, \
               toString(dice % {ENDPOINTS}) AS endpoint, dice % 10 = 0 AS failed, toString(dice % 100000) AS item \
             FROM numbers({from}, {some})",
            span = DAYS * DAY_MS,
        );
        requests
            .ask(&format!(
                "INSERT INTO api_metrics_requests (at_ms, id, mark, service, environment, version, protocol, method, \
                   endpoint, api_key, status, counted, outcome, latency_us, weight, reason, group_id, trace_id, user_id, \
                   words) \
                 SELECT at_ms, id, 1, concat('shop-', toString(dice % 4)), 'production', \
                   concat('1.9.', toString(dice % 3)), 'http', 'GET', concat('/endpoints/', endpoint), key, \
                   if(failed, 422, 200), if(failed, 422, 200), 'completed', dice % 1000000, 1, 'everything', \
                   if(failed, 1 + intDiv(dice, 10) % {GROUPS}, NULL), MD5(concat('trace ', toString(n))), user, \
                   concat(' endpoints ', endpoint, ' curl 8 17 0 ', \
                     if(failed, concat('invalid quantity the of item ', item, ' must be above '), '')) \
                 FROM ({made})"
            ))
            .await;
        requests
            .ask(&format!(
                "INSERT INTO api_metrics_request_details (id, instance, path, user_agent, request_id, span_id, error_type, \
                   message, ttfb_us, response_bytes, at_ms, mark, api_key, user_id) \
                 SELECT id, MD5('instance'), concat('/endpoints/', endpoint), 'curl/8.17.0', \
                   concat('r-', toString(n)), 'b7ad6b7169203331', if(failed, 'invalid_quantity', NULL), \
                   if(failed, concat('the quantity of item ', item, ' must be above 0'), NULL), 1000, dice % 10000, \
                   at_ms, 1, key, user \
                 FROM ({made})"
            ))
            .await;
    }
    let filled = started.elapsed().as_secs_f64();
    let sizes = requests
        .ask(
            "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts \
             WHERE active AND database = currentDatabase() AND table LIKE 'api_metrics_request%' GROUP BY table",
        )
        .await;
    println!("  filled in {filled:.0} s");
    for size in sizes.lines() {
        let fields: Vec<&str> = size.split('\t').collect();
        if let [table, rows, bytes] = fields[..] {
            let (rows, bytes): (f64, f64) = (rows.parse().unwrap(), bytes.parse().unwrap());
            println!(
                "  {table}: {:.1} GB, {:.0} bytes a row",
                bytes / 1e9,
                bytes / rows
            );
        }
    }
}

pub async fn sqlite(store: &SqliteStore, rows: u64) {
    store.prepare().await.unwrap();
    let first = first_ms();
    let each = DAYS * DAY_MS / i64::try_from(rows).unwrap().max(1);
    let last = rows - 1;
    let made = format!(
        "WITH RECURSIVE numbers (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}), \
         made AS (SELECT n, {first} + n * {each} AS at_ms, \
           unhex(printf('%012x7%03x8%015x', {first} + n * {each}, n % 4096, n)) AS id, \
           (n * 2654435761) % 2147483647 AS dice FROM numbers)"
    );
    let statements = [
        format!(
            "INSERT INTO api_metrics_request_log_series (service, environment, version, protocol, http_method, endpoint, source) \
             WITH RECURSIVE numbers (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n < {ENDPOINTS} - 1) \
             SELECT 'shop-' || (n % 4), 'production', '1.9.' || (n % 3), 'http', 'GET', '/endpoints/' || n, '' FROM numbers"
        ),
        format!(
            "INSERT INTO api_metrics_api_keys (external_id) \
             WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {KEYS}) \
             SELECT 'key-' || n FROM numbers"
        ),
        format!(
            "INSERT INTO api_metrics_request_log_group_text (group_id, text) \
             WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {GROUPS}) \
             SELECT n, 'GET /endpoints/' || n || ' 422 invalid_quantity the quantity of item # must be above #' FROM numbers"
        ),
        format!(
            "INSERT INTO api_metrics_request_log (at_ms, id, series_id, api_key_id, status, counted, outcome, \
               latency_us, weight, reason, group_id, trace_id, user_id, levels) {made} \
             SELECT at_ms, id, (SELECT min(id) FROM api_metrics_request_log_series) + dice % {ENDPOINTS}, \
               (SELECT min(id) FROM api_metrics_api_keys WHERE id > 0) + dice / 7 % {KEYS}, \
               iif(dice % 10 = 0, 422, 200), iif(dice % 10 = 0, 422, 200), 'completed', dice % 1000000, 1, \
               'everything', iif(dice % 10 = 0, 1 + dice / 10 % {GROUPS}, NULL), \
               unhex(printf('%032x', n)), 'user-' || (dice / 11 % {USERS}), 0 FROM made"
        ),
        format!(
            "INSERT INTO api_metrics_request_log_detail (at_ms, id, api_key_id, instance, path, user_agent, request_id, \
               span_id, error_type, message, ttfb_us, request_bytes, response_bytes, \
               lines_left_out) {made} \
             SELECT at_ms, id, (SELECT min(id) FROM api_metrics_api_keys WHERE id > 0) + dice / 7 % {KEYS}, \
               zeroblob(16), '/endpoints/' || (dice % {ENDPOINTS}), 'curl/8.17.0', 'r-' || n, 'b7ad6b7169203331', \
               iif(dice % 10 = 0, 'invalid_quantity', NULL), \
               iif(dice % 10 = 0, 'the quantity of item ' || (dice % 100000) || ' must be above 0', NULL), \
               1000, 0, dice % 10000, 0 FROM made"
        ),
        "INSERT INTO api_metrics_request_log_words (rowid, words, lines) \
         SELECT number, replace(path, '/', ' ') || ' curl 8 17 0 ' || coalesce(replace(error_type, '_', ' '), '') \
           || ' ' || coalesce(message, ''), '' FROM api_metrics_request_log_detail"
            .to_owned(),
        "ANALYZE".to_owned(),
    ];
    for sql in statements {
        let started = std::time::Instant::now();
        sqlx::raw_sql(AssertSqlSafe(sql.clone()))
            .execute(store.pool())
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        if started.elapsed().as_secs() > 10 {
            let head: String = sql.chars().take(70).collect();
            println!("  {:.0} s: {head}", started.elapsed().as_secs_f64());
        }
    }
}
