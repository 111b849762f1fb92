-- What each process says of itself, a row a minute, for alert rules over our own health.

CREATE TABLE api_metrics.health_samples (
    minute           timestamptz NOT NULL,
    -- The instance.
    id               uuid NOT NULL,
    -- How long the store could not be reached.
    unreachable_ms   bigint NOT NULL,
    -- The longest that records waited beyond the flush interval.
    flush_lag_ms     bigint NOT NULL,
    -- The most that were open at once.
    open_streams     bigint NOT NULL,
    -- Requests that the log chose and dropped.
    dropped_requests bigint NOT NULL,
    cache_hits       bigint NOT NULL,
    cache_lookups    bigint NOT NULL,
    -- Microseconds of our own routes' answers, and of queries; their sketches in hex, empty without any.
    answers          bigint NOT NULL,
    answers_us       bigint NOT NULL,
    answers_sketch   text NOT NULL,
    queries          bigint NOT NULL,
    queries_us       bigint NOT NULL,
    queries_sketch   text NOT NULL,
    PRIMARY KEY (minute, id)
);

-- The rules that were made by themselves, which are not made again: under which revision.
CREATE TABLE api_metrics.ready_made_rules (
    name             text PRIMARY KEY,
    rule_id          bigint NOT NULL,
    revision         bigint NOT NULL
);

ALTER TABLE api_metrics.health_samples ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.health_samples FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.health_samples USING ((SELECT api_metrics.sees_all()));
ALTER TABLE api_metrics.ready_made_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ready_made_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.ready_made_rules USING ((SELECT api_metrics.sees_all()));

-- Services of before may write them too, without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.health_samples, '
                       'api_metrics.ready_made_rules TO %I', service);
    END LOOP;
END
$$;
