// A price plan as it is typed into a form: a line a tier.
import type { PricePlan, PricePlanBody } from "../api/types";

export interface PlanDraft {
  name: string;
  tenantId: string;
  currency: string;
  effectiveFrom: string;
  free: string;
  /** A tier a line: from which request on, and the price of 1,000. */
  tiers: string;
  /** A unit a line: its name, how much is free, and the price of 1,000. */
  units: string;
}

export const EMPTY_PLAN: PlanDraft = {
  name: "",
  tenantId: "",
  currency: "USD",
  effectiveFrom: "",
  free: "",
  tiers: "0 0.02",
  units: "",
};

const lines = (text: string): string[][] =>
  text
    .split("\n")
    .map((line) =>
      line
        .trim()
        .replaceAll(",", "")
        .split(/[\s:]+/)
        .filter(Boolean),
    )
    .filter((words) => words.length > 0);

const PRICE = /^\d{1,7}(\.\d{1,8})?$/;
const WHOLE = /^\d{1,15}$/;

/** What is wrong with the tiers of a draft; null for nothing. */
export const wrongTiers = (text: string): string | null => {
  const tiers = lines(text);
  if (tiers.length === 0) return "At least one tier, from request 0 on";
  const starts = tiers.map(([from = "", price = "", ...rest]) =>
    WHOLE.test(from) && PRICE.test(price) && rest.length === 0 ? Number(from) : Number.NaN,
  );
  if (starts.some(Number.isNaN))
    return "A line a tier: from which request on, and the price of 1,000, as in 250000 0.08";
  if (starts[0] !== 0) return "The first tier starts at 0";
  return starts.some((start, n) => n > 0 && start <= (starts[n - 1] ?? 0)) ? "Tiers start later and later" : null;
};

/** What is wrong with the units of a draft; null for nothing. */
export const wrongUnits = (text: string): string | null =>
  lines(text).every(
    ([name = "", free = "", price = "", ...rest]) =>
      name !== "" && WHOLE.test(free) && PRICE.test(price) && rest.length === 0,
  )
    ? null
    : "A line a unit: its name, how much is free, and the price of 1,000, as in tokens 100000 0.002";

/** The body that a draft sends. */
export const planBody = (draft: PlanDraft): PricePlanBody => ({
  name: draft.name.trim(),
  currency: draft.currency.trim().toUpperCase(),
  ...(draft.tenantId.trim() === "" ? {} : { tenantId: draft.tenantId.trim() }),
  ...(draft.effectiveFrom === "" ? {} : { effectiveFrom: draft.effectiveFrom }),
  freeRequests: Number(draft.free.trim().replaceAll(",", "")),
  tiers: lines(draft.tiers).map(([from = "0", perThousand = "0"]) => ({ fromRequests: Number(from), perThousand })),
  ...(lines(draft.units).length === 0
    ? {}
    : {
        units: lines(draft.units).map(([unit = "", free = "0", perThousand = "0"]) => ({
          unit,
          free: Number(free),
          perThousand,
        })),
      }),
});

/** A draft of a later version of a plan. Units with tiers of their own don't fit into a line; they are left out. */
export const draftOf = (plan: PricePlan): PlanDraft => ({
  name: plan.name,
  tenantId: plan.tenantId ?? "",
  currency: plan.currency,
  effectiveFrom: "",
  free: plan.freeRequests === 0 ? "" : String(plan.freeRequests),
  tiers: plan.tiers.map((tier) => `${tier.fromRequests} ${tier.perThousand}`).join("\n"),
  units: plan.units
    .filter((unit) => unit.tiers.length === 1)
    .map((unit) => `${unit.unit} ${unit.free} ${unit.tiers[0]?.perThousand ?? "0"}`)
    .join("\n"),
});
