// An incident's curve as a chart, and its summary as Markdown.
import { condition, counted, isHealth, valueIn } from "../alerts/describe";
import type { Incident, IncidentBreakdown } from "../api/types";
import type { TimeChartModel } from "../charts/model";
import type { Slots } from "../charts/periods";
import * as number from "../format/number";
import { local, moment } from "../format/time";

const STEPS: Readonly<Record<string, number>> = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 };

const UNITS: Readonly<Record<string, TimeChartModel["unit"]>> = {
  error_rate: "percent",
  rate_limit: "percent",
  response_time: "ms",
  bandwidth: "bytes",
  anomaly: "decimal",
  anomaly_errors: "decimal",
  anomaly_latency: "decimal",
  anomaly_bandwidth: "decimal",
  burn_rate: "decimal",
  store_unreachable: "decimal",
  flush_lag: "decimal",
  answer_time: "ms",
  query_time: "ms",
  cache_hit_rate: "percent",
  release_regression: "decimal",
};

/** What a breakdown counts, as a heading has it. */
export const MEASURES: Readonly<Record<string, string>> = {
  errors: "Errors",
  server_errors: "Server errors",
  slow_requests: "Slow requests",
  requests: "Requests",
  missing_requests: "Missing requests",
  bytes: "Bytes",
  unit: "Units",
};

const wallAt = (at: number, tz: string): number => {
  const l = local(at, tz);
  return Date.UTC(l.year, l.month - 1, l.day, l.hour, l.minute, l.second);
};

/** What a window's value is made of. */
const counts = (type: string, made: number): string =>
  isHealth(type)
    ? `${number.count(made)} ${counted(type) ?? "minutes of processes"}`
    : number.plural(made, "request");

/** A window's value stands where the window ends: in the last step of it. */
export const curveOf = (incident: Incident, tz: string): TimeChartModel | null => {
  const points = incident.curve?.points ?? [];
  const length = STEPS[incident.curve?.step ?? ""] ?? 60_000;
  const ends = points.map((point) => Date.parse(point.at));
  const last = ends[ends.length - 1];
  if (last === undefined) return null;
  const starts = ends.map((end) => end - length);
  const slots: Slots = {
    starts,
    end: last,
    step: incident.curve?.step ?? "",
    walls: starts.map((start) => wallAt(start, tz)),
    moved: false,
  };
  const { event, rule, release } = incident;
  const show = (value: number | null): string => valueIn(event.alertType, value, rule?.quantile);
  const marks: TimeChartModel["marks"] = [{ at: Date.parse(event.firedAt), name: "fired", kind: "alert" }];
  if (event.resolvedAt) marks.push({ at: Date.parse(event.resolvedAt), name: "resolved", kind: "alert" });
  if (release) marks.push({ at: Date.parse(release.at), name: release.version, kind: "deploy" });
  return {
    slots,
    series: [
      {
        id: "value",
        name: rule ? condition(rule).split(/ [<>≥≤] /)[0] || "Value" : "Value",
        colour: "accent",
        kind: "line",
        values: points.map((point) => point.value ?? null),
      },
    ],
    short: show,
    unit: UNITS[event.alertType] ?? "count",
    exact: show,
    thresholds: [{ value: event.threshold, name: show(event.threshold) }],
    marks: marks.filter((mark) => mark.at >= (starts[0] ?? 0) && mark.at <= last),
    note: (index) => counts(event.alertType, points[index]?.requests ?? 0),
    running: false,
  };
};

export const share = (value: number | null | undefined): string =>
  value == null ? number.NONE : value > 0 && value < 0.01 ? "<1%" : `${Math.round(value * 100)}%`;

/** How long an event lasted, or lasts so far. */
export const lastedOf = (incident: Incident): string => {
  const { firedAt, resolvedAt } = incident.event;
  const end = resolvedAt ? Date.parse(resolvedAt) : Date.now();
  return number.age((end - Date.parse(firedAt)) / 1000);
};

/** Markdown gives some characters a meaning; names come from requests. */
const plain = (text: string): string => text.replace(/[\\`*_[\]<>#|]/g, "\\$&");

const lines = (title: string, breakdown: IncidentBreakdown | null | undefined): string[] =>
  breakdown ? [`- **${title}**: ${plain(breakdown.text)}`] : [];

export const summaryOf = (incident: Incident, tz: string, url: string): string => {
  const { event, release, groups } = incident;
  const at = (text: string): string => moment(Date.parse(text), tz);
  const figures = (of: NonNullable<Incident["release"]>["before"]): string =>
    `${number.count(of.requests)} requests, ${number.percent(of.errorRate)} errors, p95 ${number.ms(of.p95Ms)}`;
  const lasted = `${event.resolvedAt ? "lasted" : "for"} ${lastedOf(incident)}`;
  const released = release
    ? [
        `- **Release**: ${plain(release.service)} ${plain(release.version)}, ${at(release.at)}`,
        `  - before: ${figures(release.before)}`,
        `  - after: ${figures(release.after)}`,
      ]
    : [];
  const failed = (groups ?? []).map((group) => {
    const what = `${group.status} ${group.method} ${group.endpoint}`;
    return `- **${number.count(group.requests)} x** ${plain(group.message ? `${what}: ${group.message}` : what)}`;
  });
  return [
    `## ${plain(event.name)} (${event.severity}, ${event.state})`,
    "",
    plain(incident.verdict ?? event.message),
    "",
    `- **Since**: ${at(event.firedAt)} (${tz}), ${lasted}`,
    `- **What**: ${plain(event.message)}`,
    ...lines("Consumers", incident.consumers),
    ...lines("Endpoints", incident.endpoints),
    ...lines("Status codes", incident.statuses),
    ...released,
    ...failed,
    "",
    url,
    "",
  ].join("\n");
};
