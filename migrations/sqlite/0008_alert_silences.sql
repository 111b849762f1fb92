-- Silences that were planned: from when until when which rules' notices are kept back. Rules of one environment.

ALTER TABLE api_metrics_api_alert_configs ADD COLUMN environment_filter text;

CREATE TABLE api_metrics_alert_silences (
    id              integer PRIMARY KEY AUTOINCREMENT,
    starts_at       integer NOT NULL,
    -- One that was ended early has that as its end.
    ends_at         integer NOT NULL,
    -- NULL: everybody's rules.
    tenant_id       text,
    service         text,
    environment     text,
    endpoint        text,
    config_id       integer REFERENCES api_metrics_api_alert_configs (id) ON DELETE CASCADE,
    reason          text,
    created_at      integer NOT NULL,
    created_by      text NOT NULL
);
CREATE INDEX api_metrics_alert_silences_ends_at ON api_metrics_alert_silences (ends_at);
