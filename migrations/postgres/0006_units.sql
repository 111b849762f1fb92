-- Units: what requests used beside time and bytes, by name, in every bucket.

-- A process of before would lose them where it folds or rolls up: it goes on recording, and leaves
-- the lead to those that know of them.
UPDATE api_metrics.meta SET leader_min = 3 WHERE leader_min < 3;

-- NULL where there are none. An entry of a sum: a byte 0, the length of the name, the name, the sum
-- (u64). Of a gauge: a byte 1, the length of the name, the name, observations (u64), minimum and
-- maximum (i64) and sum (i128) in millionths. Numbers are big-endian.
ALTER TABLE api_metrics.metrics_1m ADD COLUMN units bytea;
ALTER TABLE api_metrics.metrics_5m ADD COLUMN units bytea;
ALTER TABLE api_metrics.metrics_1h ADD COLUMN units bytea;
ALTER TABLE api_metrics.metrics_1d ADD COLUMN units bytea;
ALTER TABLE api_metrics.metrics_1m ALTER COLUMN units SET STORAGE EXTERNAL;
ALTER TABLE api_metrics.metrics_5m ALTER COLUMN units SET STORAGE EXTERNAL;
ALTER TABLE api_metrics.metrics_1h ALTER COLUMN units SET STORAGE EXTERNAL;
ALTER TABLE api_metrics.metrics_1d ALTER COLUMN units SET STORAGE EXTERNAL;
ALTER TYPE api_metrics.bucket ADD ATTRIBUTE units bytea;

-- The names that buckets tell apart: at most 256, which the leader adds as it meets them. All further
-- ones count as `<other>`.
CREATE TABLE api_metrics.unit_names (
    name          text PRIMARY KEY,
    created_at    timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE api_metrics.unit_names ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.unit_names FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.unit_names USING ((SELECT api_metrics.sees_all()));

-- An integer without a sign, of eight bytes.
CREATE FUNCTION api_metrics.unsigned_at(encoded bytea, place integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CASE WHEN n < 0 THEN n::numeric + 18446744073709551616 ELSE n::numeric END
    FROM (SELECT ('x' || encode(substring(encoded FROM place FOR 8), 'hex'))::bit(64)::bigint AS n) AS word
$$;

-- An integer with a sign, of eight bytes.
CREATE FUNCTION api_metrics.signed_at(encoded bytea, place integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT ('x' || encode(substring(encoded FROM place FOR 8), 'hex'))::bit(64)::bigint::numeric
$$;

-- The units of a bucket as rows, for plain SQL: `amount` of a sum, the others of a gauge.
CREATE FUNCTION api_metrics.unit_sums(encoded bytea)
    RETURNS TABLE (unit text, amount numeric, observations numeric, minimum numeric, maximum numeric, total numeric)
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    place integer := 1;
    sort integer;
BEGIN
    WHILE place < length(encoded) LOOP
        sort := get_byte(encoded, place - 1);
        unit := convert_from(substring(encoded FROM place + 2 FOR get_byte(encoded, place)), 'UTF8');
        place := place + 2 + get_byte(encoded, place);
        IF sort = 0 THEN
            amount := api_metrics.unsigned_at(encoded, place);
            observations := NULL;
            minimum := NULL;
            maximum := NULL;
            total := NULL;
            place := place + 8;
        ELSE
            amount := NULL;
            observations := api_metrics.unsigned_at(encoded, place);
            minimum := api_metrics.signed_at(encoded, place + 8) / 1000000;
            maximum := api_metrics.signed_at(encoded, place + 16) / 1000000;
            total := (api_metrics.signed_at(encoded, place + 24) * 18446744073709551616
                      + api_metrics.unsigned_at(encoded, place + 32)) / 1000000;
            place := place + 40;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Units, of base series.
CREATE VIEW api_metrics.units WITH (security_barrier) AS
SELECT m.period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.endpoint,
       s.http_method,
       nullif(s.api_key_id, 0) AS api_key_id,
       u.unit,
       u.amount,
       u.observations,
       u.minimum,
       u.maximum,
       u.total
FROM (
    SELECT '1m' AS period_granularity, period_start, series_id, units FROM api_metrics.metrics_1m
    UNION ALL SELECT '5m', period_start, series_id, units FROM api_metrics.metrics_5m
    UNION ALL SELECT '1h', period_start, series_id, units FROM api_metrics.metrics_1h
    UNION ALL SELECT '1d', period_start, series_id, units FROM api_metrics.metrics_1d
) AS m
JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 0
CROSS JOIN LATERAL api_metrics.unit_sums(m.units) AS u
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL))
   OR s.api_key_id IN (SELECT c.id FROM api_metrics.consumers AS c);

-- For a role that reads every tenant by plain SQL: as before, and the new view.
CREATE OR REPLACE FUNCTION api_metrics.allow_analyst(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF has_table_privilege(role_name, 'api_metrics.api_keys', 'SELECT') THEN
        RAISE EXCEPTION '% may read the tables themselves, so that no view could hold it back', role_name;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    EXECUTE format('GRANT SELECT ON api_metrics.api_metrics, api_metrics.consumers, api_metrics.status_codes, '
                   'api_metrics.totals, api_metrics.consumer_totals, api_metrics.releases, '
                   'api_metrics.request_countries, api_metrics.units TO %I', role_name);
    INSERT INTO api_metrics.readers AS r (role_name, tenant_id) VALUES (allow_analyst.role_name, NULL)
    ON CONFLICT ON CONSTRAINT readers_pkey DO UPDATE SET tenant_id = NULL;
END
$$;

-- What is set in a unit.
ALTER TABLE api_metrics.api_alert_configs ADD COLUMN unit text;
ALTER TABLE api_metrics.api_keys ADD COLUMN quota_unit text;

CREATE TABLE api_metrics.price_unit_tiers (
    plan_id        bigint NOT NULL REFERENCES api_metrics.price_plans (id) ON DELETE CASCADE,
    unit           text NOT NULL,
    -- The same in all tiers of a unit.
    free_amount    bigint NOT NULL CHECK (free_amount >= 0),
    from_amount    bigint NOT NULL CHECK (from_amount >= 0),
    per_thousand   numeric NOT NULL CHECK (per_thousand >= 0),
    PRIMARY KEY (plan_id, unit, from_amount)
);

ALTER TABLE api_metrics.price_unit_tiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.price_unit_tiers FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.price_unit_tiers USING ((SELECT api_metrics.sees_all()));
CREATE POLICY scope ON api_metrics.price_unit_tiers FOR SELECT USING (
    plan_id IN (SELECT p.id FROM api_metrics.price_plans AS p)
);

-- Readers, analysts and services of before get what is new without being allowed once more.
DO $$
DECLARE
    reader name;
BEGIN
    FOR reader IN SELECT r.role_name FROM api_metrics.readers AS r JOIN pg_roles AS p ON p.rolname = r.role_name
    LOOP
        EXECUTE format('GRANT SELECT ON api_metrics.units TO %I', reader);
    END LOOP;
    FOR reader IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.unit_names, '
                       'api_metrics.price_unit_tiers TO %I', reader);
        EXECUTE format('GRANT SELECT ON api_metrics.units TO %I', reader);
    END LOOP;
END
$$;
