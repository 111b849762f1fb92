// A rule while it is edited: text as it is typed, and what is wrong with it.
import type { Alert, AlertBody } from "../api/types";
import { type AlertType, type Comparison, TYPES } from "./describe";

export interface Draft {
  name: string;
  alertType: AlertType;
  comparison: Comparison;
  thresholdValue: string;
  quantile: string;
  windowMinutes: string;
  cooldownMinutes: string;
  minRequests: string;
  severity: string;
  serviceFilter: string;
  endpointFilter: string;
  apiKeyFilter: string;
  enabled: boolean;
}

export type Field = keyof Draft;

export const fresh = (): Draft => ({
  name: "",
  alertType: "error_rate",
  comparison: "gt",
  thresholdValue: String(TYPES.error_rate.start),
  quantile: "0.95",
  windowMinutes: "5",
  cooldownMinutes: "30",
  minRequests: "20",
  severity: "medium",
  serviceFilter: "",
  endpointFilter: "",
  apiKeyFilter: "",
  enabled: true,
});

export const draftOf = (rule: Alert): Draft => ({
  name: rule.name,
  alertType: rule.alertType as AlertType,
  comparison: rule.comparison as Comparison,
  thresholdValue: String(rule.thresholdValue),
  quantile: rule.quantile == null ? "" : String(rule.quantile),
  windowMinutes: String(rule.windowMinutes),
  cooldownMinutes: String(rule.cooldownMinutes),
  minRequests: String(rule.minRequests),
  severity: rule.severity,
  serviceFilter: rule.serviceFilter ?? "",
  endpointFilter: rule.endpointFilter ?? "",
  apiKeyFilter: rule.apiKeyFilter == null ? "" : String(rule.apiKeyFilter),
  enabled: rule.enabled,
});

const wholeIn = (text: string, least: number, most: number): string | null => {
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most
    ? null
    : `A whole number, ${least} to ${most}.`;
};

/** What the service would refuse, said while it is typed. The service has the last word. */
export const mistakes = (draft: Draft): Partial<Record<Field, string>> => {
  const found: Partial<Record<Field, string | null>> = {
    name:
      draft.name.trim() === ""
        ? "A rule needs a name."
        : new TextEncoder().encode(draft.name).length > 200
          ? "At most 200 bytes."
          : null,
    windowMinutes: wholeIn(draft.windowMinutes, 1, 1440),
    cooldownMinutes: wholeIn(draft.cooldownMinutes, 0, 43_200),
    minRequests: draft.alertType === "request_volume" ? null : wholeIn(draft.minRequests, 0, 1_000_000_000),
  };
  const threshold = Number(draft.thresholdValue);
  if (draft.thresholdValue.trim() === "" || !Number.isFinite(threshold) || threshold < 0)
    found.thresholdValue = "A number that is not negative.";
  else if (draft.alertType === "error_rate" && threshold > 100) found.thresholdValue = "A percentage, at most 100.";
  else if (threshold === 0 && draft.comparison === "lt") found.thresholdValue = "Nothing is ever below 0.";
  else if (threshold === 0 && draft.alertType === "anomaly") found.thresholdValue = "Deviations above 0, such as 6.";
  if (draft.alertType === "anomaly" && (draft.comparison === "lt" || draft.comparison === "lte"))
    found.comparison = "An anomaly is above its threshold.";
  if (/^[A-Z_]+$/.test(draft.endpointFilter.trim())) found.endpointFilter = "A method needs a path: GET /users/*";
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text != null)) as Partial<
    Record<Field, string>
  >;
};

export const bodyOf = (draft: Draft, base: Alert | null): AlertBody => ({
  name: draft.name.trim(),
  alertType: draft.alertType,
  comparison: draft.comparison,
  thresholdValue: Number(draft.thresholdValue),
  quantile: draft.alertType === "response_time" && draft.quantile !== "" ? Number(draft.quantile) : null,
  windowMinutes: Number(draft.windowMinutes),
  cooldownMinutes: Number(draft.cooldownMinutes),
  minRequests: draft.alertType === "request_volume" ? 0 : Number(draft.minRequests),
  severity: draft.severity,
  serviceFilter: draft.serviceFilter || null,
  endpointFilter: draft.endpointFilter.trim() || null,
  apiKeyFilter: draft.apiKeyFilter === "" ? null : Number(draft.apiKeyFilter),
  tenantId: base?.tenantId ?? null,
  enabled: draft.enabled,
});
