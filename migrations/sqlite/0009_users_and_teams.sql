-- Users and teams: a user is the keys with its user_id, a team the keys with its team_id. And what the
-- collector keeps: sessions, and in which of its shapes a refused item came.
-- Times are Unix seconds.

ALTER TABLE api_metrics_api_keys ADD COLUMN team_id text;
CREATE INDEX api_metrics_api_keys_user ON api_metrics_api_keys (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX api_metrics_api_keys_team ON api_metrics_api_keys (team_id) WHERE team_id IS NOT NULL;

-- The shape of the collector in which a refused item came; NULL: it came as ingest has it.
ALTER TABLE api_metrics_ingest_refused ADD COLUMN shape text;

-- Sessions that the collector has begun, until a month after their start.
CREATE TABLE api_metrics_collector_session (
    id         blob PRIMARY KEY,
    -- The organisation by which it came: its own token.
    token_id   integer NOT NULL,
    user_id    text NOT NULL,
    started_ms integer NOT NULL,
    started_at integer NOT NULL,
    ended_at   integer
);
CREATE INDEX api_metrics_collector_session_started ON api_metrics_collector_session (started_at);
