-- What people did about an alert's event: who acknowledged it, and until when its rule's notices are silent.

CREATE TABLE api_metrics_alert_handling (
    event_id        blob PRIMARY KEY REFERENCES api_metrics_api_alert_events (id) ON DELETE CASCADE,
    acknowledged_at integer,
    acknowledged_by text,
    silenced_at     integer,
    -- NULL while silenced: until the event is resolved.
    silenced_until  integer,
    silenced_by     text
);
