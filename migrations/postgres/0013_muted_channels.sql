-- Channels that notices do not go to: switched off by hand, whatever process has them.

CREATE TABLE api_metrics.muted_channels (
    channel      text PRIMARY KEY,
    muted_at     timestamptz NOT NULL,
    muted_by     text NOT NULL
);

ALTER TABLE api_metrics.muted_channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.muted_channels FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.muted_channels USING ((SELECT api_metrics.sees_all()));

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.muted_channels TO %I', service);
    END LOOP;
END
$$;
