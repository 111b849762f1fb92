-- Silences that were planned: from when until when which rules' notices are kept back. Rules of one environment.

ALTER TABLE api_metrics.api_alert_configs ADD COLUMN environment_filter text;

CREATE TABLE api_metrics.alert_silences (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    starts_at       timestamptz NOT NULL,
    -- One that was ended early has that as its end.
    ends_at         timestamptz NOT NULL,
    -- NULL: everybody's rules.
    tenant_id       text,
    service         text,
    environment     text,
    endpoint        text,
    config_id       bigint REFERENCES api_metrics.api_alert_configs (id) ON DELETE CASCADE,
    reason          text,
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL
);
CREATE INDEX alert_silences_ends_at ON api_metrics.alert_silences (ends_at);

ALTER TABLE api_metrics.alert_silences ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_silences FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.alert_silences USING ((SELECT api_metrics.sees_all()));
CREATE POLICY scope ON api_metrics.alert_silences FOR SELECT USING (
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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.alert_silences TO %I', service);
    END LOOP;
END
$$;
