-- Single requests, where they are in the other database: each batch of them has a mark, which its rows carry. A row counts
-- if its mark is at most this one, and in no range below.
CREATE TABLE api_metrics.request_log_mark (
    id           integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    mark         bigint NOT NULL
);
INSERT INTO api_metrics.request_log_mark (id, mark) VALUES (1, 0);

-- Batches whose rows don't count, or not yet, and those that have arrived while somebody followed the log.
CREATE TABLE api_metrics.request_log_batch (
    mark         bigint PRIMARY KEY,
    -- The same, or less where it is a range: of a history that was lost.
    from_mark    bigint NOT NULL,
    instance     uuid NOT NULL,
    -- Its first and its last request.
    from_ms      bigint NOT NULL,
    upto_ms      bigint NOT NULL,
    -- In the order of arrival, once it counts.
    number       bigint,
    stored_ms    bigint
);
CREATE INDEX request_log_batch_open ON api_metrics.request_log_batch (mark) WHERE number IS NULL;
CREATE INDEX request_log_batch_number ON api_metrics.request_log_batch (number) WHERE number IS NOT NULL;

-- Services of before may write them too, without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.request_log_mark, '
                       'api_metrics.request_log_batch TO %I', service);
    END LOOP;
END
$$;
