-- What people did about an alert's event: who acknowledged it, and until when its rule's notices are silent.

CREATE TABLE api_metrics.alert_handling (
    event_id        uuid PRIMARY KEY REFERENCES api_metrics.api_alert_events (id) ON DELETE CASCADE,
    acknowledged_at timestamptz,
    acknowledged_by text,
    silenced_at     timestamptz,
    -- NULL while silenced: until the event is resolved.
    silenced_until  timestamptz,
    silenced_by     text
);

ALTER TABLE api_metrics.alert_handling ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_metrics.alert_handling FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON api_metrics.alert_handling USING ((SELECT api_metrics.sees_all()));
CREATE POLICY scope ON api_metrics.alert_handling FOR SELECT USING (
    event_id IN (SELECT e.id FROM api_metrics.api_alert_events AS e)
);

-- Services of before may write it too, without being allowed once more.
DO $$
DECLARE
    service name;
BEGIN
    FOR service IN
        SELECT r.rolname
        FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'api_metrics.attach_partition'::regproc AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON api_metrics.alert_handling TO %I', service);
    END LOOP;
END
$$;
