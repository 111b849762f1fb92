-- Versions of services, and what each of them has answered. The fold counts them from the flush batches of processes
-- that name a version.

CREATE TABLE api_metrics.versions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service      text NOT NULL,
    environment  text NOT NULL,
    version      text NOT NULL,
    -- The minute of its first request, and the end of the minute of its last one.
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    UNIQUE (service, environment, version)
);
CREATE INDEX versions_first_at ON api_metrics.versions (first_at DESC, id DESC);

-- Five minutes a row, an hour once five minutes are no longer kept. Calls of others and events are left out.
CREATE TABLE api_metrics.version_counts (
    version_id       bigint NOT NULL,
    period_start     timestamptz NOT NULL,
    request_count    bigint NOT NULL,
    error_count_4xx  bigint NOT NULL,
    error_count_5xx  bigint NOT NULL,
    -- Requests that no route matched; they are in none of the other columns.
    unmatched_count  bigint NOT NULL,
    latency_sketch   bytea NOT NULL,
    PRIMARY KEY (version_id, period_start)
);
ALTER TABLE api_metrics.version_counts ALTER COLUMN latency_sketch SET STORAGE EXTERNAL;
CREATE INDEX version_counts_period ON api_metrics.version_counts (period_start);

-- Sums over all tenants.
ALTER TABLE api_metrics.versions       ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.versions       FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.version_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.version_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.versions       USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.version_counts USING ((SELECT api_metrics.sees_all()));

-- Services of before may write it too, without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.versions, api_metrics.version_counts TO %I', service);
    END LOOP;
END
$$;
