// Every query of the page, keyed by the view it depends on.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { refetchInterval, slowInterval, stateInterval, type View, viewParams } from "../view/view";
import { call, urlOf } from "./client";
import { useMay } from "./session";
import type {
  DependencyPage,
  EndpointConsumers,
  EndpointPage,
  Heatmap,
  KeyPage,
  MetricRow,
  SeriesPage as Rows,
  Status,
  Summary,
} from "./types";

export type Filter = Readonly<Record<string, string>>;

interface Page<Row> {
  data: Row[];
  nextCursor?: string | null;
}

/** The largest page size of the API. */
const LIMIT = "1000";

/** Follows cursors through at most `maxPages` pages. `complete` says whether that was the end. */
export const pages = async <Row, Rest extends Page<Row>>(
  path: string,
  params: Record<string, string>,
  signal: AbortSignal,
  maxPages: number,
  limit = LIMIT,
) => {
  const first = await call<Rest>(urlOf(path, { ...params, limit }), { signal });
  const rows = [...first.data];
  let next = first.nextCursor;
  for (let n = 1; next && n < maxPages; n += 1) {
    const more = await call<Rest>(urlOf(path, { ...params, limit, cursor: next }), { signal });
    rows.push(...more.data);
    next = more.nextCursor;
  }
  return { ...first, data: rows, complete: !next };
};

const options = (view: View) => ({
  refetchInterval: refetchInterval(view),
  placeholderData: keepPreviousData,
});

/** For long lists. */
const slow = (view: View) => ({ refetchInterval: slowInterval(view), placeholderData: keepPreviousData });

export const useSummary = (view: View, filter: Filter = {}) => {
  const params = { ...viewParams(view), ...filter };
  return useQuery({
    queryKey: ["summary", params],
    queryFn: ({ signal }) => call<Summary>(urlOf("api-metrics/summary", params), { signal }),
    ...options(view),
  });
};

/** The summary of the compared range, else of the previous one, which has the same length. */
export const usePreviousSummary = (
  view: View,
  summary: Summary | undefined,
  compared: { from: string; to: string; name: string } | null,
) => {
  const { from: start, to: end } = compared ?? summary?.previous ?? {};
  // Without a range of the same length there is nothing to compare with.
  const before = start && end ? { from: start, to: end } : undefined;
  const { period: _, from: __, to: ___, ...filters } = viewParams(view);
  const params = { ...filters, ...before };
  // While an open range moves on, its last answer stands; that of another choice would be a lie.
  const choice = JSON.stringify([compared?.name, viewParams(view)]);
  return useQuery({
    queryKey: ["summary", params, choice],
    queryFn: ({ signal }) => call<Summary>(urlOf("api-metrics/summary", params), { signal }),
    enabled: before !== undefined,
    placeholderData: (last, query) => (query?.queryKey[2] === choice ? last : undefined),
    staleTime: 300_000,
    meta: { covers: false },
  });
};

export type SeriesPage = Rows & { complete: boolean };

interface SeriesParams {
  filter?: Filter;
  groupBy?: string;
  metrics?: string;
  granularity?: string;
  enabled?: boolean;
  maxPages?: number;
  /** The most points that `auto` gives. */
  points?: number;
  /** Only so many groups, those with the most requests. */
  top?: number;
  /** Whether the answer is among the figures of the page. */
  covers?: boolean;
}

export const useSeries = (
  view: View,
  {
    filter = {},
    groupBy,
    metrics,
    granularity = "auto",
    enabled = true,
    maxPages = 8,
    points,
    top,
    covers = true,
  }: SeriesParams = {},
) => {
  const params = {
    ...viewParams(view),
    ...filter,
    tz: view.tz,
    granularity,
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(points === undefined ? {} : { points: String(points) }),
    ...(top === undefined ? {} : { top: String(top) }),
  };
  return useQuery({
    queryKey: ["series", params],
    queryFn: ({ signal }) => pages<MetricRow, Rows>("api-metrics", params, signal, maxPages),
    enabled,
    meta: { covers },
    ...options(view),
  });
};

export const useEndpoints = (view: View, filter: Filter = {}, enabled = true) => {
  const params = { ...viewParams(view), ...filter };
  return useQuery({
    queryKey: ["endpoints", params],
    queryFn: ({ signal }) =>
      pages<EndpointPage["data"][number], EndpointPage>("api-metrics/endpoints", params, signal, 10),
    enabled,
    ...slow(view),
  });
};

export const useDependencies = (view: View) => {
  const params = viewParams(view);
  return useQuery({
    queryKey: ["dependencies", params],
    queryFn: ({ signal }) =>
      pages<DependencyPage["data"][number], DependencyPage>("api-metrics/dependencies", params, signal, 10),
    ...slow(view),
  });
};

export const useKeys = (view: View, filter: Filter = {}, maxPages = 5, enabled = true) => {
  const params = { ...viewParams(view), ...filter };
  return useQuery({
    queryKey: ["keys", params, maxPages],
    queryFn: ({ signal }) => pages<KeyPage["data"][number], KeyPage>("api-metrics/keys", params, signal, maxPages),
    enabled,
    ...slow(view),
  });
};

/** Who calls what, beside everybody else: the pairs with the most requests. */
export const usePairs = (view: View, filter: Filter = {}, enabled = true) => {
  const params = { ...viewParams(view), ...filter, limit: LIMIT };
  return useQuery({
    queryKey: ["pairs", params],
    queryFn: ({ signal }) => call<EndpointConsumers>(urlOf("api-metrics/endpoint-consumers", params), { signal }),
    enabled,
    ...slow(view),
  });
};

export const useHeatmap = (view: View, layoutParams: Filter, enabled: boolean) => {
  const params = { ...viewParams(view), tz: view.tz, ...layoutParams };
  return useQuery({
    queryKey: ["heatmap", params],
    queryFn: ({ signal }) => call<Heatmap>(urlOf("api-metrics/heatmap", params), { signal }),
    enabled,
    ...slow(view),
  });
};

/** While the store is unreachable, the instances are those that were known before. */
const keepKnown = (before: Status | undefined, now: Status): Status =>
  before && !now.store.reachable && now.instances.length === 0 ? { ...now, instances: before.instances } : now;

/** Of admins: others have charts without release marks. */
export const useStatus = (view: View) => {
  const client = useQueryClient();
  const { operate } = useMay();
  return useQuery({
    queryKey: ["status"],
    queryFn: async ({ signal }) =>
      keepKnown(client.getQueryData<Status>(["status"]), await call<Status>("api-status", { signal })),
    meta: { covers: false },
    enabled: operate,
    refetchInterval: stateInterval(view),
    placeholderData: keepPreviousData,
    retry: false,
  });
};

/** Refetches every query in use. */
export const useRefresh = () => {
  const client = useQueryClient();
  return useCallback(() => void client.invalidateQueries({ type: "active" }), [client]);
};

export const exportUrl = (view: View, format: string, extra: Filter = {}): string =>
  urlOf("api-metrics/export", { ...viewParams(view), tz: view.tz, format, ...extra });
