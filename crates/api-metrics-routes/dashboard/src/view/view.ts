// The state of the toolbar: time range, time zone, service, environment and refresh.
import { useMemo } from "react";
import { type Params, useLocation } from "./location";

export const PERIODS = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
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

export type Refresh = "live" | "5s" | "30s" | "off";
export const REFRESHES: readonly Refresh[] = ["live", "5s", "30s", "off"];

export interface View {
  /** One of the API's periods, or null for a custom range. */
  period: string | null;
  from: string | null;
  to: string | null;
  tz: string;
  service: string | null;
  environment: string | null;
  refresh: Refresh;
}

export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const isZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

export const read = (params: Params): View => {
  const { from, to, period, tz, service, env, refresh } = params;
  const own = from !== undefined && !Number.isNaN(Date.parse(from));
  const until = own && to !== undefined && !Number.isNaN(Date.parse(to));
  return {
    period: own ? null : period !== undefined && period in SECONDS ? period : "24h",
    from: own ? from : null,
    to: until ? to : null,
    tz: tz !== undefined && isZone(tz) ? tz : localZone,
    service: service ?? null,
    environment: env ?? null,
    refresh: REFRESHES.find((known) => known === refresh) ?? "30s",
  };
};

export const useView = (): View => {
  const { params } = useLocation();
  return useMemo(() => read(params), [params]);
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

/** The time range and filters as query parameters. */
export const viewParams = (view: View): Record<string, string> => ({
  ...range(view),
  ...(view.service === null ? {} : { service: view.service }),
  ...(view.environment === null ? {} : { environment: view.environment }),
});

/** The refetch interval in milliseconds; false for none. */
export const refetchInterval = (view: View): number | false => {
  if (!isOpen(view)) return false;
  return view.refresh === "5s" ? 5_000 : view.refresh === "off" ? false : 30_000;
};
