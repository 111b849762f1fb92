-- Points of metrics that another library has summed, as OpenTelemetry's.

-- What was counted of each stream, with which its next point is compared. Written by the transaction that counts.
CREATE TABLE api_metrics.ingest_stream (
    id           text PRIMARY KEY,
    token_id     bigint NOT NULL,
    resource     text NOT NULL,
    -- JSON; empty until something is counted.
    counted      text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX ingest_stream_at ON api_metrics.ingest_stream (at);
CREATE INDEX ingest_stream_resource ON api_metrics.ingest_stream (resource);
CREATE INDEX ingest_stream_token ON api_metrics.ingest_stream (token_id);

-- By which part of itself a quantile of the token's service may be off; NULL: by no more than the store's own.
ALTER TABLE api_metrics.ingest_token ADD COLUMN quantile_error double precision;

ALTER TABLE api_metrics.ingest_stream ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_stream FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.ingest_stream USING ((SELECT api_metrics.sees_all()));

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.ingest_stream TO %I', service);
    END LOOP;
END
$$;
