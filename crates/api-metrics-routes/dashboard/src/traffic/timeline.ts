// The API's rows on a time axis, with slots that have data, slots without requests and slots without a recorder.
import type { SeriesPage } from "../api/queries";
import type { MetricRow, Status } from "../api/types";
import type { Mark } from "../charts/model";
import { endOf, indexOf, type Slots, slotsOf } from "../charts/periods";

export interface Timeline {
  slots: Slots;
  /** One row per slot; null without requests. */
  rows: (MetricRow | null)[];
  /** Whether no process was recording in a slot, which makes it unknown instead of zero. */
  none: boolean[];
  running: boolean;
  /** By slot, whether the range cuts it. */
  partial: boolean[];
  /** By slot, whether records at its edges may belong to its neighbours. */
  approximate: boolean[];
  marks: Mark[];
  empty: boolean;
}

interface Span {
  from: number;
  to: number;
}

/** When processes were recording, by the instances that the store knows; null without a status. */
const recorded = (status: Status | undefined, service: string | null, environment: string | null): Span[] | null => {
  if (!status) return null;
  return (
    status.instances
      .filter(
        (i) => (service === null || i.service === service) && (environment === null || i.environment === environment),
      )
      // A flush covers the seconds since the one before; 30 s allow for the next one.
      .map((i) => ({
        from: Date.parse(i.startedAt),
        to: (i.lastFlushAt ? Date.parse(i.lastFlushAt) : Date.parse(i.startedAt)) + 30_000,
      }))
  );
};

const deploys = (status: Status | undefined, service: string | null): Mark[] => {
  const seen = new Set<string>();
  return (
    (status?.instances ?? [])
      .filter((i) => i.version !== "" && (service === null || i.service === service))
      .map((i) => ({ at: Date.parse(i.startedAt), name: i.version, key: `${i.service} ${i.version}` }))
      .sort((a, b) => a.at - b.at)
      // The first process of a version is its release; later ones are restarts.
      .filter(({ key }) => !seen.has(key) && seen.add(key))
      .map(({ at, name }) => ({ at, name, kind: "deploy" }))
  );
};

/** By slot, whether nothing is known of it: no process was recording, or it is yet to come. Slots with rows are
 * known. */
export const unknownIn = (
  axis: Slots,
  hasRow: (index: number) => boolean,
  asOf: number,
  status: Status | undefined,
  service: string | null,
  environment: string | null,
): boolean[] => {
  const spans = recorded(status, service, environment);
  const first = axis.starts.findIndex((_, index) => hasRow(index));
  return axis.starts.map((start, index) => {
    if (hasRow(index)) return false;
    if (start > asOf) return true;
    // While the store is unreachable nothing is known but the rows that were read before.
    if (status?.store?.reachable === false && status.instances.length === 0) return true;
    // Without known instances only the slots before the first request are unknown.
    if (!spans || spans.length === 0) return first < 0 || index < first;
    const end = Math.min(endOf(axis, index), asOf);
    return !spans.some((span) => span.from < end && span.to > start);
  });
};

export const timeline = (
  page: SeriesPage,
  status: Status | undefined,
  service: string | null,
  environment: string | null,
): Timeline => {
  const from = Date.parse(page.from);
  const to = Date.parse(page.to);
  const asOf = Date.parse(page.asOf);
  const axis = slotsOf(page.axis);
  const rows: (MetricRow | null)[] = axis.starts.map(() => null);
  for (const row of page.data) {
    const index = row.periodStart ? indexOf(axis, Date.parse(row.periodStart)) : -1;
    if (index >= 0) rows[index] = row;
  }
  const first = rows.findIndex((row) => row !== null);
  const none = unknownIn(axis, (index) => rows[index] != null, asOf, status, service, environment);
  const last = axis.starts.length - 1;
  return {
    slots: axis,
    rows,
    none,
    partial: axis.starts.map((_, index) => rows[index]?.partial ?? false),
    approximate: axis.starts.map((_, index) => rows[index]?.approximate ?? axis.moved),
    running: last >= 0 && (axis.starts[last] ?? 0) <= asOf && endOf(axis, last) > asOf,
    marks: deploys(status, service).filter((mark) => mark.at >= from && mark.at < to),
    empty: first < 0,
  };
};
