-- Jobs: work in the background, and what became of its last runs. Times are Unix seconds of the database's clock.

CREATE TABLE api_metrics.jobs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service       text NOT NULL,
    environment   text NOT NULL,
    name          text NOT NULL,
    -- In words or as a cron line; NULL: only code runs it.
    schedule      text,
    -- When it is due next. Whoever claims a due time moves it on in the same transaction.
    next_at       bigint,
    -- The run that has begun and not ended, and which attempt of it this is.
    run_id        bigint,
    attempt       bigint NOT NULL DEFAULT 0,
    -- Until when an instance runs it; NULL: none does.
    lease_until   bigint,
    -- When the open run is tried again.
    retry_at      bigint,
    -- Who wants a run now.
    requested_by  text,
    succeeded     bigint NOT NULL DEFAULT 0,
    failed        bigint NOT NULL DEFAULT 0,
    UNIQUE (service, environment, name)
);

CREATE TABLE api_metrics.job_runs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id        bigint NOT NULL REFERENCES api_metrics.jobs (id) ON DELETE CASCADE,
    -- schedule, manual or code.
    cause         text NOT NULL,
    due_at        bigint,
    started_at    bigint NOT NULL,
    finished_at   bigint,
    -- Of the last attempt.
    duration_ms   bigint,
    attempts      bigint NOT NULL,
    -- success, error, timeout or cancelled; NULL: it is open.
    outcome       text,
    error         text,
    instance      uuid NOT NULL
);
CREATE INDEX job_runs_job ON api_metrics.job_runs (job_id, id);

ALTER TABLE api_metrics.jobs     ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.jobs     FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.job_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.jobs     USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.job_runs USING ((SELECT api_metrics.sees_all()));

-- Services of before get what is new without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.jobs, api_metrics.job_runs TO %I', service);
    END LOOP;
END
$$;
