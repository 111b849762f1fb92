// The prices of a plan by how many requests a month has.
import type { PricePlan } from "../api/types";
import * as number from "../format/number";

interface Step {
  from: number;
  to: number;
  price: number;
  label: string;
}

/** The steps of a plan up to `end` requests: the allowance first, then tiers. */
export const stepsOf = (plan: PricePlan, end: number): Step[] => {
  const free = Math.min(plan.freeRequests, end);
  const steps: Step[] = free > 0 ? [{ from: 0, to: free, price: 0, label: "free" }] : [];
  plan.tiers.forEach((tier, n) => {
    const from = Math.max(tier.fromRequests, free);
    const to = Math.min(plan.tiers[n + 1]?.fromRequests ?? end, end);
    if (to > from)
      steps.push({
        from,
        to,
        price: Number(tier.perThousand),
        label: number.exactMoney(tier.perThousand, plan.currency),
      });
  });
  return steps;
};
