// Price plans and their versions.
import { useMemo, useState } from "react";
import { usePlans } from "../api/plans";
import { useMay } from "../api/session";
import type { PricePlan } from "../api/types";
import * as number from "../format/number";
import { Changed } from "../ui/Changed";
import { type Column, Table } from "../ui/Table";
import { NewPlan } from "./NewPlan";

/** The tiers of a plan, such as "0.12, from 250,000 on 0.08". */
export const tiersOf = (plan: PricePlan): string =>
  plan.tiers
    .map((tier) =>
      tier.fromRequests === 0
        ? number.exactMoney(tier.perThousand, plan.currency)
        : `from ${number.count(tier.fromRequests)} on ${number.exactMoney(tier.perThousand, plan.currency)}`,
    )
    .join(", ");

export const Plans = () => {
  const { write, operate } = useMay();
  const plans = usePlans();
  const [open, setOpen] = useState<number | "new" | null>(null);
  const [made, setMade] = useState<PricePlan | null>(null);
  const done = (plan: PricePlan) => {
    setOpen(null);
    setMade(plan);
  };
  const columns = useMemo(
    (): Column<PricePlan>[] => [
      {
        id: "name",
        head: "Plan",
        by: (plan) => plan.name,
        cell: (plan) => (
          <span className="rule">
            <span>{plan.name}</span>
            {plan.tenantId && <span className="muted">of {plan.tenantId}</span>}
          </span>
        ),
      },
      {
        id: "from",
        head: "Counts from",
        by: (plan) => plan.effectiveFrom,
        cell: (plan) => (plan.id === 0 ? "Keys without a plan" : plan.effectiveFrom),
      },
      {
        id: "free",
        head: "Free",
        number: true,
        wide: 1,
        by: (plan) => plan.freeRequests,
        cell: (plan) => number.count(plan.freeRequests),
      },
      {
        id: "tiers",
        head: "Price of 1,000",
        by: tiersOf,
        cell: (plan) => <span className="advice">{tiersOf(plan)}</span>,
      },
      {
        id: "units",
        head: "Units",
        wide: 2,
        by: (plan) => plan.units.map((unit) => unit.unit).join(", "),
        cell: (plan) => plan.units.map((unit) => unit.unit).join(", ") || number.NONE,
      },
      ...(write
        ? [
            {
              id: "edit",
              head: "",
              cell: (plan: PricePlan) =>
                plan.id === 0 || (plan.tenantId == null && !operate) ? null : (
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`New version of ${plan.name}`}
                    aria-expanded={open === plan.id}
                    onClick={() => setOpen(open === plan.id ? null : plan.id)}
                  >
                    New version
                  </button>
                ),
            },
          ]
        : []),
    ],
    [write, operate, open],
  );
  return (
    <>
      {open === "new" && (
        <section className="card">
          <NewPlan of={null} tenants={operate} made={done} close={() => setOpen(null)} />
        </section>
      )}
      <Table
        caption="Price plans"
        name="plans"
        columns={columns}
        rows={plans.data?.data}
        idOf={(plan) => String(plan.id)}
        error={plans.error}
        retry={() => void plans.refetch()}
        start={{ id: "name", down: false }}
        empty="No plans yet."
        shown={20}
        lead={
          made && (
            <Changed
              text={`${made.name} counts from ${made.effectiveFrom} on. Keys are put on it on the page of API keys.`}
              undo={null}
              pending={false}
              error={null}
            />
          )
        }
        below={(plan) =>
          open === plan.id ? <NewPlan of={plan} tenants={operate} made={done} close={() => setOpen(null)} /> : null
        }
        tools={
          write &&
          open !== "new" && (
            <button type="button" onClick={() => setOpen("new")}>
              New plan
            </button>
          )
        }
      />
    </>
  );
};
