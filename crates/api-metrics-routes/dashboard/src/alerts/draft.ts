// An alert rule while it is edited: the text as typed, and its validation.
import type { Alert, AlertBody } from "../api/types";
import {
  type AlertType,
  type Comparison,
  condition,
  counted,
  hasQuantile,
  isAnomaly,
  isHealth,
  TYPES,
} from "./describe";

export interface Draft {
  name: string;
  alertType: AlertType;
  comparison: Comparison;
  thresholdValue: string;
  quantile: string;
  unit: string;
  objectiveId: string;
  windowMinutes: string;
  cooldownMinutes: string;
  minRequests: string;
  severity: string;
  serviceFilter: string;
  environmentFilter: string;
  protocolFilter: string;
  endpointFilter: string;
  apiKeyFilter: string;
  /** Whose keys it watches; empty for everybody's. */
  tenantId: string;
  enabled: boolean;
}

export type Field = keyof Draft;

export const fresh = (): Draft => ({
  name: "",
  alertType: "error_rate",
  comparison: "gt",
  thresholdValue: String(TYPES.error_rate.start),
  quantile: "0.95",
  unit: "tokens",
  objectiveId: "",
  windowMinutes: "5",
  cooldownMinutes: "30",
  minRequests: "20",
  severity: "medium",
  serviceFilter: "",
  environmentFilter: "",
  protocolFilter: "",
  endpointFilter: "",
  apiKeyFilter: "",
  tenantId: "",
  enabled: true,
});

export const draftOf = (rule: Alert): Draft => ({
  name: rule.name,
  alertType: rule.alertType as AlertType,
  comparison: rule.comparison as Comparison,
  thresholdValue: String(rule.thresholdValue),
  quantile: rule.quantile == null ? "" : String(rule.quantile),
  unit: rule.unit ?? "",
  objectiveId: rule.objectiveId == null ? "" : String(rule.objectiveId),
  windowMinutes: String(rule.windowMinutes),
  cooldownMinutes: String(rule.cooldownMinutes),
  minRequests: String(rule.minRequests),
  severity: rule.severity,
  serviceFilter: rule.serviceFilter ?? "",
  environmentFilter: rule.environmentFilter ?? "",
  protocolFilter: rule.protocolFilter ?? "",
  endpointFilter: rule.endpointFilter ?? "",
  apiKeyFilter: rule.apiKeyFilter == null ? "" : String(rule.apiKeyFilter),
  tenantId: rule.tenantId ?? "",
  enabled: rule.enabled,
});

/** Whether a rule watches an objective, whose filters are its own. */
export const burns = (draft: Draft): boolean => draft.alertType === "burn_rate";

/** Whether a rule has no filters: its objective has them, or it looks at our own health. */
export const filterless = (draft: Draft): boolean => burns(draft) || isHealth(draft.alertType);

/** Whether a rule watches releases, which are those of whole services. */
export const watchesReleases = (draft: Draft): boolean => draft.alertType === "release_regression";

/** Whether a rule has no filter by protocol, endpoint, consumer and tenant of its own. */
const isWhole = (draft: Draft): boolean => filterless(draft) || watchesReleases(draft);

/** Whether more is worse, whatever is compared. */
const isUpward = (draft: Draft): boolean => isAnomaly(draft.alertType) || burns(draft) || watchesReleases(draft);

const wholeIn = (text: string, min: number, max: number): string | null => {
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max
    ? null
    : `Enter a whole number from ${min} to ${max}.`;
};

/** The names of units, and those under which counts what has none. */
const UNIT = /^([A-Za-z0-9_.:/-]{1,64}|<other>|<invalid>)$/;

/** Error messages by field, shown while typing. The service validates again when the rule is saved. */
export const validate = (draft: Draft): Partial<Record<Field, string>> => {
  const found: Partial<Record<Field, string | null>> = {
    name:
      draft.name.trim() === ""
        ? "Enter a name."
        : new TextEncoder().encode(draft.name).length > 200
          ? "Use at most 200 bytes."
          : null,
    unit:
      draft.alertType === "unit" && !UNIT.test(draft.unit.trim()) ? "Use 1 to 64 letters, digits or _ - . : /" : null,
    windowMinutes: wholeIn(draft.windowMinutes, watchesReleases(draft) ? 15 : 1, 1440),
    cooldownMinutes: wholeIn(draft.cooldownMinutes, 0, 43_200),
    minRequests: counted(draft.alertType) === null ? null : wholeIn(draft.minRequests, 0, 1_000_000_000),
  };
  const threshold = Number(draft.thresholdValue);
  if (draft.thresholdValue.trim() === "" || !Number.isFinite(threshold) || threshold < 0)
    found.thresholdValue = "Enter a number that is 0 or more.";
  else if ((draft.alertType === "error_rate" || draft.alertType === "cache_hit_rate") && threshold > 100)
    found.thresholdValue = "Enter a percentage of at most 100.";
  else if (threshold === 0 && draft.comparison === "lt") found.thresholdValue = "No value is ever below 0.";
  else if (threshold === 0 && isUpward(draft)) found.thresholdValue = "Enter a value above 0, such as 6.";
  else if (watchesReleases(draft) && draft.quantile === "" && threshold >= 100)
    found.thresholdValue = "Enter percentage points below 100.";
  if (isUpward(draft) && draft.comparison.startsWith("l"))
    found.comparison = "These rules compare with 'above' or 'at or above'.";
  if (burns(draft) && draft.objectiveId === "") found.objectiveId = "Choose an objective.";
  if (burns(draft) && !found.windowMinutes && Number(draft.windowMinutes) % 12 !== 0)
    found.windowMinutes = "Enter a multiple of 12: the last twelfth is looked at too.";
  if (draft.protocolFilter.trim() !== "" && !/^[a-z][a-z0-9-]{0,31}$/.test(draft.protocolFilter.trim()))
    found.protocolFilter = "Enter http, grpc, any or a kind of events, such as agent.";
  if (/^[A-Z_]+$/.test(draft.endpointFilter.trim()))
    found.endpointFilter = "Add a path after the method, such as GET /users/*.";
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text != null)) as Partial<
    Record<Field, string>
  >;
};

export const bodyOf = (draft: Draft): AlertBody => ({
  name: draft.name.trim(),
  alertType: draft.alertType,
  comparison: draft.comparison,
  thresholdValue: Number(draft.thresholdValue),
  quantile: hasQuantile(draft.alertType) && draft.quantile !== "" ? Number(draft.quantile) : null,
  unit: draft.alertType === "unit" ? draft.unit.trim() : null,
  objectiveId: burns(draft) && draft.objectiveId !== "" ? Number(draft.objectiveId) : null,
  windowMinutes: Number(draft.windowMinutes),
  cooldownMinutes: Number(draft.cooldownMinutes),
  minRequests: counted(draft.alertType) === null ? 0 : Number(draft.minRequests),
  severity: draft.severity,
  // What a burn rate is about, its objective says; our own health is that of all processes.
  serviceFilter: filterless(draft) ? null : draft.serviceFilter || null,
  environmentFilter: filterless(draft) ? null : draft.environmentFilter || null,
  protocolFilter: isWhole(draft) ? null : draft.protocolFilter.trim() || null,
  endpointFilter: isWhole(draft) ? null : draft.endpointFilter.trim() || null,
  apiKeyFilter: isWhole(draft) || draft.apiKeyFilter === "" ? null : Number(draft.apiKeyFilter),
  tenantId: isWhole(draft) ? null : draft.tenantId || null,
  enabled: draft.enabled,
});

/** A name for a rule that has none: its condition, and what it is about. */
export const proposedName = (draft: Draft, consumerName: (id: string) => string): string => {
  const about = filterless(draft)
    ? []
    : [
        draft.endpointFilter.trim(),
        draft.serviceFilter,
        draft.environmentFilter,
        draft.protocolFilter.trim(),
        draft.apiKeyFilter === "" ? "" : consumerName(draft.apiKeyFilter),
        draft.tenantId,
      ].filter(Boolean);
  const what = condition(bodyOf(draft));
  const name = `${what[0]?.toUpperCase() ?? ""}${what.slice(1)}${about.length > 0 ? `, ${about.join(", ")}` : ""}`;
  // As long as the service takes, in bytes, and never half a character.
  let cut = name;
  while (new TextEncoder().encode(cut).length > 200) cut = [...cut].slice(0, -1).join("");
  return cut;
};
