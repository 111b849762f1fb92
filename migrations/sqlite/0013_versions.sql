-- Versions of services, and what each of them has answered. The fold counts them from the flush batches of processes
-- that name a version.

CREATE TABLE api_metrics_versions (
    id           integer PRIMARY KEY AUTOINCREMENT,
    service      text NOT NULL,
    environment  text NOT NULL,
    version      text NOT NULL,
    -- The minute of its first request, and the end of the minute of its last one.
    first_at     integer NOT NULL,
    last_at      integer NOT NULL,
    UNIQUE (service, environment, version)
);
CREATE INDEX api_metrics_versions_first_at ON api_metrics_versions (first_at DESC, id DESC);

-- Five minutes a row, an hour once five minutes are no longer kept. Calls of others and events are left out.
CREATE TABLE api_metrics_version_counts (
    version_id       integer NOT NULL,
    period_start     integer NOT NULL,
    request_count    integer NOT NULL,
    error_count_4xx  integer NOT NULL,
    error_count_5xx  integer NOT NULL,
    -- Requests that no route matched; they are in none of the other columns.
    unmatched_count  integer NOT NULL,
    latency_sketch   blob NOT NULL,
    PRIMARY KEY (version_id, period_start)
);
CREATE INDEX api_metrics_version_counts_period ON api_metrics_version_counts (period_start);
