-- Where buckets are kept in another database: what the leader has copied there. Nothing of it belongs to a tenant.

-- One row, there from the first time that a process names the other database.
CREATE TABLE api_metrics.copy_state (
    id           integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    -- The last fold that was copied whole: rows of later ones don't count.
    epoch        bigint NOT NULL,
    -- Counts up whenever a period becomes dirty: what a read has taken for clean holds as long as it stays.
    generation   bigint NOT NULL,
    -- Of the last rollup; a row of a greater one replaces a row of a smaller one.
    version      bigint NOT NULL,
    -- The fold that is being copied, if any.
    intent       bigint,
    -- When the last fold was copied whole.
    copied_at    timestamptz
);

-- Every process asks at its start whether the buckets are elsewhere, whatever else it may do; nothing here is a secret.
GRANT SELECT ON api_metrics.copy_state TO PUBLIC;

-- The flush batches of the fold that is being copied: those of the instance above its fold mark up to this one.
CREATE TABLE api_metrics.copy_intent (
    id           uuid PRIMARY KEY,
    upto         bigint NOT NULL
);

-- Rows of the other database that don't count: of a history that was lost, or of an import that was taken back.
CREATE TABLE api_metrics.copy_excluded (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Of these folds, both included.
    from_epoch   bigint NOT NULL,
    upto_epoch   bigint NOT NULL,
    -- Of these series, as a JSON list; NULL for all.
    series       text,
    -- Of this table, `1m` to `1d`, and its periods from one to before another; NULL for all.
    granularity  text,
    period_from  timestamptz,
    period_to    timestamptz
);

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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.copy_state, api_metrics.copy_intent, '
                       'api_metrics.copy_excluded TO %I', service);
    END LOOP;
END
$$;
