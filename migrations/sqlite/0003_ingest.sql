-- Requests that other services report over HTTP. Nothing of it is needed to count one's own.
-- Times are Unix seconds.

-- Who may report, and for which service. The token itself is kept by its hash alone.
CREATE TABLE api_metrics_ingest_token (
    id           integer PRIMARY KEY AUTOINCREMENT,
    name         text NOT NULL,
    service      text NOT NULL,
    environment  text NOT NULL,
    -- Whose keys it may name; NULL: all.
    tenant_id    text,
    hash         text NOT NULL UNIQUE,
    -- The route templates of the service, as a JSON list.
    templates    text NOT NULL DEFAULT '[]',
    -- The origins of pages that use it, as a JSON list; empty: it is a service's.
    origins      text NOT NULL DEFAULT '[]',
    created_at   integer NOT NULL,
    created_by   text NOT NULL,
    revoked_at   integer,
    last_used_at integer
);

-- Batches that were counted, for as long as they may be sent again. A batch is here if and only if
-- its requests are in the inbox: both are written by one transaction.
CREATE TABLE api_metrics_ingest_batch (
    token_id     integer NOT NULL,
    key          text NOT NULL,
    at           integer NOT NULL,
    -- A hash of the body, so that a key that is used again for another one is noticed.
    fingerprint  text NOT NULL,
    answer       text NOT NULL,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX api_metrics_ingest_batch_at ON api_metrics_ingest_batch (at);

-- Items that were refused, with the reason: dead letters.
CREATE TABLE api_metrics_ingest_refused (
    id           integer PRIMARY KEY AUTOINCREMENT,
    token_id     integer NOT NULL,
    at           integer NOT NULL,
    member       text,
    reason       text NOT NULL,
    item         text NOT NULL,
    -- Whether it came as an event.
    is_event     integer NOT NULL DEFAULT 0
);

-- The protocol that a rule watches; NULL: requests to the server.
ALTER TABLE api_metrics_api_alert_configs ADD COLUMN protocol_filter text;
