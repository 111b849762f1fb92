-- Views for roles that read by plain SQL: status codes, totals, consumers by name, releases. As in
-- the migration before, the views themselves say who sees what, because a view that belongs to a
-- superuser is not bound by any policy, and a barrier keeps functions in somebody's WHERE from
-- being shown a row beforehand.

-- Requests by status code, of base series.
CREATE VIEW api_metrics.status_codes WITH (security_barrier) AS
SELECT m.period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.endpoint,
       s.http_method,
       nullif(s.api_key_id, 0) AS api_key_id,
       c.status,
       c.requests AS request_count
FROM (
    SELECT '1m' AS period_granularity, period_start, series_id, status_counts FROM api_metrics.metrics_1m
    UNION ALL SELECT '5m', period_start, series_id, status_counts FROM api_metrics.metrics_5m
    UNION ALL SELECT '1h', period_start, series_id, status_counts FROM api_metrics.metrics_1h
    UNION ALL SELECT '1d', period_start, series_id, status_counts FROM api_metrics.metrics_1d
) AS m
JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 0
CROSS JOIN LATERAL api_metrics.status_counts(m.status_counts) AS c
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL))
   OR s.api_key_id IN (SELECT c.id FROM api_metrics.consumers AS c);

-- All endpoints and all keys of a service in one row a method and period, from the aggregate series
-- of kind 3: few rows over any range, and quantiles that are right. Sums over tenants, so a reader
-- of one tenant finds nothing here.
CREATE VIEW api_metrics.totals WITH (security_barrier) AS
SELECT m.period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.http_method,
       m.request_count,
       m.error_count_4xx,
       m.error_count_5xx,
       m.response_time_p50_ms,
       m.response_time_p95_ms,
       m.response_time_p99_ms,
       m.response_time_avg_ms,
       m.total_request_bytes,
       m.total_response_bytes
FROM (
    SELECT '1m' AS period_granularity, * FROM api_metrics.metrics_1m
    UNION ALL SELECT '5m', * FROM api_metrics.metrics_5m
    UNION ALL SELECT '1h', * FROM api_metrics.metrics_1h
    UNION ALL SELECT '1d', * FROM api_metrics.metrics_1d
) AS m
JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 3
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL));

-- All endpoints of a consumer in one row a method and period, from the aggregate series of kind 2,
-- with the consumer's name.
CREATE VIEW api_metrics.consumer_totals WITH (security_barrier) AS
SELECT m.period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.http_method,
       nullif(s.api_key_id, 0) AS api_key_id,
       coalesce(k.name, k.external_id) AS consumer,
       k.tenant_id,
       m.request_count,
       m.error_count_4xx,
       m.error_count_5xx,
       m.response_time_p50_ms,
       m.response_time_p95_ms,
       m.response_time_p99_ms,
       m.response_time_avg_ms,
       m.total_request_bytes,
       m.total_response_bytes
FROM (
    SELECT '1m' AS period_granularity, * FROM api_metrics.metrics_1m
    UNION ALL SELECT '5m', * FROM api_metrics.metrics_5m
    UNION ALL SELECT '1h', * FROM api_metrics.metrics_1h
    UNION ALL SELECT '1d', * FROM api_metrics.metrics_1d
) AS m
JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 2
LEFT JOIN api_metrics.consumers AS k ON k.id = s.api_key_id
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL))
   OR s.api_key_id IN (SELECT c.id FROM api_metrics.consumers AS c);

-- Which version of a service ran when. Belongs to no tenant, so a reader of one tenant finds nothing.
CREATE VIEW api_metrics.releases WITH (security_barrier) AS
SELECT i.service,
       i.environment,
       i.version,
       min(i.started_at) AS first_started_at,
       max(i.acked_at) AS last_flushed_at,
       count(*) AS instances
FROM api_metrics.instance AS i
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL))
GROUP BY i.service, i.environment, i.version;

-- For a role that reads every tenant by plain SQL: as before, and the new views.
CREATE OR REPLACE FUNCTION api_metrics.allow_analyst(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF has_table_privilege(role_name, 'api_metrics.api_keys', 'SELECT') THEN
        RAISE EXCEPTION '% may read the tables themselves, so that no view could hold it back', role_name;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    EXECUTE format('GRANT SELECT ON api_metrics.api_metrics, api_metrics.consumers, api_metrics.status_codes, '
                   'api_metrics.totals, api_metrics.consumer_totals, api_metrics.releases TO %I', role_name);
    INSERT INTO api_metrics.readers AS r (role_name, tenant_id) VALUES (allow_analyst.role_name, NULL)
    ON CONFLICT ON CONSTRAINT readers_pkey DO UPDATE SET tenant_id = NULL;
END
$$;

-- Readers and analysts of before get the new views without being allowed once more. A role that was
-- dropped since has left its row behind.
DO $$
DECLARE
    reader name;
BEGIN
    FOR reader IN SELECT r.role_name FROM api_metrics.readers AS r JOIN pg_roles AS p ON p.rolname = r.role_name
    LOOP
        EXECUTE format('GRANT SELECT ON api_metrics.status_codes, api_metrics.totals, api_metrics.consumer_totals, '
                       'api_metrics.releases TO %I', reader);
    END LOOP;
END
$$;
