// The requests behind an alert: its rule's filters, from its window's start to its end.
import type { Alert, AlertEvent } from "../api/types";
import { parse } from "../traffic/alertScope";
import { NO_FILTERS, type Params } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";

/** The filters of a rule, as far as the log has them: patterns of endpoints are no endpoints. */
const filtersOf = (rule: Alert): Params => {
  const [method, endpoint] = rule.endpointFilter == null ? [null, ""] : parse(rule.endpointFilter);
  return {
    service: rule.serviceFilter ?? undefined,
    env: rule.environmentFilter ?? undefined,
    protocol: rule.protocolFilter ?? undefined,
    method: method ?? undefined,
    endpoint: endpoint === "" || /[*?]/.test(endpoint) ? undefined : endpoint,
    key: rule.apiKeyFilter == null ? undefined : String(rule.apiKeyFilter),
    min:
      rule.alertType === "response_time" && rule.comparison.startsWith("g")
        ? String(Math.floor(rule.thresholdValue))
        : undefined,
  };
};

type Span = Pick<AlertEvent, "alertType" | "firedAt" | "resolvedAt">;

/** The filters and the time of an alert; a rule that was deleted leaves the time alone. */
const filtersAt = (event: Span, rule: Alert | undefined): Params => {
  const from = Date.parse(event.firedAt) - (rule?.windowMinutes ?? 5) * 60_000;
  return {
    // A rule holds for all traffic but for what it names, whatever is filtered here.
    ...NO_FILTERS,
    ...(rule ? filtersOf(rule) : {}),
    period: undefined,
    from: new Date(from).toISOString(),
    to: event.resolvedAt ?? undefined,
  };
};

/** Where an alert leads. */
export const requestsOf = (event: Span, rule: Alert | undefined): string => {
  const filters = filtersAt(event, rule);
  return event.alertType === "error_rate" ? groupsHref(filters) : requestsHref(filters);
};

/** Where one of an alert's causes leads: the groups of the errors with these filters too, however fast they were. */
export const errorsOf = (event: Span, rule: Alert | undefined, cause: Params): string =>
  groupsHref({ ...filtersAt(event, rule), min: undefined, ...cause });
