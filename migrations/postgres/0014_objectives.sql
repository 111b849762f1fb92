-- Service level objectives, and alert rules over how fast their error budgets burn.

CREATE TABLE api_metrics.objectives (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision     bigint NOT NULL DEFAULT 1,
    name         text NOT NULL,
    indicator    text NOT NULL CHECK (indicator IN ('availability', 'latency')),
    -- The longest latency that is good, in microseconds: an edge of the sketch. NULL for availability.
    latency_us   bigint,
    -- How many of a million requests have to be good.
    target_ppm   bigint NOT NULL CHECK (target_ppm > 0 AND target_ppm < 1000000),
    window_days  bigint NOT NULL CHECK (window_days > 0),
    service      text,
    environment  text,
    endpoint     text,
    -- NULL: everybody's requests.
    tenant_id    text,
    created_by   text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX objectives_tenant_id ON api_metrics.objectives (tenant_id);

ALTER TABLE api_metrics.api_alert_configs
    ADD COLUMN objective_id bigint REFERENCES api_metrics.objectives (id);
CREATE INDEX api_alert_configs_objective ON api_metrics.api_alert_configs (objective_id)
    WHERE objective_id IS NOT NULL;

ALTER TABLE api_metrics.objectives ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.objectives FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.objectives USING ((SELECT api_metrics.sees_all()));
CREATE POLICY scope ON api_metrics.objectives FOR SELECT USING (
    tenant_id = (SELECT api_metrics.scope_tenant())
);

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.objectives TO %I', service);
    END LOOP;
END
$$;
