// Queries and writes of the control plane: alerts, rate limits, quotas, API keys and billing.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isOpen, lengthOf, range, slowInterval, stateInterval, type View } from "../view/view";
import { ApiError, call, urlOf } from "./client";
import { pages } from "./queries";
import type {
  Alert,
  AlertBody,
  AlertEvent,
  AlertEventPage,
  AlertPage,
  ApiKey,
  ApiKeyPage,
  AuditEntry,
  AuditPage,
  BillingPage,
  Delivery,
  DeliveryPage,
  DryRunAnswer,
  Incident,
  KeyUsage,
  Quota,
  QuotaPage,
  RateLimit,
  RateLimitPage,
  ReconciliationAnswer,
  Utilization,
  UtilizationPage,
} from "./types";

const keepPrevious = { placeholderData: keepPreviousData };

/** Whether the user's role has no access; optional parts of a page are then left out. */
export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

export const useAlerts = (view: View) =>
  useQuery({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => pages<Alert, AlertPage>("api-alerts", {}, signal, 10),
    refetchInterval: stateInterval(view),
    ...keepPrevious,
  });

interface EventParams {
  open?: boolean;
  alertId?: number;
  maxPages?: number;
  limit?: string;
}

/** Alert events, the latest first. */
export const useAlertEvents = (
  view: View,
  { open = false, alertId, maxPages = 1, limit = "200" }: EventParams = {},
) => {
  const params = {
    ...(open ? { open: "true" } : {}),
    ...(alertId === undefined ? {} : { alertId: String(alertId) }),
  };
  return useQuery({
    queryKey: ["alert-events", params, maxPages, limit],
    queryFn: ({ signal }) => pages<AlertEvent, AlertEventPage>("api-alerts/events", params, signal, maxPages, limit),
    refetchInterval: stateInterval(view),
    ...keepPrevious,
  });
};

/** An event, explained. */
export const useIncident = (view: View, id: string) =>
  useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => call<Incident>(`api-alerts/events/${encodeURIComponent(id)}/incident`, { signal }),
    refetchInterval: view.refresh === "off" ? false : 30_000,
    ...keepPrevious,
  });

/** What is done about an event. */
export const useEventWrites = (id: string) => {
  const client = useQueryClient();
  const onSettled = async () => {
    await Promise.all(["incident", "alert-events"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
  const path = `api-alerts/events/${encodeURIComponent(id)}`;
  return {
    acknowledge: useMutation({ mutationFn: () => call(`${path}/acknowledge`, { method: "POST" }), onSettled }),
    silence: useMutation({
      mutationFn: (period: string) => call(`${path}/silence`, { method: "POST", body: { period } }),
      onSettled,
    }),
  };
};

export const useDeliveries = (view: View, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["deliveries"],
    queryFn: ({ signal }) => pages<Delivery, DeliveryPage>("api-alerts/deliveries", { status: "dead" }, signal, 1),
    refetchInterval: stateInterval(view),
    retry: false,
    ...keepPrevious,
  });

/** The audit trail, the latest first; for admins. */
export const useAuditTrail = (view: View, maxPages: number, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["audit", maxPages],
    queryFn: ({ signal }) => pages<AuditEntry, AuditPage>("api-audit", {}, signal, maxPages, "100"),
    refetchInterval: slowInterval(view),
    retry: false,
    ...keepPrevious,
  });

export type Rule = AlertBody;

/** Writes to alert rules. Queries that show them are refetched afterwards. */
export const useAlertWrites = () => {
  const client = useQueryClient();
  const onSettled = async () => {
    await Promise.all(
      ["alerts", "alert-events", "deliveries"].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
  };
  return {
    save: useMutation({
      mutationFn: ({ id, rule }: { id: number | null; rule: Rule }) =>
        call<Alert>(id === null ? "api-alerts" : `api-alerts/${id}`, {
          method: id === null ? "POST" : "PUT",
          body: rule,
        }),
      onSettled,
    }),
    toggle: useMutation({
      mutationFn: ({ id, enabled, revision }: { id: number; enabled: boolean; revision: number }) =>
        call<Alert>(`api-alerts/${id}`, { method: "PATCH", body: { enabled, revision } }),
      onSettled,
    }),
    remove: useMutation({ mutationFn: (id: number) => call(`api-alerts/${id}`, { method: "DELETE" }), onSettled }),
    redeliver: useMutation({
      mutationFn: (body: { noticeId: string; channel: string }) =>
        call("api-alerts/deliveries/redeliver", { method: "POST", body }),
      onSettled,
    }),
  };
};

/** What a rule would have done; null while there is none that could be tried. The last answer stays until the next. */
export const useDryRun = (rule: Rule | null, period: string) =>
  useQuery({
    enabled: rule !== null,
    queryKey: ["dry-run", rule, period],
    queryFn: ({ signal }) =>
      call<DryRunAnswer>("api-alerts/dry-run", { method: "POST", body: { rule, period }, signal }),
    retry: false,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    ...keepPrevious,
  });

export const useRateLimits = (view: View, apiKeyId?: string) => {
  const params = apiKeyId === undefined ? {} : { apiKeyId };
  return useQuery({
    queryKey: ["rate-limits", params],
    queryFn: ({ signal }) => pages<RateLimit, RateLimitPage>("api-metrics/rate-limits", params, signal, 10),
    // Limits count per minute, so their usage changes within seconds.
    refetchInterval: view.refresh === "off" ? false : 5_000,
    ...keepPrevious,
  });
};

/** The finest step that is retained for the range and suits a chart. */
const utilizationStep = (view: View): "1m" | "5m" | "1h" => {
  const length = lengthOf(view);
  return length <= 21_600 ? "1m" : length <= 172_800 ? "5m" : "1h";
};

export const useUtilization = (view: View, apiKeyId: string | null) => {
  const params = { ...range(view), granularity: utilizationStep(view) };
  return useQuery({
    queryKey: ["utilization", apiKeyId, params],
    queryFn: ({ signal }) =>
      pages<Utilization, UtilizationPage>(`api-metrics/rate-limits/${apiKeyId}/history`, params, signal, 3),
    enabled: apiKeyId !== null,
    refetchInterval: isOpen(view) && view.refresh !== "off" ? 60_000 : false,
    ...keepPrevious,
  });
};

export const useQuotas = (view: View, apiKeyId?: string) => {
  const params = apiKeyId === undefined ? {} : { apiKeyId };
  return useQuery({
    queryKey: ["quotas", params],
    queryFn: ({ signal }) => pages<Quota, QuotaPage>("api-metrics/quotas", params, signal, 10),
    refetchInterval: slowInterval(view),
    ...keepPrevious,
  });
};

export const useApiKeys = (enabled = true) =>
  useQuery({
    enabled,
    queryKey: ["api-keys"],
    queryFn: ({ signal }) => pages<ApiKey, ApiKeyPage>("api-keys", {}, signal, 5),
    staleTime: 60_000,
    retry: false,
  });

interface BillParams {
  month?: string | undefined;
  apiKeyId?: string;
}

const billParams = ({ month, apiKeyId }: BillParams): Record<string, string> => ({
  ...(month === undefined ? {} : { month }),
  ...(apiKeyId === undefined ? {} : { apiKeyId }),
});

export const useBilling = (view: View, bill: BillParams) =>
  useQuery({
    queryKey: ["billing", bill],
    queryFn: ({ signal }) => pages<KeyUsage, BillingPage>("api-metrics/billing", billParams(bill), signal, 10),
    refetchInterval: slowInterval(view),
    ...keepPrevious,
  });

/** Reads the whole month, so it only runs on demand. */
export const useReconciliation = (month: string | undefined, enabled: boolean) =>
  useQuery({
    queryKey: ["reconciliation", month],
    queryFn: ({ signal }) =>
      call<ReconciliationAnswer>(urlOf("api-metrics/billing/reconciliation", billParams({ month })), { signal }),
    enabled,
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
