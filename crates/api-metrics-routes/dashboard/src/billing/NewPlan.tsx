// Makes a price plan, or a later version of one. Versions are never changed: what was billed by one stays explained.
import { type FormEvent, useId } from "react";
import { usePlanWrites } from "../api/plans";
import type { PricePlan } from "../api/types";
import { Field } from "../ui/Field";
import { useDraft } from "../ui/useDraft";
import { draftOf, EMPTY_PLAN, type PlanDraft, planBody, wrongTiers, wrongUnits } from "./plan";

interface Props {
  /** The plan that gets another version; null makes one. */
  of: PricePlan | null;
  /** Whether whoever fills the form may name a tenant. */
  tenants: boolean;
  made: (plan: PricePlan) => void;
  close: () => void;
}

export const NewPlan = ({ of, tenants, made, close: leave }: Props) => {
  const id = useId();
  const [draft, setDraft, forget] = useDraft(`price plan ${of?.id ?? ""}`, () => (of ? draftOf(of) : EMPTY_PLAN));
  const { create } = usePlanWrites();
  const close = () => {
    forget();
    leave();
  };
  const set = (name: keyof PlanDraft) => (value: string) => setDraft({ ...draft, [name]: value });
  const wrong = {
    currency: /^[A-Za-z]{3}$/.test(draft.currency.trim()) ? null : "A code of three letters, such as EUR",
    free: /^[\d,]{0,20}$/.test(draft.free.trim()) ? null : "A whole number",
    tiers: wrongTiers(draft.tiers),
    units: wrongUnits(draft.units),
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(planBody(draft), {
      onSuccess: (plan) => {
        forget();
        made(plan);
      },
    });
  };
  const area = (name: "tiers" | "units", label: string, rows: number) => (
    <div className="form-field">
      <label htmlFor={`${id}-${name}`}>{label}</label>
      <div className="form-control">
        <textarea
          id={`${id}-${name}`}
          rows={rows}
          value={draft[name]}
          aria-invalid={wrong[name] !== null}
          aria-describedby={wrong[name] === null ? undefined : `${id}-${name}-wrong`}
          onChange={(event) => set(name)(event.target.value)}
        />
      </div>
      {wrong[name] !== null && (
        <p className="field-error" id={`${id}-${name}-wrong`}>
          {wrong[name]}
        </p>
      )}
    </div>
  );
  return (
    <form className="edit-bounds" aria-label={of ? `New version of ${of.name}` : "New price plan"} onSubmit={submit}>
      <div className="form-grid">
        <Field label="Plan" hint="pro" required disabled={of !== null} value={draft.name} onChange={set("name")} />
        {tenants && (
          <Field
            label="Tenant"
            hint="Everybody"
            disabled={of !== null}
            value={draft.tenantId}
            onChange={set("tenantId")}
          />
        )}
        <Field label="Currency" hint="USD" value={draft.currency} wrong={wrong.currency} onChange={set("currency")} />
        <div className="form-field">
          <label htmlFor={`${id}-from`}>Counts from</label>
          <div className="form-control">
            <input
              id={`${id}-from`}
              type="date"
              value={draft.effectiveFrom}
              onChange={(event) => set("effectiveFrom")(event.target.value)}
            />
          </div>
        </div>
        <Field
          label="Free requests a month"
          numeric
          hint="0"
          value={draft.free}
          wrong={wrong.free}
          onChange={set("free")}
        />
        {area("tiers", "Tiers: from request, price of 1,000", 3)}
        {area("units", "Units: name, free, price of 1,000", 2)}
      </div>
      <p className="form-hint muted">Without a day it counts from today on, in UTC. A version is never changed.</p>
      {create.error && (
        <p className="field-error" role="alert">
          {create.error.message}
        </p>
      )}
      <div className="card-tools">
        <button type="submit" disabled={create.isPending || Object.values(wrong).some((each) => each !== null)}>
          {of ? "Add version" : "Create plan"}
        </button>
        <button type="button" className="ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
