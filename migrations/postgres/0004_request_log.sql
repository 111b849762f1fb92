-- The log of requests: single requests, sampled, beside the buckets. Nothing of it is needed to count.
-- Times are Unix milliseconds; the first 48 bits of an id are its time, so that ids sort by time.

-- What requests have in common, so that a row of the list is narrow. An event outside of all requests has a
-- source, and neither protocol nor method nor endpoint.
CREATE TABLE api_metrics.request_log_series (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
CREATE TABLE api_metrics.request_log_instance (
    id              uuid PRIMARY KEY,
    seq             bigint NOT NULL DEFAULT 0,
    chosen          bigint NOT NULL DEFAULT 0,
    kept            bigint NOT NULL DEFAULT 0,
    dropped_rate    bigint NOT NULL DEFAULT 0,
    dropped_bytes   bigint NOT NULL DEFAULT 0,
    dropped_memory  bigint NOT NULL DEFAULT 0,
    dropped_late    bigint NOT NULL DEFAULT 0,
    dropped_refused bigint NOT NULL DEFAULT 0,
    acked_ms        bigint
);

-- What a list shows and filters by.
CREATE TABLE api_metrics.request_log (
    at_ms         bigint NOT NULL,
    id            uuid NOT NULL,
    series_id     bigint NOT NULL,
    -- 0 is "no key", as in series.
    api_key_id    bigint NOT NULL,
    status        bigint,
    -- The status under which it is counted, which every request has.
    counted       bigint NOT NULL,
    outcome       text NOT NULL,
    latency_us    bigint,
    -- For how many requests it stands, itself included.
    weight        bigint NOT NULL,
    -- Why it was kept; 'event' is no request.
    reason        text NOT NULL,
    group_id      bigint,
    trace_id      uuid,
    user_id       text,
    -- The levels of its lines, or of the event: bit 0 is ERROR, bit 4 TRACE.
    levels        bigint NOT NULL,
    -- Of the client, by ISO 3166; NULL is unknown.
    country       text,
    PRIMARY KEY (at_ms, id)
) PARTITION BY RANGE (at_ms);
CREATE INDEX request_log_series_at ON api_metrics.request_log (series_id, at_ms, id);
CREATE INDEX request_log_key_at ON api_metrics.request_log (api_key_id, at_ms, id);
CREATE INDEX request_log_user_at ON api_metrics.request_log (user_id, at_ms, id) WHERE user_id IS NOT NULL;
-- With what groups are summed by, so that a day's errors are read from the index alone.
CREATE INDEX request_log_group_at ON api_metrics.request_log (group_id, at_ms, id)
    INCLUDE (weight, api_key_id, series_id) WHERE group_id IS NOT NULL;
CREATE INDEX request_log_event_at ON api_metrics.request_log (at_ms, id) WHERE reason = 'event';
CREATE INDEX request_log_trace ON api_metrics.request_log (trace_id) WHERE trace_id IS NOT NULL;

-- What is shown of one request.
CREATE TABLE api_metrics.request_log_detail (
    at_ms          bigint NOT NULL,
    id             uuid NOT NULL,
    api_key_id     bigint NOT NULL,
    instance       uuid NOT NULL,
    path           text NOT NULL,
    user_agent     text,
    -- A hash by its day's key, which is destroyed a day after the day.
    address        uuid,
    request_id     text,
    span_id        text,
    error_type     text,
    message        text,
    -- Of an event, as name=value.
    fields         text,
    -- What was logged meanwhile, as JSON, and how much of it there was no room for.
    lines          text,
    lines_left_out bigint NOT NULL,
    -- Where the client is; coordinates in tenths of a degree.
    region         text,
    city           text,
    latitude       bigint,
    longitude      bigint,
    ttfb_us        bigint,
    queue_wait_us  bigint,
    request_bytes  bigint NOT NULL,
    response_bytes bigint NOT NULL,
    words          tsvector NOT NULL,
    -- The same without those of lines, which are for admins; NULL where there are no lines.
    shown_words    tsvector,
    PRIMARY KEY (at_ms, id)
) PARTITION BY RANGE (at_ms);
CREATE INDEX request_log_detail_words ON api_metrics.request_log_detail USING gin (words);
CREATE INDEX request_log_detail_address ON api_metrics.request_log_detail (address) WHERE address IS NOT NULL;

-- Errors that are one: the same endpoint, status, type and message but for numbers and names in it.
CREATE TABLE api_metrics.request_log_group (
    id            bigint PRIMARY KEY,
    first_seen_ms bigint NOT NULL,
    last_seen_ms  bigint NOT NULL,
    first_version text NOT NULL
);

-- What the errors of a group have in common.
CREATE TABLE api_metrics.request_log_group_text (
    group_id      bigint PRIMARY KEY,
    text          text NOT NULL
);

-- The vector of that text by whoever embedded it: a byte a dimension.
CREATE TABLE api_metrics.request_log_group_vector (
    group_id      bigint PRIMARY KEY,
    embedder      text NOT NULL,
    vector        text NOT NULL
);

-- Requests by country, all of them and not only those that are kept: exact, and an hour a row. An empty country is
-- one that is not known.
CREATE TABLE api_metrics.request_log_country (
    hour_ms       bigint NOT NULL,
    service       text NOT NULL,
    environment   text NOT NULL,
    country       text NOT NULL,
    requests      bigint NOT NULL,
    PRIMARY KEY (hour_ms, service, environment, country)
);

-- For those who read by plain SQL. Sums over tenants, so a reader of one tenant finds nothing here.
CREATE VIEW api_metrics.request_countries WITH (security_barrier) AS
SELECT to_timestamp(c.hour_ms / 1000) AS period_start,
       c.service,
       c.environment,
       nullif(c.country, '') AS country,
       c.requests AS request_count
FROM api_metrics.request_log_country AS c
WHERE (SELECT api_metrics.is_service())
   OR (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                      WHERE r.role_name = current_user AND r.tenant_id IS NULL));

-- The key of each day, counted from 1970, by which addresses are hashed.
CREATE TABLE api_metrics.request_log_day_key (
    day           bigint PRIMARY KEY,
    key           text NOT NULL
);

-- Who follows the log. While the lease lies ahead, instances flush every second and note what arrives.
CREATE TABLE api_metrics.request_log_tail (
    id             bigint PRIMARY KEY CHECK (id = 1),
    until_ms       bigint NOT NULL,
    -- The number of the batch that arrived last.
    last           bigint NOT NULL,
    -- Everything that arrived after this number is noted.
    complete_after bigint NOT NULL
);

-- What arrived in the last minutes, in the order in which it was committed: the number is given behind the lock
-- of the row above, which is held until the commit.
CREATE TABLE api_metrics.request_log_arrival (
    number        bigint NOT NULL,
    at_ms         bigint NOT NULL,
    id            uuid NOT NULL,
    api_key_id    bigint NOT NULL,
    stored_ms     bigint NOT NULL,
    PRIMARY KEY (number, at_ms, id)
);

-- What was behind an alert when it fired, as JSON. Apart from the events, which tenants see.
CREATE TABLE api_metrics.alert_causes (
    event_id      uuid PRIMARY KEY REFERENCES api_metrics.api_alert_events (id) ON DELETE CASCADE,
    body          text NOT NULL
);

-- Who has changed or deleted what.
CREATE TABLE api_metrics.audit_trail (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms         bigint NOT NULL,
    actor         text NOT NULL,
    action        text NOT NULL,
    subject       text NOT NULL
);

-- What requests of routes that ask for it carried: headers, query and bodies, masked. For admins alone.
CREATE TABLE api_metrics.request_log_snapshot (
    at_ms         bigint NOT NULL,
    id            uuid NOT NULL,
    snapshot      text NOT NULL,
    PRIMARY KEY (at_ms, id)
) PARTITION BY RANGE (at_ms);

ALTER TABLE api_metrics.request_log_series   ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_instance ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log          ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_detail   ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group    ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_day_key  ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group_text ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group_vector ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_tail     ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_arrival  ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_country  ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_snapshot ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.audit_trail          ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_causes         ENABLE ROW LEVEL SECURITY;

ALTER TABLE api_metrics.request_log_series   FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_instance FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log          FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_detail   FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group    FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_day_key  FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group_text FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_group_vector FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_tail     FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_arrival  FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_country  FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.request_log_snapshot FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.audit_trail          FORCE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_causes         FORCE ROW LEVEL SECURITY;

CREATE POLICY service ON api_metrics.request_log_series   USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_instance USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log          USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_detail   USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_group    USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_day_key  USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_group_text USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_group_vector USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_tail     USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_arrival  USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_country  USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.request_log_snapshot USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.audit_trail          USING ((SELECT api_metrics.sees_all()));
CREATE POLICY service ON api_metrics.alert_causes         USING ((SELECT api_metrics.sees_all()));

-- Behind its view.
CREATE POLICY reader ON api_metrics.request_log_country FOR SELECT USING (
    (SELECT EXISTS (SELECT FROM api_metrics.readers AS r
                    WHERE r.role_name = current_user AND r.tenant_id IS NULL))
);

-- What api_keys shows of itself decides. No key is number 0, so that events belong to nobody.
CREATE POLICY scope ON api_metrics.request_log FOR SELECT USING (
    api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);
CREATE POLICY scope ON api_metrics.request_log_detail FOR SELECT USING (
    api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);
CREATE POLICY scope ON api_metrics.request_log_arrival FOR SELECT USING (
    api_key_id IN (SELECT k.id FROM api_metrics.api_keys AS k)
);
-- How far the log has come says nothing of anybody.
CREATE POLICY scope ON api_metrics.request_log_tail FOR SELECT USING (
    (SELECT api_metrics.scope_tenant()) IS NOT NULL OR (SELECT api_metrics.scope_keys()) IS NOT NULL
);
-- All errors of a group have this in common: whoever sees one of them has seen it.
CREATE POLICY scope ON api_metrics.request_log_group_text FOR SELECT USING (
    EXISTS (SELECT FROM api_metrics.request_log AS r WHERE r.group_id = request_log_group_text.group_id)
);
CREATE POLICY scope ON api_metrics.request_log_group_vector FOR SELECT USING (
    EXISTS (SELECT FROM api_metrics.request_log AS r WHERE r.group_id = request_log_group_vector.group_id)
);
-- Labels of what is seen.
CREATE POLICY scope ON api_metrics.request_log_series FOR SELECT USING (
    EXISTS (SELECT FROM api_metrics.request_log AS r WHERE r.series_id = request_log_series.id)
);

-- The partitions of a day, counted from 1970. They belong to the owner, as all partitions do. Nobody
-- reads one but through its parent, whose policies count.
CREATE FUNCTION api_metrics.attach_request_day(day bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $$
DECLARE
    parent text;
    child text;
BEGIN
    -- Instances that meet the same new day make it one after the other.
    PERFORM pg_advisory_xact_lock(1634757748, 2);
    FOREACH parent IN ARRAY ARRAY['request_log', 'request_log_detail', 'request_log_snapshot'] LOOP
        child := parent || '_' || to_char(to_timestamp(day * 86400), 'YYYYMMDD');
        CONTINUE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('api_metrics.' || child));
        EXECUTE format('DROP TABLE IF EXISTS api_metrics.%I', child);
        EXECUTE format('CREATE TABLE api_metrics.%I (LIKE api_metrics.%I INCLUDING ALL)', child, parent);
        EXECUTE format('ALTER TABLE api_metrics.%I ENABLE ROW LEVEL SECURITY', child);
        EXECUTE format('ALTER TABLE api_metrics.%I FORCE ROW LEVEL SECURITY', child);
        EXECUTE format('ALTER TABLE api_metrics.%I ATTACH PARTITION api_metrics.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, child, day * 86400000, (day + 1) * 86400000);
    END LOOP;
END
$$;

CREATE FUNCTION api_metrics.drop_request_day(day bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $$
DECLARE
    suffix text := '_' || to_char(to_timestamp(day * 86400), 'YYYYMMDD');
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS api_metrics.%I, api_metrics.%I, api_metrics.%I',
                   'request_log' || suffix, 'request_log_detail' || suffix, 'request_log_snapshot' || suffix);
END
$$;

-- The days that have partitions, and their bytes with all indexes.
CREATE FUNCTION api_metrics.request_days() RETURNS TABLE (day bigint, bytes bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $$
    SELECT extract(epoch FROM to_date(right(c.relname, 8), 'YYYYMMDD'))::bigint / 86400,
           sum(pg_total_relation_size(c.oid))::bigint
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('api_metrics.request_log'::regclass, 'api_metrics.request_log_detail'::regclass,
                          'api_metrics.request_log_snapshot'::regclass)
      AND c.relname ~ '^request_log(_detail|_snapshot)?_[0-9]{8}$'
    GROUP BY 1
$$;

-- For the role of a service that does not own the schema: as before, and the functions above.
CREATE OR REPLACE FUNCTION api_metrics.allow_service(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    t record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    FOR t IN SELECT c.relname, c.relname IN ('schema_migrations', 'meta', 'readers') OR c.relkind = 'v' AS fixed
             FROM pg_class AS c
             WHERE c.relnamespace = 'api_metrics'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    LOOP
        EXECUTE format('GRANT %s ON api_metrics.%I TO %I',
                       CASE WHEN t.fixed THEN 'SELECT' ELSE 'SELECT, INSERT, UPDATE, DELETE' END, t.relname, role_name);
    END LOOP;
    -- What later releases add.
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA api_metrics GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', role_name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION api_metrics.attach_partition, api_metrics.drop_partition, '
                   'api_metrics.attach_request_day, api_metrics.drop_request_day, api_metrics.request_days TO %I', role_name);
END
$$;

-- For a role that reads every tenant by plain SQL: as before, and the new view.
CREATE OR REPLACE FUNCTION api_metrics.allow_analyst(role_name name) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF has_table_privilege(role_name, 'api_metrics.api_keys', 'SELECT') THEN
        RAISE EXCEPTION '% may read the tables themselves, so that no view could hold it back', role_name;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA api_metrics TO %I', role_name);
    EXECUTE format('GRANT SELECT ON api_metrics.api_metrics, api_metrics.consumers, api_metrics.status_codes, '
                   'api_metrics.totals, api_metrics.consumer_totals, api_metrics.releases, '
                   'api_metrics.request_countries TO %I', role_name);
    INSERT INTO api_metrics.readers AS r (role_name, tenant_id) VALUES (allow_analyst.role_name, NULL)
    ON CONFLICT ON CONSTRAINT readers_pkey DO UPDATE SET tenant_id = NULL;
END
$$;

-- Readers and analysts of before get the view without being allowed once more.
DO $$
DECLARE
    reader name;
BEGIN
    FOR reader IN SELECT r.role_name FROM api_metrics.readers AS r JOIN pg_roles AS p ON p.rolname = r.role_name
    LOOP
        EXECUTE format('GRANT SELECT ON api_metrics.request_countries TO %I', reader);
    END LOOP;
END
$$;

REVOKE EXECUTE ON FUNCTION api_metrics.attach_request_day, api_metrics.drop_request_day, api_metrics.request_days
    FROM PUBLIC;

-- Services of before may do it too, without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.request_log_series, '
                       'api_metrics.request_log_instance, api_metrics.request_log, api_metrics.request_log_detail, '
                       'api_metrics.request_log_group, api_metrics.request_log_day_key, api_metrics.request_log_tail, '
                       'api_metrics.request_log_arrival, api_metrics.request_log_group_text, '
                       'api_metrics.request_log_group_vector, api_metrics.request_log_country, '
                       'api_metrics.request_log_snapshot, api_metrics.audit_trail, api_metrics.alert_causes TO %I', service);
        EXECUTE format('GRANT SELECT ON api_metrics.request_countries TO %I', service);
        EXECUTE format('GRANT EXECUTE ON FUNCTION api_metrics.attach_request_day, api_metrics.drop_request_day, '
                       'api_metrics.request_days TO %I', service);
    END LOOP;
END
$$;
