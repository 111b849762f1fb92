-- Users and teams: a user is the keys with its user_id, a team the keys with its team_id. And what the
-- collector keeps: sessions, and in which of its shapes a refused item came.

ALTER TABLE api_metrics.api_keys ADD COLUMN team_id text;
CREATE INDEX api_keys_user ON api_metrics.api_keys (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_team ON api_metrics.api_keys (team_id) WHERE team_id IS NOT NULL;

CREATE OR REPLACE VIEW api_metrics.consumers WITH (security_barrier) AS
SELECT k.id, k.external_id, k.name, k.tenant_id, k.user_id, k.enabled, k.created_at, k.team_id
FROM api_metrics.api_keys AS k
WHERE (SELECT api_metrics.is_service())
   OR k.tenant_id = (SELECT r.tenant_id FROM api_metrics.readers AS r WHERE r.role_name = current_user)
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL));

-- The shape of the collector in which a refused item came; NULL: it came as ingest has it.
ALTER TABLE api_metrics.ingest_refused ADD COLUMN shape text;

-- Sessions that the collector has begun, until a month after their start.
CREATE TABLE api_metrics.collector_session (
    id         uuid PRIMARY KEY,
    -- The organisation by which it came: its own token.
    token_id   bigint NOT NULL,
    user_id    text NOT NULL,
    started_ms bigint NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX collector_session_started ON api_metrics.collector_session (started_at);

ALTER TABLE api_metrics.collector_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.collector_session FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.collector_session USING ((SELECT api_metrics.sees_all()));

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.collector_session TO %I', service);
    END LOOP;
END
$$;
