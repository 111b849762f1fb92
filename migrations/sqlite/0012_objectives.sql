-- Service level objectives, and alert rules over how fast their error budgets burn.

CREATE TABLE api_metrics_objectives (
    id           integer PRIMARY KEY AUTOINCREMENT,
    revision     integer NOT NULL DEFAULT 1,
    name         text NOT NULL,
    indicator    text NOT NULL CHECK (indicator IN ('availability', 'latency')),
    -- The longest latency that is good, in microseconds: an edge of the sketch. NULL for availability.
    latency_us   integer,
    -- How many of a million requests have to be good.
    target_ppm   integer NOT NULL CHECK (target_ppm > 0 AND target_ppm < 1000000),
    window_days  integer NOT NULL CHECK (window_days > 0),
    service      text,
    environment  text,
    endpoint     text,
    -- NULL: everybody's requests.
    tenant_id    text,
    created_by   text,
    created_at   integer NOT NULL,
    updated_at   integer NOT NULL
);
CREATE INDEX api_metrics_objectives_tenant_id ON api_metrics_objectives (tenant_id);

ALTER TABLE api_metrics_api_alert_configs
    ADD COLUMN objective_id integer REFERENCES api_metrics_objectives (id);
CREATE INDEX api_metrics_alert_configs_objective ON api_metrics_api_alert_configs (objective_id)
    WHERE objective_id IS NOT NULL;
