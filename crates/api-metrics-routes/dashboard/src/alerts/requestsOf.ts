// The requests behind an alert: its rule's filters, from its window's start to its end.
import type { Alert, AlertEvent } from "../api/types";
import { parse } from "../traffic/alertScope";
import type { Params } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";

/** The filters of a rule, as far as the log has them: patterns of endpoints are no endpoints. */
const filtersOf = (rule: Alert): Params => {
  const [method, endpoint] = rule.endpointFilter == null ? [null, ""] : parse(rule.endpointFilter);
  return {
    service: rule.serviceFilter ?? undefined,
    method: method ?? undefined,
    endpoint: endpoint === "" || /[*?]/.test(endpoint) ? undefined : endpoint,
    key: rule.apiKeyFilter == null ? undefined : String(rule.apiKeyFilter),
    min:
      rule.alertType === "response_time" && rule.comparison.startsWith("g")
        ? String(Math.floor(rule.thresholdValue))
        : undefined,
  };
};

/** Where an alert leads; a rule that was deleted leaves the time alone. */
export const requestsOf = (
  event: Pick<AlertEvent, "alertType" | "firedAt" | "resolvedAt">,
  rule: Alert | undefined,
): string => {
  const from = Date.parse(event.firedAt) - (rule?.windowMinutes ?? 5) * 60_000;
  const filters: Params = {
    // A rule holds for all environments, and for all services unless it names one.
    env: undefined,
    service: undefined,
    ...(rule ? filtersOf(rule) : {}),
    period: undefined,
    from: new Date(from).toISOString(),
    to: event.resolvedAt ?? undefined,
  };
  return event.alertType === "error_rate" ? groupsHref(filters) : requestsHref(filters);
};
