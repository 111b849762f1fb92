// What acts on the numbers: alerts, limits, quotas, prices. Asked for by the pages that show it.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isOpen, lengthOf, range, refetchInterval, type View } from "../view/view";
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
  BillingPage,
  Delivery,
  DeliveryPage,
  DryRunAnswer,
  InvoiceAnswer,
  KeyUsage,
  Quota,
  QuotaPage,
  RateLimit,
  RateLimitPage,
  ReconciliationAnswer,
  Utilization,
  UtilizationPage,
} from "./types";

/** Judged once a minute; asked for a little more often, as the view asks for everything else. */
const alertInterval = (view: View): number | false =>
  view.refresh === "off" ? false : view.refresh === "30s" ? 30_000 : 5_000;

const kept = { placeholderData: keepPreviousData };

/** Who may not see something does without it where it only adds to a page. */
export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

export const useAlerts = (view: View) =>
  useQuery({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => pages<Alert, AlertPage>("api-alerts", {}, signal, 10),
    refetchInterval: alertInterval(view),
    ...kept,
  });

interface EventsAsked {
  open?: boolean;
  alertId?: number;
  most?: number;
  limit?: string;
}

/** What was told, the latest first. */
export const useAlertEvents = (view: View, { open = false, alertId, most = 1, limit = "200" }: EventsAsked = {}) => {
  const params = {
    ...(open ? { open: "true" } : {}),
    ...(alertId === undefined ? {} : { alertId: String(alertId) }),
  };
  return useQuery({
    queryKey: ["alert-events", params, most, limit],
    queryFn: ({ signal }) => pages<AlertEvent, AlertEventPage>("api-alerts/events", params, signal, most, limit),
    refetchInterval: alertInterval(view),
    ...kept,
  });
};

export const useDeliveries = (view: View) =>
  useQuery({
    queryKey: ["deliveries"],
    queryFn: ({ signal }) => pages<Delivery, DeliveryPage>("api-alerts/deliveries", { status: "dead" }, signal, 1),
    refetchInterval: alertInterval(view),
    retry: false,
    ...kept,
  });

export type Rule = AlertBody;

/** Writes of rules; whatever shows them asks again. */
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

export const useDryRun = () =>
  useMutation({
    mutationFn: (body: { rule: Rule; period: string }) =>
      call<DryRunAnswer>("api-alerts/dry-run", { method: "POST", body }),
  });

export const useRateLimits = (view: View, apiKeyId?: string) => {
  const params = apiKeyId === undefined ? {} : { apiKeyId };
  return useQuery({
    queryKey: ["rate-limits", params],
    queryFn: ({ signal }) => pages<RateLimit, RateLimitPage>("api-metrics/rate-limits", params, signal, 10),
    // A limit is hit within a minute or not at all.
    refetchInterval: view.refresh === "off" ? false : 5_000,
    ...kept,
  });
};

/** Fine enough for a picture, and as fine as it is kept. */
export const utilizationStep = (view: View): "1m" | "5m" | "1h" => {
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
    ...kept,
  });
};

export const useQuotas = (view: View, apiKeyId?: string) => {
  const params = apiKeyId === undefined ? {} : { apiKeyId };
  return useQuery({
    queryKey: ["quotas", params],
    queryFn: ({ signal }) => pages<Quota, QuotaPage>("api-metrics/quotas", params, signal, 10),
    refetchInterval: refetchInterval(view),
    ...kept,
  });
};

export const useApiKeys = () =>
  useQuery({
    queryKey: ["api-keys"],
    queryFn: ({ signal }) => pages<ApiKey, ApiKeyPage>("api-keys", {}, signal, 5),
    staleTime: 60_000,
    retry: false,
  });

interface Bill {
  month?: string | undefined;
  apiKeyId?: string;
}

const billed = ({ month, apiKeyId }: Bill): Record<string, string> => ({
  ...(month === undefined ? {} : { month }),
  ...(apiKeyId === undefined ? {} : { apiKeyId }),
});

export const useBilling = (view: View, asked: Bill) =>
  useQuery({
    queryKey: ["billing", asked],
    queryFn: ({ signal }) => pages<KeyUsage, BillingPage>("api-metrics/billing", billed(asked), signal, 10),
    refetchInterval: refetchInterval(view),
    ...kept,
  });

export const useInvoice = (view: View, asked: Bill) =>
  useQuery({
    queryKey: ["invoice", asked],
    queryFn: ({ signal }) => call<InvoiceAnswer>(urlOf("api-metrics/billing/invoice", billed(asked)), { signal }),
    refetchInterval: refetchInterval(view),
    ...kept,
  });

export const invoiceUrl = (format: string, asked: Bill): string =>
  urlOf("api-metrics/billing/invoice", { ...billed(asked), format });

/** Reads everything twice: asked for by hand. */
export const useReconciliation = (month: string | undefined, enabled: boolean) =>
  useQuery({
    queryKey: ["reconciliation", month],
    queryFn: ({ signal }) =>
      call<ReconciliationAnswer>(urlOf("api-metrics/billing/reconciliation", billed({ month })), { signal }),
    enabled,
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
