-- Channels that notices do not go to: switched off by hand, whatever process has them.

CREATE TABLE api_metrics_muted_channels (
    channel      text PRIMARY KEY,
    muted_at     integer NOT NULL,
    muted_by     text NOT NULL
);
