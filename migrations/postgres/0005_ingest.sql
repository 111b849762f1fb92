-- Requests that other services report over HTTP. Nothing of it is needed to count one's own.

-- Who may report, and for which service. The token itself is kept by its hash alone.
CREATE TABLE api_metrics.ingest_token (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    service      text NOT NULL,
    environment  text NOT NULL,
    -- Whose keys it may name; NULL: all.
    tenant_id    text,
    hash         text NOT NULL UNIQUE,
    -- The route templates of the service, as a JSON list.
    templates    text NOT NULL DEFAULT '[]',
    -- The origins of pages that use it, as a JSON list; empty: it is a service's.
    origins      text NOT NULL DEFAULT '[]',
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

-- Batches that were counted, for as long as they may be sent again. A batch is here if and only if
-- its requests are in the inbox: both are written by one transaction.
CREATE TABLE api_metrics.ingest_batch (
    token_id     bigint NOT NULL,
    key          text NOT NULL,
    at           timestamptz NOT NULL,
    -- A hash of the body, so that a key that is used again for another one is noticed.
    fingerprint  text NOT NULL,
    answer       text NOT NULL,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX ingest_batch_at ON api_metrics.ingest_batch (at);

-- Items that were refused, with the reason: dead letters.
CREATE TABLE api_metrics.ingest_refused (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_id     bigint NOT NULL,
    at           timestamptz NOT NULL,
    member       text,
    reason       text NOT NULL,
    item         text NOT NULL,
    -- Whether it came as an event.
    is_event     boolean NOT NULL DEFAULT false
);

ALTER TABLE api_metrics.ingest_token   ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_batch   ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_refused ENABLE ROW LEVEL SECURITY;

ALTER TABLE api_metrics.ingest_token   FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_batch   FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.ingest_refused FORCE ROW LEVEL SECURITY;

CREATE POLICY service ON api_metrics.ingest_token   USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.ingest_batch   USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.ingest_refused USING ((SELECT api_metrics.sees_all()));

-- The protocol that a rule watches; NULL: requests to the server.
ALTER TABLE api_metrics.api_alert_configs ADD COLUMN protocol_filter text;

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.ingest_token, '
                       'api_metrics.ingest_batch, api_metrics.ingest_refused TO %I', service);
    END LOOP;
END
$$;
