// Alert rules in words and units.
import type { Alert, AlertBody } from "../api/types";
import * as number from "../format/number";

export const TYPES = {
  error_rate: { name: "Error rate", unit: "%", hint: "4xx and 5xx responses as a percentage of requests", start: 5 },
  response_time: { name: "Response time", unit: "ms", hint: "Average or percentile", start: 500 },
  rate_limit: {
    name: "Rate limit",
    unit: "%",
    hint: "Peak minute in the window, as a percentage of the key's limit",
    start: 80,
  },
  request_volume: { name: "Request volume", unit: "requests", hint: "Requests in the window", start: 1 },
  bandwidth: {
    name: "Bandwidth",
    unit: "bytes",
    hint: "Request and response body bytes in the window",
    start: 1_000_000_000,
  },
  unit: { name: "Unit", unit: "", hint: "Sum of a unit, such as tokens, in the window", start: 1_000_000 },
  anomaly: {
    name: "Anomaly of requests",
    unit: "deviations",
    hint: "Distance from the same hour in previous weeks: 4 is unusual, 8 very unusual",
    start: 6,
  },
  anomaly_errors: {
    name: "Anomaly of errors",
    unit: "deviations",
    hint: "How far the error rate is above that of the same hour in previous weeks",
    start: 6,
  },
  anomaly_latency: {
    name: "Anomaly of latency",
    unit: "deviations",
    hint: "How far latency is above that of the same hour in previous weeks",
    start: 6,
  },
  anomaly_bandwidth: {
    name: "Anomaly of bandwidth",
    unit: "deviations",
    hint: "Distance of bytes from the same hour in previous weeks",
    start: 6,
  },
  burn_rate: {
    name: "Burn rate",
    unit: "×",
    hint: "How many times faster than allowed an objective's budget burns",
    start: 14.4,
  },
  store_unreachable: {
    name: "Own health: store unreachable",
    unit: "seconds",
    hint: "How long the worst process could not reach the store",
    start: 60,
  },
  flush_lag: {
    name: "Own health: flush lag",
    unit: "seconds",
    hint: "How long records waited beyond the flush interval",
    start: 30,
  },
  answer_time: { name: "Own health: answers", unit: "ms", hint: "Average or percentile", start: 200 },
  query_time: { name: "Own health: queries", unit: "ms", hint: "Average or percentile", start: 500 },
  open_streams: {
    name: "Own health: open streams",
    unit: "streams",
    hint: "The most that a process had open",
    start: 1000,
  },
  dropped_log_rows: {
    name: "Own health: dropped log rows",
    unit: "requests",
    hint: "Requests that the log dropped in the window",
    start: 0,
  },
  cache_hit_rate: {
    name: "Own health: cache hits",
    unit: "%",
    hint: "Cached answers as a percentage of lookups",
    start: 80,
  },
  release_regression: {
    name: "Release regression",
    unit: "points or %",
    hint: "By how much a release is worse than the version before: points of 5xx, or % of a percentile",
    start: 1,
  },
} as const;

export type AlertType = keyof typeof TYPES;

export const isType = (text: string): text is AlertType => text in TYPES;

/** Types over our own health, which have no filters: what they count in place of requests, if anything. */
const HEALTH: Readonly<Record<string, string | null>> = {
  store_unreachable: null,
  flush_lag: null,
  answer_time: "answers",
  query_time: "queries",
  open_streams: null,
  dropped_log_rows: null,
  cache_hit_rate: "lookups",
};

export const isHealth = (type: string): boolean => type in HEALTH;

/** What a minimum is of: requests, or what our own health counts; null where there is none. */
export const counted = (type: string): string | null =>
  type === "request_volume" ? null : isHealth(type) ? (HEALTH[type] ?? null) : "requests";

export const isAnomaly = (type: string): boolean => type.startsWith("anomaly");

/** Whether a rule of the type looks at latencies, so that a quantile goes with it. */
export const hasQuantile = (type: string): boolean =>
  ["response_time", "anomaly_latency", "answer_time", "query_time", "release_regression"].includes(type);

export const COMPARISONS = { gt: "Above", gte: "At or above", lt: "Below", lte: "At or below" } as const;
export type Comparison = keyof typeof COMPARISONS;

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;

const SIGNS: Readonly<Record<string, string>> = { gt: ">", gte: "≥", lt: "<", lte: "≤" };

/** A value in the unit of a rule; of a release's regression the quantile decides which one that is. */
export const valueIn = (
  type: string,
  value: number | null | undefined,
  quantile: number | string | null = null,
): string => {
  if (value == null) return number.NONE;
  if (type === "error_rate" || type === "rate_limit" || type === "cache_hit_rate") return number.percent(value);
  if (type === "response_time" || type === "answer_time" || type === "query_time") return number.ms(value);
  if (type === "store_unreachable" || type === "flush_lag") return `${+value.toFixed(1)} s`;
  if (type === "bandwidth") return number.bytes(value);
  if (type === "release_regression") {
    const shown = +value.toFixed(2);
    return quantile == null ? `${shown} ${shown === 1 ? "point" : "points"}` : `${shown}%`;
  }
  if (type === "burn_rate") return `${+value.toFixed(2)}×`;
  return isAnomaly(type) ? `${+value.toFixed(1)} deviations` : number.count(value);
};

const minutes = (n: number): string => (n % 60 === 0 ? `${n / 60} h` : `${n} min`);

const quantileText = (quantile: number | null | undefined, of = "response time"): string =>
  `${quantile == null ? "average" : `p${+(quantile * 100).toFixed(2)}`} ${of}`;

const QUANTILES_OF: Readonly<Record<string, string>> = {
  response_time: "response time",
  answer_time: "time of own answers",
  query_time: "time of own queries",
};

/** `p95 response time > 600 ms over 10 min` */
export const condition = (
  rule: Pick<AlertBody, "alertType" | "quantile" | "unit" | "comparison" | "thresholdValue"> & {
    windowMinutes?: number | null;
  },
): string => {
  const kind = isType(rule.alertType) ? TYPES[rule.alertType].name : rule.alertType;
  const of =
    rule.alertType in QUANTILES_OF
      ? quantileText(rule.quantile, QUANTILES_OF[rule.alertType])
      : rule.alertType === "anomaly_latency"
        ? `anomaly of ${quantileText(rule.quantile)}`
        : rule.alertType === "unit"
          ? `sum of ${rule.unit ?? "a unit"}`
          : kind.toLowerCase();
  if (rule.alertType === "release_regression") {
    const what = rule.quantile == null ? "5xx" : quantileText(rule.quantile);
    const by = valueIn(rule.alertType, rule.thresholdValue, rule.quantile);
    const within = minutes(rule.windowMinutes ?? 5);
    return `${what} of a release ${SIGNS[rule.comparison] ?? ""} ${by} worse within ${within}`;
  }
  const sign = SIGNS[rule.comparison] ?? rule.comparison;
  return `${of} ${sign} ${valueIn(rule.alertType, rule.thresholdValue)} over ${minutes(rule.windowMinutes ?? 5)}`;
};

/** What a rule applies to; all traffic without filters. */
export const scopeOf = (rule: Alert, consumerName: (id: number) => string): string => {
  if (isHealth(rule.alertType)) return "api-metrics itself";
  const parts = [
    rule.protocolFilter,
    rule.endpointFilter,
    rule.serviceFilter,
    rule.environmentFilter,
    rule.apiKeyFilter == null ? null : consumerName(rule.apiKeyFilter),
  ];
  return parts.filter((part) => part != null).join(" · ") || "All traffic";
};

export const STATES: Readonly<Record<string, { label: string; level: string }>> = {
  firing: { label: "Firing", level: "bad" },
  pending: { label: "Pending", level: "some" },
  resolved: { label: "Resolved", level: "none" },
  ok: { label: "OK", level: "good" },
  off: { label: "Disabled", level: "none" },
};

export const stateOf = (rule: Alert): string => (rule.enabled ? rule.state : "off");
