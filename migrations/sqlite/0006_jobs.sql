-- Jobs: work in the background, and what became of its last runs. Times are Unix seconds.

CREATE TABLE api_metrics_jobs (
    id            integer PRIMARY KEY AUTOINCREMENT,
    service       text NOT NULL,
    environment   text NOT NULL,
    name          text NOT NULL,
    -- In words or as a cron line; NULL: only code runs it.
    schedule      text,
    -- When it is due next. Whoever claims a due time moves it on in the same transaction.
    next_at       integer,
    -- The run that has begun and not ended, and which attempt of it this is.
    run_id        integer,
    attempt       integer NOT NULL DEFAULT 0,
    -- Until when an instance runs it; NULL: none does.
    lease_until   integer,
    -- When the open run is tried again.
    retry_at      integer,
    -- Who wants a run now.
    requested_by  text,
    succeeded     integer NOT NULL DEFAULT 0,
    failed        integer NOT NULL DEFAULT 0,
    UNIQUE (service, environment, name)
);

CREATE TABLE api_metrics_job_runs (
    id            integer PRIMARY KEY AUTOINCREMENT,
    job_id        integer NOT NULL REFERENCES api_metrics_jobs (id) ON DELETE CASCADE,
    -- schedule, manual or code.
    cause         text NOT NULL,
    due_at        integer,
    started_at    integer NOT NULL,
    finished_at   integer,
    -- Of the last attempt.
    duration_ms   integer,
    attempts      integer NOT NULL,
    -- success, error, timeout or cancelled; NULL: it is open.
    outcome       text,
    error         text,
    instance      blob NOT NULL
);
CREATE INDEX api_metrics_job_runs_job ON api_metrics_job_runs (job_id, id);
