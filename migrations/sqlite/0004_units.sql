-- Units: what requests used beside time and bytes, by name, in every bucket.

-- A process of before would lose them where it folds or rolls up.
UPDATE api_metrics_meta SET leader_min = 3 WHERE leader_min < 3;

-- NULL where there are none. An entry of a sum: a byte 0, the length of the name, the name, the sum
-- (u64). Of a gauge: a byte 1, the length of the name, the name, observations (u64), minimum and
-- maximum (i64) and sum (i128) in millionths. Numbers are big-endian.
ALTER TABLE api_metrics_1m ADD COLUMN units blob;
ALTER TABLE api_metrics_5m ADD COLUMN units blob;
ALTER TABLE api_metrics_1h ADD COLUMN units blob;
ALTER TABLE api_metrics_1d ADD COLUMN units blob;

-- The names that buckets tell apart: at most 256, which the leader adds as it meets them. All further
-- ones count as `<other>`.
CREATE TABLE api_metrics_unit_names (
    name          text PRIMARY KEY,
    created_at    integer NOT NULL DEFAULT (unixepoch())
);

-- What is set in a unit.
ALTER TABLE api_metrics_api_alert_configs ADD COLUMN unit text;
ALTER TABLE api_metrics_api_keys ADD COLUMN quota_unit text;

CREATE TABLE api_metrics_price_unit_tiers (
    plan_id        integer NOT NULL REFERENCES api_metrics_price_plans (id) ON DELETE CASCADE,
    unit           text NOT NULL,
    -- The same in all tiers of a unit.
    free_amount    integer NOT NULL CHECK (free_amount >= 0),
    from_amount    integer NOT NULL CHECK (from_amount >= 0),
    per_thousand   text NOT NULL,
    PRIMARY KEY (plan_id, unit, from_amount)
);
