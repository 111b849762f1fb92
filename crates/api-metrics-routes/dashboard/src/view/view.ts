// The state of the toolbar: time range, time zone, service, environment and refresh.
import { useMemo } from "react";
import { appliedOn } from "./applied";
import { type Params, useLocation } from "./location";

export const PERIODS = ["15m", "1h", "6h", "24h", "7d", "30d", "90d", "1y"] as const;
const SECONDS: Readonly<Record<string, number>> = {
  "5m": 300,
  "15m": 900,
  "1h": 3600,
  "6h": 21600,
  "24h": 86400,
  "7d": 604800,
  "30d": 2592000,
  "90d": 7776000,
  "1y": 31536000,
};

export type Refresh = "2s" | "5s" | "30s" | "off";
export const REFRESHES: readonly Refresh[] = ["2s", "5s", "30s", "off"];
const REFRESH_MS: Readonly<Record<Refresh, number | false>> = { "2s": 2_000, "5s": 5_000, "30s": 30_000, off: false };

export interface View {
  /** One of the API's periods, or null for a custom range. */
  period: string | null;
  from: string | null;
  to: string | null;
  tz: string;
  /** Null for all, and where the page's numbers have no such filter. */
  service: string | null;
  environment: string | null;
  /** Filters of the page's numbers beside service and environment, as parameters of the API. */
  filters: Readonly<Record<string, string>>;
  refresh: Refresh;
}

/** Filters that the numbers of traffic have, from their name in the URL to the API's. */
const TRAFFIC_FILTERS: Readonly<Record<string, string>> = {
  protocol: "protocol",
  method: "method",
  endpoint: "endpoint",
  key: "apiKeyId",
  tenant: "tenantId",
  owner: "userId",
  team: "teamId",
};

export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const isZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** The view of a page whose numbers have the filters `applied`; null for all that there are. */
export const read = (params: Params, applied: readonly string[] | null = null): View => {
  const { from, to, period, tz, refresh } = params;
  const filter = (name: string): string | undefined =>
    applied === null || applied.includes(name) ? params[name] : undefined;
  const own = from !== undefined && !Number.isNaN(Date.parse(from));
  const until = own && to !== undefined && !Number.isNaN(Date.parse(to));
  return {
    period: own ? null : period !== undefined && period in SECONDS ? period : "24h",
    from: own ? from : null,
    to: until ? to : null,
    tz: tz !== undefined && isZone(tz) ? tz : localZone,
    service: filter("service") ?? null,
    environment: filter("env") ?? null,
    filters: Object.fromEntries(
      Object.entries(TRAFFIC_FILTERS).flatMap(([name, param]) => {
        const value = filter(name);
        return value ? [[param, value]] : [];
      }),
    ),
    // Older links say "live".
    refresh: refresh === "live" ? "2s" : (REFRESHES.find((known) => known === refresh) ?? "30s"),
  };
};

export const useView = (): View => {
  const { page, params } = useLocation();
  return useMemo(() => read(params, appliedOn(page)), [page, params]);
};

/** The length of the range in seconds, up to now if it has no end. */
export const lengthOf = (view: View): number => {
  if (view.period !== null) return SECONDS[view.period] ?? 86400;
  const end = view.to === null ? Date.now() : Date.parse(view.to);
  return Math.max(60, (end - Date.parse(view.from ?? "")) / 1000);
};

/** Whether the range includes now. A closed range can't change and is not refetched. */
export const isOpen = (view: View): boolean => view.to === null || Date.parse(view.to) > Date.now();

/** The time range as query parameters. */
export const range = (view: View): Record<string, string> => {
  if (view.period !== null) return { period: view.period };
  return { from: view.from ?? "", ...(view.to === null ? {} : { to: view.to }) };
};

/** The time range, service and environment as query parameters. */
export const labelParams = (view: View): Record<string, string> => ({
  ...range(view),
  ...(view.service === null ? {} : { service: view.service }),
  ...(view.environment === null ? {} : { environment: view.environment }),
});

/** The time range and filters as query parameters. */
export const viewParams = (view: View): Record<string, string> => ({ ...labelParams(view), ...view.filters });

/** The start and the end of the range in milliseconds, now where it is open. */
export const spanOf = (view: View, now: number): { from: number; to: number } => {
  const to = view.to === null ? now : Date.parse(view.to);
  return { from: view.from === null ? to - lengthOf(view) * 1000 : Date.parse(view.from), to };
};

/** The refetch interval in milliseconds; false for none. */
export const refetchInterval = (view: View): number | false => (isOpen(view) ? REFRESH_MS[view.refresh] : false);

/** The same for what costs more than it changes, such as long lists: every 5 s at most. */
export const slowInterval = (view: View): number | false => {
  const ms = refetchInterval(view);
  return ms === false ? false : Math.max(5_000, ms);
};

/** The same for what is about now, whatever the range. */
export const stateInterval = (view: View): number | false => {
  const ms = REFRESH_MS[view.refresh];
  return ms === false ? false : Math.max(5_000, ms);
};
