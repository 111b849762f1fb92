-- Row-level security on everything that names a tenant or keeps a secret, and roles that are not
-- the owner. The metrics tables go without: their rows name series by number only, and a check a
-- row would cost every read.
--
-- Three kinds of roles:
--   service   may read the tables. What it sees follows from settings of its transaction, which
--             are unset at first, and then nothing is seen:
--               api_metrics.access = 'all'      everything: the library's own work, an admin's reads
--               api_metrics.tenant = 'acme'     that tenant
--               api_metrics.keys   = '{1,2}'    those keys
--   reader    has the views alone, and sees the tenant that api_metrics.readers names for it.
--             Anybody can change a setting, so settings mean nothing for a reader.
--   analyst   a reader of every tenant.

-- Processes of before this migration would see nothing: they keep serving and hold their counts.
UPDATE api_metrics.meta SET leader_min = 2, writer_min = 2;

CREATE TABLE api_metrics.readers (
    role_name     name PRIMARY KEY,
    -- NULL: every tenant.
    tenant_id     text
);

CREATE FUNCTION api_metrics.is_service() RETURNS boolean
    LANGUAGE sql STABLE
AS $$
    SELECT has_table_privilege('api_metrics.api_keys', 'SELECT')
$$;

CREATE FUNCTION api_metrics.sees_all() RETURNS boolean
    LANGUAGE sql STABLE
AS $$
    SELECT coalesce(current_setting('api_metrics.access', true) = 'all', false) AND api_metrics.is_service()
$$;

-- After a transaction that set it, an unset setting is an empty text.
CREATE FUNCTION api_metrics.scope_tenant() RETURNS text
    LANGUAGE sql STABLE
AS $$
    SELECT nullif(current_setting('api_metrics.tenant', true), '') WHERE api_metrics.is_service()
$$;

CREATE FUNCTION api_metrics.scope_keys() RETURNS bigint[]
    LANGUAGE sql STABLE
AS $$
    SELECT nullif(current_setting('api_metrics.keys', true), '')::bigint[] WHERE api_metrics.is_service()
$$;

ALTER TABLE api_metrics.api_keys               ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.series                 ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_key_plans          ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.rate_limit_utilization ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.price_plans            ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.price_tiers            ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_alert_configs      ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_states           ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_alert_events       ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.notices                ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.deliveries             ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.shared_secret          ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.imports                ENABLE ROW LEVEL SECURITY;
-- Totals over all tenants, in one row.
ALTER TABLE api_metrics.period_counts                  ENABLE ROW LEVEL SECURITY;

ALTER TABLE api_metrics.api_keys               FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.series                 FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_key_plans          FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.rate_limit_utilization FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.price_plans            FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.price_tiers            FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_alert_configs      FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_states           FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.api_alert_events       FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.notices                FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.deliveries             FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.shared_secret          FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.imports                FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.period_counts                  FORCE ROW LEVEL SECURITY;

-- The one way to write. Each check stands in a subselect, so that it is made once a statement.
CREATE POLICY service ON api_metrics.api_keys               USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.series                 USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.api_key_plans          USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.rate_limit_utilization USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.price_plans            USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.price_tiers            USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.api_alert_configs      USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.alert_states           USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.api_alert_events       USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.notices                USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.deliveries             USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.shared_secret          USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.imports                USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.period_counts                  USING ((SELECT api_metrics.sees_all()));

CREATE POLICY scope ON api_metrics.api_keys FOR SELECT USING (
    tenant_id = (SELECT api_metrics.scope_tenant())
    OR id IN (SELECT unnest(api_metrics.scope_keys()))
);
CREATE POLICY reader ON api_metrics.api_keys FOR SELECT USING (
    tenant_id = (SELECT r.tenant_id FROM api_metrics.readers AS r WHERE r.role_name = current_user)
    OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                       WHERE r.role_name = current_user AND r.tenant_id IS NULL))
);

-- What api_keys shows of itself decides. Totals over keys are totals over tenants: bit 0 of kind.
CREATE POLICY scope ON api_metrics.series FOR SELECT USING (
    kind & 1 = 0 AND api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);
CREATE POLICY reader ON api_metrics.series FOR SELECT USING (
    (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                    WHERE r.role_name = current_user AND r.tenant_id IS NULL))
);
CREATE POLICY scope ON api_metrics.api_key_plans FOR SELECT USING (
    api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);
CREATE POLICY scope ON api_metrics.rate_limit_utilization FOR SELECT USING (
    api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);

-- Everybody's plans have no tenant; whoever has a scope sees them.
CREATE POLICY scope ON api_metrics.price_plans FOR SELECT USING (
    tenant_id = (SELECT api_metrics.scope_tenant())
    OR tenant_id = '' AND ((SELECT api_metrics.scope_tenant()) IS NOT NULL
                           OR (SELECT api_metrics.scope_keys()) IS NOT NULL)
);
CREATE POLICY scope ON api_metrics.price_tiers FOR SELECT USING (
    plan_id IN (SELECT p.id FROM api_metrics.price_plans AS p)
);
CREATE POLICY scope ON api_metrics.api_alert_configs FOR SELECT USING (
    tenant_id = (SELECT api_metrics.scope_tenant())
);
CREATE POLICY scope ON api_metrics.alert_states FOR SELECT USING (
    config_id IN (SELECT c.id FROM api_metrics.api_alert_configs AS c)
);
CREATE POLICY scope ON api_metrics.api_alert_events FOR SELECT USING (
    tenant_id = (SELECT api_metrics.scope_tenant())
);

-- The views say themselves who sees what, because one that belongs to a superuser is not bound by
-- any policy. A barrier, so that no function in somebody's WHERE is shown a row beforehand.
CREATE VIEW api_metrics.consumers WITH (security_barrier) AS
SELECT k.id, k.external_id, k.name, k.tenant_id, k.user_id, k.enabled, k.created_at
FROM api_metrics.api_keys AS k
WHERE (SELECT api_metrics.is_service())
   OR k.tenant_id = (SELECT r.tenant_id FROM api_metrics.readers AS r WHERE r.role_name = current_user)
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL));

CREATE OR REPLACE VIEW api_metrics.api_metrics WITH (security_barrier) AS
SELECT m.period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.endpoint,
       s.http_method,
       nullif(s.api_key_id, 0) AS api_key_id,
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
JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 0
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL))
   OR s.api_key_id IN (SELECT c.id FROM api_metrics.consumers AS c);

-- Partitions belong to the owner; a role that may write rows makes and drops them through these.
CREATE FUNCTION api_metrics.attach_partition(parent text, child text, starts timestamptz, ends timestamptz)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $$
BEGIN
    IF parent NOT IN ('metrics_1m', 'metrics_5m', 'metrics_1h', 'metrics_1d')
       OR child !~ ('^' || parent || '_[0-9_]+$') THEN
        RAISE EXCEPTION 'not a partition of api_metrics: % of %', child, parent;
    END IF;
    -- Left behind without being attached: it holds nothing that counts.
    IF to_regclass('api_metrics.' || child) IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('api_metrics.' || child)) THEN
        EXECUTE format('DROP TABLE api_metrics.%I', child);
    END IF;
    -- Takes weaker locks on the parent than CREATE ... PARTITION OF, which would wait for every reader.
    EXECUTE format('CREATE TABLE api_metrics.%I (LIKE api_metrics.%I INCLUDING ALL)', child, parent);
    EXECUTE format('ALTER TABLE api_metrics.%I ATTACH PARTITION api_metrics.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, child, starts, ends);
END
$$;

CREATE FUNCTION api_metrics.drop_partition(parent text, child text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF parent NOT IN ('metrics_1m', 'metrics_5m', 'metrics_1h', 'metrics_1d')
       OR child !~ ('^' || parent || '_[0-9_]+$') THEN
        RAISE EXCEPTION 'not a partition of api_metrics: % of %', child, parent;
    END IF;
    EXECUTE format('DROP TABLE api_metrics.%I', child);
END
$$;

-- For the role of a service that does not own the schema: everything but changing the schema.
CREATE FUNCTION api_metrics.allow_service(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    t record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    FOR t IN SELECT c.relname, c.relname IN ('schema_migrations', 'meta', 'readers') OR c.relkind = 'v' AS fixed
             FROM pg_class AS c
             WHERE c.relnamespace = 'api_metrics'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    LOOP
        EXECUTE format('GRANT %s ON api_metrics.%I TO %I',
                       CASE WHEN t.fixed THEN 'SELECT' ELSE 'SELECT, INSERT, UPDATE, DELETE' END, t.relname, role_name);
    END LOOP;
    -- What later releases add.
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA api_metrics GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', role_name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION api_metrics.attach_partition, api_metrics.drop_partition TO %I', role_name);
END
$$;

-- For a role that reads one tenant by plain SQL.
CREATE FUNCTION api_metrics.allow_reader(role_name name, tenant text) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF tenant IS NULL OR tenant = '' THEN
        RAISE EXCEPTION 'a reader needs a tenant; api_metrics.allow_analyst is for all of them';
    END IF;
    PERFORM api_metrics.allow_analyst(role_name);
    UPDATE api_metrics.readers AS r SET tenant_id = tenant WHERE r.role_name = allow_reader.role_name;
END
$$;

-- For a role that reads every tenant by plain SQL.
CREATE FUNCTION api_metrics.allow_analyst(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF has_table_privilege(role_name, 'api_metrics.api_keys', 'SELECT') THEN
        RAISE EXCEPTION '% may read the tables themselves, so that no view could hold it back', role_name;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    EXECUTE format('GRANT SELECT ON api_metrics.api_metrics, api_metrics.consumers TO %I', role_name);
    INSERT INTO api_metrics.readers AS r (role_name, tenant_id) VALUES (allow_analyst.role_name, NULL)
    ON CONFLICT ON CONSTRAINT readers_pkey DO UPDATE SET tenant_id = NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION api_metrics.attach_partition, api_metrics.drop_partition, api_metrics.allow_service,
    api_metrics.allow_reader, api_metrics.allow_analyst FROM PUBLIC;
