-- The same tables as on Postgres, without partitions, prefixed instead of in a schema. Times are
-- Unix seconds (integers), periods start on UTC multiples. The runner has created
-- api_metrics_schema_migrations.

CREATE TABLE api_metrics_meta (
    one           integer PRIMARY KEY DEFAULT 1 CHECK (one),
    -- The least schema knowledge that a process needs to lead, and to write.
    leader_min    integer NOT NULL,
    writer_min    integer NOT NULL,
    sketch_kind   integer NOT NULL,
    created_at    integer NOT NULL DEFAULT (unixepoch())
);

-- Values that all instances on this database agree on.
CREATE TABLE api_metrics_shared_secret (
    name          text PRIMARY KEY,
    value         blob NOT NULL,
    created_at    integer NOT NULL DEFAULT (unixepoch())
);

-- Consumers of the API. Never a secret.
CREATE TABLE api_metrics_api_keys (
    id                    integer PRIMARY KEY AUTOINCREMENT,
    external_id           text NOT NULL UNIQUE,
    name                  text,
    tenant_id             text,
    user_id               text,
    rate_limit_per_minute integer CHECK (rate_limit_per_minute >= 0),
    quota_limit           integer CHECK (quota_limit >= 0),
    quota_period          text,
    quota_anchor          integer,
    price_plan_id         integer,
    enabled               integer NOT NULL DEFAULT 1,
    created_at            integer NOT NULL DEFAULT (unixepoch()),
    updated_at            integer NOT NULL DEFAULT (unixepoch())
);
CREATE INDEX api_metrics_api_keys_tenant ON api_metrics_api_keys (tenant_id) WHERE tenant_id IS NOT NULL;

-- kind: bit 0 any key, bit 1 any endpoint; 0 is base. Key 0 is "no key": NULL in a unique index
-- would let anonymous series duplicate. The last three columns of a base series name the
-- aggregate series that its records also count in; the leader fills them at the first fold.
CREATE TABLE api_metrics_series (
    id              integer PRIMARY KEY AUTOINCREMENT,
    service         text NOT NULL,
    environment     text NOT NULL,
    protocol        text NOT NULL,
    http_method     text NOT NULL,
    endpoint        text NOT NULL,
    api_key_id      integer NOT NULL DEFAULT 0,
    kind            integer NOT NULL DEFAULT 0,
    by_endpoint_id      integer,
    by_key_id integer,
    total_id        integer,
    created_at      integer NOT NULL DEFAULT (unixepoch()),
    UNIQUE (service, environment, protocol, http_method, endpoint, api_key_id, kind)
);
CREATE INDEX api_metrics_series_kind_key ON api_metrics_series (kind, api_key_id);

-- One row a recording process, never deleted: the fence that makes a flush happen exactly once.
CREATE TABLE api_metrics_instance (
    id            blob PRIMARY KEY,
    seq           integer NOT NULL DEFAULT 0,
    acked_at      integer,
    live          integer NOT NULL DEFAULT 1,
    service       text NOT NULL,
    environment   text NOT NULL,
    version       text NOT NULL,
    host          text NOT NULL,
    started_at    integer NOT NULL,
    -- When the process ended in order; NULL again with the next flush, if there is one.
    ended_at      integer
);
CREATE INDEX api_metrics_instance_live ON api_metrics_instance (id) WHERE live;
CREATE INDEX api_metrics_instance_acked ON api_metrics_instance (acked_at DESC);

-- Up to which flush the leader has folded an instance. A table of its own, so that the leader
-- never waits for a writer's fence row.
CREATE TABLE api_metrics_folded (
    id            blob PRIMARY KEY,
    seq           integer NOT NULL
);

-- Flush batches that wait to be folded: encoded rows, not partitioned, so that no record's time can
-- ever fail a flush.
CREATE TABLE api_metrics_inbox (
    id            blob NOT NULL,
    seq           integer NOT NULL,
    chunk         integer NOT NULL,
    period_from   integer NOT NULL,
    period_to     integer NOT NULL,
    row_count     integer NOT NULL,
    records       integer NOT NULL,
    payload       blob NOT NULL,
    PRIMARY KEY (id, seq, chunk)
);

-- Flush batches whose payload could not be read. They block nobody; status counts them.
CREATE TABLE api_metrics_quarantined (
    id            blob NOT NULL,
    seq           integer NOT NULL,
    chunk         integer NOT NULL,
    period_from   integer NOT NULL,
    period_to     integer NOT NULL,
    reason        text NOT NULL,
    payload       blob NOT NULL,
    at            integer NOT NULL DEFAULT (unixepoch()),
    PRIMARY KEY (id, seq, chunk)
);

-- Bytes of stored rows that could not be read. The rows stay, without them. Of period counts, whose
-- series is 0, nothing is lost: they were made anew.
CREATE TABLE api_metrics_quarantined_rows (
    granularity   text NOT NULL,
    period_start  integer NOT NULL,
    period_end    integer NOT NULL,
    series_id     integer NOT NULL,
    part          text NOT NULL,
    reason        text NOT NULL,
    bytes         blob NOT NULL,
    at            integer NOT NULL DEFAULT (unixepoch()),
    PRIMARY KEY (granularity, period_start, series_id, part)
);

CREATE TABLE api_metrics_retention_floor (
    granularity   text PRIMARY KEY,
    floor         integer NOT NULL
);

CREATE TABLE api_metrics_dirty (
    granularity   text NOT NULL,
    period_start  integer NOT NULL,
    -- When the mark was made: what comes afterwards finds it and leaves it.
    since         integer NOT NULL,
    PRIMARY KEY (granularity, period_start)
);

-- Spans in which an outage made a process coarsen what it held.
CREATE TABLE api_metrics_coarse (
    period_from   integer NOT NULL,
    period_to     integer NOT NULL,
    PRIMARY KEY (period_from, period_to)
);

CREATE TABLE api_metrics_1m (
    period_start         integer NOT NULL,
    series_id            integer NOT NULL,
    request_count        integer NOT NULL,
    error_count_4xx      integer NOT NULL,
    error_count_5xx      integer NOT NULL,
    aborted_count        integer NOT NULL,
    latency_sum_us       integer NOT NULL,
    latency_min_us       integer,
    latency_max_us       integer,
    latency_count        integer NOT NULL,
    ttfb_sum_us          integer NOT NULL,
    ttfb_count           integer NOT NULL,
    total_request_bytes  integer NOT NULL,
    total_response_bytes integer NOT NULL,
    response_time_p50_ms real,
    response_time_p95_ms real,
    response_time_p99_ms real,
    response_time_avg_ms real,
    -- Ten bytes an entry: a big-endian u16 code and a big-endian u64 count.
    status_counts        blob NOT NULL,
    latency_sketch       blob NOT NULL,
    PRIMARY KEY (period_start, series_id)
) WITHOUT ROWID;


CREATE TABLE api_metrics_5m (
    period_start         integer NOT NULL,
    series_id            integer NOT NULL,
    request_count        integer NOT NULL,
    error_count_4xx      integer NOT NULL,
    error_count_5xx      integer NOT NULL,
    aborted_count        integer NOT NULL,
    latency_sum_us       integer NOT NULL,
    latency_min_us       integer,
    latency_max_us       integer,
    latency_count        integer NOT NULL,
    ttfb_sum_us          integer NOT NULL,
    ttfb_count           integer NOT NULL,
    total_request_bytes  integer NOT NULL,
    total_response_bytes integer NOT NULL,
    response_time_p50_ms real,
    response_time_p95_ms real,
    response_time_p99_ms real,
    response_time_avg_ms real,
    -- Ten bytes an entry: a big-endian u16 code and a big-endian u64 count.
    status_counts        blob NOT NULL,
    latency_sketch       blob NOT NULL,
    PRIMARY KEY (period_start, series_id)
) WITHOUT ROWID;

CREATE TABLE api_metrics_1h (
    period_start         integer NOT NULL,
    series_id            integer NOT NULL,
    request_count        integer NOT NULL,
    error_count_4xx      integer NOT NULL,
    error_count_5xx      integer NOT NULL,
    aborted_count        integer NOT NULL,
    latency_sum_us       integer NOT NULL,
    latency_min_us       integer,
    latency_max_us       integer,
    latency_count        integer NOT NULL,
    ttfb_sum_us          integer NOT NULL,
    ttfb_count           integer NOT NULL,
    total_request_bytes  integer NOT NULL,
    total_response_bytes integer NOT NULL,
    response_time_p50_ms real,
    response_time_p95_ms real,
    response_time_p99_ms real,
    response_time_avg_ms real,
    -- Ten bytes an entry: a big-endian u16 code and a big-endian u64 count.
    status_counts        blob NOT NULL,
    latency_sketch       blob NOT NULL,
    PRIMARY KEY (period_start, series_id)
) WITHOUT ROWID;

CREATE TABLE api_metrics_1d (
    period_start         integer NOT NULL,
    series_id            integer NOT NULL,
    request_count        integer NOT NULL,
    error_count_4xx      integer NOT NULL,
    error_count_5xx      integer NOT NULL,
    aborted_count        integer NOT NULL,
    latency_sum_us       integer NOT NULL,
    latency_min_us       integer,
    latency_max_us       integer,
    latency_count        integer NOT NULL,
    ttfb_sum_us          integer NOT NULL,
    ttfb_count           integer NOT NULL,
    total_request_bytes  integer NOT NULL,
    total_response_bytes integer NOT NULL,
    response_time_p50_ms real,
    response_time_p95_ms real,
    response_time_p99_ms real,
    response_time_avg_ms real,
    -- Ten bytes an entry: a big-endian u16 code and a big-endian u64 count.
    status_counts        blob NOT NULL,
    latency_sketch       blob NOT NULL,
    PRIMARY KEY (period_start, series_id)
) WITHOUT ROWID;

-- A aggregate series over a long range is a handful of rows; without these it would be a scan of
-- every series in the range. A minute is read for minutes only, so it does without.
CREATE INDEX api_metrics_5m_series ON api_metrics_5m (series_id, period_start);
CREATE INDEX api_metrics_1h_series ON api_metrics_1h (series_id, period_start);
CREATE INDEX api_metrics_1d_series ON api_metrics_1d (series_id, period_start);

-- The requests of all aggregate series in a period that has buckets, in one row: the busiest of many
-- series are found without reading theirs. A version byte, then two LEB128 integers an entry, ascending by
-- series: its series_id less that of the entry before, and its requests.
CREATE TABLE api_metrics_period_counts (
    granularity          text NOT NULL,
    period_start         integer NOT NULL,
    requests             blob NOT NULL,
    PRIMARY KEY (granularity, period_start)
);

CREATE TABLE api_metrics_rate_limit_utilization (
    api_key_id         integer NOT NULL,
    period_start       integer NOT NULL,
    period_granularity text NOT NULL CHECK (period_granularity IN ('1m', '5m', '1h')),
    requests_made      integer NOT NULL,
    rate_limit         integer NOT NULL,
    utilization_pct    real NOT NULL,
    PRIMARY KEY (api_key_id, period_granularity, period_start)
);

CREATE INDEX api_metrics_rate_limit_utilization_period
    ON api_metrics_rate_limit_utilization (period_granularity, period_start);

CREATE TABLE api_metrics_api_alert_configs (
    id               integer PRIMARY KEY AUTOINCREMENT,
    name             text NOT NULL,
    alert_type       text NOT NULL,
    service_filter   text,
    endpoint_filter  text,
    api_key_filter   integer,
    threshold_value  real NOT NULL,
    comparison       text NOT NULL CHECK (comparison IN ('gt', 'lt', 'gte', 'lte')),
    window_minutes   integer NOT NULL DEFAULT 5 CHECK (window_minutes > 0),
    cooldown_minutes integer NOT NULL DEFAULT 30 CHECK (cooldown_minutes >= 0),
    severity         text NOT NULL DEFAULT 'medium' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    quantile         real,
    min_requests     integer NOT NULL DEFAULT 0,
    enabled          integer NOT NULL DEFAULT 1,
    last_fired_at    integer,
    created_by       text,
    created_at       integer NOT NULL DEFAULT (unixepoch()),
    updated_at       integer NOT NULL DEFAULT (unixepoch()),
    -- Whose keys the rule watches; NULL watches everything.
    tenant_id        text,
    -- Counts the edits: an evaluation of an older one is thrown away.
    revision         integer NOT NULL DEFAULT 1
);

-- Where each rule stands. The leader judges every minute once: evaluated_to says how far.
CREATE TABLE api_metrics_alert_states (
    config_id        integer PRIMARY KEY REFERENCES api_metrics_api_alert_configs (id) ON DELETE CASCADE,
    state            text NOT NULL CHECK (state IN ('ok', 'pending', 'firing', 'resolved')),
    since            integer NOT NULL,
    evaluated_to     integer NOT NULL,
    -- The event that is open while the rule fires.
    event_id         blob,
    value            real
);

-- History outlives its rule.
CREATE TABLE api_metrics_api_alert_events (
    id               blob PRIMARY KEY,
    config_id        integer REFERENCES api_metrics_api_alert_configs (id) ON DELETE SET NULL,
    name             text NOT NULL,
    alert_type       text NOT NULL,
    severity         text NOT NULL,
    tenant_id        text,
    fired_at         integer NOT NULL,
    resolved_at      integer,
    value            real NOT NULL,
    threshold        real NOT NULL,
    message          text NOT NULL,
    resolved_message text
);
CREATE INDEX api_metrics_api_alert_events_fired ON api_metrics_api_alert_events (fired_at DESC, id DESC);
CREATE INDEX api_metrics_api_alert_events_config ON api_metrics_api_alert_events (config_id);

-- What is to be told, written in the transaction that decided it. The id is derived from what
-- happened, so that the same thing is never told under two ids.
CREATE TABLE api_metrics_notices (
    id               blob PRIMARY KEY,
    at               integer NOT NULL,
    -- Kept at least so long: for as long as the same thing could be decided again.
    keep_until       integer NOT NULL,
    -- Whether its deliveries were made.
    fanned_out       integer NOT NULL DEFAULT 0,
    body             text NOT NULL
);
CREATE INDEX api_metrics_notices_waiting ON api_metrics_notices (at) WHERE NOT fanned_out;

CREATE TABLE api_metrics_deliveries (
    notice_id        blob NOT NULL REFERENCES api_metrics_notices (id) ON DELETE CASCADE,
    channel          text NOT NULL,
    status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts         integer NOT NULL DEFAULT 0,
    -- While an attempt runs, this is when it counts as lost.
    next_attempt_at  integer NOT NULL,
    last_error       text,
    updated_at       integer NOT NULL,
    PRIMARY KEY (notice_id, channel)
);
CREATE INDEX api_metrics_deliveries_pending ON api_metrics_deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX api_metrics_deliveries_dead ON api_metrics_deliveries (updated_at DESC) WHERE status = 'dead';

-- Recurring work of the leader: up to when each kind is done.
CREATE TABLE api_metrics_leases (
    name             text PRIMARY KEY,
    done_to          integer NOT NULL
);

-- Price plans by name; each row is a version that counts from its day on.
CREATE TABLE api_metrics_price_plans (
    id             integer PRIMARY KEY AUTOINCREMENT,
    -- Whose plan it is; empty for everybody.
    tenant_id      text NOT NULL DEFAULT '',
    name           text NOT NULL,
    currency       text NOT NULL,
    effective_from text NOT NULL,
    free_requests  integer NOT NULL DEFAULT 0 CHECK (free_requests >= 0),
    created_at     integer NOT NULL DEFAULT (unixepoch()),
    UNIQUE (tenant_id, name, effective_from)
);

CREATE TABLE api_metrics_price_tiers (
    plan_id        integer NOT NULL REFERENCES api_metrics_price_plans (id) ON DELETE CASCADE,
    from_requests  integer NOT NULL CHECK (from_requests >= 0),
    per_thousand   text NOT NULL,
    PRIMARY KEY (plan_id, from_requests)
);

-- Which plan a key was on from which day; api_keys.price_plan_id is the latest. NULL: the default.
CREATE TABLE api_metrics_api_key_plans (
    api_key_id     integer NOT NULL REFERENCES api_metrics_api_keys (id) ON DELETE CASCADE,
    effective_from text NOT NULL,
    price_plan_id  integer REFERENCES api_metrics_price_plans (id),
    PRIMARY KEY (api_key_id, effective_from)
);

-- The ledger of imports: which log was brought in how far. `id` is the instance that it flushes under.
CREATE TABLE api_metrics_imports (
    id             blob PRIMARY KEY,
    -- What a log is looked up by: a hash of its first line.
    head           text NOT NULL,
    service        text NOT NULL,
    environment    text NOT NULL,
    name           text NOT NULL,
    -- JSON, in the importer's own words.
    progress       text NOT NULL,
    updated_at     integer NOT NULL
);
CREATE INDEX api_metrics_imports_head ON api_metrics_imports (head, updated_at DESC);

-- Buckets of base series with the names that people query by. Add request counts over rows of one
-- granularity only: the granularities hold the same requests.
CREATE VIEW api_metrics AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', m.period_start, 'unixepoch') AS period_start,
       m.period_granularity,
       s.service,
       s.environment,
       s.endpoint,
       s.http_method,
       nullif(s.api_key_id, 0) AS api_key_id,
       m.request_count,
       m.error_count_4xx,
       m.error_count_5xx,
       m.response_time_p50_ms,
       m.response_time_p95_ms,
       m.response_time_p99_ms,
       m.response_time_avg_ms,
       m.total_request_bytes,
       m.total_response_bytes
FROM (
    SELECT '1m' AS period_granularity, * FROM api_metrics_1m
    UNION ALL SELECT '5m', * FROM api_metrics_5m
    UNION ALL SELECT '1h', * FROM api_metrics_1h
    UNION ALL SELECT '1d', * FROM api_metrics_1d
) AS m
JOIN api_metrics_series AS s ON s.id = m.series_id AND s.kind = 0;
