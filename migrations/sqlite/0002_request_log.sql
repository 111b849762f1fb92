-- The log of requests: single requests, sampled, beside the buckets. Nothing of it is needed to count.
-- Times are Unix milliseconds; the first 48 bits of an id are its time, so that ids sort by time.

-- What requests have in common, so that a row of the list is narrow. An event outside of all requests has a
-- source, and neither protocol nor method nor endpoint.
CREATE TABLE api_metrics_request_log_series (
    id            integer PRIMARY KEY AUTOINCREMENT,
    service       text NOT NULL,
    environment   text NOT NULL,
    version       text NOT NULL,
    protocol      text NOT NULL,
    http_method   text NOT NULL,
    endpoint      text NOT NULL,
    -- Where an event comes from; empty for requests.
    source        text NOT NULL,
    UNIQUE (service, environment, version, protocol, http_method, endpoint, source)
);

-- One row a process: the fence that makes a batch be stored once, and what became of the requests that
-- its policy chose. chosen = kept + all that was dropped.
CREATE TABLE api_metrics_request_log_instance (
    id              blob PRIMARY KEY,
    seq             integer NOT NULL DEFAULT 0,
    chosen          integer NOT NULL DEFAULT 0,
    kept            integer NOT NULL DEFAULT 0,
    dropped_rate    integer NOT NULL DEFAULT 0,
    dropped_bytes   integer NOT NULL DEFAULT 0,
    dropped_memory  integer NOT NULL DEFAULT 0,
    dropped_late    integer NOT NULL DEFAULT 0,
    dropped_refused integer NOT NULL DEFAULT 0,
    acked_ms        integer
);

-- What a list shows and filters by.
CREATE TABLE api_metrics_request_log (
    at_ms         integer NOT NULL,
    id            blob NOT NULL,
    series_id     integer NOT NULL,
    -- 0 is "no key", as in series.
    api_key_id    integer NOT NULL,
    status        integer,
    -- The status under which it is counted, which every request has.
    counted       integer NOT NULL,
    outcome       text NOT NULL,
    latency_us    integer,
    -- For how many requests it stands, itself included.
    weight        integer NOT NULL,
    -- Why it was kept; 'event' is no request.
    reason        text NOT NULL,
    group_id      integer,
    trace_id      blob,
    user_id       text,
    -- The levels of its lines, or of the event: bit 0 is ERROR, bit 4 TRACE.
    levels        integer NOT NULL,
    -- Of the client, by ISO 3166; NULL is unknown.
    country       text,
    PRIMARY KEY (at_ms, id)
) WITHOUT ROWID;
CREATE INDEX api_metrics_request_log_series_at ON api_metrics_request_log (series_id, at_ms, id);
CREATE INDEX api_metrics_request_log_key_at ON api_metrics_request_log (api_key_id, at_ms, id);
CREATE INDEX api_metrics_request_log_user_at ON api_metrics_request_log (user_id, at_ms, id) WHERE user_id IS NOT NULL;
-- With what groups are summed by, so that a day's errors are read from the index alone.
CREATE INDEX api_metrics_request_log_group_at
    ON api_metrics_request_log (group_id, at_ms, id, weight, api_key_id, series_id) WHERE group_id IS NOT NULL;
CREATE INDEX api_metrics_request_log_event_at ON api_metrics_request_log (at_ms, id) WHERE reason = 'event';
CREATE INDEX api_metrics_request_log_trace ON api_metrics_request_log (trace_id) WHERE trace_id IS NOT NULL;

-- What is shown of one request. Its number is that of its words.
CREATE TABLE api_metrics_request_log_detail (
    number         integer PRIMARY KEY,
    at_ms          integer NOT NULL,
    id             blob NOT NULL,
    api_key_id     integer NOT NULL,
    instance       blob NOT NULL,
    path           text NOT NULL,
    user_agent     text,
    -- A hash by its day's key, which is destroyed a day after the day.
    address        blob,
    request_id     text,
    span_id        text,
    error_type     text,
    message        text,
    -- Of an event, as name=value.
    fields         text,
    -- What was logged meanwhile, as JSON, and how much of it there was no room for.
    lines          text,
    lines_left_out integer NOT NULL,
    -- Where the client is; coordinates in tenths of a degree.
    region         text,
    city           text,
    latitude       integer,
    longitude      integer,
    ttfb_us        integer,
    queue_wait_us  integer,
    request_bytes  integer NOT NULL,
    response_bytes integer NOT NULL,
    UNIQUE (at_ms, id)
);
CREATE INDEX api_metrics_request_log_detail_address ON api_metrics_request_log_detail (address) WHERE address IS NOT NULL;

-- The words of lines stand by themselves, because they are for admins.
CREATE VIRTUAL TABLE api_metrics_request_log_words USING fts5 (words, lines, tokenize = "unicode61 remove_diacritics 0");
-- What is deleted leaves nothing behind in the index.
INSERT INTO api_metrics_request_log_words (api_metrics_request_log_words, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER api_metrics_request_log_forgotten AFTER DELETE ON api_metrics_request_log_detail BEGIN
    DELETE FROM api_metrics_request_log_words WHERE rowid = old.number;
END;

-- Errors that are one: the same endpoint, status, type and message but for numbers and names in it.
CREATE TABLE api_metrics_request_log_group (
    id            integer PRIMARY KEY,
    first_seen_ms integer NOT NULL,
    last_seen_ms  integer NOT NULL,
    first_version text NOT NULL
);

-- What the errors of a group have in common. Numbered, so that texts are only ever appended: one that was moved to
-- make room would leave a copy behind that nobody deletes.
CREATE TABLE api_metrics_request_log_group_text (
    number        integer PRIMARY KEY,
    group_id      integer NOT NULL UNIQUE,
    text          text NOT NULL
);

-- The vector of that text by whoever embedded it: a byte a dimension.
CREATE TABLE api_metrics_request_log_group_vector (
    group_id      integer PRIMARY KEY,
    embedder      text NOT NULL,
    vector        text NOT NULL
);

-- Requests by country, all of them and not only those that are kept: exact, and an hour a row. An empty country is
-- one that is not known.
CREATE TABLE api_metrics_request_log_country (
    hour_ms       integer NOT NULL,
    service       text NOT NULL,
    environment   text NOT NULL,
    country       text NOT NULL,
    requests      integer NOT NULL,
    PRIMARY KEY (hour_ms, service, environment, country)
) WITHOUT ROWID;

CREATE VIEW api_metrics_request_countries AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', c.hour_ms / 1000, 'unixepoch') AS period_start,
       c.service,
       c.environment,
       nullif(c.country, '') AS country,
       c.requests AS request_count
FROM api_metrics_request_log_country AS c;

-- The key of each day, counted from 1970, by which addresses are hashed.
CREATE TABLE api_metrics_request_log_day_key (
    day           integer PRIMARY KEY,
    key           text NOT NULL
);

-- Who follows the log. While the lease lies ahead, instances flush every second and note what arrives.
CREATE TABLE api_metrics_request_log_tail (
    id             integer PRIMARY KEY CHECK (id = 1),
    until_ms       integer NOT NULL,
    -- The number of the batch that arrived last.
    last           integer NOT NULL,
    -- Everything that arrived after this number is noted.
    complete_after integer NOT NULL
);

-- What arrived in the last minutes, in the order in which it was committed.
CREATE TABLE api_metrics_request_log_arrival (
    number        integer NOT NULL,
    at_ms         integer NOT NULL,
    id            blob NOT NULL,
    api_key_id    integer NOT NULL,
    stored_ms     integer NOT NULL,
    PRIMARY KEY (number, at_ms, id)
) WITHOUT ROWID;

-- What was behind an alert when it fired, as JSON. Apart from the events, which tenants see.
CREATE TABLE api_metrics_alert_causes (
    event_id      blob PRIMARY KEY REFERENCES api_metrics_api_alert_events (id) ON DELETE CASCADE,
    body          text NOT NULL
);

-- Who has changed or deleted what.
CREATE TABLE api_metrics_audit_trail (
    id            integer PRIMARY KEY AUTOINCREMENT,
    at_ms         integer NOT NULL,
    actor         text NOT NULL,
    action        text NOT NULL,
    subject       text NOT NULL
);

-- How much each day takes, roughly: SQLite does not tell it of a table.
CREATE TABLE api_metrics_request_log_day (
    day           integer PRIMARY KEY,
    bytes         integer NOT NULL
);

-- What requests of routes that ask for it carried: headers, query and bodies, masked. For admins alone. Numbered, so
-- that texts are only ever appended.
CREATE TABLE api_metrics_request_log_snapshot (
    number        integer PRIMARY KEY,
    at_ms         integer NOT NULL,
    id            blob NOT NULL,
    snapshot      text NOT NULL,
    UNIQUE (at_ms, id)
);
