-- Delta points of metrics that were counted lately, by a hash over what they carry: a collector may pack them anew and
-- send them again.

CREATE TABLE api_metrics_ingest_delta (
    id           text PRIMARY KEY,
    at           integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX api_metrics_ingest_delta_at ON api_metrics_ingest_delta (at);
