// Objectives in words, and the form's text with its validation.
import type { Objective, ObjectiveBody } from "../api/types";
import * as number from "../format/number";

export const STATES: Readonly<Record<string, { label: string; level: string }>> = {
  met: { label: "Met", level: "good" },
  at_risk: { label: "At risk", level: "some" },
  missed: { label: "Missed", level: "bad" },
  unknown: { label: "No requests", level: "none" },
};

/** The worst first. */
export const RANK: Readonly<Record<string, number>> = { missed: 0, at_risk: 1, met: 2, unknown: 3 };

/** A target as it was set: 99.95%. */
const target = (percent: number): string => `${+percent.toFixed(4)}%`;

/** `99.5% within 303 ms over 30 days` */
export const promise = (objective: Pick<Objective, "indicator" | "target" | "latencyMs" | "windowDays">): string => {
  const what = objective.latencyMs == null ? "without a 5xx" : `within ${number.ms(objective.latencyMs)}`;
  return `${target(objective.target)} ${what} over ${number.plural(objective.windowDays, "day")}`;
};

export const scopeOf = (objective: Objective): string =>
  [objective.endpoint, objective.service, objective.environment, objective.tenantId]
    .filter((part) => part != null)
    .join(" · ") || "All traffic";

/** A burn rate: 14.4×. */
export const burn = (rate: number | null | undefined): string =>
  rate == null ? number.NONE : `${rate >= 100 ? number.count(Math.round(rate)) : +rate.toPrecision(3)}×`;

/** The rate of a window up to now; null without requests. */
const rateOf = (objective: Objective, minutes: number): number | null =>
  objective.burnRates.find((each) => each.minutes === minutes)?.rate ?? null;

/** The lesser of a rule's two windows, which is what it compares. */
export const burning = (objective: Objective, long: number, short: number): number | null => {
  const rates = [rateOf(objective, long), rateOf(objective, short)];
  return rates.some((rate) => rate === null) ? null : Math.min(...(rates as number[]));
};

/** What is left of a budget in percent; a budget that is overdrawn says so. */
export const left = (percent: number | null | undefined): string =>
  percent == null ? number.NONE : percent < 0 ? `overdrawn ${number.percent(-percent)}` : number.percent(percent);

/** The badge of the overview: the worst state, and how many are in it. */
export const summary = (objectives: readonly Objective[]): { level: string; text: string } | null => {
  if (objectives.length === 0) return null;
  const worst = objectives.reduce((a, b) => ((RANK[b.state] ?? 9) < (RANK[a.state] ?? 9) ? b : a));
  const same = objectives.filter(({ state }) => state === worst.state).length;
  const state = STATES[worst.state] ?? { label: worst.state, level: "none" };
  const many =
    same < objectives.length
      ? `${number.count(same)} of ${number.count(objectives.length)}`
      : `${same > 1 ? "all " : ""}${number.count(same)}`;
  return { level: state.level, text: `${many} ${state.label.toLowerCase()}` };
};

export interface Draft {
  name: string;
  indicator: string;
  target: string;
  latencyMs: string;
  windowDays: string;
  service: string;
  environment: string;
  endpoint: string;
  tenantId: string;
  rules: boolean;
}

export const fresh = (): Draft => ({
  name: "",
  indicator: "availability",
  target: "99.9",
  latencyMs: "300",
  windowDays: "30",
  service: "",
  environment: "",
  endpoint: "",
  tenantId: "",
  rules: true,
});

export const draftOf = (objective: Objective): Draft => ({
  name: objective.name,
  indicator: objective.indicator,
  target: String(objective.target),
  latencyMs: objective.latencyMs == null ? "" : String(objective.latencyMs),
  windowDays: String(objective.windowDays),
  service: objective.service ?? "",
  environment: objective.environment ?? "",
  endpoint: objective.endpoint ?? "",
  tenantId: objective.tenantId ?? "",
  rules: false,
});

const within = (text: string, min: number, max: number): boolean =>
  text.trim() !== "" && Number(text) >= min && Number(text) <= max;

/** Error messages by field. The service validates again when the objective is saved. */
export const validate = (draft: Draft): Partial<Record<keyof Draft, string>> => {
  const found: Partial<Record<keyof Draft, string>> = {};
  if (draft.name.trim() === "") found.name = "Enter a name.";
  if (!within(draft.target, 0.0001, 99.9999) || !/^\d+(\.\d{1,4})?$/.test(draft.target.trim()))
    found.target = "Enter a percentage above 0 and below 100, with at most 4 decimals.";
  if (draft.indicator === "latency" && !within(draft.latencyMs, 0.001, 86_400_000))
    found.latencyMs = "Enter milliseconds above 0.";
  if (!within(draft.windowDays, 1, 90) || !Number.isInteger(Number(draft.windowDays)))
    found.windowDays = "Enter a whole number from 1 to 90.";
  return found;
};

export const bodyOf = (draft: Draft): ObjectiveBody => ({
  name: draft.name.trim(),
  indicator: draft.indicator,
  target: Number(draft.target),
  latencyMs: draft.indicator === "latency" ? Number(draft.latencyMs) : null,
  windowDays: Number(draft.windowDays),
  service: draft.service.trim() || null,
  environment: draft.environment.trim() || null,
  endpoint: draft.endpoint.trim() || null,
  tenantId: draft.tenantId.trim() || null,
});

/** A name for an objective that has none. */
export const proposedName = (draft: Draft): string => {
  const about = draft.endpoint.trim() || draft.service.trim() || "Everything";
  return `${about} ${draft.indicator === "latency" ? `within ${draft.latencyMs} ms` : "answers"}`;
};
