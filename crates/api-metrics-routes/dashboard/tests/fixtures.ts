// Answers of the API, as small as a test needs them.
import type { SeriesPage } from "../src/api/queries";
import type { Alert, MetricRow, Status } from "../src/api/types";
import type { Axis } from "../src/charts/periods";

export const at = (text: string): number => Date.parse(text);

const LENGTHS: Readonly<Record<string, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "1h": 3_600_000,
  "1d": 86_400_000,
};

/** The axis of [from, to) in UTC. */
export const axis = (from: string, to: string, step: string): Axis => {
  const length = LENGTHS[step] ?? 3_600_000;
  const many = Math.round((at(to) - at(from)) / length);
  const edges = Array.from({ length: many + 1 }, (_, n) => new Date(at(from) + n * length).toISOString());
  return { step, alignment: "local", edges, names: edges.slice(0, -1).map((edge) => edge.slice(0, 19)) };
};

/** A page of a series over [from, to) that was read at `asOf`, by default after its end. */
export const page = (
  from: string,
  to: string,
  data: MetricRow[],
  { granularity = "1h", asOf = "2030-01-01T00:00:00Z" } = {},
): SeriesPage => ({
  approximate: false,
  incomplete: false,
  asOf,
  axis: axis(from, to, granularity),
  data,
  from,
  granularity,
  to,
  tz: "UTC",
  nextCursor: null,
  complete: true,
});

/** Rows of one series, an hour each from `from` on; null leaves an hour out. */
export const hours = (from: string, values: (Partial<MetricRow> | null)[]): MetricRow[] =>
  values.flatMap((value, hour) =>
    value === null ? [] : [{ periodStart: new Date(at(from) + hour * 3_600_000).toISOString(), ...value }],
  );

interface Instance {
  service?: string;
  environment?: string;
  version?: string;
  startedAt: string;
  lastFlushAt: string | null;
}

/** A status with only its instances. */
export const status = (instances: Instance[]): Status =>
  ({
    instances: instances.map((each) => ({ service: "shop", environment: "production", version: "1.0", ...each })),
  }) as unknown as Status;

/** An enabled latency rule without filters. */
export const rule = (changes: Partial<Alert> = {}): Alert =>
  ({
    id: 1,
    name: "Slow answers",
    alertType: "response_time",
    comparison: "gt",
    thresholdValue: 600,
    quantile: 0.95,
    unit: null,
    objectiveId: null,
    windowMinutes: 10,
    cooldownMinutes: 30,
    minRequests: 20,
    severity: "high",
    enabled: true,
    state: "ok",
    serviceFilter: null,
    environmentFilter: null,
    protocolFilter: null,
    endpointFilter: null,
    apiKeyFilter: null,
    tenantId: null,
    ...changes,
  }) as unknown as Alert;
