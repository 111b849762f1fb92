-- Delta points of metrics that were counted lately, by a hash over what they carry: a collector may pack them anew and
-- send them again.

CREATE TABLE api_metrics.ingest_delta (
    id           text PRIMARY KEY,
    at           timestamptz NOT NULL
);
CREATE INDEX ingest_delta_at ON api_metrics.ingest_delta (at);

ALTER TABLE api_metrics.ingest_delta ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_delta FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.ingest_delta USING ((SELECT api_metrics.sees_all()));

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.ingest_delta TO %I', service);
    END LOOP;
END
$$;
