-- What each process says of itself, a row a minute, for alert rules over our own health.

CREATE TABLE api_metrics_health_samples (
    minute           integer NOT NULL,
    -- The instance.
    id               blob NOT NULL,
    -- How long the store could not be reached.
    unreachable_ms   integer NOT NULL,
    -- The longest that records waited beyond the flush interval.
    flush_lag_ms     integer NOT NULL,
    -- The most that were open at once.
    open_streams     integer NOT NULL,
    -- Requests that the log chose and dropped.
    dropped_requests integer NOT NULL,
    cache_hits       integer NOT NULL,
    cache_lookups    integer NOT NULL,
    -- Microseconds of our own routes' answers, and of queries; their sketches in hex, empty without any.
    answers          integer NOT NULL,
    answers_us       integer NOT NULL,
    answers_sketch   text NOT NULL,
    queries          integer NOT NULL,
    queries_us       integer NOT NULL,
    queries_sketch   text NOT NULL,
    PRIMARY KEY (minute, id)
) WITHOUT ROWID;

-- The rules that were made by themselves, which are not made again: under which revision.
CREATE TABLE api_metrics_ready_made_rules (
    name             text PRIMARY KEY,
    rule_id          integer NOT NULL,
    revision         integer NOT NULL
);
