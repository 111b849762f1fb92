-- Points of metrics that another library has summed, as OpenTelemetry's. Times are Unix seconds.

-- What was counted of each stream, with which its next point is compared. Written by the transaction that counts.
CREATE TABLE api_metrics_ingest_stream (
    id           text PRIMARY KEY,
    token_id     integer NOT NULL,
    resource     text NOT NULL,
    -- JSON; empty until something is counted.
    counted      text NOT NULL,
    at           integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX api_metrics_ingest_stream_at ON api_metrics_ingest_stream (at);
CREATE INDEX api_metrics_ingest_stream_resource ON api_metrics_ingest_stream (resource);
CREATE INDEX api_metrics_ingest_stream_token ON api_metrics_ingest_stream (token_id);

-- By which part of itself a quantile of the token's service may be off; NULL: by no more than the store's own.
ALTER TABLE api_metrics_ingest_token ADD COLUMN quantile_error real;
