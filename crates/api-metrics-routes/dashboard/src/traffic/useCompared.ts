// The compared range of the view, and the traffic in it.
import { useMemo } from "react";
import { type Filter, useSeries, useStatus } from "../api/queries";
import type { Status } from "../api/types";
import { iso } from "../format/time";
import { type Compared, comparedOf, type Release } from "../view/compare";
import { useLocation } from "../view/location";
import { useView, type View } from "../view/view";
import { type Timeline, timeline } from "./timeline";

/** Each version by its first process, the latest first. */
export const releasesOf = (status: Status | undefined, service: string | null): Release[] => {
  const first = new Map<string, number>();
  for (const { version, startedAt, service: of } of status?.instances ?? []) {
    if (version === "" || (service !== null && of !== service)) continue;
    const at = Date.parse(startedAt);
    first.set(version, Math.min(first.get(version) ?? at, at));
  }
  return [...first].map(([version, at]) => ({ version, at })).sort((a, b) => b.at - a.at);
};

export const useReleases = (): Release[] => {
  const view = useView();
  const status = useStatus(view).data;
  return useMemo(() => releasesOf(status, view.service), [status, view.service]);
};

/** `fallback` is what is compared with where the URL says nothing. */
export const useCompared = (fallback?: string): Compared | null => {
  const view = useView();
  const { params } = useLocation();
  const releases = useReleases();
  // Whole minutes, so that an open range does not ask anew with each drawing.
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  return useMemo(
    () => comparedOf(params.vs === undefined ? { ...params, vs: fallback } : params, view, now, releases),
    [params, view, now, releases, fallback],
  );
};

/** The view moved to another range, which is over. */
export const movedTo = (view: View, range: Compared): View => ({
  ...view,
  period: null,
  from: iso(range.from),
  to: iso(range.to),
  refresh: "off",
});

export interface Ghost {
  line: Timeline;
  /** How much later the page's own range is, in milliseconds. */
  shift: number;
  name: string;
}

export const useGhost = (filter: Filter): Ghost | null => {
  const view = useView();
  const compared = useCompared();
  const status = useStatus(view).data;
  const series = useSeries(compared ? movedTo(view, compared) : view, {
    filter,
    metrics: "requestCount,errorCount4xx,errorCount5xx,p95Ms,requestBytes,responseBytes",
    enabled: compared !== null,
    covers: false,
  });
  return useMemo(() => {
    if (!compared || !series.data || series.isPlaceholderData) return null;
    const line = timeline(series.data, status, view.service, view.environment);
    return { line, shift: compared.shift, name: compared.name };
  }, [compared, series.data, series.isPlaceholderData, status, view]);
};
